//! Hooks: functions that run before and after a handler.

use std::fmt;

use crate::stage::{EarlyStage, LateStage};
use crate::{
    Call, Declaration, FromRequest, HookReply, HttpError, IntoErrorReply, IntoReply, Reply,
};

/// A hook that runs before the handler: a function or closure of up to eight
/// arguments, each a [`FromRequest`], that returns an [`Outcome`].
///
/// The `Path`, `Query`, `Headers` and `Cookies` arguments of a pre-handler hook become part of
/// the route's contract, like those of a handler. A parameter that both take must have the same
/// type in both. Earlier hooks run before validation, so they can only take
/// [`Request`](crate::Request), [`LocalContext`](crate::LocalContext),
/// [`GlobalContext`](crate::GlobalContext), [`MatchedPath`](crate::MatchedPath),
/// [`Claims`](crate::Claims) and your own arguments that declare no parameters. No hook can
/// take the body.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a hook",
    label = "not a hook",
    note = "a hook is a plain `fn` or closure (not `async`) whose arguments are `Request`, `LocalContext`, ... and which returns `()`, `Option<Reply>`, `Result<(), HttpError>`, ..."
)]
pub trait Hook<Arguments>: 'static {
    /// Declares the parameters that the arguments need.
    fn declare(declaration: &mut Declaration<'_>);

    /// Runs the hook. A reply ends the request.
    fn run(&self, call: &mut Call<'_>) -> Option<Reply>;
}

macro_rules! hooks {
    ($($argument:ident)*) => {
        impl<F, R, $($argument),*> Hook<($($argument,)*)> for F
        where
            F: Fn($($argument),*) -> R + 'static,
            R: Outcome,
            $($argument: FromRequest,)*
        {
            fn declare(_declaration: &mut Declaration<'_>) {
                $($argument::declare(_declaration);)*
            }

            #[allow(non_snake_case)]
            fn run(&self, _call: &mut Call<'_>) -> Option<Reply> {
                $(let $argument = match $argument::from_request(_call) {
                    Ok(argument) => argument,
                    Err(reply) => return Some(reply),
                };)*
                self($($argument),*).into_outcome()
            }
        }
    };
}

hooks!();
hooks!(A);
hooks!(A B);
hooks!(A B C);
hooks!(A B C D);
hooks!(A B C D E);
hooks!(A B C D E G);
hooks!(A B C D E G H);
hooks!(A B C D E G H I);

/// A return type of a hook: nothing, or a reply.
///
/// | returned value | before the handler | after the handler |
/// |---|---|---|
/// | `()`, `None`, `Ok(())` | the request continues | the reply stays, with the changes of the hook |
/// | `Some` of an [`IntoReply`], [`Reply`], [`HttpError`] | ends the request with this reply | replaces the reply |
/// | `Err` | ends the request with the reply from [`IntoErrorReply`] | replaces the reply |
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be returned by a hook",
    label = "not an outcome of a hook",
    note = "return `()`, an `Option` of what a handler may return, a `Reply`, or a `Result` of these; a hook that replies says `Some(...)`"
)]
pub trait Outcome {
    /// Returns the reply, or `None` to continue.
    fn into_outcome(self) -> Option<Reply>;
}

impl Outcome for () {
    fn into_outcome(self) -> Option<Reply> {
        None
    }
}

impl Outcome for Reply {
    fn into_outcome(self) -> Option<Reply> {
        Some(self)
    }
}

impl Outcome for HttpError {
    fn into_outcome(self) -> Option<Reply> {
        Some(self.into())
    }
}

impl<T: IntoReply> Outcome for Option<T> {
    fn into_outcome(self) -> Option<Reply> {
        self.map(IntoReply::into_reply)
    }
}

impl<T: Outcome, E: IntoErrorReply> Outcome for Result<T, E> {
    fn into_outcome(self) -> Option<Reply> {
        match self {
            Ok(outcome) => outcome.into_outcome(),
            Err(error) => Some(error.into_error_reply()),
        }
    }
}

struct EarlyHook {
    declare: fn(&mut Declaration<'_>),
    run: Run,
}

type Run = Box<dyn Fn(&mut Call<'_>) -> Option<Reply>>;
type LateHook = Box<dyn Fn(&mut HookReply, &str) -> Option<Reply>>;

/// The hooks of an app or a route, each kind in definition order.
#[derive(Default)]
pub(crate) struct Hooks {
    on_request: Vec<EarlyHook>,
    pre_validation: Vec<EarlyHook>,
    pre_handler: Vec<EarlyHook>,
    on_response: Vec<LateHook>,
    on_error: Vec<LateHook>,
}

impl Hooks {
    pub(crate) fn add<A, H: Hook<A>>(&mut self, stage: EarlyStage, hook: H) {
        let before = EarlyHook {
            declare: H::declare,
            run: Box::new(move |call| hook.run(call)),
        };
        match stage {
            EarlyStage::OnRequest => self.on_request.push(before),
            EarlyStage::PreValidation => self.pre_validation.push(before),
            EarlyStage::PreHandler => self.pre_handler.push(before),
        }
    }

    pub(crate) fn add_after<R: Outcome>(
        &mut self,
        after: LateStage,
        hook: impl Fn(&mut HookReply, &str) -> R + 'static,
    ) {
        let hook: LateHook = Box::new(move |view, message| hook(view, message).into_outcome());
        match after {
            LateStage::Response => self.on_response.push(hook),
            LateStage::Error => self.on_error.push(hook),
        }
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
            for hook in self.before(stage) {
                (hook.declare)(declaration);
            }
        }
    }

    /// Runs the hooks of a stage until one of them replies.
    pub(crate) fn run(&self, stage: EarlyStage, call: &mut Call<'_>) -> Option<Reply> {
        self.before(stage).iter().find_map(|hook| (hook.run)(call))
    }

    /// Runs the hooks of a late stage in order, each with the reply that the previous hook
    /// left. Returns false if one of them failed, which ends the stage.
    pub(crate) fn change(&self, after: LateStage, view: &mut HookReply, message: &str) -> bool {
        let hooks = match after {
            LateStage::Response => &self.on_response,
            LateStage::Error => &self.on_error,
        };
        hooks.iter().all(|hook| {
            if let Some(reply) = hook(view, message) {
                view.replace(reply);
            }
            !view.failed()
        })
    }

    fn before(&self, stage: EarlyStage) -> &[EarlyHook] {
        match stage {
            EarlyStage::OnRequest => &self.on_request,
            EarlyStage::PreValidation => &self.pre_validation,
            EarlyStage::PreHandler => &self.pre_handler,
        }
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.kinds()).finish()
    }
}
