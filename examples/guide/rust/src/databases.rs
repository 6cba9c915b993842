use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spikard_wasm_sdk::{
    Database, HttpError, Json, Path, Query, Router, delete, get, params, post, routes,
};

static DB: Database = Database::new("main");

#[derive(Serialize, Deserialize, JsonSchema)]
struct Note {
    id: i64,
    title: String,
    text: String,
}

#[derive(Deserialize, JsonSchema)]
struct Filter {
    #[serde(default)]
    title: String,
}

#[get("/")]
async fn list_notes(Query(filter): Query<Filter>) -> Result<Json<Vec<Note>>, HttpError> {
    let pattern = format!("%{}%", filter.title);
    let sql = "select id, title, text from notes where title like $1 order by id";
    Ok(Json(DB.query_as(sql, params![pattern]).await?))
}

fn no_note(id: i64) -> HttpError {
    HttpError::not_found(format!("no note `{id}`"))
}

#[get("/{id}")]
async fn find_note(Path(id): Path<i64>) -> Result<Json<Note>, HttpError> {
    let sql = "select id, title, text from notes where id = $1";
    let note = DB.first_as(sql, params![id]).await?;
    note.map(Json).ok_or_else(|| no_note(id))
}

#[derive(Deserialize, JsonSchema)]
struct NewNote {
    #[schemars(length(min = 1))]
    title: String,
    text: String,
}

#[post("/", status = 201)]
async fn add_note(Json(new): Json<NewNote>) -> Result<Json<Option<Note>>, HttpError> {
    let sql = "insert into notes (title, text) values ($1, $2) returning id, title, text";
    match DB.first_as(sql, params![new.title, new.text]).await {
        Ok(note) => Ok(Json(note)),
        Err(error) if error.is_unique() => Err(HttpError::conflict(format!(
            "the title `{}` is taken",
            new.title
        ))),
        Err(error) => Err(error.into()),
    }
}

#[delete("/{id}")]
async fn delete_note(Path(id): Path<i64>) -> Result<(), HttpError> {
    let executed = DB
        .execute("delete from notes where id = $1", params![id])
        .await?;
    if executed.changes == 0 {
        Err(no_note(id))
    } else {
        Ok(())
    }
}

/// Appends another note to this one and deletes the other, both or neither.
#[post("/{id}/merge/{other}")]
async fn merge_notes(Path((id, other)): Path<(i64, i64)>) -> Result<Json<Note>, HttpError> {
    DB.transaction(async |tx| {
        let sql = "delete from notes where id = $1 returning text";
        let text: Option<String> = tx.first_as(sql, params![other]).await?;
        let text = text.ok_or_else(|| no_note(other))?;
        let sql = "update notes set text = text || $1 where id = $2 returning id, title, text";
        let note = tx.first_as(sql, params![text, id]).await?;
        note.map(Json).ok_or_else(|| no_note(id))
    })
    .await
}

pub fn notes() -> Router {
    Router::new().tag("notes").routes(routes![
        list_notes,
        find_note,
        add_note,
        delete_note,
        merge_notes
    ])
}
