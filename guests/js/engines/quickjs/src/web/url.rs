//! `URL` and `URLSearchParams`, with the crate `url`.

use url::{Position, Url, form_urlencoded, quirks};

use crate::native::{Entry, native};
use crate::value::{Value, atom};

/// Returns the text of a URL, which is ASCII, and the positions that the getters of `URL` cut it at, in the order in which
/// the prelude reads them.
fn record(url: &Url) -> Value {
    // `Position::BeforePassword` and `Position::AfterPassword` panic for `foo://`.
    let username = url[..Position::BeforeUsername].len();
    let username_end = username + url.username().len();
    let (password, password_end) = match url.password() {
        Some(password) => (username_end + 1, username_end + 1 + password.len()),
        None => (username_end, username_end),
    };
    let at = |position: Position| url[..position].len();
    let positions = [
        url.scheme().len(),
        username,
        username_end,
        password,
        password_end,
        at(Position::BeforeHost),
        at(Position::AfterHost),
        at(Position::BeforePort),
        at(Position::AfterPort),
        at(Position::BeforePath),
        at(Position::AfterPath),
        at(Position::AfterQuery),
    ];
    let positions = positions.map(|position| Value::int(position as i32));
    Value::array(core::iter::once(Value::text(url.as_str())).chain(positions))
}

native! {
    // Parses a URL: (text, base). Returns `null` if it is invalid, and `undefined` if the base is invalid.
    parse(arguments) {
        let text = arguments.string(0)?;
        let url = match arguments.optional(1)? {
            None => Url::parse(&text),
            Some(base) => match Url::parse(&base) {
                Ok(base) => base.join(&text),
                Err(_) => return Ok(Value::UNDEFINED),
            },
        };
        Ok(url.map_or(Value::NULL, |url| record(&url)))
    }

    // Changes a part of a URL: (url, part, value). Returns the new URL, or `null` if it does not change.
    set(arguments) {
        let Ok(mut url) = Url::parse(&arguments.string(0)?) else { return Ok(Value::NULL) };
        let value = arguments.string(2)?;
        let old = url.as_str().to_owned();
        // A setter ignores an invalid value.
        let _ = match arguments.get(1).to_int()? {
            0 => quirks::set_protocol(&mut url, &value),
            1 => quirks::set_username(&mut url, &value),
            2 => quirks::set_password(&mut url, &value),
            3 => quirks::set_host(&mut url, &value),
            4 => quirks::set_hostname(&mut url, &value),
            5 => quirks::set_port(&mut url, &value),
            6 => { quirks::set_pathname(&mut url, &value); Ok(()) }
            7 => { quirks::set_search(&mut url, &value); Ok(()) }
            _ => { quirks::set_hash(&mut url, &value); Ok(()) }
        };
        if url.as_str() == old { Ok(Value::NULL) } else { Ok(record(&url)) }
    }

    origin(arguments) {
        match Url::parse(&arguments.string(0)?) {
            // The crate takes the origin from any URL in a blob URL; the standard only from one of http or https.
            Ok(url) if url.scheme() == "blob" && !url.path().starts_with("http:") && !url.path().starts_with("https:") => {
                Ok(Value::text("null"))
            }
            Ok(url) => Ok(Value::text(quirks::origin(&url))),
            Err(_) => Ok(Value::text("null")),
        }
    }

    // Parses `application/x-www-form-urlencoded`. Returns names and values in turn.
    parse_form(arguments) {
        let text = arguments.get(0).to_text()?;
        let pairs = form_urlencoded::parse(text.bytes());
        Ok(Value::array(pairs.flat_map(|(name, value)| [name, value].map(|text| Value::text(text.as_bytes())))))
    }

    // Serializes names and values in turn.
    serialize_form(arguments) {
        let list = arguments.get(0);
        let count = list.get(atom("length"))?.to_int()?.max(0) as u32;
        let mut serializer = form_urlencoded::Serializer::new(String::new());
        for at in (0..count).step_by(2) {
            let [name, value] = [list.at(at)?.to_text()?, list.at(at + 1)?.to_text()?];
            serializer.append_pair(&name.string(), &value.string());
        }
        Ok(Value::text(serializer.finish()))
    }
}

pub(super) const NATIVES: &[Entry] = &[
    (c"parse", 2, parse),
    (c"set", 3, set),
    (c"origin", 1, origin),
    (c"parseForm", 1, parse_form),
    (c"serializeForm", 1, serialize_form),
];
