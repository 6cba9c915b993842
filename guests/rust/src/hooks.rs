//! The hooks of an app or a route.

use std::fmt;
use std::pin::Pin;
use std::rc::Rc;

use crate::hook::Hook;
use crate::maybe_future::{LocalFuture, MaybeFuture};
use crate::next::Next;
use crate::outcome::Outcome;
use crate::stage::{EarlyStage, LateStage};
use crate::{Call, Declaration, HookReply, IntoReply, Reply};

/// A hook that runs before the handler.
#[derive(Clone)]
pub(crate) struct EarlyHook {
    declare: fn(&mut Declaration<'_>),
    run: Rc<RunEarlyHook>,
}

type RunEarlyHook = dyn Fn(&mut Call<'_>) -> MaybeFuture<Option<Reply>>;

impl EarlyHook {
    pub(crate) fn new<A, H: Hook<A>>(hook: H) -> Self {
        let hook = Rc::new(hook);
        Self {
            declare: H::declare,
            run: Rc::new(move |call| hook.run(call)),
        }
    }

    pub(crate) fn declare(&self, declaration: &mut Declaration<'_>) {
        (self.declare)(declaration);
    }

    pub(crate) fn run(&self, call: &mut Call<'_>) -> MaybeFuture<Option<Reply>> {
        (self.run)(call)
    }
}

impl fmt::Debug for EarlyHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EarlyHook")
    }
}

/// A hook that runs after the handler.
#[derive(Clone)]
pub(crate) enum LateHook {
    Sync(Rc<SyncLateHook>),
    Async(Rc<AsyncLateHook>),
}

impl LateHook {
    pub(crate) fn is_async(&self) -> bool {
        matches!(self, Self::Async(_))
    }
}

type SyncLateHook = dyn Fn(&mut HookReply, &str) -> Option<Reply>;
type AsyncLateHook = dyn for<'a> Fn(&'a mut HookReply, &'a str) -> LateFuture<'a>;
type LateFuture<'a> = Pin<Box<dyn Future<Output = Option<Reply>> + 'a>>;

/// The hooks of an app or a route, each kind in definition order.
#[derive(Clone, Default)]
pub(crate) struct Hooks {
    on_request: Vec<EarlyHook>,
    pre_validation: Vec<EarlyHook>,
    pre_handler: Vec<EarlyHook>,
    on_response: Vec<LateHook>,
    on_error: Vec<LateHook>,
    wrappers: Vec<Wrapper>,
}

/// A function around the handler.
pub(crate) type Wrapper = Rc<dyn Fn(Next) -> LocalFuture<Reply>>;

impl Hooks {
    pub(crate) fn add<A, H: Hook<A>>(&mut self, stage: EarlyStage, hook: H) {
        let before = EarlyHook::new(hook);
        match stage {
            EarlyStage::OnRequest => self.on_request.push(before),
            EarlyStage::PreValidation => self.pre_validation.push(before),
            EarlyStage::PreHandler => self.pre_handler.push(before),
        }
    }

    pub(crate) fn add_after<R: Outcome>(
        &mut self,
        stage: LateStage,
        hook: impl Fn(&mut HookReply, &str) -> R + 'static,
    ) {
        let run = move |reply: &mut HookReply, message: &str| hook(reply, message).into_outcome();
        self.late_mut(stage).push(LateHook::Sync(Rc::new(run)));
    }

    pub(crate) fn add_async_after<R: Outcome>(
        &mut self,
        stage: LateStage,
        hook: impl AsyncFn(&mut HookReply, &str) -> R + 'static,
    ) {
        let hook = Rc::new(hook);
        let run: Rc<AsyncLateHook> = Rc::new(move |reply, message| {
            let hook = hook.clone();
            Box::pin(async move { hook(reply, message).await.into_outcome() })
        });
        self.late_mut(stage).push(LateHook::Async(run));
    }

    pub(crate) fn add_wrapper<R: IntoReply>(&mut self, wrapper: impl AsyncFn(Next) -> R + 'static) {
        let wrapper = Rc::new(wrapper);
        self.wrappers.push(Rc::new(move |next| {
            let wrapper = wrapper.clone();
            Box::pin(async move { wrapper(next).await.into_reply() })
        }));
    }

    pub(crate) fn wrappers(&self) -> &[Wrapper] {
        &self.wrappers
    }

    /// Adds the hooks of an outer router, before those here.
    pub(crate) fn inherit(&mut self, outer: &Self) {
        macro_rules! prepend {
            ($($field:ident),*) => {
                $(self.$field.splice(0..0, outer.$field.iter().cloned());)*
            };
        }
        prepend!(
            on_request,
            pre_validation,
            pre_handler,
            on_response,
            on_error,
            wrappers
        );
    }

    /// Returns the kinds of hooks in use, for the member `hooks` of the settings.
    pub(crate) fn kinds(&self) -> Vec<&'static str> {
        let kinds = [
            ("on-request", self.on_request.is_empty()),
            ("pre-validation", self.pre_validation.is_empty()),
            ("pre-handler", self.pre_handler.is_empty()),
            ("on-response", self.on_response.is_empty()),
            ("on-error", self.on_error.is_empty()),
        ];
        let used = kinds.into_iter().filter(|(_, empty)| !empty);
        used.map(|(kind, _)| kind).collect()
    }

    pub(crate) fn declare(&self, declaration: &mut Declaration<'_>) {
        for stage in [
            EarlyStage::OnRequest,
            EarlyStage::PreValidation,
            EarlyStage::PreHandler,
        ] {
            declaration.of_hook(stage);
            for hook in self.early(stage) {
                hook.declare(declaration);
            }
        }
    }

    pub(crate) fn early(&self, stage: EarlyStage) -> &[EarlyHook] {
        match stage {
            EarlyStage::OnRequest => &self.on_request,
            EarlyStage::PreValidation => &self.pre_validation,
            EarlyStage::PreHandler => &self.pre_handler,
        }
    }

    pub(crate) fn late(&self, stage: LateStage) -> &[LateHook] {
        match stage {
            LateStage::Response => &self.on_response,
            LateStage::Error => &self.on_error,
        }
    }

    fn late_mut(&mut self, stage: LateStage) -> &mut Vec<LateHook> {
        match stage {
            LateStage::Response => &mut self.on_response,
            LateStage::Error => &mut self.on_error,
        }
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.kinds()).finish()
    }
}
