//! The parameters of a route. Reads them from the path, query, headers and cookies of a
//! request, and writes them as one JSON object.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::Value;

use crate::bracket;

use crate::decode;
use crate::limits::MAX_FIELDS;
use crate::location::Location;
use crate::parameter::{Parameter, Slot};
use crate::parameter_object;
use crate::path::PathPattern;
use crate::refusal::Refusal;

/// Access to the query and headers of a request.
pub trait RequestHead {
    /// Returns the query, still encoded, without `?`.
    fn query(&self) -> &str;
    /// Calls `each` with the value of every header field called `name` (lower case).
    fn header(&self, name: &str, each: &mut dyn FnMut(&[u8]));

    /// Joins the values of a header (RFC 9110, section 5.3). `None` if the request lacks it.
    fn joined(&self, name: &str) -> Option<Vec<u8>> {
        let mut joined = None;
        self.header(name, &mut |value| append_value(&mut joined, value));
        joined
    }
}

/// Appends a value to the joined values of a header (RFC 9110, section 5.3).
pub fn append_value(joined: &mut Option<Vec<u8>>, value: &[u8]) {
    match joined {
        None => *joined = Some(value.to_vec()),
        Some(all) => {
            all.extend_from_slice(b", ");
            all.extend_from_slice(value);
        }
    }
}

/// The parameters of a route: path parameters first, in path order.
#[derive(Debug, Default)]
pub(crate) struct Parameters {
    all: Vec<Parameter>,
    in_path: usize,
    query: NameIndex,
    cookies: NameIndex,
    /// The indexes of header parameters.
    headers: Vec<usize>,
}

/// Maps names in a query or in cookies to parameters.
#[derive(Debug, Default)]
struct NameIndex {
    known: HashMap<String, Target>,
    /// `deepObject` parameters, by the name before the brackets.
    deep: HashMap<String, usize>,
}

#[derive(Debug, Clone, Copy)]
enum Target {
    /// The name of a parameter.
    Whole(usize),
    /// The name of a member of an exploded object.
    Member(usize),
}

impl NameIndex {
    fn of(all: &[Parameter], location: Location) -> Result<Self, String> {
        let mut names = Self::default();
        let here = all.iter().enumerate();
        for (index, parameter) in here.filter(|(_, p)| p.location() == location) {
            if parameter.is_deep() {
                names.deep.insert(parameter.name().to_owned(), index);
            } else if let Some(members) = parameter.exploded_members() {
                for member in members {
                    names.add(member, Target::Member(index))?;
                }
            } else {
                names.add(parameter.name(), Target::Whole(index))?;
            }
        }
        Ok(names)
    }

    fn add(&mut self, name: &str, target: Target) -> Result<(), String> {
        match self.known.insert(name.to_owned(), target) {
            None => Ok(()),
            Some(_) => Err(format!(
                "`{name}` is the name of two parameters or exploded members in the same location; rename one of them"
            )),
        }
    }

    fn is_empty(&self) -> bool {
        self.known.is_empty() && self.deep.is_empty()
    }
}

impl Parameters {
    /// Orders the declared parameters: those of the path pattern first, in its order.
    pub(crate) fn new(path: &PathPattern, mut declared: Vec<Parameter>) -> Result<Self, String> {
        let mut all = Vec::new();
        for (name, schema) in path.parameters() {
            let at = declared
                .iter()
                .position(|p| p.location() == Location::Path && p.name() == name);
            all.push(match at {
                Some(at) => declared.remove(at),
                None => parameter_object::implicit_path_parameter(
                    name,
                    schema.unwrap_or(Value::Bool(true)),
                )?,
            });
        }
        if let Some(stray) = declared.iter().find(|p| p.location() == Location::Path) {
            return Err(format!(
                "path parameter `{}` is declared but is not in the path; add it to the path or remove it",
                stray.name()
            ));
        }
        let in_path = all.len();
        all.append(&mut declared);
        let mut keys = HashMap::new();
        for parameter in &all {
            if keys.insert(parameter.key(), ()).is_some() {
                return Err(format!(
                    "two parameters are called `{}`; give one of them another `key`",
                    parameter.key()
                ));
            }
        }
        let headers = all.iter().enumerate();
        let headers = headers.filter(|(_, p)| p.location() == Location::Header);
        Ok(Self {
            query: NameIndex::of(&all, Location::Query)?,
            cookies: NameIndex::of(&all, Location::Cookie)?,
            headers: headers.map(|(index, _)| index).collect(),
            in_path,
            all,
        })
    }

    pub(crate) fn all(&self) -> &[Parameter] {
        &self.all
    }

    /// Reads, converts and validates the parameters of one request. Returns a JSON object,
    /// or an empty text if the route has no parameters.
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
            parameter
                .take_segment(text, decode::percent, slot)
                .map_err(|error| {
                    unreadable(&format!("path parameter `{}`", parameter.name()), error)
                })?;
        }
        if !self.query.is_empty() {
            self.read_query(head.query(), &mut slots)?;
        }
        for index in &self.headers {
            read_header(&self.all[*index], head, &mut slots[*index])?;
        }
        if !self.cookies.is_empty() {
            self.read_cookies(head, &mut slots)?;
        }
        self.write(slots)
    }

    fn read_query(&self, query: &str, slots: &mut [Slot]) -> Result<(), Refusal> {
        for (count, (name, text)) in decode::raw_pairs(query).enumerate() {
            if count == MAX_FIELDS {
                return Err(Refusal::BadRequest(format!(
                    "the query has more than {MAX_FIELDS} parameters"
                )));
            }
            let name =
                decode::form(name).map_err(|error| unreadable("a name in the query", error))?;
            let refuse = |error| {
                let name = crate::field_error::shorten(&name);
                unreadable(&format!("query parameter `{name}`"), error)
            };
            match self.query.known.get(&*name) {
                Some(Target::Whole(at)) => self.all[*at]
                    .take_encoded(text, decode::form, &mut slots[*at])
                    .map_err(refuse)?,
                Some(Target::Member(at)) => {
                    let text = decode::form(text).map_err(refuse)?;
                    self.all[*at].take_member(&name, &text, &mut slots[*at]);
                }
                None if self.query.deep.is_empty() => {}
                None => {
                    let (base, steps) = bracket::parse_name(&name)
                        .map_err(|error| Refusal::BadRequest(error.to_string()))?;
                    if let Some(at) = self.query.deep.get(base).filter(|_| !steps.is_empty()) {
                        let text = decode::form(text).map_err(refuse)?.into_owned();
                        self.all[*at].take_deep(&steps, text, &mut slots[*at]);
                    }
                }
            }
        }
        Ok(())
    }

    fn read_cookies(&self, head: &impl RequestHead, slots: &mut [Slot]) -> Result<(), Refusal> {
        let mut result = Ok(());
        head.header("cookie", &mut |field| {
            // Ignore bytes that are not UTF-8 in cookies that the route does not declare.
            let text = String::from_utf8_lossy(field);
            let is_lossy = matches!(text, Cow::Owned(_));
            for (name, value) in decode::cookies(&text) {
                let Some(target) = self.cookies.known.get(name) else {
                    continue;
                };
                let taken = if is_lossy && value.contains('\u{fffd}') {
                    Err(decode::NotUtf8)
                } else {
                    match *target {
                        Target::Whole(at) => {
                            self.all[at].take_encoded(value, decode::percent, &mut slots[at])
                        }
                        Target::Member(at) => decode::percent(value)
                            .map(|value| self.all[at].take_member(name, &value, &mut slots[at])),
                    }
                };
                if let Err(error) = taken {
                    result = Err(unreadable(&format!("cookie `{name}`"), error));
                }
            }
        });
        result
    }

    fn write(&self, slots: Vec<Slot>) -> Result<String, Refusal> {
        let mut errors = Vec::new();
        let mut out = Vec::with_capacity(32 * self.all.len());
        out.push(b'{');
        for (parameter, slot) in self.all.iter().zip(slots) {
            let read = parameter.finish(slot, &mut errors);
            let value = read.map_err(|error| Refusal::BadRequest(error.to_string()))?;
            if let Some(value) = value {
                if out.len() > 1 {
                    out.push(b',');
                }
                out.extend_from_slice(parameter.json_key().as_bytes());
                serde_json::to_writer(&mut out, &*value)
                    .map_err(|error| Refusal::BadRequest(error.to_string()))?;
            }
        }
        if !errors.is_empty() {
            return Err(Refusal::Invalid(errors));
        }
        out.push(b'}');
        String::from_utf8(out).map_err(|error| Refusal::BadRequest(error.to_string()))
    }
}

fn unreadable(what: &str, error: decode::NotUtf8) -> Refusal {
    Refusal::BadRequest(format!("{what} cannot be read: {error}"))
}

/// Reads a header parameter.
fn read_header(
    parameter: &Parameter,
    head: &impl RequestHead,
    slot: &mut Slot,
) -> Result<(), Refusal> {
    let Some(joined) = head.joined(parameter.name()) else {
        return Ok(());
    };
    let text = String::from_utf8(joined)
        .map_err(|_| Refusal::BadRequest(format!("header `{}` is not UTF-8", parameter.name())))?;
    parameter.take_header(&text, slot);
    Ok(())
}
