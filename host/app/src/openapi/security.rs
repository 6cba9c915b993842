//! Security requirements and schemes, from the policies `jwt` and `api_key`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::policies::Policies;

/// Returns the Security Requirement Objects of a route, any of which is sufficient. Adds
/// the security schemes that they name.
pub(super) fn requirements(
    policies: &Policies,
    schemes: &mut BTreeMap<String, Value>,
) -> Vec<Value> {
    let mut needed: Vec<Vec<String>> = vec![Vec::new()];
    if policies.has("jwt") {
        let bearer = json!({"type": "http", "scheme": "bearer", "bearerFormat": "JWT"});
        let name = name_of("bearerAuth", bearer, schemes);
        needed[0].push(name);
    }
    if let Some(policy) = policies.get("api_key") {
        let places = places(policy).into_iter().map(|(place, key)| {
            let name = match place {
                "header" => "apiKey",
                "query" => "apiKeyInQuery",
                _ => "apiKeyInCookie",
            };
            name_of(
                name,
                json!({"type": "apiKey", "in": place, "name": key}),
                schemes,
            )
        });
        let both = |name: String| needed[0].iter().cloned().chain([name]).collect();
        needed = places.map(both).collect();
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

/// Where an API key may stand, and its name there: by default as the policy has it.
fn places(policy: &Value) -> Vec<(&'static str, String)> {
    let text = |place: &'static str, default: Option<&str>| match policy.get(place) {
        None => default.map(|name| (place, name.to_owned())),
        Some(name) => name.as_str().map(|name| (place, name.to_owned())),
    };
    let declared = [
        text("header", Some("x-api-key")),
        text("query", Some("api_key")),
        text("cookie", None),
    ];
    declared.into_iter().flatten().collect()
}

/// Adds a scheme and returns its name, with a number if a different scheme has the name.
fn name_of(base: &str, scheme: Value, schemes: &mut BTreeMap<String, Value>) -> String {
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

    fn of(app: Value, route: &str) -> (Vec<Value>, BTreeMap<String, Value>) {
        let policies = Policies::of_app(&app.to_string())
            .unwrap()
            .under(route)
            .unwrap();
        let mut schemes = BTreeMap::new();
        (requirements(&policies, &mut schemes), schemes)
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
            let policies =
                json!({"api_key": {"keys": ["k"], "header": header, "query": null}}).to_string();
            let policies = Policies::of_app(&policies).unwrap();
            let needed = requirements(&policies, &mut schemes);
            assert_eq!(needed, [json!({ expected: [] })]);
        }
    }
}
