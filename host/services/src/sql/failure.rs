//! Failures that both kinds of databases report.

use crate::Failed;

use super::SqlLimits;

pub(super) fn invalid(message: impl Into<String>) -> Failed {
    Failed::new("invalid", message)
}

/// Shortens a name that a guest sent, for a message.
pub(super) fn shown(name: &str) -> String {
    name.chars().take(64).flat_map(char::escape_debug).collect()
}

pub(super) fn not_granted(database: &str) -> Failed {
    let name = shown(database);
    Failed::new(
        "denied",
        format!(
            "the database `{name}` is not granted; add `{name} = \"sqlite:data/{name}.db\"` to `[grants.sql]` in `spikard.toml`"
        ),
    )
}

pub(super) fn timeout(limits: &SqlLimits) -> Failed {
    Failed::new(
        "timeout",
        format!(
            "the statement ran longer than {:?}, the limit of the host; make it faster, for example with an index, or split it",
            limits.time
        ),
    )
}

pub(super) fn result_too_large(limits: &SqlLimits) -> Failed {
    Failed::new(
        "too-large",
        format!(
            "the rows are larger than {} bytes as JSON, the limit of the host; read them in pages with `order by` and `limit`, \
             or select fewer columns",
            limits.result_bytes
        ),
    )
}

pub(super) fn statement_too_large(length: usize, limits: &SqlLimits) -> Failed {
    Failed::new(
        "too-large",
        format!(
            "the text of the statement has {length} bytes; the limit of the host is {}; pass the values as parameters",
            limits.statement_bytes
        ),
    )
}

pub(super) fn transaction_ended() -> Failed {
    invalid("the transaction has ended; begin a new one")
}

pub(super) fn stopped() -> Failed {
    Failed::new(
        "failed",
        "the statement was stopped because the host is stopping",
    )
}
