//! Operations for code that is not `async`.
//!
//! The instance waits for each operation and handles nothing else meanwhile, so prefer `async`
//! handlers. In an instance that handles several requests at once, an operation that would have to
//! wait fails with the code `would-block`.
//!
//! ```
//! use spikard_wasm_sdk::{HttpError, blocking, get};
//!
//! static DATABASE: blocking::Database = blocking::Database::new("main");
//!
//! #[get("/users/count")]
//! fn count() -> Result<String, HttpError> {
//!     let count: Option<i64> = DATABASE.first_as("select count(*) from users", ())?;
//!     Ok(count.unwrap_or_default().to_string())
//! }
//! ```
//!
//! [`block_on`] runs any future of this crate, for operations without a twin here:
//!
//! ```
//! # use spikard_wasm_sdk::{OperationError, blocking, password};
//! # fn example() -> Result<(), OperationError> {
//! let hash = blocking::block_on(password::hash("correct horse"))?;
//! # let _ = hash;
//! # Ok(())
//! # }
//! ```

mod database;
pub mod http;
mod store;

use std::time::Duration;

pub use database::Database;
pub use store::Store;

/// Runs a future of this crate to its end. Several operations in it, for example in `join!`, run
/// one after another.
///
/// # Panics
/// If the future waits for something other than an operation, such as a channel, which would never
/// come.
pub fn block_on<F: Future>(future: F) -> F::Output {
    crate::task::block_on(future)
}

/// Waits.
pub fn sleep(duration: Duration) {
    block_on(crate::sleep(duration));
}

/// Defines methods that run the method of the same name of the type inside to its end.
macro_rules! twins {
    ($($(#[$attribute:meta])* fn $name:ident$(<$generic:ident: $bound:path>)?(&self $(, $argument:ident: $ty:ty)*) -> $result:ty;)*) => {
        $($(#[$attribute])*
        pub fn $name$(<$generic: $bound>)?(&self $(, $argument: $ty)*) -> $result {
            $crate::blocking::block_on(self.inner.$name($($argument),*))
        })*
    };
}
use twins;
