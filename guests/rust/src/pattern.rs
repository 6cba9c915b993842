//! Path patterns: `/users/{id}`, `/files/{*rest}`.
//!
//! The check is a `const fn`: the attribute macros run it at compile time, and `describe` runs it
//! for routes that are created at run time.

/// Returns the fault of a path pattern, or `None` if it is valid.
#[must_use]
pub(crate) const fn fault(pattern: &str) -> Option<&'static str> {
    let bytes = pattern.as_bytes();
    if bytes.is_empty() || bytes[0] != b'/' {
        return Some("a path pattern starts with `/`");
    }
    let mut at = 1;
    while at <= bytes.len() {
        let end = segment_end(bytes, at);
        if let Some(fault) = segment_fault(bytes, at, end) {
            return Some(fault);
        }
        if repeated(bytes, at, end) {
            return Some("a path pattern binds each name once");
        }
        at = end + 1;
    }
    None
}

/// Returns the parameter names of a valid pattern, in order.
pub(crate) fn names(pattern: &str) -> impl Iterator<Item = &str> {
    pattern.split('/').filter_map(|segment| {
        let name = segment.strip_prefix('{')?.strip_suffix('}')?;
        Some(name.strip_prefix('*').unwrap_or(name))
    })
}

const fn segment_end(bytes: &[u8], start: usize) -> usize {
    let mut end = start;
    while end < bytes.len() && bytes[end] != b'/' {
        end += 1;
    }
    end
}

const fn segment_fault(bytes: &[u8], start: usize, end: usize) -> Option<&'static str> {
    if start == end || bytes[start] != b'{' {
        return literal_fault(bytes, start, end);
    }
    if bytes[end - 1] != b'}' {
        return Some("a parameter is a whole segment of its path, `{name}`");
    }
    let catch_all = bytes[start + 1] == b'*';
    if catch_all && end != bytes.len() {
        return Some("`{*name}` binds all that remains, so nothing can follow it");
    }
    let mut at = if catch_all { start + 2 } else { start + 1 };
    if at == end - 1 {
        return Some("a parameter has a name, `{name}`");
    }
    if bytes[at].is_ascii_digit() || bytes[at] == b'-' {
        return Some("a parameter's name starts with a letter or `_`");
    }
    while at < end - 1 {
        if !bytes[at].is_ascii_alphanumeric() && bytes[at] != b'_' && bytes[at] != b'-' {
            return Some("a parameter's name is letters, digits, `_` and `-`");
        }
        at += 1;
    }
    None
}

const fn literal_fault(bytes: &[u8], start: usize, end: usize) -> Option<&'static str> {
    let mut at = start;
    while at < end {
        match bytes[at] {
            b'{' | b'}' => return Some("a parameter is a whole segment of its path, `{name}`"),
            b'?' | b'#' => return Some("a path pattern has no query and no fragment"),
            _ => at += 1,
        }
    }
    None
}

/// Returns true if the pattern binds the parameter at `start..end` earlier too.
const fn repeated(bytes: &[u8], start: usize, end: usize) -> bool {
    if start == end || bytes[start] != b'{' {
        return false;
    }
    let mut at = 1;
    while at < start {
        let other_end = segment_end(bytes, at);
        if at < other_end && bytes[at] == b'{' && same_name(bytes, (at, other_end), (start, end)) {
            return true;
        }
        at = other_end + 1;
    }
    false
}

/// Returns true if two parameter segments bind the same name; `{*rest}` binds `rest`.
const fn same_name(bytes: &[u8], one: (usize, usize), other: (usize, usize)) -> bool {
    let one_start = one.0 + 1 + (bytes[one.0 + 1] == b'*') as usize;
    let other_start = other.0 + 1 + (bytes[other.0 + 1] == b'*') as usize;
    if one.1 - one_start != other.1 - other_start {
        return false;
    }
    let mut at = 0;
    while one_start + at < one.1 {
        if bytes[one_start + at] != bytes[other_start + at] {
            return false;
        }
        at += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::{fault, names};

    #[test]
    fn well_formed_patterns_have_no_fault() {
        for pattern in [
            "/",
            "/users",
            "/users/{id}",
            "/a/{b}/c/{_d}",
            "/files/{*rest}",
            "/a//b/",
        ] {
            assert_eq!(fault(pattern), None, "{pattern}");
        }
    }

    #[test]
    fn each_fault_is_named() {
        for (pattern, words) in [
            ("", "starts with `/`"),
            ("users", "starts with `/`"),
            ("/users/{id", "whole segment"),
            ("/users/id}", "whole segment"),
            ("/users/a{id}", "whole segment"),
            ("/users/{id}.json", "whole segment"),
            ("/users/{}", "has a name"),
            ("/users/{*}", "has a name"),
            ("/users/{", "whole segment"),
            ("/users/{1}", "starts with a letter"),
            ("/users/{user id}", "letters, digits"),
            ("/{*rest}/more", "nothing can follow"),
            ("/a/{id}/b/{id}", "each name once"),
            ("/a/{id}/{*id}", "each name once"),
            ("/a?b=1", "no query"),
        ] {
            let found = fault(pattern).unwrap_or("nothing");
            assert!(found.contains(words), "{pattern}: {found}");
        }
    }

    #[test]
    fn names_come_in_order() {
        assert_eq!(names("/a/{b}/c/{*d}").collect::<Vec<_>>(), ["b", "d"]);
        assert_eq!(names("/a").count(), 0);
    }
}
