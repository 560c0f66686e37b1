//! Hosts and kinds of webhooks, as they are shown and typed.

use eventcore::webhooks::WebhookKind;

use crate::widgets::text::clean;

/// The host of a URL, with its port.
pub(super) fn host(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    clean(rest.split(['/', '?']).next().unwrap_or_default())
}

/// Kinds as they are typed: `all`, or words separated by commas, where `comment` is all of comments.
pub(super) fn kinds_text(kinds: &[WebhookKind]) -> String {
    if kinds.len() == WebhookKind::ALL.len() {
        return "all".to_owned();
    }
    let group = |kind: &WebhookKind| kind.as_str().split('.').next().unwrap_or_default();
    let mut words: Vec<&str> = Vec::new();
    for kind in kinds {
        let of = |all: &[WebhookKind]| all.iter().filter(|other| group(other) == group(kind)).count();
        let word = if of(kinds) == of(WebhookKind::ALL) { group(kind) } else { kind.as_str() };
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words.join(", ")
}

/// Reads kinds: `all`, or words separated by commas or spaces, where `comment` is all of comments.
///
/// # Errors
/// What would be understood.
pub(super) fn read_kinds(text: &str) -> Result<Vec<WebhookKind>, String> {
    let mut kinds = Vec::new();
    for word in text.split([',', ' ']).filter(|word| !word.is_empty()) {
        let word = word.to_lowercase();
        let matches = |kind: &&WebhookKind| {
            let group = kind.as_str().split('.').next();
            word == "all" || word == kind.as_str() || group == Some(word.as_str())
        };
        let before = kinds.len();
        kinds.extend(WebhookKind::ALL.iter().filter(matches).copied());
        if kinds.len() == before {
            return Err(format!("“{word}”: event, occurrence, registration, comment, feedback or all"));
        }
    }
    if kinds.is_empty() {
        return Err("such as: registration, comment.posted".to_owned());
    }
    kinds.sort_unstable();
    kinds.dedup();
    Ok(kinds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_read_as_they_are_written() {
        for (text, count) in [("all", WebhookKind::ALL.len()), ("Comment", 3), ("event.published", 1)] {
            let kinds = read_kinds(text).unwrap();
            assert_eq!(kinds.len(), count, "{text}");
            assert_eq!(kinds_text(&kinds), text.to_lowercase());
        }
        let kinds = read_kinds("feedback.given, comment  event.created,comment.posted").unwrap();
        assert_eq!(kinds_text(&kinds), "event.created, comment, feedback.given");
        for wrong in ["", " , ", "events", "comment.*"] {
            assert!(read_kinds(wrong).is_err(), "{wrong}");
        }
    }
}
