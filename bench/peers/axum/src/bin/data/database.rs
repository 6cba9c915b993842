//! The two databases behind one set of functions.

use serde::Serialize;

use crate::fortunes::Fortune;
use crate::postgres::Postgres;
use crate::sqlite::Sqlite;

pub(crate) type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// A row of the table `world`.
#[derive(Clone, Copy, Serialize)]
pub(crate) struct World {
    pub(crate) id: i32,
    #[serde(rename = "randomNumber")]
    pub(crate) random_number: i32,
}

/// A random id, or a random value.
pub(crate) fn random() -> i32 {
    fastrand::i32(1..=10_000)
}

pub(crate) enum Database {
    Postgres(Postgres),
    Sqlite(Sqlite),
}

macro_rules! on {
    ($self:ident, $name:ident($($argument:expr),*)) => {
        match $self {
            Self::Postgres(database) => database.$name($($argument),*).await,
            Self::Sqlite(database) => database.$name($($argument),*),
        }
    };
}

impl Database {
    pub(crate) async fn open(url: &str, threads: usize) -> Result<Self> {
        match url.strip_prefix("sqlite:") {
            Some(path) => Ok(Self::Sqlite(Sqlite::new(path))),
            None => Ok(Self::Postgres(Postgres::new(url, threads)?)),
        }
    }

    pub(crate) async fn world(&self, id: i32) -> Result<World> {
        on!(self, world(id))
    }

    pub(crate) async fn worlds(&self, number: usize) -> Result<Vec<World>> {
        on!(self, worlds(number))
    }

    pub(crate) async fn update(&self, number: usize) -> Result<Vec<World>> {
        on!(self, update(number))
    }

    pub(crate) async fn fortunes(&self) -> Result<Vec<Fortune>> {
        on!(self, fortunes())
    }

    /// All rows of `world` in the order of their ids.
    pub(crate) async fn all(&self) -> Result<Vec<World>> {
        on!(self, all())
    }
}
