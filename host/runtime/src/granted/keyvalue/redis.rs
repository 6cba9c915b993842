//! Key-value store in a Redis server: its keys are the keys of the database, its values strings.
//!
//! A connection belongs to the tokio runtime that created it, so each worker has one, which its
//! requests share. A lost connection is created again for the next command.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, FromRedisValue, Pipeline, RedisError, pipe};
use tokio::runtime::{Handle, Id};

use super::model::{
    Bounds, Change, ChangeOutcome, Cursor, PAGE, Page, StoreError, below_zero, no_number, overflow,
    too_long, too_much,
};

/// Values to request at a time, because they are in memory before their sizes are checked.
const CHUNK: usize = 16;

/// Script for an atomic compare-and-swap.
const SWAP: &str = "\
local now = redis.call('GET', KEYS[1])
if (ARGV[1] == '1' and now ~= ARGV[2]) or (ARGV[1] == '0' and now) then return 0 end
redis.call('SET', KEYS[1], ARGV[3])
return 1";

/// Script for an atomic addition whose sum must not be negative. It returns the sum as text,
/// because numbers of a script have only 53 bits.
const ADD_UNSIGNED: &str = "\
if redis.call('INCRBY', KEYS[1], ARGV[1]) < 0 then
  redis.call('DECRBY', KEYS[1], ARGV[1])
  return false
end
return redis.call('GET', KEYS[1])";

pub(super) struct Redis {
    client: Client,
    connections: Mutex<HashMap<Id, ConnectionManager>>,
    bounds: Bounds,
}

impl Redis {
    pub(super) fn open(url: &str, bounds: Bounds) -> Result<Self, String> {
        // The error does not repeat the URL, which may contain a password.
        let client = Client::open(url)
            .map_err(|_| "the URL is invalid; write `redis://HOST:PORT/DATABASE`".to_owned())?;
        Ok(Self {
            client,
            connections: Mutex::default(),
            bounds,
        })
    }

    fn connection(&self) -> Result<ConnectionManager, RedisError> {
        let connections = self.connections.lock();
        let mut connections = connections.unwrap_or_else(PoisonError::into_inner);
        let runtime = Handle::current().id();
        if let Some(connection) = connections.get(&runtime) {
            return Ok(connection.clone());
        }
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(0)
            .set_connection_timeout(Some(self.bounds.time))
            .set_response_timeout(Some(self.bounds.time));
        let connection = ConnectionManager::new_lazy_with_config(self.client.clone(), config)?;
        connections.insert(runtime, connection.clone());
        Ok(connection)
    }

    /// Sends commands. If the connection was lost, sends them once more if they are idempotent
    /// (`again`) or cannot have arrived.
    async fn ask<T: FromRedisValue>(
        &self,
        commands: &Pipeline,
        again: bool,
    ) -> Result<T, StoreError> {
        let mut connection = self.connection().map_err(failed)?;
        match commands.query_async(&mut connection).await {
            Err(error) if is_lost(&error, again) => {
                commands.query_async(&mut connection).await.map_err(failed)
            }
            answer => answer.map_err(failed),
        }
    }

    pub(super) async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let (exists, value): (bool, Vec<u8>) = self
            .ask(read(&mut atomic(), key, self.bounds.value), true)
            .await?;
        self.checked(key, exists, value)
    }

    pub(super) async fn get_many(
        &self,
        keys: &[String],
        most: usize,
    ) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let mut all = Vec::with_capacity(keys.len());
        let mut total = 0_usize;
        for keys in keys.chunks(CHUNK) {
            let mut commands = atomic();
            for key in keys {
                read(&mut commands, key, self.bounds.value);
            }
            let found: Vec<redis::Value> = self.ask(&commands, true).await?;
            for (key, pair) in keys.iter().zip(found.chunks(2)) {
                let of = |value: &redis::Value| value.clone();
                let [exists, value] = pair else {
                    return Err(StoreError::Store(
                        "Redis sent fewer replies than commands".to_owned(),
                    ));
                };
                let wrong = |error: redis::ParsingError| StoreError::Store(error.to_string());
                let exists = bool::from_redis_value(of(exists)).map_err(wrong)?;
                let value = Vec::<u8>::from_redis_value(of(value)).map_err(wrong)?;
                total = total.saturating_add(value.len());
                all.push(self.checked(key, exists, value)?);
            }
            if total > most {
                return Err(too_much(most));
            }
        }
        Ok(all)
    }

    fn checked(
        &self,
        key: &str,
        exists: bool,
        value: Vec<u8>,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        match (exists, value.len() > self.bounds.value) {
            (_, true) => Err(too_long(key, self.bounds.value)),
            (true, false) => Ok(Some(value)),
            (false, false) => Ok(None),
        }
    }

    pub(super) async fn exists(&self, key: &str) -> Result<bool, StoreError> {
        let (exists,): (bool,) = self.ask(pipe().cmd("EXISTS").arg(key), true).await?;
        Ok(exists)
    }

    pub(super) async fn list(&self, cursor: Cursor) -> Result<Page, StoreError> {
        let cursor = match cursor {
            Cursor::Number(number) => number,
            Cursor::Text(text) if text.is_empty() => 0,
            Cursor::Text(text) => text.parse().map_err(|_| {
                StoreError::Request("the cursor is not one of this store".to_owned())
            })?,
        };
        type Found = ((u64, Vec<Vec<u8>>),);
        let mut scan = pipe();
        scan.cmd("SCAN").arg(cursor).arg("COUNT").arg(PAGE);
        let ((next, keys),): Found = self.ask(&scan, true).await?;
        // Guests cannot use keys that are not valid UTF-8.
        let keys = keys
            .into_iter()
            .filter_map(|key| String::from_utf8(key).ok());
        Ok(Page {
            keys: keys.collect(),
            next: (next != 0).then_some(Cursor::Number(next)),
        })
    }

    pub(super) async fn change(&self, change: Change) -> Result<ChangeOutcome, StoreError> {
        let mut commands = pipe();
        match change {
            Change::Set(pairs) => {
                if pairs.is_empty() {
                    return Ok(ChangeOutcome::Done);
                }
                commands.cmd("MSET");
                for (key, value) in pairs {
                    commands.arg(key).arg(value);
                }
                let ((),) = self.ask(&commands, true).await?;
                Ok(ChangeOutcome::Done)
            }
            Change::SetFor(key, value, ttl) => {
                commands.cmd("SET").arg(key).arg(value).arg("PX").arg(ttl);
                let ((),) = self.ask(&commands, true).await?;
                Ok(ChangeOutcome::Done)
            }
            Change::Delete(keys) => {
                if keys.is_empty() {
                    return Ok(ChangeOutcome::Done);
                }
                commands.cmd("DEL").arg(keys);
                let (_,): (u64,) = self.ask(&commands, true).await?;
                Ok(ChangeOutcome::Done)
            }
            Change::Add(key, delta, true) => {
                commands.cmd("EVAL").arg(ADD_UNSIGNED).arg(1).arg(key);
                commands.arg(delta);
                let (sum,): (Option<i64>,) = self.ask(&commands, false).await?;
                sum.map(ChangeOutcome::Number).ok_or_else(below_zero)
            }
            Change::Add(key, delta, false) => {
                commands.cmd("INCRBY").arg(key).arg(delta);
                let (sum,): (i64,) = self.ask(&commands, false).await?;
                Ok(ChangeOutcome::Number(sum))
            }
            Change::Swap(key, expected, value) => {
                let is_there = u8::from(expected.is_some());
                commands.cmd("EVAL").arg(SWAP).arg(1).arg(key).arg(is_there);
                commands.arg(expected.unwrap_or_default()).arg(value);
                let (swapped,): (bool,) = self.ask(&commands, false).await?;
                Ok(match swapped {
                    true => ChangeOutcome::Done,
                    false => ChangeOutcome::Differs,
                })
            }
        }
    }
}

/// Returns an empty transaction.
fn atomic() -> Pipeline {
    let mut commands = pipe();
    commands.atomic();
    commands
}

/// Adds the commands to read a value, up to one byte beyond the limit. `GETRANGE` returns an
/// empty value for a missing key, so `EXISTS` is needed too.
fn read<'a>(commands: &'a mut Pipeline, key: &str, most: usize) -> &'a mut Pipeline {
    commands.cmd("EXISTS").arg(key);
    commands.cmd("GETRANGE").arg(key).arg(0).arg(most)
}

/// Tells defects of the guest from failures of the server.
fn failed(error: RedisError) -> StoreError {
    if error.is_timeout() {
        return StoreError::Timeout(String::new());
    }
    let text = error.to_string();
    match () {
        () if text.contains("not an integer") => no_number(),
        () if text.contains("would overflow") => overflow(),
        () if text.contains("WRONGTYPE") => StoreError::Request(
            "the key holds a list, hash or other type of Redis; stores use strings only".to_owned(),
        ),
        () => StoreError::Store(text),
    }
}

fn is_lost(error: &RedisError, again: bool) -> bool {
    let is_lost = error.is_connection_dropped() || error.is_io_error();
    (again && is_lost && !error.is_timeout()) || error.is_connection_refusal()
}

#[cfg(all(test, unix))]
mod tests;
