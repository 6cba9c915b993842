//! Handlers and hooks that wait, several at once, and how they end.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Duration;

use futures::channel::{mpsc, oneshot};
use futures::future::{Either, FutureExt, Shared, join_all, select};
use futures::{StreamExt, pin_mut};
use spikard_wasm_sdk::testing::{TestClient, send_all};
use spikard_wasm_sdk::{
    App, GlobalContext, HttpError, LocalContext, Path, Request, Route, blocking, get, join, routes,
    sleep, spawn, timeout, try_join,
};

const SECOND: Duration = Duration::from_secs(1);

fn milliseconds(number: u64) -> Duration {
    Duration::from_millis(number)
}

/// Makes a client for a handler of `/`.
macro_rules! client {
    ($handler:expr) => {
        TestClient::new(App::new("app").route(Route::get("/", $handler)))
    };
}

#[test]
fn an_async_handler_that_does_not_wait_answers_at_once() {
    let client = client!(async || "ready");
    let reply = client.get("/").send();
    assert_eq!((reply.status(), reply.text()), (200, "ready"));
    assert_eq!(client.elapsed(), Duration::ZERO);
}

#[test]
fn operations_of_a_join_run_at_the_same_time() {
    let client = client!(async || {
        let work = (1..=10).map(|number| async move {
            sleep(milliseconds(number * 10)).await;
            number
        });
        let sum: u64 = join_all(work).await.iter().sum();
        let (a, b) = join!(sleep(SECOND).map(|()| 1), async { 2 });
        let both = try_join!(async { Ok::<_, HttpError>(3) }, async { Ok(4) })?;
        Ok::<_, HttpError>(format!("{sum} {a} {b} {both:?}"))
    });
    assert_eq!(client.get("/").send().text(), "55 1 2 (3, 4)");
    assert_eq!(client.elapsed(), SECOND + milliseconds(100));
}

#[test]
fn what_is_dropped_is_abandoned() {
    let client = client!(async || {
        let fast = sleep(milliseconds(10)).map(|()| "fast");
        let slow = sleep(SECOND * 3600).map(|()| "slow");
        pin_mut!(fast, slow);
        let first = select(fast, slow).await.factor_first().0;
        let never = timeout(SECOND, sleep(SECOND * 3600)).await;
        let in_time = timeout(SECOND, sleep(milliseconds(1))).await;
        format!("{first} {} {}", never.is_err(), in_time.is_ok())
    });
    assert_eq!(client.get("/").send().text(), "fast true true");
    assert_eq!(client.elapsed(), SECOND + milliseconds(11));
}

#[test]
fn a_timeout_of_something_ready_costs_no_timer() {
    let client = client!(async || timeout(SECOND, async { "ready" }).await.unwrap_or("late"));
    assert_eq!(client.get("/").send().text(), "ready");
    assert_eq!(client.elapsed(), Duration::ZERO);
}

#[get("/wait/{name}")]
async fn wait(Path(name): Path<String>, request: Request, local: LocalContext) -> String {
    local.set("name", &name).expect("a value");
    sleep(milliseconds(10)).await;
    let header = request.header("x-name").unwrap_or_default();
    let query = Request::current().query_string();
    sleep(milliseconds(10)).await;
    let local: Option<String> = local.get("name").expect("text");
    format!("{name} {header} {query} {}", local.unwrap_or_default())
}

#[test]
fn requests_that_wait_at_the_same_time_keep_their_own_data() {
    let client = TestClient::new(App::new("app").routes(routes![wait]));
    let names: Vec<_> = (0..100).map(|number| number.to_string()).collect();
    let requests = names.iter().map(|name| {
        client
            .get(&format!("/wait/{name}?{name}"))
            .header("x-name", name)
    });
    for (name, reply) in names.iter().zip(send_all(requests)) {
        assert_eq!(reply.text(), format!("{name} {name} {name} {name}"));
    }
    assert_eq!(client.elapsed(), milliseconds(20));
}

type Flight = Shared<std::pin::Pin<Box<dyn Future<Output = u32>>>>;

/// An app whose requests wait for one operation together.
fn single_flight() -> (TestClient, Rc<Cell<u32>>) {
    let flight: Rc<RefCell<Option<Flight>>> = Rc::default();
    let starts = Rc::new(Cell::new(0));
    let count = starts.clone();
    let client = client!(move || {
        let shared = flight
            .borrow_mut()
            .get_or_insert_with(|| {
                count.set(count.get() + 1);
                let work = async {
                    sleep(SECOND).await;
                    42
                };
                work.boxed_local().shared()
            })
            .clone();
        async move { format!("{} {}", shared.await, Request::current().path()) }
    });
    (client, starts)
}

#[test]
fn requests_can_wait_for_one_future() {
    let (client, starts) = single_flight();
    for reply in send_all([client.get("/"), client.get("/"), client.get("/")]) {
        assert_eq!(reply.text(), "42 /");
    }
    assert_eq!((client.elapsed(), starts.get()), (SECOND, 1));
}

#[test]
fn a_future_whose_first_request_ends_goes_on_for_the_others() {
    let (client, _) = single_flight();
    let replies = send_all([
        client.get("/").disconnect_after(milliseconds(500)),
        client.get("/"),
    ]);
    assert_eq!(replies[0].status(), 499);
    // The host has stopped the timer with the request that started it.
    assert_eq!(replies[1].status(), 500);
    let (message, _) = replies[1].failure().expect("a failure");
    assert_eq!(
        message,
        "`sleep` failed: the request that started this operation has ended (`cancelled`)"
    );
}

#[test]
fn a_channel_wakes_another_task() {
    let (sender, receiver) = mpsc::unbounded::<u32>();
    let receiver = Rc::new(RefCell::new(Some(receiver)));
    let app = App::new("app")
        .route(Route::get("/receive", move || {
            let mut receiver = receiver.borrow_mut().take().expect("one request");
            async move {
                // Keeps the task alive: the host fails one that has no operation in progress.
                let timer = sleep(SECOND * 10);
                pin_mut!(timer);
                let mut sum = 0;
                loop {
                    let next = receiver.next();
                    pin_mut!(next);
                    match select(next, &mut timer).await {
                        Either::Left((Some(0), _)) => break,
                        Either::Left((Some(number), _)) => sum += number,
                        _ => return "nothing came".to_owned(),
                    }
                }
                format!("{sum} {}", Request::current().path())
            }
        }))
        .route(Route::get(
            "/send/{number}",
            move |Path(number): Path<u32>| {
                sender.unbounded_send(number).expect("a receiver");
                Request::current().path()
            },
        ));
    let client = TestClient::new(app);
    let replies = send_all([
        client.get("/receive"),
        client.get("/send/3"),
        client.get("/send/4"),
        client.get("/send/0"),
    ]);
    let texts: Vec<_> = replies.iter().map(|reply| reply.text()).collect();
    assert_eq!(texts, ["7 /receive", "/send/3", "/send/4", "/send/0"]);
    assert_eq!(client.elapsed(), Duration::ZERO);
}

#[test]
fn a_future_that_wakes_itself_is_polled_again_before_the_call_returns() {
    let client = client!(async || {
        for _ in 0..3 {
            let mut is_second = false;
            futures::future::poll_fn(|context| {
                if is_second {
                    return std::task::Poll::Ready(());
                }
                is_second = true;
                context.waker().wake_by_ref();
                std::task::Poll::Pending
            })
            .await;
        }
        Request::current().path()
    });
    assert_eq!(client.get("/").send().text(), "/");
}

#[test]
fn a_task_that_waits_for_nothing_fails() {
    let client = client!(async || {
        let (_sender, receiver) = oneshot::channel::<&str>();
        receiver.await.unwrap_or_default()
    });
    let reply = client.get("/").send();
    assert_eq!(reply.status(), 500);
    let message = "the handler waits, but has no operation in progress";
    assert_eq!(reply.failure(), Some((message, "")));
}

/// Sets a flag when it is dropped.
struct Flag(Rc<Cell<bool>>);

impl Drop for Flag {
    fn drop(&mut self) {
        self.0.set(true);
    }
}

#[test]
fn a_client_that_disconnects_ends_the_handler_and_its_background_work() {
    let dropped = Rc::new(Cell::new(false));
    let flag = dropped.clone();
    let client = client!(move || {
        let flag = Flag(flag.clone());
        async move {
            let global = GlobalContext::current();
            spawn(async move {
                sleep(SECOND * 5).await;
                global.set("late", &true).expect("a value");
            });
            sleep(SECOND * 10).await;
            drop(flag);
            ""
        }
    });
    let reply = client.get("/").disconnect_after(SECOND).send();
    assert_eq!((reply.status(), dropped.get()), (499, true));
    assert_eq!(client.elapsed(), SECOND);
    assert_eq!(client.global::<bool>("late"), None);
}

#[test]
fn a_panic_of_one_task_does_not_break_the_next() {
    let app = App::new("app")
        .route(Route::get("/panics", async || {
            sleep(SECOND).await;
            assert_eq!(1 + 1, 3, "a defect");
            ""
        }))
        .route(Route::get("/works", async || {
            sleep(SECOND).await;
            Request::current().path()
        }));
    let client = TestClient::new(app);
    let panic = catch_unwind(AssertUnwindSafe(|| client.get("/panics").send()));
    let panic = panic.expect_err("a panic");
    let message = panic.downcast_ref::<String>().expect("a message");
    assert!(message.contains("a defect"), "{message}");
    assert_eq!(client.get("/works").send().text(), "/works");
}

#[test]
fn background_work_runs_on_after_the_reply() {
    let app = App::new("app")
        .route(Route::get("/async", async || {
            spawn(work("async"));
            sleep(milliseconds(1)).await;
            "accepted"
        }))
        .route(Route::get("/sync", || {
            spawn(work("sync"));
            "accepted"
        }));
    async fn work(key: &str) {
        for _ in 0..3 {
            sleep(SECOND).await;
            GlobalContext::current().add(key, 1).expect("a sum");
        }
        let path = Request::current().path();
        GlobalContext::current()
            .set("path", &path)
            .expect("a value");
    }
    let client = TestClient::new(app);
    for name in ["async", "sync"] {
        let reply = client.get(&format!("/{name}")).send();
        assert_eq!(reply.text(), "accepted");
        assert_eq!(client.global::<i64>(name), Some(3));
        assert_eq!(client.global("path"), Some(format!("/{name}")));
    }
}

#[test]
fn background_work_can_be_awaited_and_aborted() {
    let client = client!(async || {
        let ends = spawn(async {
            sleep(SECOND).await;
            7
        });
        let aborted = spawn(sleep(SECOND * 3600));
        sleep(milliseconds(1)).await;
        aborted.abort();
        let finished = (ends.is_finished(), aborted.is_finished());
        format!("{:?} {finished:?} {:?}", ends.await, aborted.await)
    });
    let reply = client.get("/").send();
    assert_eq!(reply.text(), "Ok(7) (false, true) Err(Aborted)");
    assert_eq!(client.elapsed(), SECOND);
}

#[test]
fn hooks_of_every_kind_can_wait() {
    fn note(kind: &str) {
        let local = LocalContext::current();
        let mut kinds: Vec<String> = local.get("kinds").expect("a list").unwrap_or_default();
        kinds.push(kind.to_owned());
        local.set("kinds", &kinds).expect("a list");
    }
    async fn later(kind: &str) {
        sleep(milliseconds(10)).await;
        note(kind);
    }
    let app = App::new("app")
        .on_request(async || later("on-request").await)
        .on_request(|| note("sync"))
        .pre_validation(|| note("pre-validation"))
        .pre_handler(async |Path(name): Path<String>| {
            later("pre-handler").await;
            (name == "stop").then(|| HttpError::forbidden("stop"))
        })
        .on_response_async(async |reply| {
            later("on-response").await;
            let kinds: Vec<String> = LocalContext::current()
                .get("kinds")
                .expect("a list")
                .unwrap_or_default();
            reply.set_header("x-kinds", kinds.join(" "));
        })
        .on_response(|reply| reply.set_header("x-sync", "1"))
        .on_error_async(async |reply, message| {
            sleep(milliseconds(10)).await;
            reply.set_body(format!("sorry: {message}"));
        })
        .route(Route::get("/{name}", async |Path(name): Path<String>| {
            later("handler").await;
            match name.as_str() {
                "fail" => Err("broken"),
                _ => Ok(name),
            }
        }));
    let client = TestClient::new(app);
    let reply = client.get("/fine").send();
    assert_eq!((reply.status(), reply.text()), (200, "fine"));
    assert_eq!(
        reply.header("x-kinds"),
        Some("on-request sync pre-validation pre-handler handler on-response")
    );
    assert_eq!(reply.header("x-sync"), Some("1"));

    let stopped = client.get("/stop").send();
    assert_eq!(stopped.status(), 403);
    assert_eq!(
        stopped.header("x-kinds"),
        Some("on-request sync pre-validation pre-handler on-response")
    );
    let failed = client.get("/fail").send();
    assert_eq!((failed.status(), failed.text()), (500, "sorry: broken"));
    assert_eq!(failed.failure(), Some(("broken", "")));
}

#[test]
fn a_handler_that_waits_can_fail() {
    let client = client!(async || {
        sleep(SECOND).await;
        let cause = "x".parse::<u8>().map_err(HttpError::internal)?;
        Ok::<_, HttpError>(cause.to_string())
    });
    let reply = client.get("/").send();
    assert_eq!(reply.status(), 500);
    assert_eq!(reply.failure(), Some(("invalid digit found in string", "")));
    assert!(!reply.text().contains("digit"), "{}", reply.text());
}

#[test]
fn a_reply_that_http_cannot_carry_fails_after_a_wait_too() {
    let client = client!(async || {
        sleep(SECOND).await;
        spikard_wasm_sdk::Reply::text("").header("a b", "c")
    });
    let reply = client.get("/").send();
    assert_eq!(reply.status(), 500);
    assert_eq!(reply.failure(), Some(("`a b` is not a header name", "")));
}

#[test]
fn blocking_code_waits_in_its_place() {
    let client = client!(|| {
        blocking::sleep(SECOND);
        blocking::block_on(async { join!(sleep(SECOND), sleep(SECOND)) });
        "done"
    });
    assert_eq!(client.get("/").send().text(), "done");
    assert_eq!(client.elapsed(), SECOND * 3);
}

#[test]
#[should_panic(expected = "something that is not an operation")]
fn blocking_code_that_would_wait_forever_panics() {
    blocking::block_on(std::future::pending::<()>());
}

#[test]
fn a_foreign_executor_gets_an_error() {
    use spikard_wasm_sdk::Store;

    let client = client!(|| {
        let error = futures::executor::block_on(Store::new("default").get("a"));
        error.expect_err("an error").message().to_owned()
    });
    let reply = client.get("/").send();
    assert!(
        reply
            .text()
            .starts_with("`kv.get` was polled by something other"),
        "{}",
        reply.text()
    );
}

#[test]
fn timers_can_take_real_time() {
    let client = client!(async || sleep(milliseconds(30)).await).with_real_time();
    let start = std::time::Instant::now();
    assert_eq!(client.get("/").send().status(), 204);
    assert!(start.elapsed() >= milliseconds(30));
}
