//! Finds the route of a request, by path first and then by method.
//!
//! The precedence of each segment, from left to right, is literal text, then `{param}`,
//! then `{*rest}`. The order of declaration does not matter: two routes that match the
//! same requests are a load-time error. The crate `matchit` implements the tree.

use std::collections::HashMap;

use crate::{Method, PathPattern};

/// A tree of path patterns.
#[derive(Debug, Default)]
pub(crate) struct Router {
    tree: matchit::Router<usize>,
    endpoints: Vec<Endpoint>,
    by_canonical: HashMap<String, usize>,
}

/// The routes of one path, by method.
#[derive(Debug)]
struct Endpoint {
    routes: [Option<u32>; Method::ALL.len()],
    allow: String,
}

/// The result of a lookup.
#[derive(Debug)]
pub(crate) enum RouteMatch<'r, 'p> {
    /// A route, with the raw values of its path parameters.
    Route {
        /// The route's index.
        route: u32,
        /// The values, from left to right, still percent-encoded.
        values: PathValues<'r, 'p>,
    },
    /// An OPTIONS request for a path that has no OPTIONS route.
    Options {
        /// The value of `Allow`.
        allow: &'r str,
    },
    /// No route of the path has the method.
    MethodNotAllowed {
        /// The value of `Allow`.
        allow: &'r str,
    },
    /// No route has the path.
    NotFound,
}

/// The raw values of a matched path's parameters. They come from the path as sent, because
/// normalization would turn an escaped delimiter into a real one.
#[derive(Debug)]
pub struct PathValues<'r, 'p> {
    params: matchit::Params<'r, 'p>,
    normal: &'p str,
    raw: &'p str,
}

impl<'p> PathValues<'_, 'p> {
    /// Iterates over the values, from left to right, still percent-encoded.
    pub fn iter(&self) -> impl Iterator<Item = &'p str> + '_ {
        self.params.iter().map(|(_, value)| self.raw_of(value))
    }

    /// Returns the segments of the raw path for a value of the normalized path. Both paths
    /// have the same slashes.
    fn raw_of(&self, value: &'p str) -> &'p str {
        if std::ptr::eq(self.normal, self.raw) {
            return value;
        }
        // The value is a slice of the normalized path, so the difference is its offset.
        let start = value.as_ptr().addr() - self.normal.as_ptr().addr();
        let slashes = self.normal[..start].matches('/').count();
        let rest = self.raw.splitn(slashes + 1, '/').last().unwrap_or_default();
        if start + value.len() == self.normal.len() {
            return rest;
        }
        rest.split_once('/').map_or(rest, |(segment, _)| segment)
    }

    /// Copies the values out of the path.
    #[must_use]
    pub fn to_raw(&self) -> RawPath {
        let mut raw = RawPath::default();
        for value in self.iter() {
            if raw.count != 0 {
                raw.text.push('/');
            }
            raw.text.push_str(value);
            raw.count += 1;
        }
        raw
    }
}

/// An owned copy of the raw path values, kept until the host reads the parameters. A path
/// without parameters does not allocate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawPath {
    /// The values, separated by slashes. Only the last value can contain slashes.
    text: String,
    count: usize,
}

impl RawPath {
    /// Iterates over the values, from left to right, still percent-encoded.
    pub fn iter(&self) -> impl Iterator<Item = &str> + '_ {
        self.text.splitn(self.count, '/')
    }
}

/// A route that matches the same requests as an earlier one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Collision {
    /// The index of the earlier route.
    pub(crate) with: u32,
}

impl Router {
    /// Adds a route.
    pub(crate) fn insert(
        &mut self,
        method: Method,
        pattern: &PathPattern,
        route: u32,
    ) -> Result<(), Collision> {
        let index = match self.by_canonical.get(pattern.canonical()) {
            Some(index) => *index,
            None => {
                let index = self.endpoints.len();
                self.tree
                    .insert(pattern.canonical(), index)
                    .map_err(|error| self.collision(&error))?;
                self.by_canonical
                    .insert(pattern.canonical().to_owned(), index);
                self.endpoints.push(Endpoint {
                    routes: [None; Method::ALL.len()],
                    allow: String::new(),
                });
                index
            }
        };
        let endpoint = &mut self.endpoints[index];
        let slot = &mut endpoint.routes[method as usize];
        if let Some(with) = *slot {
            return Err(Collision { with });
        }
        *slot = Some(route);
        endpoint.allow = endpoint.allowed();
        Ok(())
    }

    fn collision(&self, error: &matchit::InsertError) -> Collision {
        let earlier = match error {
            matchit::InsertError::Conflict { with } => self.by_canonical.get(with),
            _ => None,
        };
        let with = earlier.and_then(|index| self.endpoints[*index].routes.iter().flatten().next());
        Collision {
            with: with.copied().unwrap_or(0),
        }
    }

    /// Returns the route of a normalized path for a method, and the path's `Allow` value.
    pub(crate) fn about(&self, method: &str, path: &str) -> Option<(Option<u32>, &str)> {
        let matched = self.tree.at(path).ok()?;
        let endpoint = &self.endpoints[*matched.value];
        let route = Method::parse(method).and_then(|method| endpoint.route(method));
        Some((route, &endpoint.allow))
    }

    /// Finds the route for a method and a path. `normal`: the normal form of `raw`.
    pub(crate) fn find<'r, 'p>(
        &'r self,
        method: &str,
        normal: &'p str,
        raw: &'p str,
    ) -> RouteMatch<'r, 'p> {
        let Ok(matched) = self.tree.at(normal) else {
            return RouteMatch::NotFound;
        };
        let endpoint = &self.endpoints[*matched.value];
        let method = Method::parse(method);
        match method.and_then(|method| endpoint.route(method)) {
            Some(route) => RouteMatch::Route {
                route,
                values: PathValues {
                    params: matched.params,
                    normal,
                    raw,
                },
            },
            None if method == Some(Method::Options) => RouteMatch::Options {
                allow: &endpoint.allow,
            },
            None => RouteMatch::MethodNotAllowed {
                allow: &endpoint.allow,
            },
        }
    }
}

impl Endpoint {
    fn get(&self, method: Method) -> Option<u32> {
        self.routes[method as usize]
    }

    /// Returns the route for a method. A GET route also handles HEAD.
    fn route(&self, method: Method) -> Option<u32> {
        match method {
            Method::Head => self.get(method).or(self.get(Method::Get)),
            _ => self.get(method),
        }
    }

    fn allowed(&self) -> String {
        let answers = |method| method == Method::Options || self.route(method).is_some();
        let names: Vec<_> = Method::ALL
            .into_iter()
            .filter(|method| answers(*method))
            .map(Method::as_str)
            .collect();
        names.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::normalize;
    use proptest::prelude::*;

    fn router(routes: &[(Method, &str)]) -> Result<Router, Collision> {
        let mut router = Router::default();
        for (index, (method, path)) in routes.iter().enumerate() {
            let pattern = PathPattern::parse(path).unwrap();
            router.insert(*method, &pattern, index as u32)?;
        }
        Ok(router)
    }

    fn at(router: &Router, method: &str, path: &str) -> Option<(u32, Vec<String>)> {
        match router.find(method, path, path) {
            RouteMatch::Route { route, values } => {
                Some((route, values.iter().map(str::to_owned).collect()))
            }
            _ => None,
        }
    }

    #[test]
    fn raw_values_outlast_the_path() {
        let router = router(&[(Method::Get, "/a/{x}/{*rest}"), (Method::Get, "/b")]).unwrap();
        let raw = |path: &str| match router.find("GET", &normalize(path), path) {
            RouteMatch::Route { values, .. } => values.to_raw(),
            other => panic!("{other:?}"),
        };
        let values = raw("/a/1%2F2/b//c/");
        assert_eq!(values.iter().collect::<Vec<_>>(), ["1%2F2", "b//c/"]);
        let values = raw("/%61/1%2C2%4/%62//é%2Ec/");
        assert_eq!(
            values.iter().collect::<Vec<_>>(),
            ["1%2C2%4", "%62//é%2Ec/"]
        );
        let values = raw("/a/%3b/é");
        assert_eq!(values.iter().collect::<Vec<_>>(), ["%3b", "é"]);
        assert_eq!(raw("/b").iter().count(), 0);
    }

    #[test]
    fn literal_before_parameter_before_rest() {
        let router = router(&[
            (Method::Get, "/{*rest}"),
            (Method::Get, "/users/{id}"),
            (Method::Get, "/users/me"),
            (Method::Get, "/users/{id}/posts"),
            (Method::Delete, "/users/{user_id}"),
        ])
        .unwrap();
        assert_eq!(at(&router, "GET", "/users/me"), Some((2, vec![])));
        assert_eq!(at(&router, "GET", "/users/7"), Some((1, vec!["7".into()])));
        assert_eq!(
            at(&router, "GET", "/users/me/posts"),
            Some((3, vec!["me".into()]))
        );
        assert_eq!(at(&router, "GET", "/a/b"), Some((0, vec!["a/b".into()])));
        assert_eq!(
            at(&router, "DELETE", "/users/7"),
            Some((4, vec!["7".into()]))
        );
    }

    #[test]
    fn head_options_and_other_methods() {
        let router = router(&[(Method::Get, "/a"), (Method::Post, "/a")]).unwrap();
        assert_eq!(at(&router, "HEAD", "/a"), Some((0, vec![])));
        assert!(
            matches!(router.find("OPTIONS", "/a", "/a"), RouteMatch::Options { allow } if allow == "GET, HEAD, POST, OPTIONS")
        );
        assert!(matches!(
            router.find("PUT", "/a", "/a"),
            RouteMatch::MethodNotAllowed { .. }
        ));
        assert!(matches!(
            router.find("BREW", "/a", "/a"),
            RouteMatch::MethodNotAllowed { .. }
        ));
        assert!(matches!(
            router.find("GET", "/b", "/b"),
            RouteMatch::NotFound
        ));
    }

    /// A reference implementation of the documented rules for one route: matches a pattern,
    /// and returns its values and the rank of each segment (literal, parameter, rest).
    fn matches(pattern: &str, path: &str) -> Option<(Vec<u8>, Vec<String>)> {
        let (mut ranks, mut values) = (Vec::new(), Vec::new());
        let mut rest = Some(path.strip_prefix('/')?);
        for wanted in pattern.strip_prefix('/')?.split('/') {
            let left = rest?;
            if wanted.starts_with("{*") {
                ranks.push(2);
                values.push(left.to_owned());
                return (!left.is_empty()).then_some((ranks, values));
            }
            let (segment, after) = match left.split_once('/') {
                Some((segment, after)) => (segment, Some(after)),
                None => (left, None),
            };
            rest = after;
            if wanted.starts_with('{') {
                ranks.push(1);
                values.push(segment.to_owned());
                (!segment.is_empty()).then_some(())?;
            } else {
                ranks.push(0);
                (wanted == segment).then_some(())?;
            }
        }
        rest.is_none().then_some((ranks, values))
    }

    fn pattern() -> impl Strategy<Value = String> {
        let segment = prop_oneof![Just("a"), Just("b"), Just("ab"), Just("{}"), Just("{}")];
        let rest = prop_oneof![Just(""), Just(""), Just("/"), Just("/{*}")];
        (prop::collection::vec(segment, 0..4), rest).prop_map(|(segments, rest)| {
            let mut path = String::new();
            for (at, segment) in segments.iter().enumerate() {
                path += &format!("/{}", segment.replace("{}", &format!("{{p{at}}}")));
            }
            path += &rest.replace("{*}", "{*rest}");
            if path.is_empty() {
                "/".to_owned()
            } else {
                path
            }
        })
    }

    proptest! {
        #[test]
        fn finds_what_the_documentation_says(patterns in prop::collection::vec(pattern(), 1..8),
            paths in prop::collection::vec("(/(a|b|ab|c|)){1,5}", 1..8)) {
            let mut router = Router::default();
            let mut known = Vec::new();
            for pattern in patterns {
                let parsed = PathPattern::parse(&pattern).unwrap();
                if router.insert(Method::Get, &parsed, known.len() as u32).is_ok() {
                    known.push(pattern);
                }
            }
            for path in paths {
                let fitting = known.iter().enumerate();
                let fitting = fitting.filter_map(|(at, p)| Some((at, matches(p, &path)?)));
                let best = fitting.min_by(|(_, a), (_, b)| a.0.cmp(&b.0));
                let best = best.map(|(at, (_, values))| (at as u32, values));
                prop_assert_eq!(at(&router, "GET", &path), best, "{} {:?}", path, known);
            }
        }
    }

    #[test]
    fn collisions_name_the_earlier_route() {
        let twice = router(&[
            (Method::Get, "/x"),
            (Method::Get, "/a/{b}"),
            (Method::Get, "/a/{c}"),
        ]);
        assert_eq!(twice.unwrap_err(), Collision { with: 1 });
    }
}
