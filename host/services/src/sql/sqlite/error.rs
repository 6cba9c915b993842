//! Errors of SQLite as failures.

use rusqlite::ffi;
use serde_json::Value;

use crate::Failed;

use super::super::SqlLimits;
use super::super::failure::{invalid, timeout};
use super::control::Control;

pub(super) fn failed(error: &rusqlite::Error, control: &Control, limits: &SqlLimits) -> Failed {
    match error {
        rusqlite::Error::MultipleStatement => {
            invalid("the text contains several statements; pass one statement per call")
        }
        rusqlite::Error::SqlInputError {
            error, msg, offset, ..
        } => {
            let place = usize::try_from(*offset)
                .map_or_else(|_| String::new(), |offset| format!(" (at byte {offset})"));
            database(*error, &format!("{msg}{place}"), control, limits)
        }
        rusqlite::Error::SqliteFailure(error, message) => {
            // Errors of files name their path.
            let message = match error.code {
                ffi::ErrorCode::CannotOpen => None,
                _ => message.as_deref(),
            };
            let known = ffi::code_to_str(error.extended_code);
            database(*error, message.unwrap_or(known), control, limits)
        }
        other => Failed::new("sql", other.to_string()),
    }
}

fn database(error: ffi::Error, message: &str, control: &Control, limits: &SqlLimits) -> Failed {
    if let Some(what) = control.take_rejected() {
        return invalid(format!(
            "{what} cannot be used by apps: the connection is shared, and has no access to other files"
        ));
    }
    let mut failed = match error.code {
        ffi::ErrorCode::OperationInterrupted => timeout(limits),
        ffi::ErrorCode::ConstraintViolation => constraint(error.extended_code, message),
        ffi::ErrorCode::DatabaseBusy | ffi::ErrorCode::DatabaseLocked => Failed::new(
            "busy",
            "another process is writing to the database; repeat the operation",
        ),
        ffi::ErrorCode::ReadOnly => Failed::new(
            "read-only",
            format!("{message}; the transaction is read-only"),
        ),
        ffi::ErrorCode::TooBig => Failed::new(
            "too-large",
            format!("{message}; the limit is {} bytes", limits.result_bytes),
        ),
        ffi::ErrorCode::DiskFull => {
            Failed::new("sql", format!("{message}; the change has been rolled back"))
        }
        ffi::ErrorCode::CannotOpen | ffi::ErrorCode::NotADatabase => Failed::new(
            "unavailable",
            format!("the database cannot be opened: {message}"),
        ),
        _ if is_syntax(message) => Failed::new("syntax", message),
        _ => Failed::new("sql", message),
    };
    failed.details.insert(
        "sqlstate".to_owned(),
        Value::from(name(error.extended_code)),
    );
    failed
}

fn is_syntax(message: &str) -> bool {
    ["syntax error", "unrecognized token", "incomplete input"]
        .iter()
        .any(|part| message.contains(part))
}

/// `UNIQUE constraint failed: users.email, users.name`, or `CHECK constraint failed: positive`.
fn constraint(code: i32, message: &str) -> Failed {
    let subject = message
        .split_once("constraint failed: ")
        .map(|(_, subject)| subject);
    let (kind, constrained_columns) = match code {
        ffi::SQLITE_CONSTRAINT_UNIQUE
        | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
        | ffi::SQLITE_CONSTRAINT_ROWID => ("unique", true),
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => ("foreign-key", false),
        ffi::SQLITE_CONSTRAINT_NOTNULL => ("not-null", true),
        ffi::SQLITE_CONSTRAINT_CHECK => ("check", false),
        _ => return Failed::new("sql", message),
    };
    let mut failed = Failed::new(kind, message);
    let Some(subject) = subject else {
        return failed;
    };
    if let Some(index) = subject
        .strip_prefix("index '")
        .and_then(|name| name.strip_suffix('\''))
    {
        failed
            .details
            .insert("constraint".to_owned(), Value::from(index));
    } else if constrained_columns {
        let columns: Vec<&str> = subject
            .split(", ")
            .filter_map(|name| name.split_once('.'))
            .map(|(_, column)| column)
            .collect();
        if let Some((table, _)) = subject.split_once('.') {
            failed
                .details
                .insert("table".to_owned(), Value::from(table));
            failed
                .details
                .insert("columns".to_owned(), Value::from(columns));
        }
    } else if kind == "check" {
        failed
            .details
            .insert("constraint".to_owned(), Value::from(subject));
    }
    failed
}

/// Name of a code as the documentation of SQLite has it.
fn name(code: i32) -> String {
    let name = match code {
        ffi::SQLITE_CONSTRAINT_UNIQUE => "SQLITE_CONSTRAINT_UNIQUE",
        ffi::SQLITE_CONSTRAINT_PRIMARYKEY => "SQLITE_CONSTRAINT_PRIMARYKEY",
        ffi::SQLITE_CONSTRAINT_ROWID => "SQLITE_CONSTRAINT_ROWID",
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => "SQLITE_CONSTRAINT_FOREIGNKEY",
        ffi::SQLITE_CONSTRAINT_NOTNULL => "SQLITE_CONSTRAINT_NOTNULL",
        ffi::SQLITE_CONSTRAINT_CHECK => "SQLITE_CONSTRAINT_CHECK",
        ffi::SQLITE_CONSTRAINT_TRIGGER => "SQLITE_CONSTRAINT_TRIGGER",
        ffi::SQLITE_CONSTRAINT_DATATYPE => "SQLITE_CONSTRAINT_DATATYPE",
        _ => match code & 0xff {
            ffi::SQLITE_ERROR => "SQLITE_ERROR",
            ffi::SQLITE_BUSY => "SQLITE_BUSY",
            ffi::SQLITE_LOCKED => "SQLITE_LOCKED",
            ffi::SQLITE_NOMEM => "SQLITE_NOMEM",
            ffi::SQLITE_READONLY => "SQLITE_READONLY",
            ffi::SQLITE_INTERRUPT => "SQLITE_INTERRUPT",
            ffi::SQLITE_IOERR => "SQLITE_IOERR",
            ffi::SQLITE_CORRUPT => "SQLITE_CORRUPT",
            ffi::SQLITE_FULL => "SQLITE_FULL",
            ffi::SQLITE_CANTOPEN => "SQLITE_CANTOPEN",
            ffi::SQLITE_TOOBIG => "SQLITE_TOOBIG",
            ffi::SQLITE_CONSTRAINT => "SQLITE_CONSTRAINT",
            ffi::SQLITE_MISMATCH => "SQLITE_MISMATCH",
            ffi::SQLITE_AUTH => "SQLITE_AUTH",
            ffi::SQLITE_RANGE => "SQLITE_RANGE",
            ffi::SQLITE_NOTADB => "SQLITE_NOTADB",
            _ => return format!("SQLITE_{code}"),
        },
    };
    name.to_owned()
}
