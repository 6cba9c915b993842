//! The bodies and parameters of the workloads. The types of `/validated` bodies reject unknown
//! members. A `Number` keeps its form: `42.0` stays `42.0` and `0` stays `0`.

use serde::{Deserialize, Serialize};
use serde_json::Number;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Small {
    name: String,
    description: String,
    price: Number,
    tax: Number,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Image {
    url: String,
    name: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Medium {
    name: String,
    price: Number,
    image: Image,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Country {
    name: String,
    code: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Address {
    street: String,
    city: String,
    country: Country,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seller {
    name: String,
    address: Address,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Large {
    name: String,
    price: Number,
    seller: Seller,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VeryLarge {
    name: String,
    tags: Vec<String>,
    images: Vec<Image>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SimpleForm {
    name: String,
    email: Email,
    age: i64,
    subscribe: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ComplexForm {
    username: String,
    password: String,
    email: Email,
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

/// Defines string types that are validated when they are deserialized.
macro_rules! checked {
    ($(#[$doc:meta])* $name:ident, $check:expr) => {
        $(#[$doc])*
        #[derive(Serialize, Deserialize)]
        #[serde(try_from = "String")]
        pub(crate) struct $name(String);

        impl TryFrom<String> for $name {
            type Error = &'static str;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                let check: fn(&str) -> bool = $check;
                if check(&text) { Ok(Self(text)) } else { Err(concat!("not a ", stringify!($name))) }
            }
        }
    };
}

fn digits(text: &str, lengths: &[usize], hex: bool) -> bool {
    let fits = |part: &str, length: usize| {
        let digit = |byte: u8| {
            if hex {
                byte.is_ascii_hexdigit()
            } else {
                byte.is_ascii_digit()
            }
        };
        part.len() == length && part.bytes().all(digit)
    };
    let parts: Vec<&str> = text.split('-').collect();
    parts.len() == lengths.len()
        && parts
            .iter()
            .zip(lengths)
            .all(|(part, length)| fits(part, *length))
}

checked!(
    /// A slug in a path.
    Name,
    |text| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        !text.is_empty() && text.len() <= 255 && text.bytes().all(plain)
    }
);
checked!(
    /// A UUID.
    Uuid,
    |text| digits(text, &[8, 4, 4, 4, 12], true)
);
checked!(
    /// A date.
    Date,
    |text| digits(text, &[4, 2, 2], false)
);
checked!(
    /// An email address.
    Email,
    |text| text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
);

#[derive(Serialize, Deserialize)]
pub(crate) struct Simple<T> {
    id: T,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Multiple<T> {
    user_id: T,
    post_id: T,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Deep<T> {
    org: T,
    team: T,
    project: T,
    resource: T,
    id: T,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Few {
    q: String,
    page: i64,
    limit: i64,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Search {
    search: String,
    category: String,
    sort: String,
    order: String,
    page: i64,
    limit: i64,
    filter: String,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Many {
    q: String,
    page: i64,
    limit: i64,
    sort: String,
    order: String,
    category: String,
    subcategory: String,
    brand: String,
    min_price: f64,
    max_price: f64,
    rating: i64,
    in_stock: bool,
    on_sale: bool,
    color: String,
    size: String,
    material: String,
}
