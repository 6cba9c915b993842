//! The workloads under `/validated`: the host validates each request against the types of its
//! handler before the handler runs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value, json};
use spikard_wasm_sdk::{Form, HttpError, Json, Multipart, Path, Query, Route, get, post, routes};

use crate::types::{
    self, ComplexForm, Date, Deep, Large, Multiple, Name, Simple, SimpleForm, Small, Uuid,
    VeryLarge,
};

#[derive(Serialize, Deserialize, JsonSchema)]
struct Few {
    q: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<i64>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Medium {
    search: String,
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
    q: String,
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

#[post("/validated/json/small")]
fn json_small(body: Json<Small>) -> Json<Small> {
    body
}

#[post("/validated/json/medium")]
fn json_medium(body: Json<types::Medium>) -> Json<types::Medium> {
    body
}

#[post("/validated/json/large")]
fn json_large(body: Json<Large>) -> Json<Large> {
    body
}

#[post("/validated/json/very-large")]
fn json_very_large(body: Json<VeryLarge>) -> Json<VeryLarge> {
    body
}

#[get("/validated/path/simple/{id}")]
fn path_simple(Path(path): Path<Simple<Name>>) -> Json<Simple<Name>> {
    Json(path)
}

#[get("/validated/path/multiple/{user_id}/{post_id}")]
fn path_multiple(Path(path): Path<Multiple<Name>>) -> Json<Multiple<Name>> {
    Json(path)
}

#[get("/validated/path/deep/{org}/{team}/{project}/{resource}/{id}")]
fn path_deep(Path(path): Path<Deep<Name>>) -> Json<Deep<Name>> {
    Json(path)
}

#[get("/validated/path/int/{id}")]
fn path_int(Path(id): Path<i64>) -> Value {
    json!({ "id": id })
}

#[get("/validated/path/uuid/{uuid}")]
fn path_uuid(Path(uuid): Path<Uuid>) -> Value {
    json!({ "uuid": uuid })
}

#[get("/validated/path/date/{date}")]
fn path_date(Path(date): Path<Date>) -> Value {
    json!({ "date": date })
}

#[get("/validated/query/few")]
fn query_few(Query(query): Query<Few>) -> Json<Few> {
    Json(query)
}

#[get("/validated/query/medium")]
fn query_medium(Query(query): Query<Medium>) -> Json<Medium> {
    Json(query)
}

#[get("/validated/query/many")]
fn query_many(Query(query): Query<Many>) -> Json<Many> {
    Json(query)
}

#[post("/validated/urlencoded/simple")]
fn urlencoded_simple(Form(form): Form<SimpleForm>) -> Json<SimpleForm> {
    Json(form)
}

#[post("/validated/urlencoded/complex")]
fn urlencoded_complex(Form(form): Form<ComplexForm>) -> Json<ComplexForm> {
    Json(form)
}

#[post("/validated/multipart/small")]
fn multipart_small(form: Multipart) -> Result<Value, HttpError> {
    some_files(&form)
}

#[post("/validated/multipart/medium")]
fn multipart_medium(form: Multipart) -> Result<Value, HttpError> {
    some_files(&form)
}

#[post("/validated/multipart/large")]
fn multipart_large(form: Multipart) -> Result<Value, HttpError> {
    some_files(&form)
}

fn some_files(form: &Multipart) -> Result<Value, HttpError> {
    if form.files().is_empty() {
        return Err(HttpError::new(400, "the form has no file"));
    }
    Ok(crate::received(form))
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
