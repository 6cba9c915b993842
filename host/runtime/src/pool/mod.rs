//! Pools: the instances of one component in one worker.
//!
//! A request leases an instance. If its route has the policy `reuse`, the lease takes an idle
//! instance and returns it, unless the instance trapped, exceeded its deadline, was cancelled or
//! [is due for recycling](crate::Recycling). If its route has the policy `fresh`, the lease takes
//! an instance that the [keeper] prepared, and the pool discards it afterwards. Waiting requests
//! are served in order of arrival. A lease that finds no instance creates one, so the number of
//! instances follows the number of concurrent calls, not the number of requests.

mod background;
mod instances;
mod keeper;
mod lease;
mod lifespan;
mod shared;
mod shelf;
mod slot;
mod wait;
mod within;

pub use instances::Pool;
pub use lease::Lease;
pub(crate) use lease::Running;
pub(crate) use slot::Slot;
