//! The fake requests of a thread, with its contexts and its reply.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::Content;

/// The values of a context, as texts.
pub(crate) type Values = BTreeMap<String, String>;

/// The request in progress of a test, and the failure that the app has reported for it.
#[derive(Default)]
pub(crate) struct FakeRequest {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) peer: String,
    pub(crate) id: String,
    pub(crate) raw_body: Vec<u8>,
    pub(crate) files: Vec<Vec<u8>>,
    pub(crate) local: Values,
    /// Shared by the requests of one test client.
    pub(crate) global: Rc<RefCell<Values>>,
    pub(crate) reply: Option<Content>,
    pub(crate) failure: Option<(String, String)>,
    pub(crate) in_progress: bool,
}

impl FakeRequest {
    /// Sets the body and the files in it.
    pub(crate) fn set_body(&mut self, raw: Vec<u8>, files: Vec<Vec<u8>>) {
        self.raw_body = raw;
        self.files = files;
    }
}

/// A request that the exports of its tasks share.
pub(crate) type Shared = Rc<RefCell<FakeRequest>>;

thread_local! {
    static FAKE: RefCell<Shared> = RefCell::default();
}

/// Runs `work` with a request in progress.
pub(crate) fn enter<T>(request: &Shared, work: impl FnOnce() -> T) -> T {
    struct Restore(Option<Shared>);

    impl Drop for Restore {
        fn drop(&mut self) {
            FAKE.set(self.0.take().unwrap_or_default());
        }
    }

    let _restore = Restore(Some(FAKE.replace(request.clone())));
    work()
}

/// Makes the interfaces refer to another request, until the work of [`enter`] ends.
pub(crate) fn select(request: Shared) {
    FAKE.set(request);
}

pub(crate) fn with<T>(read: impl FnOnce(&FakeRequest) -> T) -> T {
    FAKE.with_borrow(|fake| read(&fake.borrow()))
}

fn change<T>(work: impl FnOnce(&mut FakeRequest) -> T) -> T {
    FAKE.with_borrow(|fake| work(&mut fake.borrow_mut()))
}

/// The function of the WIT interface `failure`.
pub(crate) fn report(message: &str, detail: &str) {
    change(|fake| fake.failure = Some((message.to_owned(), detail.to_owned())));
}

/// The function of the WIT interface `reply`.
pub(crate) mod reply {
    use crate::Content;

    pub(crate) fn body() -> Content {
        crate::host::fake::with(|fake| fake.reply.clone()).unwrap_or(Content::Empty)
    }
}

/// The functions of the WIT interface `local-context`.
pub(crate) mod local_context {
    use crate::host::fake::{change, put, with};

    pub(crate) fn get(key: &str) -> Option<String> {
        with(|fake| fake.local.get(key).cloned())
    }

    pub(crate) fn set(key: &str, value: Option<&str>) -> Result<(), String> {
        change(|fake| {
            if !fake.in_progress {
                return Err("there is no request in progress".to_owned());
            }
            if key.starts_with("spikard.") {
                return Err(format!("the key `{key}` belongs to the host"));
            }
            put(&mut fake.local, key, value, 1 << 20)
        })
    }
}

/// The functions of the WIT interface `global-context`.
pub(crate) mod global_context {
    use crate::host::fake::{Values, put, with};

    fn change<T>(work: impl FnOnce(&mut Values) -> Result<T, String>) -> Result<T, String> {
        let values = with(|fake| fake.global.clone());
        work(&mut values.borrow_mut())
    }

    fn store(values: &mut Values, key: &str, value: Option<&str>) -> Result<(), String> {
        put(values, key, value, 16 << 20)
    }

    pub(crate) fn get(key: &str) -> Option<String> {
        with(|fake| fake.global.borrow().get(key).cloned())
    }

    pub(crate) fn set(key: &str, value: Option<&str>) -> Result<(), String> {
        change(|values| store(values, key, value))
    }

    pub(crate) fn swap(
        key: &str,
        expected: Option<&str>,
        value: Option<&str>,
    ) -> Result<bool, String> {
        change(|values| {
            let as_expected = values.get(key).map(String::as_str) == expected;
            if as_expected {
                store(values, key, value)?;
            }
            Ok(as_expected)
        })
    }

    pub(crate) fn add(key: &str, delta: i64) -> Result<i64, String> {
        change(|values| {
            let text = values.get(key).map_or("0", String::as_str);
            let number: i64 = text
                .parse()
                .map_err(|_| format!("the value of `{key}` is not an integer"))?;
            let sum = number
                .checked_add(delta)
                .ok_or_else(|| format!("the sum of `{key}` has more than 64 bits"))?;
            store(values, key, Some(&sum.to_string()))?;
            Ok(sum)
        })
    }
}

/// Sets a value within the limits of the WIT; `None` removes it.
fn put(values: &mut Values, key: &str, value: Option<&str>, limit: usize) -> Result<(), String> {
    if key.is_empty() || key.len() > 256 {
        return Err(format!("a key has 1 to 256 bytes, not {}", key.len()));
    }
    let Some(value) = value else {
        values.remove(key);
        return Ok(());
    };
    let others = values.iter().filter(|(have, _)| *have != key);
    let held: usize = others.map(|(key, value)| key.len() + value.len()).sum();
    if held + key.len() + value.len() > limit {
        return Err(format!(
            "the keys and values of the context have at most {limit} bytes together"
        ));
    }
    values.insert(key.to_owned(), value.to_owned());
    Ok(())
}
