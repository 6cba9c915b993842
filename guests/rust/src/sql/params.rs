//! Lists of parameters.

use super::param::{ParamWriter, ToParam};
use crate::OperationError;

/// The parameters of a statement, in the order of their placeholders. [`params!`](crate::params)
/// creates them from values of different types.
#[derive(Clone, Debug, Default)]
pub struct Params {
    /// The JSON array without its brackets.
    json: String,
    fault: Option<String>,
}

impl Params {
    /// Creates an empty list.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            json: String::new(),
            fault: None,
        }
    }

    /// Adds a parameter.
    pub fn push(&mut self, value: &(impl ToParam + ?Sized)) {
        if !self.json.is_empty() {
            self.json.push(',');
        }
        value.write(&mut ParamWriter {
            json: &mut self.json,
            fault: &mut self.fault,
        });
    }

    /// Adds a parameter and returns the list.
    #[must_use]
    pub fn with(mut self, value: &(impl ToParam + ?Sized)) -> Self {
        self.push(value);
        self
    }

    /// Returns the JSON array.
    pub(super) fn finish(self) -> Result<String, OperationError> {
        match self.fault {
            None if self.json.is_empty() => Ok(String::new()),
            None => Ok(format!("[{}]", self.json)),
            Some(fault) => Err(OperationError::new(
                "invalid",
                format!("a parameter cannot be written as JSON: {fault}"),
            )),
        }
    }
}

/// Lists the parameters of a statement, each a [`ToParam`](crate::ToParam).
///
/// ```
/// # use spikard_wasm_sdk::{Database, OperationError, params};
/// # async fn example(name: String, email: Option<String>) -> Result<(), OperationError> {
/// let database = Database::new("main");
/// database
///     .execute(
///         "insert into users (name, email, age) values ($1, $2, $3)",
///         params![name, email, 36],
///     )
///     .await?;
/// # Ok(())
/// # }
/// ```
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        $crate::Params::new()$(.with(&$value))*
    };
}

/// Parameters of a statement: [`params!`](crate::params), `()` for none, an array, slice or vector
/// of one type, or a tuple.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list of parameters",
    note = "use `params![a, b]`, `()` for none, `[a, b]`, or a tuple such as `(a, b)` or `(a,)`"
)]
pub trait IntoParams {
    /// Returns the parameters.
    fn into_params(self) -> Params;
}

impl IntoParams for Params {
    fn into_params(self) -> Params {
        self
    }
}

impl IntoParams for &Params {
    fn into_params(self) -> Params {
        self.clone()
    }
}

fn list<T: ToParam>(values: &[T]) -> Params {
    values.iter().fold(Params::new(), Params::with)
}

impl<T: ToParam> IntoParams for &[T] {
    fn into_params(self) -> Params {
        list(self)
    }
}

impl<T: ToParam> IntoParams for Vec<T> {
    fn into_params(self) -> Params {
        list(&self)
    }
}

impl<T: ToParam, const N: usize> IntoParams for [T; N] {
    fn into_params(self) -> Params {
        list(&self)
    }
}

impl<T: ToParam, const N: usize> IntoParams for &[T; N] {
    fn into_params(self) -> Params {
        list(self)
    }
}

macro_rules! tuples {
    ($($name:ident)*) => {
        impl<$($name: ToParam),*> IntoParams for ($($name,)*) {
            #[allow(non_snake_case)]
            fn into_params(self) -> Params {
                let ($($name,)*) = self;
                Params::new()$(.with(&$name))*
            }
        }
    };
}

tuples!();
tuples!(A);
tuples!(A B);
tuples!(A B C);
tuples!(A B C D);
tuples!(A B C D E);
tuples!(A B C D E F);
tuples!(A B C D E F G);
tuples!(A B C D E F G H);
