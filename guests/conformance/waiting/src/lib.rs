//! An app whose requests wait.

use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};
use spikard_wasm_sdk::bindings::exports::spikard::handler::handler::Content;
use spikard_wasm_sdk::bindings::spikard::handler::io;
use spikard_wasm_sdk::{
    App, ContextError, Database, GlobalContext, Json, OperationError, Path, Request, blocking,
    export, get, params, post, routes, sleep, spawn,
};

thread_local! {
    static REQUESTS: Cell<u32> = const { Cell::new(0) };
    static GATE: RefCell<(bool, Vec<Waker>)> = const { RefCell::new((false, Vec::new())) };
}

fn millis(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Adds one to a global counter when it is dropped.
struct Count(&'static str);

impl Drop for Count {
    fn drop(&mut self) {
        let _ = GlobalContext::current().add(self.0, 1);
    }
}

/// Returns the value of a global counter.
#[get("/counters/{name}")]
fn counter(Path(name): Path<String>) -> Result<String, ContextError> {
    let value = GlobalContext::current().get::<i64>(&name)?;
    Ok(value.unwrap_or_default().to_string())
}

/// Returns the number of requests that this instance has begun to handle on this route.
#[get("/requests/{ms}")]
async fn requests(Path(ms): Path<u64>) -> String {
    REQUESTS.set(REQUESTS.get() + 1);
    sleep(millis(ms)).await;
    REQUESTS.get().to_string()
}

/// Waits, and returns a header that it reads afterwards.
#[get("/sleep/{ms}")]
async fn wait(Path(ms): Path<u64>) -> String {
    sleep(millis(ms)).await;
    Request::current().header("x-name").unwrap_or_default()
}

/// Waits for many timers at once.
#[get("/all/{count}/{ms}")]
async fn all(Path((count, ms)): Path<(u64, u64)>) -> String {
    join_all((0..count).map(|_| sleep(millis(ms))))
        .await
        .len()
        .to_string()
}

/// Waits for something that no operation provides.
#[get("/never")]
async fn never() -> String {
    pending().await
}

/// Waits until `/open` has run in the same instance.
#[get("/gate")]
async fn gate() -> &'static str {
    poll_fn(|cx| {
        GATE.with_borrow_mut(|(is_open, waiting)| match is_open {
            true => Poll::Ready("passed"),
            false => {
                waiting.push(cx.waker().clone());
                Poll::Pending
            }
        })
    })
    .await
}

#[get("/open")]
async fn open() -> &'static str {
    let waiting = GATE.with_borrow_mut(|(is_open, waiting)| {
        *is_open = true;
        std::mem::take(waiting)
    });
    waiting.into_iter().for_each(Waker::wake);
    "opened"
}

/// Replies, and counts later.
#[get("/background/{ms}")]
async fn background(Path(ms): Path<u64>) -> &'static str {
    spawn(async move {
        let dropped = Count("background-dropped");
        sleep(millis(ms)).await;
        let _ = GlobalContext::current().add("background", 1);
        std::mem::forget(dropped);
    });
    "replied"
}

/// Counts that it was dropped before its time.
#[get("/cleanup/{ms}", timeout_ms = 300)]
async fn cleanup(Path(ms): Path<u64>) -> &'static str {
    let dropped = Count("cleaned");
    sleep(millis(ms)).await;
    std::mem::forget(dropped);
    "waited"
}

/// Fails after it has waited.
#[get("/fail/{ms}")]
async fn fail(Path(ms): Path<u64>) -> Result<String, String> {
    sleep(millis(ms)).await;
    Err("it failed on purpose".to_owned())
}

/// Traps after it has waited.
#[get("/trap/{ms}")]
async fn trap(Path(ms): Path<u64>) -> String {
    sleep(millis(ms)).await;
    panic!("it trapped on purpose")
}

/// Computes without waiting.
#[get("/spin/{ms}")]
async fn spin(Path(ms): Path<u64>) -> &'static str {
    let start = Instant::now();
    while start.elapsed() < millis(ms) {}
    "computed"
}

/// Waits with a blocking operation.
#[get("/block/{ms}")]
fn block(Path(ms): Path<u64>) -> &'static str {
    blocking::sleep(millis(ms));
    "blocked"
}

/// Starts more operations than an instance may have.
#[get("/many/{count}")]
async fn many(Path(count): Path<u64>) -> String {
    let all = (0..count).map(|_| sleep(millis(20)));
    join_all(all).await;
    "all".to_owned()
}

/// Runs operations of a request one after another: `[[kind, head, body], ...]`, with the body as text. Returns the
/// status, the head and the body of each result.
#[post("/operations")]
async fn operations(Json(all): Json<Vec<(String, String, String)>>) -> Json<Vec<Value>> {
    let run = |(kind, head, body): (String, String, String)| {
        let body = match kind.starts_with("sql.") || kind == "jwt.sign" {
            true => Content::Json(body),
            false => Content::Text(body),
        };
        let (status, head, body) = io::call(&kind, &head, &body);
        let head = serde_json::from_str(&head).unwrap_or(Value::String(head));
        let body = match body {
            Content::Empty => Value::Null,
            Content::Json(text) => serde_json::from_str(&text).unwrap_or(Value::Null),
            Content::Text(text) => Value::String(text),
            Content::Bytes(bytes) => Value::String(String::from_utf8_lossy(&bytes).into_owned()),
        };
        json!([status, head, body])
    };
    Json(all.into_iter().map(run).collect())
}

/// Traps in a transaction.
#[get("/transaction/{end}")]
async fn transaction(Path(end): Path<String>) -> Result<String, OperationError> {
    let database = Database::new("main");
    let transaction = database.begin().await?;
    transaction
        .execute("insert into names values ($1)", params![end.as_str()])
        .await?;
    match end.as_str() {
        "trap" => panic!("it trapped on purpose"),
        "wait" => pending().await,
        "commit" => transaction.commit().await?,
        _ => drop(transaction),
    }
    Ok(end)
}

fn app() -> App {
    App::new("waiting")
        .routes(routes![
            counter,
            requests,
            wait,
            all,
            never,
            gate,
            open,
            background,
            cleanup,
            fail,
            trap,
            spin,
            block,
            many,
            operations,
            transaction
        ])
        .on_error_async(async |reply, _| {
            sleep(millis(1)).await;
            reply.set_header("x-error", "own");
        })
}

export!(app());
