//! The instances of one component in one worker.
//!
//! A call leases an instance. Where its route reuses them, the instance comes from
//! those that are idle and goes back to them, unless it trapped, ran past its deadline,
//! was cancelled, or [has served its time](Recycling). Where every request has one of
//! its own, it comes from those that were [prepared](keeper) and is thrown away.
//! Waiting calls are served first come, first served. Instances are made when a call
//! finds none, so their number follows how many calls are under way at once, not how
//! many requests there are.

mod deadline;
mod instances;
mod keeper;
mod lease;
mod shelf;
mod slot;

pub use instances::Pool;
pub use lease::Lease;
pub(crate) use slot::Slot;
