//! A route whose declarations were checked.

use std::time::Duration;

use crate::body::BodySpec;
use crate::description::RouteDescription;
use crate::parameter::Parameter;
use crate::params::{Parameters, RequestHead};
use crate::path::PathPattern;
use crate::refusal::Refusal;
use crate::router::PathValues;
use crate::settings::{Defaults, Settings};
use crate::{AppError, Method};

/// One method of one path.
#[derive(Debug)]
pub struct Route {
    method: Method,
    pattern: PathPattern,
    name: String,
    parameters: Parameters,
    body: BodySpec,
    body_limit: u64,
    timeout: Duration,
}

impl Route {
    pub(crate) fn check(
        description: &RouteDescription,
        app: &Settings,
        defaults: &Defaults,
    ) -> Result<Self, AppError> {
        let method = description.method;
        let label = format!("{method} {}", description.path);
        let wrong = |reason: String| AppError::Route {
            route: label.clone(),
            reason,
        };
        let pattern = PathPattern::parse(&description.path)
            .map_err(|error| wrong(format!("its path does not parse: {error}")))?;
        let settings = Settings::parse(&description.settings)
            .map_err(|error| wrong(format!("its settings cannot be read: {error}")))?;
        if settings.openapi.is_some() {
            return Err(wrong(
                "`openapi` is for the app, not for a route: move it to the app's settings".into(),
            ));
        }
        let declared = Parameter::parse_all(&description.parameters).map_err(wrong)?;
        let parameters = Parameters::new(pattern.names(), declared).map_err(wrong)?;
        let raw = settings.raw_body.or(app.raw_body).unwrap_or(false);
        let body = BodySpec::parse(&description.body, raw).map_err(wrong)?;
        check_replies(&description.replies).map_err(wrong)?;
        let body_limit = settings.body_limit.or(app.body_limit);
        if let Some(limit) = body_limit.filter(|limit| *limit > Defaults::MAX_BODY_LIMIT) {
            return Err(wrong(format!(
                "its body_limit `{limit}` is above the {} bytes a component may ask for",
                Defaults::MAX_BODY_LIMIT
            )));
        }
        let timeout = settings
            .timeout_ms
            .or(app.timeout_ms)
            .map(Duration::from_millis);
        if let Some(timeout) = timeout.filter(|t| *t > Defaults::MAX_TIMEOUT || t.is_zero()) {
            return Err(wrong(format!(
                "its timeout_ms `{}` is not between 1 and {}",
                timeout.as_millis(),
                Defaults::MAX_TIMEOUT.as_millis()
            )));
        }
        Ok(Self {
            method,
            name: match description.name.as_str() {
                "" => label,
                name => name.to_owned(),
            },
            pattern,
            parameters,
            body,
            body_limit: body_limit.unwrap_or(defaults.body_limit),
            timeout: timeout.unwrap_or(defaults.timeout),
        })
    }

    /// The method it answers.
    #[must_use]
    pub fn method(&self) -> Method {
        self.method
    }

    /// Its path pattern.
    #[must_use]
    pub fn pattern(&self) -> &PathPattern {
        &self.pattern
    }

    /// Its name in logs and metrics.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its parameters, those of the path first.
    #[must_use]
    pub fn parameters(&self) -> &[Parameter] {
        self.parameters.all()
    }

    /// How it reads bodies.
    #[must_use]
    pub fn body(&self) -> &BodySpec {
        &self.body
    }

    /// The longest body it reads, in bytes.
    #[must_use]
    pub fn body_limit(&self) -> u64 {
        self.body_limit
    }

    /// The longest a call may take.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Reads, coerces and checks the parameters of one request, as a JSON object;
    /// empty when the route has none.
    ///
    /// # Errors
    /// 400 for text that is not UTF-8, 422 for values that break their schemas.
    pub fn read_params(
        &self,
        path: &PathValues<'_, '_>,
        head: &impl RequestHead,
    ) -> Result<String, Refusal> {
        self.parameters.read(path.iter(), head)
    }
}

/// Replies are declared for readers of the contract; what cannot be a Responses
/// Object is refused at load all the same.
fn check_replies(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Ok(());
    }
    serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text)
        .map(drop)
        .map_err(|error| format!("its replies are not a Responses Object: {error}"))
}
