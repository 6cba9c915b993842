//! An app: its routes, checked, and the router over them.

use crate::path::normalise;
use crate::refusal::Refusal;
use crate::router::{Found, PathValues, Router};
use crate::settings::{Defaults, Settings};
use crate::{Description, Route};

/// An app that can be served: every pattern parsed, every schema compiled.
#[derive(Debug)]
pub struct App {
    name: String,
    version: String,
    routes: Vec<Route>,
    router: Router,
}

/// Why a description is not an app.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppError {
    /// It has no route.
    #[error("the app `{0}` declares no route, so there is nothing to serve")]
    NoRoutes(String),
    /// The app's settings cannot be read.
    #[error("the settings of the app cannot be read: {0}")]
    Settings(String),
    /// A route's declarations are wrong.
    #[error("route `{route}` cannot be served: {reason}")]
    Route {
        /// The route's method and path.
        route: String,
        /// What is wrong.
        reason: String,
    },
    /// Two routes match the same requests.
    #[error("routes `{0}` and `{1}` match the same requests: remove one or change its path")]
    Collision(String, String),
}

impl App {
    /// Checks a description.
    ///
    /// # Errors
    /// Names the route that cannot be served, and why.
    pub fn new(description: &Description, defaults: &Defaults) -> Result<Self, AppError> {
        if description.routes.is_empty() {
            return Err(AppError::NoRoutes(description.name.clone()));
        }
        let settings = Settings::parse(&description.settings)
            .map_err(|error| AppError::Settings(error.to_string()))?;
        if settings.deprecated.is_some() {
            let reason = "`deprecated` is for a route, not for the app";
            return Err(AppError::Settings(reason.to_owned()));
        }
        let mut routes: Vec<Route> = Vec::with_capacity(description.routes.len());
        let mut router = Router::default();
        for (index, described) in description.routes.iter().enumerate() {
            let route = Route::check(described, &settings, defaults)?;
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            router
                .insert(route.method(), route.pattern(), index)
                .map_err(|collision| {
                    let label = |route: &Route| format!("{} {}", route.method(), route.pattern());
                    let earlier = routes.get(collision.with as usize).unwrap_or(&route);
                    AppError::Collision(label(earlier), label(&route))
                })?;
            routes.push(route);
        }
        Ok(Self {
            name: description.name.clone(),
            version: description.version.clone(),
            routes,
            router,
        })
    }

    /// The app's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The app's version.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The routes, in the order the component declares them.
    #[must_use]
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// Finds a request's route. The path is brought into normal form first, and
    /// `hit` reads what it needs of it.
    ///
    /// # Errors
    /// 404, or 405 with what the path does answer.
    pub fn find<'a, T>(
        &'a self,
        method: &str,
        path: &str,
        hit: impl FnOnce(Hit<'a, '_>) -> T,
    ) -> Result<T, Refusal> {
        let path = normalise(path);
        match self.router.find(method, &path) {
            Found::Route {
                route: index,
                values,
            } => {
                let route = self.routes.get(index as usize).ok_or(Refusal::NotFound)?;
                Ok(hit(Hit::Route {
                    index,
                    route,
                    values,
                }))
            }
            Found::Options { allow } => Ok(hit(Hit::Options { allow })),
            Found::Nothing => Err(Refusal::NotFound),
            Found::MethodNotAllowed { allow } => Err(Refusal::MethodNotAllowed {
                allow: allow.to_owned(),
            }),
        }
    }
}

/// What a request is for.
#[derive(Debug)]
pub enum Hit<'a, 'p> {
    /// A route.
    Route {
        /// Its index.
        index: u32,
        /// The route.
        route: &'a Route,
        /// The raw values of its path parameters.
        values: PathValues<'a, 'p>,
    },
    /// OPTIONS for a path whose routes do not declare it.
    Options {
        /// The value of `Allow`.
        allow: &'a str,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Method, RequestHead, RouteDescription};
    use serde_json::{Value, json};

    struct Head(&'static str, Vec<(&'static str, &'static [u8])>);

    impl RequestHead for Head {
        fn query(&self) -> &str {
            self.0
        }
        fn header(&self, name: &str, each: &mut dyn FnMut(&[u8])) {
            self.1
                .iter()
                .filter(|(known, _)| *known == name)
                .for_each(|(_, value)| each(value));
        }
    }

    fn app(routes: Vec<RouteDescription>) -> Result<App, AppError> {
        let description = Description {
            name: "test".into(),
            routes,
            ..Description::default()
        };
        App::new(&description, &Defaults::default())
    }

    fn route(path: &str, parameters: Value) -> RouteDescription {
        let parameters = parameters.to_string();
        RouteDescription {
            parameters,
            ..RouteDescription::new(Method::Get, path)
        }
    }

    fn params(app: &App, path: &str, head: &Head) -> Result<Value, Refusal> {
        let text = app.find("GET", path, |hit| match hit {
            Hit::Route { route, values, .. } => route.read_params(&values, head),
            Hit::Options { .. } => panic!("{path} is no route"),
        })??;
        Ok(if text.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text).unwrap()
        })
    }

    #[test]
    fn reads_parameters_from_everywhere() {
        let app = app(vec![route(
            "/a/{id}/{name}",
            json!([
                {"name": "id", "in": "path", "schema": {"type": "integer"}},
                {"name": "q", "in": "query", "schema": {"type": "array", "items": {"type": "number"}}},
                {"name": "page", "in": "query", "schema": {"type": "integer", "default": 1}},
                {"name": "off", "in": "query", "schema": {"type": "boolean"}},
                {"name": "X-Api-Key", "in": "header", "key": "api_key", "required": true},
                {"name": "sid", "in": "cookie", "schema": {"type": "string", "minLength": 2}}
            ]),
        )])
        .unwrap();
        let head = Head(
            "q=1&x=y&q=2.5&off=no",
            vec![("x-api-key", b"k"), ("cookie", b"a=b; sid=%61%62")],
        );
        assert_eq!(
            params(&app, "/a/7/a%2Fb", &head),
            Ok(
                json!({"id": 7, "name": "a/b", "q": [1, 2.5], "page": 1, "off": false,
                "api_key": "k", "sid": "ab"})
            )
        );
        let last = params(
            &app,
            "/a/7/b",
            &Head("page=x&page=2", vec![("x-api-key", b"k")]),
        );
        assert_eq!(last.unwrap()["page"], 2);
        let bad = Head("q=x&off=maybe", vec![("cookie", b"sid=a")]);
        let Err(Refusal::Invalid(errors)) = params(&app, "/a/b/c", &bad) else {
            panic!()
        };
        let errors: Vec<_> = errors
            .iter()
            .map(|e| (e.kind, format!("{:?}", e.loc)))
            .collect();
        let kinds: Vec<_> = errors.iter().map(|(kind, _)| *kind).collect();
        assert_eq!(
            kinds,
            [
                "int_parsing",
                "float_parsing",
                "bool_parsing",
                "missing",
                "string_too_short"
            ]
        );
    }

    #[test]
    fn text_that_is_not_utf8_is_a_bad_request() {
        let app = app(vec![route("/{a}", json!([{"name": "q", "in": "query"}]))]).unwrap();
        let status = |path, query| {
            params(&app, path, &Head(query, vec![]))
                .unwrap_err()
                .status()
        };
        assert_eq!(status("/%ff", ""), 400);
        assert_eq!(status("/x", "q=%ff"), 400);
    }

    #[test]
    fn says_which_route_is_wrong() {
        let error = |routes| app(routes).unwrap_err().to_string();
        assert_eq!(
            error(vec![
                route("/a/{x}", json!([])),
                route("/b", json!([])),
                route("/a/{y}", json!([]))
            ]),
            "routes `GET /a/{x}` and `GET /a/{y}` match the same requests: remove one or change its path"
        );
        assert!(
            error(vec![route("/a{x}", json!([]))])
                .starts_with("route `GET /a{x}` cannot be served: its path does not parse")
        );
        assert!(error(vec![]).contains("declares no route"));
        let twice = json!([{"name": "x", "in": "query"}]);
        assert!(error(vec![route("/{x}", twice)]).contains("two parameters are called `x`"));
        let stray = json!([{"name": "x", "in": "path"}]);
        assert!(error(vec![route("/", stray)]).contains("not in the path"));
        let schema = json!([{"name": "x", "in": "query", "schema": {"type": "strin"}}]);
        assert!(error(vec![route("/", schema)]).contains("the schema of parameter `x` is wrong"));
    }

    #[test]
    fn limits_come_from_the_route_then_the_app() {
        let mut described = route("/", json!([]));
        described.settings = r#"{"timeout_ms": 5}"#.to_owned();
        let description = Description {
            settings: r#"{"timeout_ms": 9, "body_limit": 7}"#.to_owned(),
            routes: vec![described.clone()],
            ..Description::default()
        };
        let app = App::new(&description, &Defaults::default()).unwrap();
        assert_eq!(app.routes()[0].timeout().as_millis(), 5);
        assert_eq!(app.routes()[0].body_limit(), 7);
        described.settings = r#"{"rate_limit": 5}"#.to_owned();
        let error = super::tests::app(vec![described]).unwrap_err().to_string();
        assert!(error.contains("unknown field `rate_limit`"), "{error}");
    }
}
