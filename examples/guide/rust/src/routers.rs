use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use spikard_wasm_sdk::{
    Content, ContextError, FromRequestAsync, GlobalContext, HookReply, HttpError, IntoErrorReply,
    Json, Path, Query, Reply, RequestParts, Router, get, post, routes,
};

#[get("/")]
fn list_teams() -> Json<[&'static str; 2]> {
    Json(["red", "blue"])
}

/// A dependency: an argument of the handlers. It can wait, for example for a database.
pub struct CurrentUser(pub String);

impl FromRequestAsync for CurrentUser {
    type Error = HttpError;

    async fn from_request(parts: &RequestParts) -> Result<Self, HttpError> {
        let name = parts.request().header("x-user");
        name.map(Self)
            .ok_or_else(|| HttpError::unauthorized("say who you are in `x-user`"))
    }
}

/// Why a user cannot join.
enum JoinError {
    Full(String),
    Context(ContextError),
}

impl From<ContextError> for JoinError {
    fn from(error: ContextError) -> Self {
        Self::Context(error)
    }
}

impl IntoErrorReply for JoinError {
    fn into_error_reply(self) -> Reply {
        match self {
            Self::Full(team) => Reply::json(&json!({ "full": team })).status(409),
            Self::Context(error) => error.into_error_reply(),
        }
    }
}

#[post("/{team}/join", status = 200)]
async fn join(
    Path(team): Path<String>,
    CurrentUser(user): CurrentUser,
    everyone: GlobalContext,
) -> Result<Json<Value>, JoinError> {
    if everyone.add(&format!("members of {team}"), 1)? > 2 {
        return Err(JoinError::Full(team));
    }
    Ok(Json(json!({ "team": team, "user": user })))
}

#[derive(Deserialize, JsonSchema)]
struct Filter {
    #[serde(default = "first")]
    #[schemars(range(min = 1))]
    page: u32,
}

fn first() -> u32 {
    1
}

#[get("/{team}/members")]
fn members(Path(team): Path<String>, Query(filter): Query<Filter>) -> Json<Value> {
    Json(json!({ "team": team, "page": filter.page, "members": [] }))
}

/// Gives the errors of the host the form of the service.
fn explain(reply: &mut HookReply, _message: &str) -> Option<Reply> {
    let Content::Json(document) = reply.body() else {
        return None;
    };
    let problem: Value = serde_json::from_str(document).ok()?;
    let errors = problem["errors"].as_array().into_iter().flatten();
    let messages: Vec<&Value> = errors.map(|error| &error["msg"]).collect();
    let body = json!({ "message": problem["title"], "errors": messages });
    Some(Reply::json(&body).status(reply.status()))
}

pub fn teams() -> Router {
    Router::new()
        .tag("teams")
        .on_response(|reply| reply.set_header("x-teams", "2"))
        .on_error(explain)
        .routes(routes![list_teams, join, members])
}
