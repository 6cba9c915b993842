//! A client for outgoing requests, shaped like `reqwest`.
//!
//! The operator grants the origins (the grant `outgoing`). The host keeps connections, follows
//! redirects, decompresses bodies and passes trace headers on.
//!
//! ```
//! use std::time::Duration;
//! use serde::Deserialize;
//! use spikard_wasm_sdk::{HttpError, get, http};
//!
//! #[derive(Deserialize)]
//! struct Weather {
//!     temperature: f64,
//! }
//!
//! #[get("/weather")]
//! async fn weather() -> Result<String, HttpError> {
//!     let weather: Weather = http::Client::new()
//!         .get("https://weather.example/now")
//!         .query(&[("city", "Berlin")])
//!         .header("accept", "application/json")
//!         .timeout(Duration::from_secs(2))
//!         .send()
//!         .await?
//!         .error_for_status()?
//!         .json()
//!         .await?;
//!     Ok(format!("{} degrees", weather.temperature))
//! }
//! ```
//!
//! Several requests at the same time:
//!
//! ```
//! # use spikard_wasm_sdk::{HttpError, http, try_join};
//! # async fn example() -> Result<(), HttpError> {
//! let (users, posts) = try_join!(
//!     http::get("https://api.example/users"),
//!     http::get("https://api.example/posts"),
//! )?;
//! # let _ = (users, posts);
//! # Ok(())
//! # }
//! ```
//!
//! A body that is produced while it is sent, here that of another response:
//!
//! ```
//! # use spikard_wasm_sdk::{HttpError, http};
//! # async fn example() -> Result<(), HttpError> {
//! let source = http::get("https://files.example/large").await?.error_for_status()?;
//! let target = http::Client::new().put("https://backup.example/large");
//! target.send_stream(source.chunks()).await?.error_for_status()?;
//! # Ok(())
//! # }
//! ```

mod client;
mod request;
mod response;
mod upload;

pub use client::{Client, get};
pub use request::{Redirects, RequestBuilder};
pub use response::Response;
pub use upload::Chunk;
