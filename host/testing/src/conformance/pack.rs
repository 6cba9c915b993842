//! Packs fixtures into few apps.
//!
//! Fixtures that could match each other's requests go to different apps, as do fixtures
//! with different settings of the app.

use serde_json::{Value, json};

use super::case::{Case, Claim};

/// The fixtures that one host serves.
#[derive(Debug, Default)]
pub(crate) struct App {
    /// The indexes of the fixtures.
    pub(crate) cases: Vec<usize>,
}

/// Packs each fixture into the first app that fits it. `room` is the maximum size of a
/// script, in bytes.
#[must_use]
pub(crate) fn pack(cases: &[(usize, Case)], room: usize) -> Vec<App> {
    let mut apps: Vec<(App, Vec<&Case>, usize)> = Vec::new();
    for (index, case) in cases {
        let size = size(case);
        let fits = |(_, others, used): &&mut (App, Vec<&Case>, usize)| {
            used.saturating_add(size) <= room && others.iter().all(|other| agree(case, other))
        };
        match apps.iter_mut().find(fits) {
            Some((app, others, used)) => {
                app.cases.push(*index);
                others.push(case);
                *used += size;
            }
            None => {
                let app = App {
                    cases: vec![*index],
                };
                apps.push((app, vec![case], size));
            }
        }
    }
    apps.into_iter().map(|(app, _, _)| app).collect()
}

fn size(case: &Case) -> usize {
    let length = |value: &Value| value.to_string().len();
    case.routes
        .iter()
        .map(|route| length(route) + 1)
        .sum::<usize>()
        + length(&json!(case.app))
        + 256
}

fn agree(one: &Case, other: &Case) -> bool {
    let settings = one.app.iter().all(|(name, value)| {
        let mut same = other.app.get(name).into_iter();
        same.all(|known| known == value)
    });
    let version = one.version.is_none() || other.version.is_none() || one.version == other.version;
    let pairs = one
        .claims
        .iter()
        .flat_map(|a| other.claims.iter().map(move |b| (a, b)));
    settings && version && !pairs.into_iter().any(|(a, b)| collide(a, b))
}

fn collide(one: &Claim, other: &Claim) -> bool {
    // A GET route also responds to HEAD.
    let name = |claim: &Claim| claim.method.clone().map(|name| name.replace("HEAD", "GET"));
    one.pattern.meets(&other.pattern)
        && (one.pattern != other.pattern
            || one.method.is_none()
            || other.method.is_none()
            || name(one) == name(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(method: &str, route: &str, extra: Value) -> (usize, Case) {
        let mut http = json!({
            "handler": {"route": route, "method": method},
            "request": {"method": method, "path": route},
            "expected_response": {"status_code": 200}
        });
        for (name, value) in extra.as_object().into_iter().flatten() {
            http["handler"][name] = value.clone();
        }
        let fixture = serde_json::from_value(http).expect("a fixture");
        (0, Case::new(route, route, &fixture).expect("a case"))
    }

    fn packed(cases: Vec<(usize, Case)>) -> Vec<Vec<usize>> {
        let cases: Vec<_> = cases
            .into_iter()
            .enumerate()
            .map(|(index, (_, case))| (index, case))
            .collect();
        let apps = pack(&cases, 1 << 20);
        apps.into_iter().map(|app| app.cases).collect()
    }

    #[test]
    fn routes_that_collide_go_apart() {
        let none = || json!({});
        let cases = vec![
            case("GET", "/a", none()),
            case("GET", "/a", none()),
            case("POST", "/a", none()),
            case("GET", "/{id}", none()),
            case("GET", "/b/c", none()),
            case("HEAD", "/b/c", none()),
        ];
        assert_eq!(packed(cases), [vec![0, 2, 4], vec![1, 5], vec![3]]);
    }

    #[test]
    fn apps_have_one_value_of_a_setting() {
        let openapi = |title: &str| json!({"middleware": {"openapi": {"title": title}}});
        let cases = vec![
            case("GET", "/a", openapi("A")),
            case("GET", "/b", openapi("B")),
            case("GET", "/c", openapi("A")),
            case("GET", "/d", json!({})),
        ];
        assert_eq!(packed(cases), [vec![0, 2, 3], vec![1]]);
    }

    #[test]
    fn an_app_has_only_so_much_room() {
        let cases: Vec<_> = (0..4)
            .map(|at| (at, case("GET", &format!("/{at}"), json!({})).1))
            .collect();
        let room = size(&cases[0].1) * 2;
        let apps = pack(&cases, room);
        assert_eq!(apps.len(), 2);
    }
}
