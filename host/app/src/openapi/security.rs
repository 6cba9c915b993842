//! Security requirements and schemes, from the policies `jwt` and `api_key`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::location::Location;
use crate::route_settings::RouteSettings;

/// Returns the Security Requirement Objects of a route, any of which is sufficient. Adds
/// the security schemes that they name.
pub(super) fn requirements(
    settings: RouteSettings<'_>,
    schemes: &mut BTreeMap<String, Value>,
) -> Vec<Value> {
    let mut needed: Vec<Vec<String>> = vec![Vec::new()];
    if settings.jwt().is_some() {
        let bearer = json!({"type": "http", "scheme": "bearer", "bearerFormat": "JWT"});
        let name = add_scheme("bearerAuth", bearer, schemes);
        needed[0].push(name);
    }
    if let Some(policy) = settings.api_key() {
        let carriers = policy.carriers().map(|(location, field)| {
            let (name, location) = match location {
                Location::Query => ("apiKeyInQuery", "query"),
                Location::Cookie => ("apiKeyInCookie", "cookie"),
                _ => ("apiKey", "header"),
            };
            let scheme = json!({"type": "apiKey", "in": location, "name": field});
            add_scheme(name, scheme, schemes)
        });
        let both = |name: String| needed[0].iter().cloned().chain([name]).collect();
        needed = carriers.map(both).collect();
    }
    let requirement = |names: Vec<String>| {
        names
            .into_iter()
            .map(|name| (name, json!([])))
            .collect::<serde_json::Map<_, _>>()
    };
    let some = needed.into_iter().filter(|names| !names.is_empty());
    some.map(|names| Value::Object(requirement(names)))
        .collect()
}

/// Adds a scheme and returns its name, with a number if a different scheme has the name.
fn add_scheme(base: &str, scheme: Value, schemes: &mut BTreeMap<String, Value>) -> String {
    let mut name = base.to_owned();
    let mut number = 1;
    while schemes.get(&name).is_some_and(|other| *other != scheme) {
        number += 1;
        name = format!("{base}_{number}");
    }
    schemes.insert(name.clone(), scheme);
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    fn of(app: Value, route: &str) -> (Vec<Value>, BTreeMap<String, Value>) {
        let app = Settings::parse(&app.to_string()).expect("settings");
        let own = Settings::parse(route).expect("settings");
        let mut schemes = BTreeMap::new();
        let needed = requirements(RouteSettings::new(&app, &own), &mut schemes);
        (needed, schemes)
    }

    #[test]
    fn a_null_policy_is_inherited_as_the_host_enforces_it() {
        let app = json!({"api_key": {"keys": ["k"], "query": null}});
        let (needed, _) = of(app, r#"{"api_key": null}"#);
        assert_eq!(needed, [json!({"apiKey": []})]);
    }

    #[test]
    fn a_key_may_stand_in_several_places_and_a_token_is_needed_too() {
        let both =
            json!({"jwt": {"algorithms": ["HS256"]}, "api_key": {"keys": ["k"], "cookie": "key"}});
        let (needed, schemes) = of(both.clone(), "");
        assert_eq!(
            needed,
            [
                json!({"bearerAuth": [], "apiKey": []}),
                json!({"bearerAuth": [], "apiKeyInQuery": []}),
                json!({"bearerAuth": [], "apiKeyInCookie": []})
            ]
        );
        assert_eq!(schemes["apiKey"]["name"], "x-api-key");
        let (needed, _) = of(both.clone(), r#"{"jwt": false}"#);
        assert_eq!(needed.len(), 3);
        assert!(needed[0].get("bearerAuth").is_none());
        let (needed, schemes) = of(both, r#"{"jwt": false, "api_key": false}"#);
        assert!(needed.is_empty() && schemes.is_empty());
    }

    #[test]
    fn schemes_that_differ_have_names_that_differ() {
        let mut schemes = BTreeMap::new();
        for (header, expected) in [("a", "apiKey"), ("b", "apiKey_2"), ("a", "apiKey")] {
            let app = json!({"api_key": {"keys": ["k"], "header": header, "query": null}});
            let app = Settings::parse(&app.to_string()).unwrap();
            let none = Settings::default();
            let needed = requirements(RouteSettings::new(&app, &none), &mut schemes);
            assert_eq!(needed, [json!({ expected: [] })]);
        }
    }
}
