//! Helpers of the fuzz targets.

use serde_json::Value;
use spikard_wasm_app::{
    App, Defaults, Description, Hit, Method, Refusal, RequestHead, RouteDescription,
};

/// Creates an app with one route.
///
/// # Panics
/// The description is invalid.
#[must_use]
pub fn app(method: Method, path: &str, parameters: &Value, body: &str) -> App {
    let description = Description {
        name: "fuzz".to_owned(),
        routes: vec![RouteDescription {
            parameters: parameters.to_string(),
            body: body.to_owned(),
            ..RouteDescription::new(method, path)
        }],
        ..Description::default()
    };
    App::new(&description, &Defaults::default()).expect("the app is right")
}

/// The head of a request.
pub struct Head<'a> {
    /// The query.
    pub query: &'a str,
    /// The value of every header.
    pub header: &'a [u8],
}

impl RequestHead for Head<'_> {
    fn query(&self) -> &str {
        self.query
    }

    fn header(&self, _: &str, each: &mut dyn FnMut(&[u8])) {
        each(self.header);
    }
}

/// Reads the parameters of the route at a path, and checks the result.
///
/// # Panics
/// The parameters are not a JSON object, or the refusal is not a valid problem document.
pub fn check_params(app: &App, path: &str, head: &Head<'_>) {
    let read = app.find("GET", path, |hit| match hit {
        Hit::Route { route, values, .. } => route.read_params(&values.to_raw(), head),
        Hit::Options { .. } | Hit::Redirect { .. } => Ok("{}".to_owned()),
    });
    match read {
        // A route without parameters yields an empty text.
        Ok(Ok(text)) if text.is_empty() => {
            assert!(
                app.routes()
                    .iter()
                    .any(|route| route.parameters().is_empty())
            );
        }
        Ok(Ok(text)) => {
            let value: Value = serde_json::from_str(&text).expect("parameters are JSON");
            assert!(value.is_object());
        }
        Ok(Err(refusal)) | Err(refusal) => check_refusal(refusal),
    }
}

/// Checks that a refusal becomes a problem document of bounded size.
///
/// # Panics
/// The document is invalid or too large.
pub fn check_refusal(refusal: Refusal) {
    let status = refusal.status();
    let text = refusal.into_problem().to_json();
    let document: Value = serde_json::from_str(&text).expect("a problem is JSON");
    assert_eq!(document["status"], status);
    assert!(text.len() < 1 << 20, "{} bytes", text.len());
}
