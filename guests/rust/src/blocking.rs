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
mod run;
mod store;

use std::time::Duration;

pub use database::Database;
pub use run::block_on;
pub use store::Store;

/// Waits.
pub fn sleep(duration: Duration) {
    block_on(crate::sleep(duration));
}
