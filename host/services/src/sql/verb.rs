//! The kind of a statement, by its first words.
//!
//! The host does not parse SQL. It only needs to know what would reach the next user of a connection (transactions that a
//! statement opens, settings of the session) and which statements report a number of changed rows.

use crate::Failed;

use super::failure::invalid;

/// Dialects differ in comments: those of PostgreSQL nest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    /// SELECT, VALUES, EXPLAIN and others that probably only read.
    Read,
    /// INSERT, UPDATE, DELETE, REPLACE, MERGE.
    Change,
    /// WITH: the main statement follows.
    With,
    /// BEGIN, COMMIT, ROLLBACK and their synonyms.
    Transaction,
    /// SAVEPOINT, RELEASE, ROLLBACK TO.
    Savepoint,
    /// COPY.
    Copy,
    /// A statement that alters the session of a PostgreSQL connection.
    Session,
    /// Anything else, such as CREATE TABLE.
    Other,
    /// No word at all.
    Empty,
}

impl Verb {
    pub(super) fn of(sql: &str, dialect: Dialect) -> Self {
        let mut words = Words { rest: sql, dialect };
        let Some(first) = words.next() else {
            return Self::Empty;
        };
        let is = |word: &str, options: &[&str]| {
            options
                .iter()
                .any(|option| word.eq_ignore_ascii_case(option))
        };
        let mut second = |options: &[&str]| words.next().is_some_and(|word| is(word, options));
        if is(
            first,
            &["select", "values", "table", "explain", "show", "pragma"],
        ) {
            Self::Read
        } else if is(first, &["insert", "update", "delete", "replace", "merge"]) {
            Self::Change
        } else if is(first, &["with"]) {
            Self::With
        } else if is(first, &["rollback"]) {
            let rest = [words.next(), words.next()];
            // ROLLBACK [WORK | TRANSACTION] TO
            if rest.iter().flatten().any(|word| is(word, &["to"])) {
                Self::Savepoint
            } else {
                Self::Transaction
            }
        } else if is(first, &["begin", "start", "commit", "end", "abort"]) {
            Self::Transaction
        } else if is(first, &["savepoint", "release"]) {
            Self::Savepoint
        } else if is(first, &["copy"]) {
            Self::Copy
        } else if is(first, &["prepare"]) {
            if second(&["transaction"]) {
                Self::Transaction
            } else {
                Self::Session
            }
        } else if is(first, &["set"]) {
            if second(&["local", "transaction", "constraints"]) {
                Self::Other
            } else {
                Self::Session
            }
        } else if is(
            first,
            &[
                "reset",
                "listen",
                "unlisten",
                "deallocate",
                "discard",
                "load",
                "declare",
                "fetch",
                "move",
                "close",
                "execute",
            ],
        ) {
            Self::Session
        } else if is(first, &["create"]) {
            if second(&["temp", "temporary", "local", "global"]) {
                Self::Session
            } else {
                Self::Other
            }
        } else {
            Self::Other
        }
    }

    /// The main verb of `with ... insert ...`: the first one outside of parentheses.
    pub(super) fn main_of_with(sql: &str, dialect: Dialect) -> Self {
        let mut words = Words { rest: sql, dialect };
        let mut depth = 0_usize;
        while let Some(token) = words.token() {
            match token {
                "(" => depth += 1,
                ")" => depth = depth.saturating_sub(1),
                _ if depth > 0 => {}
                word if ["select", "values", "table"]
                    .iter()
                    .any(|verb| word.eq_ignore_ascii_case(verb)) =>
                {
                    return Self::Read;
                }
                word if ["insert", "update", "delete", "replace", "merge"]
                    .iter()
                    .any(|verb| word.eq_ignore_ascii_case(verb)) =>
                {
                    return Self::Change;
                }
                _ => {}
            }
        }
        Self::Read
    }

    /// Rejects statements that would reach beyond their operation.
    pub(super) fn check(self, in_transaction: bool) -> Result<(), Failed> {
        match self {
            Self::Empty => Err(invalid("the statement is empty; pass one SQL statement")),
            Self::Transaction => Err(invalid(
                "`begin`, `commit` and `rollback` are not allowed as statements; use the transactions of the SDK \
                 (`sql.begin`, `sql.commit`, `sql.rollback`), which the host rolls back after an error",
            )),
            Self::Savepoint if !in_transaction => Err(invalid(
                "savepoints exist only in a transaction; begin one with `sql.begin` first",
            )),
            Self::Copy => Err(invalid(
                "`copy` is not supported; use `insert` with parameters, or `select`",
            )),
            _ => Ok(()),
        }
    }
}

struct Words<'a> {
    rest: &'a str,
    dialect: Dialect,
}

impl<'a> Words<'a> {
    /// Returns the next word, skipping punctuation.
    fn next(&mut self) -> Option<&'a str> {
        loop {
            let token = self.token()?;
            if token.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
                return Some(token);
            }
            // A statement begins with a word, or with `(`, or after empty statements.
            if token != "(" && token != ";" {
                return Some(token);
            }
        }
    }

    fn token(&mut self) -> Option<&'a str> {
        self.skip();
        let first = self.rest.chars().next()?;
        let length = if first.is_alphanumeric() || first == '_' {
            self.rest
                .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'))
                .unwrap_or(self.rest.len())
        } else if matches!(first, '\'' | '"' | '`') {
            // A doubled quote begins the next literal, which is as good as continuing this one.
            self.rest[1..]
                .find(first)
                .map_or(self.rest.len(), |end| end + 2)
        } else {
            first.len_utf8()
        };
        let (token, rest) = self.rest.split_at(length);
        self.rest = rest;
        Some(token)
    }

    fn skip(&mut self) {
        loop {
            self.rest = self
                .rest
                .trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
            if self.rest.starts_with("--") {
                self.rest = self.rest.find('\n').map_or("", |end| &self.rest[end..]);
            } else if self.rest.starts_with("/*") {
                self.rest = self.after_comment();
            } else {
                return;
            }
        }
    }

    fn after_comment(&self) -> &'a str {
        let mut rest = &self.rest[2..];
        let mut depth = 1;
        loop {
            let Some(end) = rest.find("*/") else {
                return "";
            };
            match rest
                .find("/*")
                .filter(|start| *start < end && self.dialect == Dialect::Postgres)
            {
                Some(start) => {
                    depth += 1;
                    rest = &rest[start + 2..];
                }
                None => {
                    depth -= 1;
                    rest = &rest[end + 2..];
                }
            }
            if depth == 0 {
                return rest;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_words() {
        for (sql, verb) in [
            ("select 1", Verb::Read),
            ("  -- note\n/* a */ (SELECT 1)", Verb::Read),
            ("Insert into t values (1)", Verb::Change),
            ("with a as (select 1) delete from t", Verb::With),
            ("BEGIN", Verb::Transaction),
            ("; begin", Verb::Transaction),
            ("/**/commit;", Verb::Transaction),
            ("rollback", Verb::Transaction),
            ("rollback to a", Verb::Savepoint),
            ("rollback transaction to savepoint a", Verb::Savepoint),
            ("savepoint a", Verb::Savepoint),
            ("prepare transaction 'a'", Verb::Transaction),
            ("set search_path = a", Verb::Session),
            ("set local search_path = a", Verb::Other),
            ("create temp table a (b int)", Verb::Session),
            ("create table a (b int)", Verb::Other),
            ("copy t from stdin", Verb::Copy),
            ("", Verb::Empty),
            ("-- only a comment", Verb::Empty),
        ] {
            assert_eq!(Verb::of(sql, Dialect::Postgres), verb, "{sql}");
        }
    }

    #[test]
    fn comments_nest_in_postgres_only() {
        let sql = "/* /* */ begin";
        assert_eq!(Verb::of(sql, Dialect::Sqlite), Verb::Transaction);
        assert_eq!(Verb::of(sql, Dialect::Postgres), Verb::Empty);
        assert_eq!(
            Verb::of("/* /* */ */ begin", Dialect::Postgres),
            Verb::Transaction
        );
    }

    #[test]
    fn main_verb_after_with() {
        for (sql, verb) in [
            (
                "with a as (insert into t values (')') returning 1) select * from a",
                Verb::Read,
            ),
            (
                "with a as materialized (select 1), \"update\" as (select 2) update t set b = 1",
                Verb::Change,
            ),
        ] {
            assert_eq!(Verb::main_of_with(sql, Dialect::Postgres), verb, "{sql}");
        }
    }
}
