//! The bodies and parameters of the workloads. The types of `/validated` bodies reject unknown
//! members, like the schemas of the harness. A `Number` keeps its form: `42.0` stays `42.0` and
//! `0` stays `0`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Number;

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Small {
    name: String,
    description: String,
    price: Number,
    tax: Number,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Image {
    url: String,
    name: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Medium {
    name: String,
    price: Number,
    image: Image,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Country {
    name: String,
    code: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Address {
    street: String,
    city: String,
    country: Country,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seller {
    name: String,
    address: Address,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Large {
    name: String,
    price: Number,
    seller: Seller,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VeryLarge {
    name: String,
    tags: Vec<String>,
    images: Vec<Image>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SimpleForm {
    name: String,
    #[schemars(email)]
    email: String,
    age: i64,
    subscribe: bool,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ComplexForm {
    username: String,
    password: String,
    #[schemars(email)]
    email: String,
    first_name: String,
    last_name: String,
    age: i64,
    country: String,
    state: String,
    city: String,
    zip: String,
    phone: String,
    company: String,
    job_title: String,
    subscribe: bool,
    newsletter: bool,
    terms_accepted: bool,
    privacy_accepted: bool,
    marketing_consent: bool,
    two_factor_enabled: bool,
}

/// A slug in a path.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Name(
    #[schemars(length(min = 1, max = 255), regex(pattern = "^[a-zA-Z0-9_-]+$"))] String,
);

/// A UUID, validated by the host.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Uuid(#[schemars(extend("format" = "uuid"))] String);

/// A date, validated by the host.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Date(#[schemars(extend("format" = "date"))] String);

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Simple<T> {
    id: T,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Multiple<T> {
    user_id: T,
    post_id: T,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Deep<T> {
    org: T,
    team: T,
    project: T,
    resource: T,
    id: T,
}
