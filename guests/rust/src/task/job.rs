//! Jobs: the futures of handlers and hooks, and background work.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::hook_reply::ReplyChange;
use crate::maybe_future::LocalFuture;
use crate::reply::Failure;
use crate::{Content, Reply, host};

/// The result of a call: the reply or the change of a reply, `None` for none, or a failure.
pub(crate) type Finished = Result<Option<ReplyChange>, Failure>;

/// The future of a handler or hook, or background work.
pub(crate) enum Job {
    /// A handler, and the status of its route.
    Handler(LocalFuture<Reply>, Option<u16>),
    /// Hooks before the handler.
    Early(LocalFuture<Option<Reply>>),
    /// Hooks after the handler.
    Late(LocalFuture<Finished>),
    /// Background work, which answers nothing.
    Background(LocalFuture<()>),
}

impl Job {
    pub(crate) fn is_background(&self) -> bool {
        matches!(self, Self::Background(_))
    }

    /// Polls the future. Background work ends with `None`.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Finished>> {
        let finished = match self {
            Self::Handler(future, status) => Some(finish(ready!(poll(future, context)), *status)),
            Self::Early(future) => match ready!(poll(future, context)) {
                Some(reply) => Some(finish(reply, None)),
                None => Some(Ok(None)),
            },
            Self::Late(future) => Some(ready!(poll(future, context))),
            Self::Background(future) => {
                ready!(poll(future, context));
                None
            }
        };
        Poll::Ready(finished)
    }
}

fn poll<T>(future: &mut LocalFuture<T>, context: &mut Context<'_>) -> Poll<T> {
    Pin::new(future).poll(context)
}

fn finish(reply: Reply, status: Option<u16>) -> Finished {
    let (status, headers, content) = reply.finish(status)?;
    Ok(Some((status, headers, Some(content))))
}

/// Sends the result of a call that has returned the status 0.
pub(crate) fn send(task: u32, finished: Finished) {
    match finished {
        Ok(Some((status, headers, content))) => {
            host::io::reply(task, status, &headers, content.as_ref());
        }
        Ok(None) => host::io::reply(task, 0, "", None::<&Content>),
        Err(failure) => host::io::fail(task, &failure.message, &failure.detail),
    }
}
