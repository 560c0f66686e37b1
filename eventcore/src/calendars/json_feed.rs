//! Feeds as JSON Feed, version 1.1.

use serde_json::{Map, Value, json};

use super::syndication::{FeedItem, FeedLinks};

/// The beginning, up to the first item.
pub(super) fn head(name: &str, links: &FeedLinks) -> String {
    let fields = [
        ("version", "https://jsonfeed.org/version/1.1"),
        ("title", name),
        ("home_page_url", &links.base),
        ("feed_url", &links.address),
    ];
    let fields: Vec<String> =
        fields.iter().map(|(name, value)| format!("{}:{}", json!(name), json!(value))).collect();
    format!("{{{},\"items\":[\n", fields.join(","))
}

/// Items, separated from each other and, unless they are the first, from those before them.
pub(super) fn items(items: &[FeedItem], base: &str, are_first: bool) -> String {
    if items.is_empty() {
        return String::new();
    }
    let texts: Vec<String> = items.iter().map(|one| item(one, base).to_string()).collect();
    format!("{}{}", if are_first { "" } else { ",\n" }, texts.join(",\n"))
}

fn item(item: &FeedItem, base: &str) -> Value {
    let mut object = Map::new();
    let fields = [
        ("id", json!(item.id)),
        ("title", json!(item.title)),
        ("summary", json!(item.summary)),
        ("content_html", json!(item.html)),
        ("date_published", json!(item.published_at.to_string())),
        ("date_modified", json!(item.updated_at.to_string())),
        ("authors", json!([{"name": item.organizer}])),
        ("tags", json!(item.labels)),
    ];
    for (name, value) in fields {
        object.insert(name.to_owned(), value);
    }
    if let Some(page) = &item.page {
        object.insert("url".to_owned(), json!(format!("{base}{page}")));
    }
    if let Some(url) = &item.url {
        object.insert("external_url".to_owned(), json!(url));
    }
    Value::Object(object)
}

pub(super) const END: &str = "\n]}\n";
