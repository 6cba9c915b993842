//! The tags of all articles.

use schemars::JsonSchema;
use serde::Serialize;
use spikard_wasm_sdk::{Json, Route, get, routes};

use crate::database::DB;
use crate::errors::Error;

#[derive(Serialize, JsonSchema)]
struct TagList {
    tags: Vec<String>,
}

/// Returns all tags, those of the most articles first.
#[get("/api/tags", tags = ["tags"])]
async fn list_tags() -> Result<Json<TagList>, Error> {
    let sql = "select tag from article_tags group by tag order by count(*) desc, tag limit 1000";
    Ok(Json(TagList {
        tags: DB.query_as(sql, ()).await?,
    }))
}

pub fn routes() -> Vec<Route> {
    routes![list_tags].into_iter().collect()
}
