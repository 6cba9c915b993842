//! Translates the `middleware` of a fixture to settings of the host.

use serde_json::{Map, Value, json};

use super::members::Members;
use super::settings::{api_key, compression, cors, file, jwt, request_id};

/// The policies of a fixture, translated to settings, and what the runner needs to test them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Policies {
    /// The settings of the route.
    pub(crate) route: Map<String, Value>,
    /// The settings of the app.
    pub(crate) app: Map<String, Value>,
    /// The version of the app.
    pub(crate) version: Option<String>,
    /// Directories of static files.
    pub(crate) folders: Vec<Folder>,
    /// Requests to send before the compared one.
    pub(crate) warmup: Option<Warmup>,
    /// The delay of the handler in milliseconds, if the fixture sets one.
    pub(crate) delay_ms: Option<u64>,
    /// The kinds of declared hooks.
    pub(crate) hooks: Vec<&'static str>,
}

/// A directory of static files.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Folder {
    /// The URL prefix of its files.
    pub(crate) prefix: String,
    /// The files: pairs of a relative path and a content.
    pub(crate) files: Vec<(String, String)>,
    /// The other members of the setting `static`.
    pub(crate) settings: Map<String, Value>,
}

/// Requests to send before the compared one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Warmup {
    /// Number of requests.
    pub(crate) requests: u64,
    /// The expected status of each request.
    pub(crate) status: Option<u16>,
    /// Milliseconds to sleep after each request.
    pub(crate) pause_ms: u64,
}

/// The names of all supported policies.
const KNOWN: [&str; 13] = [
    "jwt_auth",
    "api_key_auth",
    "compression",
    "rate_limit",
    "request_timeout",
    "request_id",
    "body_limit",
    "static_files",
    "lifecycle_hooks",
    "cors",
    "security_headers",
    "background_tasks",
    "openapi",
];

impl Policies {
    /// Translates the policies of a fixture.
    ///
    /// # Errors
    /// Fails if a policy or a member of a policy is unknown.
    pub(crate) fn read(middleware: &Map<String, Value>) -> Result<Self, String> {
        let mut policies = Self::default();
        for (name, value) in middleware {
            if !KNOWN.contains(&name.as_str()) {
                return Err(format!("unknown policy `{name}`"));
            }
            policies.add(name, value)?;
        }
        Ok(policies)
    }

    /// Returns true if a policy is declared and not disabled. `setting` is its name as a setting.
    #[must_use]
    pub(crate) fn has(&self, setting: &str) -> bool {
        let found = self.route.get(setting).or_else(|| self.app.get(setting));
        found.is_some_and(|value| *value != Value::Bool(false))
    }

    fn add(&mut self, name: &str, value: &Value) -> Result<(), String> {
        if name == "static_files" {
            return self.static_files(value);
        }
        if name == "body_limit" && value.is_u64() {
            self.route.insert("body_limit".to_owned(), value.clone());
            return Ok(());
        }
        let Some(mut members) = Members::of(name, value)? else {
            let switch = match name {
                "jwt_auth" => "jwt",
                "api_key_auth" => "api_key",
                "request_id" | "compression" | "security_headers" => name,
                "openapi" => {
                    self.app.insert(name.to_owned(), json!(false));
                    return Ok(());
                }
                _ => return Ok(()),
            };
            self.route.insert(switch.to_owned(), json!(false));
            return Ok(());
        };
        let (setting, value) = match name {
            "jwt_auth" => ("jwt", jwt(&mut members)?),
            "api_key_auth" => ("api_key", api_key(&mut members)?),
            "compression" => (name, compression(&mut members)?),
            "rate_limit" => (name, self.rate_limit(&mut members)?),
            "request_timeout" => ("timeout_ms", self.timeout(&mut members)?),
            "request_id" => (name, request_id(&mut members)?),
            "body_limit" => {
                let names = [
                    "max_bytes",
                    "max_size",
                    "max_body_size",
                    "limit",
                    "bytes",
                    "size",
                ];
                let limit = members.number(&names)?;
                (name, json!(limit.ok_or("`body_limit` names no limit")?))
            }
            "cors" => (name, cors(&mut members)?),
            "security_headers" => (name, json!(true)),
            "lifecycle_hooks" => {
                self.hooks(&mut members);
                ("hooks", json!(self.hooks))
            }
            // Background tasks do not involve the host: compare only the reply.
            "background_tasks" => return Ok(()),
            "openapi" => {
                self.openapi(&mut members)?;
                return members.finish();
            }
            _ => return Err(format!("unknown policy `{name}`")),
        };
        members.finish()?;
        self.route.insert(setting.to_owned(), value);
        Ok(())
    }

    fn rate_limit(&mut self, members: &mut Members<'_>) -> Result<Value, String> {
        let warmup = Warmup {
            requests: members.number(&["warmup_requests"])?.unwrap_or(0),
            status: members
                .number(&["warmup_expect_status"])?
                .and_then(|status| u16::try_from(status).ok()),
            pause_ms: members.number(&["sleep_ms_between"])?.unwrap_or(0),
        };
        self.warmup = (warmup.requests > 0).then_some(warmup);
        let periods = [
            ("second", ["per_second", "requests_per_second"]),
            ("minute", ["per_minute", "requests_per_minute"]),
            ("hour", ["per_hour", "requests_per_hour"]),
        ];
        let mut setting = Map::new();
        for (period, names) in periods {
            if let Some(requests) = members.number(&names)? {
                if !setting.is_empty() {
                    return Err("`rate_limit` names two periods".to_owned());
                }
                setting.insert("requests".to_owned(), json!(requests));
                setting.insert("per".to_owned(), json!(period));
            }
        }
        if setting.is_empty() {
            return Err("`rate_limit` names no number of requests".to_owned());
        }
        if let Some(burst) = members.number(&["burst", "burst_size"])? {
            setting.insert("burst".to_owned(), json!(burst));
        }
        let header = members.text(&["key_header", "by_header"])?;
        let by = match (header, members.flag(&["ip_based"])?) {
            (Some(header), _) => json!({"header": header}),
            (None, Some(false)) => json!("route"),
            (None, _) => json!("client"),
        };
        setting.insert("by".to_owned(), by);
        Ok(Value::Object(setting))
    }

    fn timeout(&mut self, members: &mut Members<'_>) -> Result<Value, String> {
        let delays = [
            "handler_delay_ms",
            "delay_ms",
            "sleep_ms",
            "simulate_delay_ms",
        ];
        self.delay_ms = members.number(&delays)?;
        let milliseconds = members.number(&["timeout_ms", "milliseconds", "ms"])?;
        let seconds = members.number(&["seconds", "timeout_seconds", "timeout"])?;
        let limit = milliseconds.or_else(|| seconds.map(|seconds| seconds.saturating_mul(1000)));
        Ok(json!(limit.ok_or("`request_timeout` names no time")?))
    }

    fn hooks(&mut self, members: &mut Members<'_>) {
        let kinds = [
            ("on-request", "on_request"),
            ("pre-validation", "pre_validation"),
            ("pre-handler", "pre_handler"),
            ("on-response", "on_response"),
            ("on-error", "on_error"),
        ];
        for (kind, name) in kinds {
            if members.list(&[name]).is_some_and(|hooks| !hooks.is_empty()) {
                self.hooks.push(kind);
            }
        }
    }

    fn openapi(&mut self, members: &mut Members<'_>) -> Result<(), String> {
        let mut setting = Map::new();
        let texts: [(&str, &[&str]); 5] = [
            (
                "path",
                &["openapi_json_path", "json_path", "spec_path", "path"],
            ),
            ("docs", &["swagger_ui_path", "docs_path", "redoc_path"]),
            ("title", &["title"]),
            ("description", &["description"]),
            ("terms_of_service", &["terms_of_service"]),
        ];
        for (name, names) in texts {
            if let Some(text) = members.text(names)? {
                setting.insert(name.to_owned(), json!(text));
            }
        }
        for name in ["contact", "license", "servers", "tags"] {
            if let Some(value) = members.take(&[name]) {
                setting.insert(name.to_owned(), value);
            }
        }
        self.app
            .insert("openapi".to_owned(), Value::Object(setting));
        Ok(())
    }

    fn static_files(&mut self, value: &Value) -> Result<(), String> {
        let one = std::slice::from_ref(value);
        for value in value.as_array().map_or(one, Vec::as_slice) {
            let Some(mut members) = Members::of("static_files", value)? else {
                continue;
            };
            let prefix = members.text(&["route_prefix", "prefix", "path"])?;
            let mut settings = Map::new();
            if let Some(text) = members.text(&["cache_control"])? {
                settings.insert("cache_control".to_owned(), json!(text));
            }
            if let Some(index) = members.flag(&["index_file", "index"])? {
                settings.insert("index".to_owned(), json!(index));
            }
            if let Some(flag) = members.flag(&["precompressed"])? {
                settings.insert("precompressed".to_owned(), json!(flag));
            }
            let files = members.list(&["files"]).unwrap_or_default();
            members.finish()?;
            self.folders.push(Folder {
                prefix: prefix.ok_or("`static_files` names no prefix")?,
                files: files.iter().map(file).collect::<Result<_, _>>()?,
                settings,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(middleware: Value) -> Result<Policies, String> {
        Policies::read(middleware.as_object().expect("an object"))
    }

    #[test]
    fn policies_become_settings() {
        let policies = read(json!({
            "jwt_auth": {"enabled": true, "algorithm": "HS256", "secret": "s", "issuer": "i"},
            "compression": {"gzip": true, "brotli": false, "min_size": 0, "quality": 4},
            "rate_limit": {"per_second": 2, "burst": 3, "warmup_requests": 3},
            "request_timeout": {"seconds": 2},
            "body_limit": {"max_bytes": 64},
            "cors": {"allow_origins": ["*"], "allow_methods": ["GET"]},
        }));
        let policies = policies.expect("policies");
        assert_eq!(
            Value::Object(policies.route),
            json!({
                "jwt": {"algorithms": ["HS256"], "secret": "s", "issuer": ["i"]},
                "compression": {"algorithms": ["gzip"], "min_size": 0, "level": 4},
                "rate_limit": {"requests": 2, "per": "second", "burst": 3, "by": "client"},
                "timeout_ms": 2000,
                "body_limit": 64,
                "cors": {"origins": "*", "methods": ["GET"]},
            })
        );
        let warmup = policies.warmup.expect("requests to send before");
        assert_eq!((warmup.requests, warmup.status), (3, None));
    }

    #[test]
    fn an_error_names_an_unknown_policy_or_member() {
        for (middleware, wanted) in [
            (json!({"teapot": {}}), "unknown policy `teapot`"),
            (
                json!({"cors": {"allow_origins": ["*"], "tea": 1}}),
                "unknown member `tea` of `cors`",
            ),
            (json!({"rate_limit": {}}), "no number of requests"),
            (json!({"jwt_auth": {"algorithm": "HS256"}}), "no key"),
            (json!({"api_key_auth": {"header": "x"}}), "no keys"),
            (
                json!({"rate_limit": {"per_second": 1, "per_hour": 9}}),
                "two periods",
            ),
        ] {
            let error = read(middleware).expect_err(wanted);
            assert!(error.contains(wanted), "{error}");
        }
    }

    #[test]
    fn a_policy_may_be_switched_off() {
        let policies = read(json!({
            "request_id": {"enabled": false}, "jwt_auth": {"enabled": false}, "openapi": false
        }));
        let policies = policies.expect("policies");
        assert_eq!(policies.route["request_id"], json!(false));
        assert!(!policies.has("jwt") && !policies.has("openapi"));
    }

    #[test]
    fn files_stay_in_their_folder() {
        let with = |path: &str| json!({"static_files": {"prefix": "/p", "files": [{"path": path, "content": ""}]}});
        assert_eq!(
            read(with("a/b.txt")).expect("a file").folders[0].prefix,
            "/p"
        );
        for path in ["../a", "/etc/a", "a/../../b"] {
            assert!(read(with(path)).is_err(), "{path}");
        }
    }

    #[test]
    fn hooks_are_named_in_the_order_of_the_host() {
        let policies = read(json!({
            "lifecycle_hooks": {"on_error": [{"name": "b"}], "on_request": [{"name": "a"}], "pre_handler": []}
        }));
        assert_eq!(
            policies.expect("policies").hooks,
            ["on-request", "on-error"]
        );
    }
}
