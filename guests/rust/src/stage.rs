//! The points of a request at which hooks run.

/// A point before the handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EarlyStage {
    OnRequest,
    PreValidation,
    PreHandler,
}

impl EarlyStage {
    pub(crate) fn with_article(self) -> &'static str {
        match self {
            Self::OnRequest => "an on-request",
            Self::PreValidation => "a pre-validation",
            Self::PreHandler => "a pre-handler",
        }
    }
}

/// A point after the handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LateStage {
    Response,
    Error,
}
