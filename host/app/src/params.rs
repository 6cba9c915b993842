//! The parameters of a route: read from the path, the query, the headers and the
//! cookies of a request, and written as one JSON object.

use std::borrow::Cow;

use crate::decode;
use crate::parameter::{Location, Parameter, Slot};
use crate::refusal::Refusal;

/// What parameters are read from, besides the path.
pub trait RequestHead {
    /// The query, still encoded, without `?`.
    fn query(&self) -> &str;
    /// Calls `each` with the value of every header field of a name in lower case.
    fn header(&self, name: &str, each: &mut dyn FnMut(&[u8]));
}

/// The parameters of a route: those of the path first, in its order.
#[derive(Debug, Default)]
pub(crate) struct Parameters {
    all: Vec<Parameter>,
    in_path: usize,
    has_query: bool,
}

impl Parameters {
    /// Orders the declared parameters by the names of the path.
    pub(crate) fn new(names: &[String], mut declared: Vec<Parameter>) -> Result<Self, String> {
        let mut all = Vec::new();
        for name in names {
            let at = declared
                .iter()
                .position(|p| p.location() == Location::Path && p.name() == name);
            all.push(at.map_or_else(|| Parameter::undeclared(name), |at| declared.remove(at)));
        }
        if let Some(stray) = declared.iter().find(|p| p.location() == Location::Path) {
            return Err(format!(
                "path parameter `{}` is declared but is not in the path",
                stray.name()
            ));
        }
        let in_path = all.len();
        all.append(&mut declared);
        for (index, parameter) in all.iter().enumerate() {
            if all[..index]
                .iter()
                .any(|other| other.key() == parameter.key())
            {
                return Err(format!(
                    "two parameters are called `{}`: give one of them another `key`",
                    parameter.key()
                ));
            }
        }
        let has_query = all.iter().any(|p| p.location() == Location::Query);
        Ok(Self {
            all,
            in_path,
            has_query,
        })
    }

    pub(crate) fn all(&self) -> &[Parameter] {
        &self.all
    }

    /// Reads, coerces and checks the parameters of one request, as a JSON object;
    /// empty when there are none to declare.
    pub(crate) fn read<'p>(
        &self,
        path: impl Iterator<Item = &'p str>,
        head: &impl RequestHead,
    ) -> Result<String, Refusal> {
        if self.all.is_empty() {
            return Ok(String::new());
        }
        let mut slots: Vec<Slot> = Vec::new();
        slots.resize_with(self.all.len(), Slot::default);
        for ((parameter, slot), text) in self.all[..self.in_path].iter().zip(&mut slots).zip(path) {
            let text = decode::percent(text)
                .map_err(|error| bad(&format!("path parameter `{}`", parameter.name()), error))?;
            parameter.take(&text, slot);
        }
        if self.has_query {
            self.read_query(head.query(), &mut slots)?;
        }
        for (parameter, slot) in self.all.iter().zip(&mut slots) {
            match parameter.location() {
                Location::Header => read_header(parameter, head, slot)?,
                Location::Cookie => read_cookie(parameter, head, slot)?,
                Location::Path | Location::Query => {}
            }
        }
        self.write(slots)
    }

    fn read_query(&self, query: &str, slots: &mut [Slot]) -> Result<(), Refusal> {
        for (name, value) in decode::raw_pairs(query) {
            let name = decode::form(name).map_err(|error| bad("a name in the query", error))?;
            let found = self
                .all
                .iter()
                .position(|p| p.location() == Location::Query && p.name() == name);
            if let Some(at) = found {
                let value = decode::form(value)
                    .map_err(|error| bad(&format!("query parameter `{name}`"), error))?;
                self.all[at].take(&value, &mut slots[at]);
            }
        }
        Ok(())
    }

    fn write(&self, slots: Vec<Slot>) -> Result<String, Refusal> {
        let mut errors = Vec::new();
        let mut object = serde_json::Map::new();
        for (parameter, slot) in self.all.iter().zip(slots) {
            if let Some(value) = parameter.finish(slot, &mut errors) {
                object.insert(parameter.key().to_owned(), value);
            }
        }
        if !errors.is_empty() {
            return Err(Refusal::Invalid(errors));
        }
        serde_json::to_string(&object).map_err(|error| Refusal::BadRequest(error.to_string()))
    }
}

fn bad(what: &str, error: decode::NotUtf8) -> Refusal {
    Refusal::BadRequest(format!("{what} cannot be read: {error}"))
}

/// Several fields of one name are one value, joined as RFC 9110, section 5.3 says.
fn read_header(
    parameter: &Parameter,
    head: &impl RequestHead,
    slot: &mut Slot,
) -> Result<(), Refusal> {
    let mut joined: Option<Vec<u8>> = None;
    head.header(parameter.name(), &mut |value| match &mut joined {
        None => joined = Some(value.to_vec()),
        Some(all) => {
            all.extend_from_slice(b", ");
            all.extend_from_slice(value);
        }
    });
    let Some(joined) = joined else { return Ok(()) };
    let text = String::from_utf8(joined)
        .map_err(|_| Refusal::BadRequest(format!("header `{}` is not UTF-8", parameter.name())))?;
    if parameter.is_array() {
        for item in text.split(',') {
            parameter.take(item.trim(), slot);
        }
    } else {
        parameter.take(&text, slot);
    }
    Ok(())
}

fn read_cookie(
    parameter: &Parameter,
    head: &impl RequestHead,
    slot: &mut Slot,
) -> Result<(), Refusal> {
    let mut result = Ok(());
    head.header("cookie", &mut |value| {
        // Bytes that are not UTF-8 matter only in the cookie that is asked for.
        let text = String::from_utf8_lossy(value);
        let is_lossy = matches!(text, Cow::Owned(_));
        for (name, value) in decode::cookies(&text) {
            if name == parameter.name() && is_lossy && value.contains('\u{fffd}') {
                result = Err(bad(&format!("cookie `{name}`"), decode::NotUtf8));
            } else if name == parameter.name() {
                match decode::percent(value) {
                    Ok(value) => parameter.take(&value, slot),
                    Err(error) => {
                        result = Err(bad(&format!("cookie `{name}`"), error));
                    }
                }
            }
        }
    });
    result
}
