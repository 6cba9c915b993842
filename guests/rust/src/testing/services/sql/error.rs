//! Errors of SQLite.

use rusqlite::{Error, ErrorCode, ffi};
use serde_json::json;

use crate::testing::services::outcome::Fault;

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error {
            Error::SqliteFailure(failure, message) => {
                let message = message.unwrap_or_else(|| failure.to_string());
                of_code(failure, &message)
            }
            Error::SqlInputError { error, msg, .. } => of_code(error, &msg),
            Error::MultipleStatement => Self::new("invalid", "pass one statement at a time"),
            other => Self::new("sql", other.to_string()),
        }
    }
}

fn of_code(failure: ffi::Error, message: &str) -> Fault {
    let code = match failure.code {
        ErrorCode::ConstraintViolation => return constraint(failure.extended_code, message),
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => "busy",
        ErrorCode::ReadOnly => "read-only",
        _ if message.contains("syntax error") || message == "incomplete input" => "syntax",
        _ => "sql",
    };
    let mut fault = Fault::new(code, message);
    fault.0["sqlstate"] = json!(failure.extended_code.to_string());
    fault
}

/// Returns the error of a constraint. SQLite names it in the message: `UNIQUE constraint failed:
/// users.name, users.email`, `CHECK constraint failed: name`.
fn constraint(code: i32, message: &str) -> Fault {
    let kind = match code {
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => "foreign-key",
        ffi::SQLITE_CONSTRAINT_NOTNULL => "not-null",
        ffi::SQLITE_CONSTRAINT_CHECK => "check",
        ffi::SQLITE_CONSTRAINT_UNIQUE
        | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
        | ffi::SQLITE_CONSTRAINT_ROWID => "unique",
        _ => "sql",
    };
    let mut fault = Fault::new(kind, message);
    fault.0["sqlstate"] = json!(code.to_string());
    let Some((_, subject)) = message.split_once(": ") else {
        return fault;
    };
    if kind == "check" {
        fault.0["constraint"] = json!(subject);
        return fault;
    }
    let columns: Vec<_> = subject.split(", ").collect();
    let split = columns.iter().map(|column| column.split_once('.'));
    if let Some(split) = split.collect::<Option<Vec<_>>>()
        && let Some((table, _)) = split.first()
    {
        fault.0["table"] = json!(table);
        fault.0["columns"] = split.iter().map(|(_, column)| *column).collect();
    }
    fault
}
