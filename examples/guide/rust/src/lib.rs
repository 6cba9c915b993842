//! The examples of the guide, a module for each page.

mod background;
mod databases;
mod key_value;
mod passwords;
mod requests;
mod routers;
mod settings;
mod waiting;

use spikard_wasm_sdk::{App, export, routes};

fn app() -> App {
    App::new("guide")
        .version("1.0.0")
        .config::<settings::Settings>()
        .secrets(["jwt", "rates"])
        .nest("/notes", databases::notes())
        .nest("/rates", requests::rates())
        .nest("/carts", key_value::carts())
        .nest("/accounts", passwords::accounts())
        .nest("/waiting", waiting::waiting())
        .nest("/invitations", background::invitations())
        .nest("/teams", routers::teams())
        .routes(routes![settings::greeting])
        .on_start(background::prepare_invitations)
        .on_instance(background::load_blocked)
        .on_stop(background::report_invitations)
}

export!(app());

#[cfg(test)]
mod tests;
