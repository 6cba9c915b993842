//! Seats: the places of requests in instances that serve several at once.
//!
//! Like a [`Lease`](crate::pool::Lease) of an exclusive instance, a seat in a shared instance owns a
//! slot of the pool. Dropping the seat returns the slot.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use spikard_wasm_app::Isolation;
use tokio::sync::Notify;

use super::call::HttpCall;
use super::event_loop;
use super::member::{Job, Member};
use crate::error::CallError;
use crate::instance::Instance;
use crate::pool::{Pool, Slot};
use crate::stages::{Stage, Stamp};
use crate::stats::RecycleReason;

/// The place of a request in a shared instance, until its reply is sent.
pub(super) struct Seat {
    pub(super) member: Rc<Member>,
    call: Arc<HttpCall>,
    slot: Slot,
}

impl Seat {
    /// Hands a request to the instance.
    pub(super) fn give(&self, job: Job) {
        self.member.inbox.borrow_mut().push_back(job);
        self.member.wake.notify_one();
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let (member, pool) = (&self.member, self.slot.pool());
        let mut calls = member.calls.borrow_mut();
        calls.retain(|call| !Arc::ptr_eq(call, &self.call));
        let is_idle = calls.is_empty();
        drop(calls);
        if is_idle {
            if pool.members.is_closed.get() {
                member.retire(RecycleReason::Idle);
            }
            member.idle_since.set(Stamp::now());
            pool.stats().leased_by(-1);
            if !member.is_gone.get() {
                pool.stats().idle_by(1);
            }
            member.wake.notify_one();
        }
        pool.members.room.notify_one();
    }
}

impl Pool {
    /// Creates an instance before the first request.
    ///
    /// # Errors
    /// The instantiation failed.
    pub async fn warm_service(self: &Rc<Self>) -> Result<(), CallError> {
        let instance = self.make().await?;
        self.add_member(instance, Isolation::Reuse);
        Ok(())
    }

    /// Retires all instances that serve several requests at once; each is dropped when its last
    /// request ends. The owner of the pool must call this, or the tasks of the instances would
    /// never end.
    pub fn close(&self) {
        self.members.is_closed.set(true);
        for member in self.members.all.borrow().iter() {
            member.retire(RecycleReason::Idle);
        }
        self.close_shared();
    }

    /// Finds a shared instance with room for a request, or creates one.
    pub(super) async fn seat(
        self: &Rc<Self>,
        call: &Arc<HttpCall>,
        isolation: Isolation,
    ) -> Result<Seat, CallError> {
        let slot = self.slot(call.stages()).await?;
        let start = Stamp::now();
        let member = loop {
            if isolation != Isolation::Fresh
                && let Some(member) = self.member_with_room()
            {
                break member;
            }
            if isolation == Isolation::Fresh
                && let Some(instance) = self.take_idle(Isolation::Fresh)
            {
                break self.add_member(instance, isolation);
            }
            if self.stats().live() < u64::from(self.capacity) {
                let made = self.make().await;
                let stages = call.stages();
                stages.add(Stage::Instance, Stamp::now().since(start));
                break self.add_member(made?, isolation);
            }
            self.retire_idle_member();
            self.members.room.notified().await;
        };
        let mut calls = member.calls.borrow_mut();
        if calls.is_empty() {
            self.stats().idle_by(-1);
            self.stats().leased_by(1);
        }
        calls.push(call.clone());
        drop(calls);
        if let Some(life) = member.life.get() {
            member.life.set(Some(life.saturating_sub(1)));
            if life <= 1 {
                member.retire(match isolation {
                    Isolation::Fresh => RecycleReason::Fresh,
                    Isolation::Reuse | Isolation::Shared => RecycleReason::Requests,
                });
            }
        }
        Ok(Seat {
            member,
            call: call.clone(),
            slot,
        })
    }

    fn member_with_room(&self) -> Option<Rc<Member>> {
        let all = self.members.all.borrow();
        let free = all.iter().filter(|member| member.has_room());
        free.min_by_key(|member| member.active()).cloned()
    }

    /// Retires an idle instance to make room for another.
    fn retire_idle_member(&self) {
        let all = self.members.all.borrow();
        let mut idle = all.iter().filter(|member| member.active() == 0);
        // This also ends the work of an idle instance that was retiring gracefully.
        if let Some(member) = idle.next() {
            member.retired.set(Some(RecycleReason::Room));
            member.wake.notify_one();
        }
    }

    fn add_member(self: &Rc<Self>, instance: Instance, isolation: Isolation) -> Rc<Member> {
        let (most, life) = match isolation {
            Isolation::Fresh => (1, Some(1)),
            Isolation::Reuse | Isolation::Shared => {
                let most = self.component.limits().concurrent_requests.max(1);
                (most as usize, Instance::life(self.recycling.max_requests))
            }
        };
        let member = Rc::new(Member {
            inbox: RefCell::default(),
            calls: RefCell::default(),
            on_cpu: Arc::default(),
            life: Cell::new(life),
            retired: Cell::new(None),
            failure: RefCell::new(None),
            is_gone: Cell::new(false),
            idle_since: Cell::new(Stamp::now()),
            wake: Notify::new(),
            most,
        });
        self.members.all.borrow_mut().push(member.clone());
        self.stats().idle_by(1);
        let run = event_loop::run(instance, member.clone(), self.clone());
        tokio::task::spawn_local(run);
        member
    }

    /// Removes an instance that has ended.
    pub(super) fn remove_member(&self, member: &Rc<Member>) {
        let mut all = self.members.all.borrow_mut();
        all.retain(|other| !Rc::ptr_eq(other, member));
        member.is_gone.set(true);
        if member.active() == 0 {
            self.stats().idle_by(-1);
        }
        self.members.room.notify_waiters();
    }

    /// Returns true if the pool has more than one shared instance.
    pub(super) fn has_other_members(&self) -> bool {
        self.members.all.borrow().len() > 1
    }

    /// Wakes a request that waits for room.
    pub(super) fn notify_room(&self) {
        self.members.room.notify_one();
    }
}
