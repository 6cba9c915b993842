//! PostgreSQL through tokio-postgres and a pool of deadpool, with prepared statements.

use deadpool_postgres::{Client, Manager, ManagerConfig, Pool, RecyclingMethod};
use futures_util::future::try_join_all;
use tokio_postgres::{NoTls, Row};

use crate::database::{Result, World, random};
use crate::fortunes::Fortune;

/// Connections for each thread, as in the host for each worker.
const CONNECTIONS: usize = 16;
const WORLD: &str = "select id, randomnumber from world where id = $1";

pub(crate) struct Postgres(Pool);

fn world(row: &Row) -> World {
    World {
        id: row.get(0),
        random_number: row.get(1),
    }
}

async fn read(client: &Client, number: usize) -> Result<Vec<World>> {
    let statement = client.prepare_cached(WORLD).await?;
    let one = async |id: i32| client.query_one(&statement, &[&id]).await;
    let rows = try_join_all((0..number).map(|_| one(random()))).await?;
    Ok(rows.iter().map(world).collect())
}

impl Postgres {
    pub(crate) fn new(url: &str, threads: usize) -> Result<Self> {
        let recycling_method = RecyclingMethod::Fast;
        let config = ManagerConfig { recycling_method };
        let manager = Manager::from_config(url.parse()?, NoTls, config);
        let pool = Pool::builder(manager).max_size(CONNECTIONS * threads);
        Ok(Self(pool.build()?))
    }

    pub(crate) async fn world(&self, id: i32) -> Result<World> {
        let client = self.0.get().await?;
        let statement = client.prepare_cached(WORLD).await?;
        Ok(world(&client.query_one(&statement, &[&id]).await?))
    }

    pub(crate) async fn worlds(&self, number: usize) -> Result<Vec<World>> {
        read(&self.0.get().await?, number).await
    }

    /// Writes all rows with one statement, sorted by id so that two updates cannot deadlock.
    pub(crate) async fn update(&self, number: usize) -> Result<Vec<World>> {
        let client = self.0.get().await?;
        let mut worlds = read(&client, number).await?;
        for world in &mut worlds {
            world.random_number = random();
        }
        let mut sorted = worlds.clone();
        sorted.sort_unstable_by_key(|world| world.id);
        let (ids, values): (Vec<i32>, Vec<i32>) =
            sorted.iter().map(|it| (it.id, it.random_number)).unzip();
        let statement = client
            .prepare_cached(
                "update world set randomnumber = new.value \
                 from (select unnest($1::int[]) as id, unnest($2::int[]) as value) as new where world.id = new.id",
            )
            .await?;
        client.execute(&statement, &[&ids, &values]).await?;
        Ok(worlds)
    }

    pub(crate) async fn fortunes(&self) -> Result<Vec<Fortune>> {
        let client = self.0.get().await?;
        let statement = client
            .prepare_cached("select id, message from fortune")
            .await?;
        let rows = client.query(&statement, &[]).await?;
        let fortune = |row: &Row| Fortune::new(row.get(0), row.get(1));
        Ok(rows.iter().map(fortune).collect())
    }

    pub(crate) async fn all(&self) -> Result<Vec<World>> {
        let client = self.0.get().await?;
        let rows = client
            .query("select id, randomnumber from world order by id", &[])
            .await?;
        Ok(rows.iter().map(world).collect())
    }
}
