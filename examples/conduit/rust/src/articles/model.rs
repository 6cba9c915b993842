//! What requests and replies about articles contain.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::profiles::Profile;
use crate::text::Text;
use crate::timestamp::Timestamp;

pub type Title = Text<300>;
pub type Description = Text<2000>;
pub type Body = Text<500_000>;
pub type Tag = Text<100>;

/// A body or reply with the one member `article`.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct ArticleEnvelope<T> {
    pub article: T,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewArticle {
    pub title: Title,
    pub description: Description,
    pub body: Body,
    #[serde(default)]
    #[schemars(length(max = 50))]
    pub tag_list: Vec<Tag>,
}

/// Changes of an article. `with` excludes null.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ArticleChanges {
    #[serde(default)]
    #[schemars(with = "Title")]
    pub title: Option<Title>,
    #[serde(default)]
    #[schemars(with = "Description")]
    pub description: Option<Description>,
    #[serde(default)]
    #[schemars(with = "Body")]
    pub body: Option<Body>,
    #[serde(default)]
    #[schemars(with = "Vec<Tag>", length(max = 50))]
    pub tag_list: Option<Vec<Tag>>,
}

fn default_limit() -> i64 {
    20
}

/// A part of a list.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
pub struct Page {
    #[serde(default = "default_limit")]
    #[schemars(range(min = 1))]
    pub limit: i64,
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub offset: i64,
}

/// The parameters of a list.
#[derive(Deserialize, JsonSchema)]
pub struct ListQuery {
    #[serde(flatten)]
    pub filter: Filter,
    #[serde(flatten)]
    pub page: Page,
}

/// Conditions on articles, all of which must hold.
#[derive(Default, Deserialize, JsonSchema)]
pub struct Filter {
    pub tag: Option<String>,
    pub author: Option<String>,
    pub favorited: Option<String>,
    /// The user whose followed authors wrote the articles.
    #[serde(skip)]
    pub feed_of: Option<i64>,
}

/// An article of a list.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    pub slug: String,
    pub title: String,
    pub description: String,
    pub tag_list: Vec<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub favorited: bool,
    pub favorites_count: u64,
    pub author: Profile,
}

#[derive(Serialize, JsonSchema)]
pub struct Article {
    #[serde(flatten)]
    pub summary: Summary,
    pub body: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ArticleList {
    pub articles: Vec<Summary>,
    pub articles_count: u64,
}

/// A row of `article_details`, with what depends on the viewer.
#[derive(Deserialize)]
pub struct ArticleRow {
    pub id: i64,
    pub author_id: i64,
    pub slug: String,
    pub title: String,
    pub description: String,
    /// Only in the row of a whole article.
    #[serde(default)]
    pub body: String,
    pub tag_list: Vec<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub favorites_count: u64,
    pub favorited: bool,
    pub author_username: String,
    pub author_bio: Option<String>,
    pub author_image: Option<String>,
    pub following: bool,
}

impl From<ArticleRow> for Article {
    fn from(row: ArticleRow) -> Self {
        let author = Profile {
            username: row.author_username,
            bio: row.author_bio,
            image: row.author_image,
            following: row.following,
        };
        let summary = Summary {
            slug: row.slug,
            title: row.title,
            description: row.description,
            tag_list: row.tag_list,
            created_at: row.created_at,
            updated_at: row.updated_at,
            favorited: row.favorited,
            favorites_count: row.favorites_count,
            author,
        };
        Self {
            summary,
            body: row.body,
        }
    }
}
