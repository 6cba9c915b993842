//! Instances that handle several tasks at once, for routes with the policy `shared`.
//!
//! A [separate task](actor) owns each instance and runs one export call at a time. A request goes
//! to the instance with the fewest requests; if all have as many as `shared_requests` allows, the
//! pool creates another. A request holds no slot of the pool, each instance holds one.

mod actor;
pub(super) mod registry;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use spikard_wasm_app::Call;
use tokio::sync::oneshot;

use self::registry::{Job, SharedInstance, SharedInstances, Ticket};
use super::instances::Pool;
use super::slot::Slot;
use crate::error::CallError;
use crate::instance::Instance;
use crate::reply::Reply;
use crate::request::Request;
use crate::stages::{Stage, Stages, Stamp};
use crate::stats::RecycleReason;

/// The place of a request in an instance. Dropping it before the reply cancels the task.
struct Seat {
    instance: Rc<SharedInstance>,
    ticket: Rc<Ticket>,
    pool: Rc<Pool>,
    has_reply: bool,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let instance = &self.instance;
        instance.active.set(instance.active.get().saturating_sub(1));
        if !self.has_reply {
            self.ticket.is_cancelled.set(true);
            if let Some(task) = self.ticket.task.get() {
                instance.cancelled.borrow_mut().push(task);
            }
        }
        // The last request of a retired instance ends it.
        if !self.has_reply || instance.active.get() == 0 {
            instance.wake();
        }
        self.pool.shared.room.notify_one();
    }
}

impl Pool {
    /// Creates a shared instance before the first request.
    ///
    /// # Errors
    /// The instantiation failed.
    pub(super) async fn warm_shared(self: &Rc<Self>) -> Result<(), CallError> {
        let slot = self.slot(&Stages::default()).await?;
        let instance = self.make().await?;
        self.add_shared(instance, slot);
        Ok(())
    }

    /// Answers a call in a shared instance.
    pub(super) async fn call_shared(
        self: &Rc<Self>,
        call: &Call,
        request: Arc<dyn Request>,
    ) -> Result<Reply, CallError> {
        let mut seat = self.shared_seat(request.stages()).await?;
        let (reply, answered) = oneshot::channel();
        seat.instance.inbox.borrow_mut().push_back(Job {
            call: call.clone(),
            request,
            ticket: seat.ticket.clone(),
            reply,
        });
        seat.instance.wake();
        let answer = answered.await;
        seat.has_reply = true;
        answer.unwrap_or_else(|_| Err(gone()))
    }

    /// Retires the shared instances. They end with their last request.
    pub(crate) fn close_shared(&self) {
        self.shared.is_closed.set(true);
        for instance in self.shared.all.borrow().iter() {
            instance.retire(RecycleReason::Idle);
        }
    }

    async fn shared_seat(self: &Rc<Self>, stages: &Stages) -> Result<Seat, CallError> {
        let most = self.component.limits().shared_requests.max(1);
        let instance = loop {
            let found = {
                let all = self.shared.all.borrow();
                let free = all.iter().filter(|it| it.retired.get().is_none());
                let least = free.min_by_key(|it| it.active.get()).cloned();
                least.filter(|it| it.active.get() < most)
            };
            if let Some(found) = found {
                break found;
            }
            if !self.shared.is_creating.get()
                && let Some(slot) = self.try_slot()
            {
                break self.create_shared(slot, stages).await?;
            }
            self.wait_for(stages, self.shared.room.notified()).await?;
        };
        instance.active.set(instance.active.get() + 1);
        if let Some(life) = instance.life.get() {
            instance.life.set(Some(life.saturating_sub(1)));
            if life <= 1 {
                instance.retire(RecycleReason::Requests);
            }
        }
        Ok(Seat {
            instance,
            ticket: Rc::default(),
            pool: self.clone(),
            has_reply: false,
        })
    }

    async fn create_shared(
        self: &Rc<Self>,
        slot: Slot,
        stages: &Stages,
    ) -> Result<Rc<SharedInstance>, CallError> {
        /// Lets others create an instance, also if this request is cancelled.
        struct Creating<'a>(&'a SharedInstances);
        impl Drop for Creating<'_> {
            fn drop(&mut self) {
                self.0.is_creating.set(false);
                self.0.room.notify_waiters();
            }
        }
        self.shared.is_creating.set(true);
        let creating = Creating(&self.shared);
        let start = Stamp::now();
        let made = self.make().await;
        stages.add(Stage::Instance, Stamp::now().since(start));
        let instance = self.add_shared(made?, slot);
        drop(creating);
        Ok(instance)
    }

    fn add_shared(self: &Rc<Self>, instance: Instance, slot: Slot) -> Rc<SharedInstance> {
        let shared = Rc::new(SharedInstance {
            inbox: RefCell::default(),
            cancelled: RefCell::default(),
            active: Cell::new(0),
            life: Cell::new(Instance::life(self.recycling.max_requests)),
            retired: Cell::new(None),
            waker: RefCell::default(),
        });
        if self.shared.is_closed.get() {
            shared.retire(RecycleReason::Idle);
        }
        self.shared.all.borrow_mut().push(shared.clone());
        tokio::task::spawn_local(actor::run(instance, shared.clone(), self.clone(), slot));
        shared
    }

    /// Returns true if the pool has more than one shared instance.
    fn has_other_shared(&self) -> bool {
        self.shared.all.borrow().len() > 1
    }

    /// Removes an instance that has ended.
    fn remove_shared(&self, instance: &Rc<SharedInstance>) {
        let mut all = self.shared.all.borrow_mut();
        all.retain(|other| !Rc::ptr_eq(other, instance));
        self.shared.room.notify_waiters();
    }
}

fn gone() -> CallError {
    CallError::Instantiate("the instance of this call was dropped".to_owned())
}
