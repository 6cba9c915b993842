//! What statements of apps may do: nothing that reaches other files or the next user of the connection.

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

use super::control::Control;

/// Pragmas that only read, or that end with the transaction.
const PRAGMAS: [&str; 21] = [
    "application_id",
    "collation_list",
    "compile_options",
    "data_version",
    "defer_foreign_keys",
    "encoding",
    "foreign_key_check",
    "foreign_key_list",
    "freelist_count",
    "function_list",
    "index_info",
    "index_list",
    "index_xinfo",
    "integrity_check",
    "optimize",
    "page_count",
    "quick_check",
    "table_info",
    "table_list",
    "table_xinfo",
    "user_version",
];

/// Settings of the connection, which can be read but not set.
const READ_ONLY: [&str; 5] = [
    "foreign_keys",
    "journal_mode",
    "page_size",
    "schema_version",
    "synchronous",
];

pub(super) fn authorize(control: &Control, context: &AuthContext<'_>) -> Authorization {
    if control.is_internal() {
        return Authorization::Allow;
    }
    match rejected(&context.action) {
        None => Authorization::Allow,
        Some(what) => {
            control.reject(what);
            Authorization::Deny
        }
    }
}

fn rejected(action: &AuthAction<'_>) -> Option<String> {
    let what = match action {
        // VACUUM attaches a database, too.
        AuthAction::Attach { .. } | AuthAction::Detach { .. } => "`attach`, `detach` and `vacuum`",
        AuthAction::Transaction { .. } => "`begin`, `commit` and `rollback`",
        AuthAction::CreateTempIndex { .. }
        | AuthAction::CreateTempTable { .. }
        | AuthAction::CreateTempTrigger { .. }
        | AuthAction::CreateTempView { .. } => "temporary tables, indexes, triggers and views",
        AuthAction::Function { function_name }
            if ["load_extension", "fts3_tokenizer"]
                .iter()
                .any(|name| function_name.eq_ignore_ascii_case(name)) =>
        {
            return Some(format!("the function `{function_name}`"));
        }
        AuthAction::Pragma {
            pragma_name,
            pragma_value,
        } => {
            let is = |names: &[&str]| {
                names
                    .iter()
                    .any(|name| pragma_name.eq_ignore_ascii_case(name))
            };
            if is(&PRAGMAS) || (is(&READ_ONLY) && pragma_value.is_none()) {
                return None;
            }
            return Some(format!("`pragma {pragma_name}`"));
        }
        // rusqlite does not know it.
        AuthAction::Unknown { .. } => "this kind of statement",
        _ => return None,
    };
    Some(what.to_owned())
}
