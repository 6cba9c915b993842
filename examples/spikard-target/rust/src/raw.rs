//! The raw workloads: parameters have types, and bodies are arbitrary.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value, json};
use spikard_wasm_sdk::{Body, Json, Multipart, Path, Query, Reply, Route, get, post, routes};

use crate::types::{Deep, Multiple, Simple};

#[derive(Serialize, Deserialize, JsonSchema)]
struct Few {
    #[serde(skip_serializing_if = "Option::is_none")]
    q: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<i64>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Medium {
    #[serde(skip_serializing_if = "Option::is_none")]
    search: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sort: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter: Option<String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Many {
    #[serde(skip_serializing_if = "Option::is_none")]
    q: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subcategory: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    brand: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_price: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_price: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    color: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    material: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rating: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sort: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    in_stock: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    on_sale: Option<bool>,
}

#[post("/json/small")]
fn json_small(body: Body) -> Result<Value, Reply> {
    body.json()
}

#[post("/json/medium")]
fn json_medium(body: Body) -> Result<Value, Reply> {
    body.json()
}

#[post("/json/large")]
fn json_large(body: Body) -> Result<Value, Reply> {
    body.json()
}

#[post("/json/very-large")]
fn json_very_large(body: Body) -> Result<Value, Reply> {
    body.json()
}

#[get("/path/simple/{id}")]
fn path_simple(Path(path): Path<Simple<String>>) -> Json<Simple<String>> {
    Json(path)
}

#[get("/path/multiple/{user_id}/{post_id}")]
fn path_multiple(Path(path): Path<Multiple<String>>) -> Json<Multiple<String>> {
    Json(path)
}

#[get("/path/deep/{org}/{team}/{project}/{resource}/{id}")]
fn path_deep(Path(path): Path<Deep<String>>) -> Json<Deep<String>> {
    Json(path)
}

#[get("/path/int/{id}")]
fn path_int(Path(id): Path<i64>) -> Value {
    json!({ "id": id })
}

#[get("/path/uuid/{uuid}")]
fn path_uuid(Path(uuid): Path<String>) -> Value {
    json!({ "uuid": uuid })
}

#[get("/path/date/{date}")]
fn path_date(Path(date): Path<String>) -> Value {
    json!({ "date": date })
}

#[get("/query/few")]
fn query_few(Query(query): Query<Few>) -> Json<Few> {
    Json(query)
}

#[get("/query/medium")]
fn query_medium(Query(query): Query<Medium>) -> Json<Medium> {
    Json(query)
}

#[get("/query/many")]
fn query_many(Query(query): Query<Many>) -> Json<Many> {
    Json(query)
}

#[post("/urlencoded/simple")]
fn urlencoded_simple(body: Body) -> Result<Value, Reply> {
    body.form()
}

#[post("/urlencoded/complex")]
fn urlencoded_complex(body: Body) -> Result<Value, Reply> {
    body.form()
}

#[post("/multipart/small")]
fn multipart_small(form: Multipart) -> Value {
    crate::received(&form)
}

#[post("/multipart/medium")]
fn multipart_medium(form: Multipart) -> Value {
    crate::received(&form)
}

#[post("/multipart/large")]
fn multipart_large(form: Multipart) -> Value {
    crate::received(&form)
}

/// Returns the routes of this module.
pub(crate) fn routes() -> impl IntoIterator<Item = Route> {
    routes![
        json_small,
        json_medium,
        json_large,
        json_very_large,
        path_simple,
        path_multiple,
        path_deep,
        path_int,
        path_uuid,
        path_date,
        query_few,
        query_medium,
        query_many,
        urlencoded_simple,
        urlencoded_complex,
        multipart_small,
        multipart_medium,
        multipart_large
    ]
}
