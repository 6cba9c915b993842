//! The workloads of the Spikard harness. Those under `/validated` have stricter types.

use std::collections::HashMap;

use axum::extract::{Form, Multipart, Path, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use axum::{Json, Router};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::types::{
    ComplexForm, Date, Deep, Few, Large, Many, Medium, Multiple, Name, Search, Simple, SimpleForm,
    Small, Uuid, VeryLarge,
};

fn body<T: Serialize + DeserializeOwned + Send + 'static>() -> MethodRouter {
    post(async |Json(body): Json<T>| Json(body))
}

fn form<T: Serialize + DeserializeOwned + Send + 'static>() -> MethodRouter {
    post(async |Form(form): Form<T>| Json(form))
}

fn path<T: Serialize + DeserializeOwned + Send + 'static>() -> MethodRouter {
    get(async |Path(path): Path<T>| Json(path))
}

fn query<T: Serialize + DeserializeOwned + Send + 'static>() -> MethodRouter {
    get(async |Query(query): Query<T>| Json(query))
}

async fn count(mut form: Multipart) -> Result<(usize, usize), StatusCode> {
    let (mut files, mut bytes) = (0, 0);
    while let Some(field) = form
        .next_field()
        .await
        .map_err(|_| StatusCode::BAD_REQUEST)?
    {
        let is_file = field.file_name().is_some();
        let content = field.bytes().await.map_err(|_| StatusCode::BAD_REQUEST)?;
        if is_file {
            files += 1;
            bytes += content.len();
        }
    }
    Ok((files, bytes))
}

async fn files(form: Multipart) -> Result<Json<Value>, StatusCode> {
    let (files, bytes) = count(form).await?;
    Ok(Json(
        json!({ "files_received": files, "total_bytes": bytes }),
    ))
}

async fn some_files(form: Multipart) -> Response {
    match count(form).await {
        Ok((0, _)) => (StatusCode::BAD_REQUEST, "the form has no file").into_response(),
        Ok((files, bytes)) => {
            Json(json!({ "files_received": files, "total_bytes": bytes })).into_response()
        }
        Err(status) => status.into_response(),
    }
}

pub(crate) fn routes() -> Router {
    let mut routes = Router::new();
    for size in ["small", "medium", "large"] {
        routes = routes
            .route(&format!("/multipart/{size}"), post(files))
            .route(&format!("/validated/multipart/{size}"), post(some_files));
    }
    for size in ["small", "medium", "large", "very-large"] {
        routes = routes.route(&format!("/json/{size}"), body::<Value>());
    }
    for name in ["simple", "complex"] {
        routes = routes.route(
            &format!("/urlencoded/{name}"),
            form::<HashMap<String, String>>(),
        );
    }
    let id = get(async |Path(id): Path<i64>| Json(json!({ "id": id })));
    let uuid = get(async |Path(uuid): Path<String>| Json(json!({ "uuid": uuid })));
    let date = get(async |Path(date): Path<String>| Json(json!({ "date": date })));
    let checked_uuid = get(async |Path(uuid): Path<Uuid>| Json(json!({ "uuid": uuid })));
    let checked_date = get(async |Path(date): Path<Date>| Json(json!({ "date": date })));
    routes
        .route("/path/simple/{id}", path::<Simple<String>>())
        .route(
            "/path/multiple/{user_id}/{post_id}",
            path::<Multiple<String>>(),
        )
        .route(
            "/path/deep/{org}/{team}/{project}/{resource}/{id}",
            path::<Deep<String>>(),
        )
        .route("/path/int/{id}", id.clone())
        .route("/path/uuid/{uuid}", uuid)
        .route("/path/date/{date}", date)
        .route("/query/few", query::<Few>())
        .route("/query/medium", query::<Search>())
        .route("/query/many", query::<Many>())
        .route("/validated/json/small", body::<Small>())
        .route("/validated/json/medium", body::<Medium>())
        .route("/validated/json/large", body::<Large>())
        .route("/validated/json/very-large", body::<VeryLarge>())
        .route("/validated/urlencoded/simple", form::<SimpleForm>())
        .route("/validated/urlencoded/complex", form::<ComplexForm>())
        .route("/validated/path/simple/{id}", path::<Simple<Name>>())
        .route(
            "/validated/path/multiple/{user_id}/{post_id}",
            path::<Multiple<Name>>(),
        )
        .route(
            "/validated/path/deep/{org}/{team}/{project}/{resource}/{id}",
            path::<Deep<Name>>(),
        )
        .route("/validated/path/int/{id}", id)
        .route("/validated/path/uuid/{uuid}", checked_uuid)
        .route("/validated/path/date/{date}", checked_date)
        .route("/validated/query/few", query::<Few>())
        .route("/validated/query/medium", query::<Search>())
        .route("/validated/query/many", query::<Many>())
}
