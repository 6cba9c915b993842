//! The database, and parts of statements that several features use.

use spikard_wasm_sdk::{Database, IntoParams, Params, ToParam};

/// The database that the operator grants as `main`.
pub static DB: Database = Database::new("main");

/// The parameters of a statement whose text depends on the request.
#[derive(Clone, Default)]
pub struct Statement {
    params: Params,
    count: usize,
    assignments: Vec<String>,
}

impl Statement {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a parameter and returns its placeholder.
    pub fn add(&mut self, value: &(impl ToParam + ?Sized)) -> String {
        self.params.push(value);
        self.count += 1;
        format!("${}", self.count)
    }

    /// Adds an assignment of an UPDATE if there is a value.
    pub fn set(mut self, column: &'static str, value: Option<&(impl ToParam + ?Sized)>) -> Self {
        if let Some(value) = value {
            let placeholder = self.add(value);
            self.assignments.push(format!("{column} = {placeholder}"));
        }
        self
    }

    /// Returns the assignments, `title = $1, body = $2`.
    pub fn assignments(&self) -> String {
        self.assignments.join(", ")
    }
}

impl IntoParams for Statement {
    fn into_params(self) -> Params {
        self.params
    }
}
