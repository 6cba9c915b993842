//! Declarations that the host validates: parameters, JSON, forms and files.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spikard_wasm_sdk::{
    ContextError, Form, GlobalContext, Headers, Json, Path, Query, Reply, Route, UploadFile, get,
    post, routes,
};

#[derive(Deserialize, JsonSchema)]
struct ItemPath {
    #[schemars(range(min = 1))]
    id: i64,
}

/// A field of an item.
#[derive(Clone, Copy, Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Field {
    Name,
    Price,
    Tags,
}

#[derive(Deserialize, JsonSchema)]
struct Selection {
    /// The fields to return; empty means all.
    #[serde(default)]
    fields: Vec<Field>,
}

#[derive(Deserialize, JsonSchema)]
struct Trace {
    x_trace: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Selected {
    id: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<String>>,
}

/// Returns an item, or some of its fields.
#[get("/items/{id}", tags = ["items"], reply = Json<Selected>)]
fn read_item(
    Path(path): Path<ItemPath>,
    Query(selection): Query<Selection>,
    Headers(trace): Headers<Trace>,
) -> Reply {
    let chosen = |field| selection.fields.is_empty() || selection.fields.contains(&field);
    let reply = Reply::json(&Selected {
        id: path.id,
        name: chosen(Field::Name).then(|| format!("item {}", path.id)),
        price: chosen(Field::Price).then_some(1.5),
        tags: chosen(Field::Tags).then(|| vec!["demo".to_owned()]),
    });
    match trace.x_trace {
        Some(trace) => reply.header("x-trace", trace),
        None => reply,
    }
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Item {
    #[schemars(length(min = 1, max = 50))]
    name: String,
    #[schemars(range(min = 0))]
    price: f64,
    #[serde(default)]
    tags: Vec<String>,
}

#[derive(Serialize, JsonSchema)]
struct StoredItem {
    #[serde(flatten)]
    item: Item,
    id: i64,
}

/// Creates an item with a new number.
#[post("/items", status = 201, tags = ["items"])]
fn create_item(
    Json(item): Json<Item>,
    global: GlobalContext,
) -> Result<Json<StoredItem>, ContextError> {
    let id = global.add("items", 1)?;
    Ok(Json(StoredItem { item, id }))
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Person {
    name: String,
    age: i64,
    #[serde(default)]
    tags: Vec<String>,
}

/// Returns a form as JSON.
#[post("/forms")]
fn submit(Form(person): Form<Person>) -> Json<Person> {
    Json(person)
}

#[derive(Deserialize, JsonSchema)]
struct Upload {
    file: UploadFile,
    #[serde(default)]
    note: String,
}

#[derive(Serialize, JsonSchema)]
struct Uploaded {
    filename: String,
    size: u64,
    content_type: Option<String>,
    note: String,
}

/// Returns the properties of a file.
#[post("/files")]
fn upload(Form(Upload { file, note }): Form<Upload>) -> Json<Uploaded> {
    Json(Uploaded {
        filename: file.filename().to_owned(),
        size: file.size(),
        content_type: file.content_type().map(str::to_owned),
        note,
    })
}

/// Returns the routes of this module.
pub(crate) fn routes() -> impl IntoIterator<Item = Route> {
    routes![read_item, create_item, submit, upload]
}
