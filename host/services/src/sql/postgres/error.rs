//! Errors of PostgreSQL as failures. Messages for apps name neither addresses nor passwords.

use serde_json::Value;
use tokio_postgres::Error;
use tokio_postgres::error::{DbError, ErrorPosition, SqlState};

use crate::Failed;

use super::super::SqlLimits;
use super::super::failure::timeout;

/// A connection cannot be opened.
pub(super) fn unavailable(error: &Error) -> Failed {
    let reason = match error.as_db_error() {
        None => "it cannot be reached",
        Some(database) => match database.code().code() {
            "28000" | "28P01" => "it rejects the user or the password",
            "3D000" => "the server has no database of this name",
            "57P03" => "the server is starting up or shutting down",
            _ => "the server rejects the connection",
        },
    };
    let mut failed = Failed::new(
        "unavailable",
        format!("the database is unavailable: {reason}; the log of the host has the details"),
    );
    sqlstate(&mut failed, error.code());
    failed
}

pub(super) fn too_many_connections() -> Failed {
    let mut failed = Failed::new(
        "too-many",
        "the database server has no free connections; lower the number of connections per worker, or raise `max_connections` of \
         the server",
    );
    sqlstate(&mut failed, Some(&SqlState::TOO_MANY_CONNECTIONS));
    failed
}

pub(super) fn lost() -> Failed {
    Failed::new(
        "unavailable",
        "the connection to the database was lost while the statement ran; it may or may not have had an effect",
    )
}

pub(super) fn lost_in_commit() -> Failed {
    Failed::new(
        "unavailable",
        "the connection to the database was lost during the commit; the transaction may or may not have been committed",
    )
}

pub(super) fn rolled_back() -> Failed {
    let mut failed = Failed::new(
        "sql",
        "the transaction was rolled back because one of its statements failed; handle the error of that statement, or use a savepoint",
    );
    sqlstate(&mut failed, Some(&SqlState::IN_FAILED_SQL_TRANSACTION));
    failed
}

/// A statement failed.
pub(super) fn failed(error: &Error, limits: &SqlLimits) -> Failed {
    let Some(database) = error.as_db_error() else {
        return unavailable(error);
    };
    let code = database.code();
    let mut failed = match code.code() {
        "23505" => constraint("unique", database),
        "23503" => constraint("foreign-key", database),
        "23502" => constraint("not-null", database),
        "23514" => constraint("check", database),
        "40001" | "40P01" => Failed::new(
            "serialization",
            format!("{}; repeat the transaction", database.message()),
        ),
        "55P03" => Failed::new("busy", database.message()),
        "57014" => timeout(limits),
        "25006" => Failed::new("read-only", database.message()),
        "42601" => Failed::new("syntax", message(database)),
        "53300" => return too_many_connections(),
        "57P01" | "57P02" | "57P03" | "57P05" | "25P03" => Failed::new(
            "unavailable",
            "the database server has closed the connection",
        ),
        _ => Failed::new("sql", message(database)),
    };
    sqlstate(&mut failed, Some(code));
    failed
}

fn sqlstate(failed: &mut Failed, code: Option<&SqlState>) {
    if let Some(code) = code {
        failed
            .details
            .insert("sqlstate".to_owned(), Value::from(code.code()));
    }
}

fn message(error: &DbError) -> String {
    let mut message = error.message().to_owned();
    if let Some(ErrorPosition::Original(position)) = error.position() {
        message.push_str(&format!(" (at character {position})"));
    }
    if let Some(hint) = error.hint() {
        message.push_str(&format!("; {hint}"));
    }
    message
}

fn constraint(kind: &'static str, error: &DbError) -> Failed {
    let mut failed = Failed::new(kind, error.message());
    let mut member = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            failed.details.insert(name.to_owned(), value);
        }
    };
    member("constraint", error.constraint().map(Value::from));
    member("table", error.table().map(Value::from));
    let columns = match error.column() {
        Some(column) => Some(vec![column]),
        None => error.detail().and_then(key_columns),
    };
    member("columns", columns.map(Value::from));
    failed
}

/// The columns of `Key (a, b)=(1, 2) already exists.`; expressions are not columns.
fn key_columns(detail: &str) -> Option<Vec<&str>> {
    let (_, rest) = detail.split_once('(')?;
    let (columns, _) = rest.split_once(")=(")?;
    let columns: Vec<&str> = columns
        .split(", ")
        .map(|column| column.trim_matches('"'))
        .collect();
    columns
        .iter()
        .all(|column| !column.contains('('))
        .then_some(columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_a_key() {
        assert_eq!(
            key_columns("Key (a, \"B c\")=(1, (2)) already exists."),
            Some(vec!["a", "B c"])
        );
        assert_eq!(key_columns("Key (lower(email))=(x) already exists."), None);
        assert_eq!(key_columns("Der Wert existiert."), None);
    }
}
