//! A validated route.

use std::time::Duration;

use crate::app_error::AppError;
use crate::body::BodySpec;

use crate::description::RouteDescription;
use crate::hooks::Hooks;
use crate::isolation::Isolation;
use crate::method::Method;
use crate::overrides::{Origins, choose};
use crate::parameter::Parameter;
use crate::parameter_object;
use crate::params::{Parameters, RequestHead};
use crate::path::PathPattern;
use crate::policy::Policies;
use crate::refusal::Refusal;
use crate::reply::Replies;
use crate::route_settings::RouteSettings;
use crate::router::RawPath;
use crate::settings::{Defaults, Settings};

/// One method of one path.
#[derive(Debug)]
pub struct Route {
    method: Method,
    pattern: PathPattern,
    name: String,
    parameters: Parameters,
    body: BodySpec,
    replies: Replies,
    body_limit: u64,
    timeout: Duration,
    timeout_status: u16,
    isolation: Isolation,
    origins: Origins,
    hooks: Hooks,
    policies: Option<Policies>,
}

impl Route {
    pub(crate) fn check(
        description: &RouteDescription,
        app: &Settings,
        app_policies: (&str, &Policies),
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
        let settings = Settings::parse_route(&description.settings).map_err(wrong)?;
        let effective = RouteSettings::new(app, &settings);
        if let Some(name) = settings.first_of_app() {
            return Err(wrong(format!(
                "its settings have `{name}`, which is for the whole app; move it there"
            )));
        }
        let declared = parameter_object::parse_all(&description.parameters).map_err(wrong)?;
        let parameters = Parameters::new(&pattern, declared).map_err(wrong)?;
        let body = BodySpec::parse(&description.body, effective.raw_body()).map_err(wrong)?;
        let replies = Replies::parse(&description.replies).map_err(wrong)?;
        let (app_name, app_policies) = app_policies;
        let policies = Policies::check(
            settings.policies(),
            app_policies,
            &defaults.secrets,
            app_name,
        )
        .map_err(|reason| wrong(format!("its {reason}")))?;
        let policies = Some(policies).filter(|policies| !policies.is_empty());
        let body_limit = effective.body_limit();
        if let Some(limit) = body_limit.filter(|limit| *limit > Defaults::MAX_BODY_LIMIT) {
            return Err(wrong(format!(
                "its body_limit `{limit}` is above the maximum of {} bytes",
                Defaults::MAX_BODY_LIMIT
            )));
        }
        let timeout = effective.timeout();
        if let Some(timeout) = timeout.filter(|t| *t > Defaults::MAX_TIMEOUT || t.is_zero()) {
            return Err(wrong(format!(
                "its timeout_ms `{}` is not between 1 and {}",
                timeout.as_millis(),
                Defaults::MAX_TIMEOUT.as_millis()
            )));
        }
        let timeout_status = effective.timeout_status();
        if !matches!(timeout_status, 408 | 504) {
            return Err(wrong(format!(
                "its timeout_status `{timeout_status}` is neither 408 nor 504"
            )));
        }
        let name = match description.name.as_str() {
            "" => label,
            name => name.to_owned(),
        };
        let overrides = defaults.routes.get(&name).copied().unwrap_or_default();
        let isolation = effective.isolation();
        let isolation = choose(overrides.instances, isolation, defaults.isolation);
        let timeout = choose(overrides.timeout, timeout, defaults.timeout);
        let body_limit = choose(overrides.body_limit, body_limit, defaults.body_limit);
        Ok(Self {
            method,
            name,
            pattern,
            parameters,
            body,
            replies,
            body_limit: body_limit.0,
            timeout: timeout.0,
            timeout_status,
            isolation: isolation.0,
            origins: Origins {
                instances: isolation.1,
                timeout: timeout.1,
                body_limit: body_limit.1,
            },
            hooks: effective.hooks(),
            policies,
        })
    }

    /// Returns the request method.
    #[must_use]
    pub fn method(&self) -> Method {
        self.method
    }

    /// Returns the path pattern.
    #[must_use]
    pub fn pattern(&self) -> &PathPattern {
        &self.pattern
    }

    /// Returns the name in logs and metrics.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the parameters, path parameters first.
    #[must_use]
    pub fn parameters(&self) -> &[Parameter] {
        self.parameters.all()
    }

    /// Returns the rules for request bodies.
    #[must_use]
    pub fn body(&self) -> &BodySpec {
        &self.body
    }

    /// Returns the maximum size of a request body, in bytes.
    #[must_use]
    pub fn body_limit(&self) -> u64 {
        self.body_limit
    }

    /// Returns the maximum duration of a call.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Returns the status of a call that exceeds [`timeout`](Self::timeout): 504, or 408.
    #[must_use]
    pub fn timeout_status(&self) -> u16 {
        self.timeout_status
    }

    /// Returns the isolation between requests.
    #[must_use]
    pub fn isolation(&self) -> Isolation {
        self.isolation
    }

    /// Returns the sources of the limits.
    #[must_use]
    pub fn origins(&self) -> Origins {
        self.origins
    }

    /// Returns the hook kinds that the route or the app declares.
    #[must_use]
    pub fn hooks(&self) -> Hooks {
        self.hooks
    }

    /// Returns the policies. `None` if the route has none.
    #[must_use]
    pub fn policies(&self) -> Option<&Policies> {
        self.policies.as_ref()
    }

    /// Reads, converts and validates the parameters of one request. Returns a JSON object,
    /// or an empty text if the route has no parameters.
    ///
    /// # Errors
    /// 400 for text that is not UTF-8, 422 for values that violate their schemas.
    pub fn read_params(&self, path: &RawPath, head: &impl RequestHead) -> Result<String, Refusal> {
        self.parameters.read(path.iter(), head)
    }

    /// Validates a reply against the declared reply of its status and content type. A route
    /// that declares no replies accepts every reply.
    ///
    /// # Errors
    /// A sentence about the reply, for the log.
    pub fn check_reply(
        &self,
        status: u16,
        content_type: Option<&str>,
        body: &[u8],
    ) -> Result<(), String> {
        self.replies.check(status, content_type, body)
    }
}
