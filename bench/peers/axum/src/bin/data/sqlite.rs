//! SQLite through rusqlite, with a connection for each thread and cached statements.
//!
//! Statements run on the server's threads: they take microseconds, less than handing them to another
//! thread would.

use std::cell::RefCell;

use rusqlite::{Connection, Row, params};

use crate::database::{Result, World, random};
use crate::fortunes::Fortune;

const SETTINGS: &str =
    "pragma journal_mode = wal; pragma synchronous = normal; pragma busy_timeout = 5000;
    pragma cache_size = -8000";

thread_local! {
    static CONNECTION: RefCell<Option<Connection>> = const { RefCell::new(None) };
}

pub(crate) struct Sqlite {
    path: String,
}

fn world(row: &Row<'_>) -> rusqlite::Result<World> {
    Ok(World {
        id: row.get(0)?,
        random_number: row.get(1)?,
    })
}

fn read(connection: &Connection, id: i32) -> rusqlite::Result<World> {
    connection
        .prepare_cached("select id, randomnumber from world where id = ?1")?
        .query_one([id], world)
}

impl Sqlite {
    pub(crate) fn new(path: &str) -> Self {
        let path = path.to_owned();
        Self { path }
    }

    fn run<T>(&self, work: impl FnOnce(&mut Connection) -> rusqlite::Result<T>) -> Result<T> {
        CONNECTION.with_borrow_mut(|slot| {
            let connection = match slot {
                Some(connection) => connection,
                None => {
                    let connection = Connection::open(&self.path)?;
                    connection.execute_batch(SETTINGS)?;
                    slot.insert(connection)
                }
            };
            Ok(work(connection)?)
        })
    }

    pub(crate) fn world(&self, id: i32) -> Result<World> {
        self.run(|connection| read(connection, id))
    }

    pub(crate) fn worlds(&self, number: usize) -> Result<Vec<World>> {
        self.run(|connection| {
            let some = (0..number).map(|_| read(connection, random()));
            some.collect()
        })
    }

    pub(crate) fn update(&self, number: usize) -> Result<Vec<World>> {
        self.run(|connection| {
            let transaction =
                connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            let mut worlds = Vec::with_capacity(number);
            for _ in 0..number {
                let mut world = read(&transaction, random())?;
                world.random_number = random();
                worlds.push(world);
            }
            let mut update =
                transaction.prepare_cached("update world set randomnumber = ?1 where id = ?2")?;
            for world in &worlds {
                update.execute(params![world.random_number, world.id])?;
            }
            drop(update);
            transaction.commit()?;
            Ok(worlds)
        })
    }

    pub(crate) fn fortunes(&self) -> Result<Vec<Fortune>> {
        self.run(|connection| {
            let mut select = connection.prepare_cached("select id, message from fortune")?;
            let rows = select.query_map([], |row| Ok(Fortune::new(row.get(0)?, row.get(1)?)))?;
            rows.collect()
        })
    }

    pub(crate) fn all(&self) -> Result<Vec<World>> {
        self.run(|connection| {
            let mut select =
                connection.prepare("select id, randomnumber from world order by id")?;
            select.query_map([], world)?.collect()
        })
    }
}
