//! Suggests the known name that is nearest to a mistyped one.

/// Returns `: did you mean ...?` if a known name is near enough, and an empty text otherwise.
pub fn nearest<'a>(name: &str, all: impl Iterator<Item = &'a str>) -> String {
    all.map(|other| (strsim::damerau_levenshtein(name, other), other))
        .min()
        .filter(|(distance, other)| *distance <= 2 || distance * 3 <= other.len().max(name.len()))
        .map(|(_, other)| format!(": did you mean `{other}`?"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_the_nearest_name() {
        assert_eq!(
            nearest("fastfy", ["axum", "fastify"].into_iter()),
            ": did you mean `fastify`?"
        );
        assert_eq!(nearest("zzzzzz", ["axum", "fastify"].into_iter()), "");
    }
}
