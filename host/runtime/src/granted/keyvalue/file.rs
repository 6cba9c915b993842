//! File-backed key-value store, on top of redb.
//!
//! A change is atomic and on disk before the store confirms it. One thread writes: it commits
//! all waiting changes in one transaction, so that they share one disk write. Readers see
//! committed changes only. Keys can [expire](expiry).

mod expiry;

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use redb::{
    Database, DatabaseError, ReadOnlyTable, ReadableDatabase, ReadableTable, Table, TableDefinition,
};
use tokio::sync::{mpsc, oneshot};

use self::expiry::{EXPIRIES, Expiries, is_expired};
use super::model::{
    Change, ChangeOutcome, Cursor, PAGE, Page, StoreError, below_zero, failed, no_number, overflow,
    too_long, too_much,
};

const VALUES: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("values");
/// Total size of the keys and values in bytes, under the name `bytes`.
const SIZES: TableDefinition<'_, &str, u64> = TableDefinition::new("sizes");
const BYTES: &str = "bytes";

/// Size of a file's page cache in bytes.
const CACHE: usize = 16 << 20;
/// Maximum waiting changes; more changes wait for room in the queue.
const QUEUE: usize = 1024;
/// Maximum changes per commit.
const COMMIT: usize = 256;
/// Maximum entries to read for a page, because a page omits expired keys.
const SCAN: usize = 10 * PAGE;
/// Retries to open a file that another host may be closing, and the pause between them.
const TRIES: (u32, Duration) = (10, Duration::from_millis(100));

/// Open files, so that apps can share a file.
static OPEN: LazyLock<Mutex<HashMap<PathBuf, Weak<File>>>> = LazyLock::new(Mutex::default);

/// An open file.
pub(super) struct File {
    database: Arc<Database>,
    /// `None` only while the file is dropped.
    changes: Option<mpsc::Sender<Job>>,
    writer: Option<JoinHandle<()>>,
}

struct Job {
    change: Change,
    /// Maximum total size of keys and values in bytes.
    most: u64,
    answer: oneshot::Sender<Result<ChangeOutcome, StoreError>>,
}

impl File {
    pub(super) fn open(path: &Path) -> Result<Arc<Self>, String> {
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let (Ok(folder), Some(name)) = (folder.canonicalize(), path.file_name()) else {
            return Err("its folder does not exist; create it".to_owned());
        };
        let path = folder.join(name);
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = open.get(&path).and_then(Weak::upgrade) {
            return Ok(file);
        }
        open.retain(|_, file| file.strong_count() != 0);
        let file = Arc::new(Self::create(&path)?);
        open.insert(path, Arc::downgrade(&file));
        Ok(file)
    }

    fn create(path: &Path) -> Result<Self, String> {
        let mut tries = TRIES.0;
        let database = loop {
            // redb may panic on a damaged file.
            let created = catch_unwind(|| Database::builder().set_cache_size(CACHE).create(path));
            match created {
                Ok(Ok(database)) => break database,
                Ok(Err(DatabaseError::DatabaseAlreadyOpen)) if tries > 0 => {
                    tries -= 1;
                    thread::sleep(TRIES.1);
                }
                Ok(Err(DatabaseError::DatabaseAlreadyOpen)) => {
                    return Err("another process has it open".to_owned());
                }
                Ok(Err(error)) => return Err(error.to_string()),
                Err(_) => return Err("it is damaged".to_owned()),
            }
        };
        make_tables(&database).map_err(|error| error.to_string())?;
        let database = Arc::new(database);
        let (changes, waiting) = mpsc::channel(QUEUE);
        let writing = database.clone();
        let writer = thread::Builder::new()
            .name("keyvalue".to_owned())
            .spawn(move || write(&writing, waiting))
            .map_err(|error| format!("failed to spawn its writer thread: {error}"))?;
        Ok(Self {
            database,
            changes: Some(changes),
            writer: Some(writer),
        })
    }

    /// Reads a value. This runs on the worker's thread, because it reads few pages, which are
    /// usually in memory.
    pub(super) fn get(&self, key: &str, most: usize) -> Result<Option<Vec<u8>>, StoreError> {
        Reading::begin(&self.database)?.get(key, most)
    }

    pub(super) fn exists(&self, key: &str) -> Result<bool, StoreError> {
        let reading = Reading::begin(&self.database)?;
        Ok(reading.values.get(key).map_err(failed)?.is_some() && !reading.is_expired(key)?)
    }

    pub(super) async fn get_many(
        &self,
        keys: Vec<String>,
        most: usize,
        most_together: usize,
    ) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let database = self.database.clone();
        apart(move || {
            let reading = Reading::begin(&database)?;
            let mut all = Vec::with_capacity(keys.len());
            let mut total = 0;
            for key in &keys {
                let value = reading.get(key, most)?;
                total += value.as_ref().map_or(0, Vec::len);
                if total > most_together {
                    return Err(too_much(most_together));
                }
                all.push(value);
            }
            Ok(all)
        })
        .await
    }

    pub(super) async fn list(&self, cursor: Cursor) -> Result<Page, StoreError> {
        let database = self.database.clone();
        apart(move || Reading::begin(&database)?.list(&cursor)).await
    }

    pub(super) async fn change(
        &self,
        change: Change,
        most: u64,
    ) -> Result<ChangeOutcome, StoreError> {
        let gone = || StoreError::Store("the writer thread of the file has ended".to_owned());
        let (answer, answered) = oneshot::channel();
        let job = Job {
            change,
            most,
            answer,
        };
        let changes = self.changes.as_ref().ok_or_else(gone)?;
        changes.send(job).await.map_err(|_| gone())?;
        answered.await.unwrap_or_else(|_| Err(gone()))
    }
}

impl Drop for File {
    /// Finishes the waiting changes and closes the file, so that it can be opened again.
    fn drop(&mut self) {
        self.changes = None;
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

/// Runs a blocking read.
async fn apart<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let read = tokio::task::spawn_blocking(read).await;
    read.unwrap_or_else(|error| Err(StoreError::Store(error.to_string())))
}

fn make_tables(database: &Database) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    transaction.open_table(VALUES)?;
    transaction.open_table(SIZES)?;
    Expiries::open(&transaction)?;
    transaction.commit()?;
    Ok(())
}

/// The committed state of a store.
struct Reading {
    values: ReadOnlyTable<&'static str, &'static [u8]>,
    expiries: ReadOnlyTable<&'static str, u64>,
    now: u64,
}

impl Reading {
    fn begin(database: &Database) -> Result<Self, StoreError> {
        let transaction = database.begin_read().map_err(failed)?;
        Ok(Self {
            values: transaction.open_table(VALUES).map_err(failed)?,
            expiries: transaction.open_table(EXPIRIES).map_err(failed)?,
            now: expiry::now(),
        })
    }

    fn is_expired(&self, key: &str) -> Result<bool, StoreError> {
        is_expired(&self.expiries, key, self.now)
    }

    fn get(&self, key: &str, most: usize) -> Result<Option<Vec<u8>>, StoreError> {
        match self.is_expired(key)? {
            true => Ok(None),
            false => get(&self.values, key, most),
        }
    }

    fn list(&self, cursor: &Cursor) -> Result<Page, StoreError> {
        let (after, skip) = match cursor {
            Cursor::Text(last) => (Bound::Excluded(last.as_str()), 0),
            Cursor::Number(skip) => (Bound::Unbounded, *skip),
        };
        let range = self.values.range::<&str>((after, Bound::Unbounded));
        let skipped = usize::try_from(skip).unwrap_or(usize::MAX);
        let mut rest = range.map_err(failed)?.skip(skipped);
        let mut keys = Vec::new();
        let mut read = 0;
        let mut last = String::new();
        while keys.len() < PAGE && read < SCAN {
            let Some(entry) = rest.next() else {
                return Ok(Page { keys, next: None });
            };
            let (key, _) = entry.map_err(failed)?;
            read += 1;
            key.value().clone_into(&mut last);
            if !self.is_expired(&last)? {
                keys.push(last.clone());
            }
        }
        let next = rest.next().map(|_| match cursor {
            Cursor::Number(_) => Cursor::Number(skip.saturating_add(read as u64)),
            Cursor::Text(_) => Cursor::Text(last),
        });
        Ok(Page { keys, next })
    }
}

fn get(
    values: &impl ReadableTable<&'static str, &'static [u8]>,
    key: &str,
    most: usize,
) -> Result<Option<Vec<u8>>, StoreError> {
    let value = values.get(key).map_err(failed)?;
    match value.as_ref().map(redb::AccessGuard::value) {
        None => Ok(None),
        Some(value) if value.len() > most => Err(too_long(key, most)),
        Some(value) => Ok(Some(value.to_vec())),
    }
}

/// Commits changes until the file is dropped.
fn write(database: &Database, mut waiting: mpsc::Receiver<Job>) {
    let mut jobs = Vec::new();
    while waiting.blocking_recv_many(&mut jobs, COMMIT) != 0 {
        let all = AssertUnwindSafe(|| commit(database, &jobs));
        let done = catch_unwind(all)
            .unwrap_or_else(|_| Err(StoreError::Store("the file is damaged".to_owned())));
        match done {
            Ok(done) => {
                for (job, done) in jobs.drain(..).zip(done) {
                    // Sending fails if the caller no longer waits for the result.
                    let _ = job.answer.send(done);
                }
            }
            Err(why) => {
                for job in jobs.drain(..) {
                    let _ = job.answer.send(Err(why.clone()));
                }
            }
        }
    }
}

/// Applies changes in order and commits them in one transaction. If this fails, none of the
/// changes is applied.
fn commit(
    database: &Database,
    jobs: &[Job],
) -> Result<Vec<Result<ChangeOutcome, StoreError>>, StoreError> {
    let transaction = database.begin_write().map_err(failed)?;
    let mut done = Vec::with_capacity(jobs.len());
    {
        let mut values = transaction.open_table(VALUES).map_err(failed)?;
        let mut sizes = transaction.open_table(SIZES).map_err(failed)?;
        let bytes = sizes.get(BYTES).map_err(failed)?.map(|bytes| bytes.value());
        let before = bytes.unwrap_or(0);
        let mut store = Changing {
            values: &mut values,
            expiries: Expiries::open(&transaction).map_err(failed)?,
            bytes: before,
        };
        for key in store.expiries.expired()? {
            store.remove(&key)?;
        }
        for job in jobs {
            match store.change(&job.change, job.most) {
                Err(StoreError::Store(why)) => return Err(StoreError::Store(why)),
                changed => done.push(changed),
            }
        }
        if store.bytes != before {
            let bytes = store.bytes;
            sizes.insert(BYTES, bytes).map_err(failed)?;
        }
    }
    transaction.commit().map_err(failed)?;
    Ok(done)
}

/// A store inside a write transaction.
struct Changing<'a, 't> {
    values: &'a mut Table<'t, &'static str, &'static [u8]>,
    expiries: Expiries<'t>,
    bytes: u64,
}

impl Changing<'_, '_> {
    fn change(&mut self, change: &Change, most: u64) -> Result<ChangeOutcome, StoreError> {
        match change {
            Change::Set(pairs) => {
                // If a key is set twice, the last value wins.
                let pairs: BTreeMap<&str, &[u8]> = pairs
                    .iter()
                    .map(|(key, value)| (key.as_str(), value.as_slice()))
                    .collect();
                let mut bytes = self.bytes;
                for (key, value) in &pairs {
                    bytes = bytes.saturating_sub(self.size(key)?) + size(key, value);
                }
                self.put(&pairs, bytes, most)?;
                for key in pairs.keys() {
                    self.expiries.clear(key)?;
                }
                Ok(ChangeOutcome::Done)
            }
            Change::SetFor(key, value, ttl) => {
                self.set(key, value, most)?;
                self.expiries.set(key, *ttl)?;
                Ok(ChangeOutcome::Done)
            }
            Change::Delete(keys) => {
                for key in keys {
                    self.remove(key)?;
                }
                Ok(ChangeOutcome::Done)
            }
            Change::Add(key, delta, is_unsigned) => {
                self.remove_expired(key)?;
                let now = get(self.values, key, usize::MAX)?;
                let now = now.map_or(Ok(0), |bytes| number(&bytes))?;
                let sum = now.checked_add(*delta).ok_or_else(overflow)?;
                if *is_unsigned && sum < 0 {
                    return Err(below_zero());
                }
                self.set(key, sum.to_string().as_bytes(), most)?;
                Ok(ChangeOutcome::Number(sum))
            }
            Change::Swap(key, expected, value) => {
                self.remove_expired(key)?;
                let now = self.values.get(key.as_str()).map_err(failed)?;
                let is_same = now.as_ref().map(redb::AccessGuard::value) == expected.as_deref();
                drop(now);
                if !is_same {
                    return Ok(ChangeOutcome::Differs);
                }
                self.set(key, value, most)?;
                self.expiries.clear(key)?;
                Ok(ChangeOutcome::Done)
            }
        }
    }

    fn remove(&mut self, key: &str) -> Result<(), StoreError> {
        let size = self.size(key)?;
        self.values.remove(key).map_err(failed)?;
        self.bytes = self.bytes.saturating_sub(size);
        self.expiries.clear(key)
    }

    fn remove_expired(&mut self, key: &str) -> Result<(), StoreError> {
        match self.expiries.is_expired(key)? {
            true => self.remove(key),
            false => Ok(()),
        }
    }

    fn set(&mut self, key: &str, value: &[u8], most: u64) -> Result<(), StoreError> {
        let bytes = self.bytes.saturating_sub(self.size(key)?) + size(key, value);
        self.put(&BTreeMap::from([(key, value)]), bytes, most)
    }

    /// Sets values if the resulting total size, `bytes`, is within the limit.
    fn put(
        &mut self,
        pairs: &BTreeMap<&str, &[u8]>,
        bytes: u64,
        most: u64,
    ) -> Result<(), StoreError> {
        if bytes > most && bytes > self.bytes {
            return Err(StoreError::TooLarge(format!(
                "the store would hold {bytes} bytes, more than the limit `keyvalue_file` of {most}"
            )));
        }
        for (key, value) in pairs {
            self.values.insert(*key, *value).map_err(failed)?;
        }
        self.bytes = bytes;
        Ok(())
    }

    /// Returns the size of an entry in bytes; 0 if it does not exist.
    fn size(&self, key: &str) -> Result<u64, StoreError> {
        let value = self.values.get(key).map_err(failed)?;
        Ok(value.map_or(0, |value| size(key, value.value())))
    }
}

fn size(key: &str, value: &[u8]) -> u64 {
    (key.len() + value.len()) as u64
}

/// Parses a decimal number in canonical form, as Redis does: without `+`, leading zeros, spaces
/// or `-0`.
fn number(bytes: &[u8]) -> Result<i64, StoreError> {
    let text = std::str::from_utf8(bytes).ok();
    let number = text.and_then(|text| Some((text, text.parse::<i64>().ok()?)));
    match number {
        Some((text, number)) if number.to_string() == text => Ok(number),
        _ => Err(no_number()),
    }
}

#[cfg(test)]
mod tests;
