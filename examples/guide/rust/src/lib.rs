//! The examples of the guide, a module for each page.

mod background;
mod databases;
mod key_value;
mod passwords;
mod requests;
mod waiting;

use spikard_wasm_sdk::{App, export};

fn app() -> App {
    App::new("guide")
        .version("1.0.0")
        .nest("/notes", databases::notes())
        .nest("/rates", requests::rates())
        .nest("/carts", key_value::carts())
        .nest("/accounts", passwords::accounts())
        .nest("/waiting", waiting::waiting())
        .nest("/invitations", background::invitations())
}

export!(app());
