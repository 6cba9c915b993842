//! PostgreSQL: follows.
use super::SqlLimits;
use super::head::Isolation;
use crate::{Failed, Outcome, Payload};
use std::sync::Arc;
pub(super) struct Postgres;
pub(super) struct Transaction;
impl Postgres {
    pub(super) fn new(_: &tokio_postgres::Config, _: SqlLimits) -> Self {
        Self
    }
    pub(super) async fn query(self: Arc<Self>, _: String, _: Payload) -> Result<Outcome, Failed> {
        Err(Failed::new(
            "unavailable",
            "PostgreSQL is not supported yet",
        ))
    }
    pub(super) async fn begin(
        self: Arc<Self>,
        _: bool,
        _: Option<Isolation>,
    ) -> Result<Transaction, Failed> {
        Err(Failed::new(
            "unavailable",
            "PostgreSQL is not supported yet",
        ))
    }
}
impl Transaction {
    pub(super) async fn query(
        self,
        _: String,
        _: Payload,
    ) -> (Option<Self>, Result<Outcome, Failed>) {
        (
            None,
            Err(Failed::new(
                "unavailable",
                "PostgreSQL is not supported yet",
            )),
        )
    }
    pub(super) async fn commit(self) -> Result<(), Failed> {
        Ok(())
    }
    pub(super) async fn roll_back(self) -> Result<(), Failed> {
        Ok(())
    }
}
