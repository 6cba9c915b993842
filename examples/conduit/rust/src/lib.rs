//! Conduit: the RealWorld blog service.
//!
//! Each feature has a module: `model` declares what requests and replies contain, `queries` has
//! the statements, and the module itself the routes.

mod articles;
mod auth;
mod comments;
mod database;
mod errors;
mod profiles;
mod tags;
mod text;
mod timestamp;
mod users;

use spikard_wasm_sdk::{App, Cors, export};

fn app() -> App {
    App::new("conduit-rust")
        .version(env!("CARGO_PKG_VERSION"))
        .secrets(["jwt"])
        .body_limit(1_000_000)
        // Web frontends of other origins use the service.
        .cors(Cors::any().headers(["authorization", "content-type"]))
        .on_error(errors::explain_error)
        .routes(users::routes())
        .routes(profiles::routes())
        .routes(articles::routes())
        .routes(comments::routes())
        .routes(tags::routes())
}

export!(app());

#[cfg(test)]
mod tests;
