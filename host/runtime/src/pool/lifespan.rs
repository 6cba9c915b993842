//! Calls of the handler outside of requests.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use spikard_wasm_app::{Body, Call, Isolation};

use super::instances::Pool;
use crate::error::CallError;
use crate::request::NoRequest;

impl Pool {
    /// Calls the handler with a number that is not a route's.
    ///
    /// # Errors
    /// As [`Pool::call`], or the handler answered with an error status.
    pub async fn call_outside(
        self: &Rc<Self>,
        number: u32,
        isolation: Isolation,
        deadline: Duration,
    ) -> Result<(), CallError> {
        let call = Call {
            route: number,
            params: String::new(),
            body: Body::Empty,
        };
        let request = Arc::<NoRequest>::default();
        let reply = self.call(&call, request, isolation, deadline).await?;
        match reply.status {
            status @ 400.. => Err(CallError::Failure {
                message: format!("it ended with the status `{status}`"),
                detail: String::new(),
            }),
            _ => Ok(()),
        }
    }
}
