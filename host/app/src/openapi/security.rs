//! Security requirements and schemes, from the policies `jwt` and `api_key` and from the app's
//! own declarations.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::location::Location;
use crate::route_settings::RouteSettings;

/// Returns the Security Requirement Objects of a route, any of which is sufficient. Adds
/// the security schemes that they name.
///
/// # Errors
/// A requirement names a scheme that the app does not declare.
pub(super) fn requirements(
    settings: RouteSettings<'_>,
    schemes: &mut BTreeMap<String, Value>,
) -> Result<Vec<Value>, String> {
    let mut needed = vec![Map::new()];
    for (name, scheme) in settings.security_schemes().into_iter().flatten() {
        schemes.insert(name.clone(), scheme.clone());
    }
    let is_optional = settings.jwt().is_some_and(|policy| policy.is_optional());
    if let Some(policy) = settings.jwt() {
        let name = add_scheme("bearerAuth", policy.security_scheme(), schemes);
        needed[0].insert(name, json!([]));
    }
    if let Some(policy) = settings.api_key() {
        let carriers = policy.carriers().map(|(location, field)| {
            let (name, location) = match location {
                Location::Query => ("apiKeyInQuery", "query"),
                Location::Cookie => ("apiKeyInCookie", "cookie"),
                _ => ("apiKey", "header"),
            };
            let scheme = json!({"type": "apiKey", "in": location, "name": field});
            let name = add_scheme(name, scheme, schemes);
            Map::from_iter([(name, json!([]))])
        });
        needed = both(&needed, &carriers.collect::<Vec<_>>());
    }
    if is_optional {
        let without = needed.iter().map(|one| {
            let others = one
                .iter()
                .filter(|(name, _)| !name.starts_with("bearerAuth"));
            others
                .map(|(name, scopes)| (name.clone(), scopes.clone()))
                .collect()
        });
        let without: Vec<_> = without.collect();
        needed.extend(without);
    }
    let declared = settings.security();
    for name in declared.iter().flat_map(BTreeMap::keys) {
        if !settings
            .security_schemes()
            .is_some_and(|all| all.contains_key(name))
        {
            return Err(format!(
                "its `security` names the scheme `{name}`, which the app does not declare; add it to `openapi.security_schemes`"
            ));
        }
    }
    if !declared.is_empty() {
        let own = declared.iter().map(|requirement| {
            let all = requirement.iter();
            all.map(|(name, scopes)| (name.clone(), json!(scopes)))
                .collect()
        });
        needed = both(&needed, &own.collect::<Vec<_>>());
    }
    match needed.iter().all(Map::is_empty) {
        true => Ok(Vec::new()),
        false => Ok(needed.into_iter().map(Value::Object).collect()),
    }
}

/// Returns all combinations of two lists of alternatives.
fn both(one: &[Map<String, Value>], other: &[Map<String, Value>]) -> Vec<Map<String, Value>> {
    let pairs = one
        .iter()
        .flat_map(|one| other.iter().map(move |other| (one, other)));
    pairs
        .map(|(one, other)| one.clone().into_iter().chain(other.clone()).collect())
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
        (needed.expect("requirements"), schemes)
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
            assert_eq!(needed.unwrap(), [json!({ expected: [] })]);
        }
    }

    #[test]
    fn an_optional_token_is_an_alternative() {
        let app = json!({"jwt": {"algorithms": ["HS256"], "optional": true, "scheme": "Token"}});
        let (needed, schemes) = of(app, "");
        assert_eq!(needed, [json!({"bearerAuth": []}), json!({})]);
        assert_eq!(schemes["bearerAuth"]["scheme"], "token");
    }

    #[test]
    fn the_app_declares_what_its_hooks_check() {
        let app = json!({
            "openapi": {"security_schemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "sid"},
                "login": {"type": "http", "scheme": "basic"},
            }},
            "security": [{"session": []}, {"login": []}],
        });
        let (needed, schemes) = of(app.clone(), "");
        assert_eq!(needed, [json!({"session": []}), json!({"login": []})]);
        assert_eq!(schemes.len(), 2);
        let (needed, _) = of(app.clone(), r#"{"security": []}"#);
        assert!(needed.is_empty());
        let (needed, _) = of(
            app.clone(),
            r#"{"security": [{}], "api_key": {"keys": ["k"], "query": null}}"#,
        );
        assert_eq!(needed, [json!({"apiKey": []})]);
        let app = Settings::parse(&app.to_string()).unwrap();
        let own = Settings::parse(r#"{"security": [{"other": []}]}"#).unwrap();
        let error = requirements(RouteSettings::new(&app, &own), &mut BTreeMap::new());
        assert!(error.unwrap_err().contains("`other`"));
    }
}
