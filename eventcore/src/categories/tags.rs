//! Tags: free words, of which an event has up to ten.

use sqlx::FromRow;
use unicode_normalization::UnicodeNormalization;

use crate::core::EventCore;
use crate::db::{Queries, sql};
use crate::error::{Error, Result, Violations};
use crate::fold::fold;

/// How many tags an event has at most.
pub(crate) const MAX_TAGS: usize = 10;
/// How long a tag is at most, in characters.
const MAX_LENGTH: usize = 50;

/// A tag, and how many have it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, FromRow)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TagCount {
    /// As most write it.
    pub tag: String,
    /// How many have it: of all tags, events that everyone may find and that have a date ahead; of facets, the dates that the filters find.
    pub count: i64,
}

impl EventCore {
    /// Tags of upcoming events that begin with `prefix`, without case or accents: the commonest first, at most `limit` (1 to 100).
    pub async fn tags(&self, prefix: &str, limit: u32) -> Result<Vec<TagCount>> {
        if !(1..=100).contains(&limit) {
            return Err(Error::invalid("/limit", "out_of_range", "must be 1 to 100"));
        }
        let low = fold(prefix.trim().trim_start_matches('#'));
        if low.chars().count() > 200 {
            return Err(Error::invalid("/q", "too_long", "must have at most 200 characters"));
        }
        if low.contains('\0') {
            return Err(Error::invalid("/q", "control_character", "must not contain control characters"));
        }
        let mut db = self.db().read().await?;
        let mut tags: Vec<TagCount> = db
            .query(sql!(
                sqlite "SELECT min(t.name) AS tag, count(*) AS count FROM event_tags t
                    WHERE t.folded >= $1 AND t.folded < $2 AND EXISTS (SELECT 1 FROM occurrences o
                        WHERE o.event_id = t.event_id AND o.listed AND o.starts_at >= $3 AND o.status = 'scheduled')
                    GROUP BY t.folded ORDER BY count DESC, t.folded LIMIT 100",
                postgres "SELECT min(t.name COLLATE \"C\") AS tag, count(*) AS count FROM event_tags t
                    WHERE t.folded COLLATE \"C\" >= $1 AND t.folded COLLATE \"C\" < $2 AND EXISTS (SELECT 1 FROM occurrences o
                        WHERE o.event_id = t.event_id AND o.listed AND o.starts_at >= $3 AND o.status = 'scheduled')
                    GROUP BY t.folded ORDER BY count DESC, t.folded COLLATE \"C\" LIMIT 100"
            ))
            .bind(low.clone())
            // No text sorts behind the last character that Unicode has.
            .bind(format!("{low}\u{10ffff}"))
            .bind(self.now())
            .all()
            .await?;
        tags.truncate(limit as usize);
        Ok(tags)
    }
}

/// The tags as they are kept: without `#`, in lower case, each once, by the alphabet; with their folded forms. Notes what is wrong.
pub(crate) fn normalise(wrong: &mut Violations, tags: &[String]) -> Vec<(String, String)> {
    let mut kept: Vec<(String, String)> = Vec::new();
    for (i, tag) in tags.iter().enumerate() {
        let words: Vec<&str> = tag.trim().trim_start_matches('#').split_whitespace().collect();
        let name = words.join(" ").to_lowercase().nfc().collect::<String>();
        let folded = fold(&name);
        let pointer = format!("/tags/{i}");
        if folded.is_empty() {
            wrong.add(pointer, "required", "must not be empty");
        } else if name.chars().count() > MAX_LENGTH {
            wrong.add(pointer, "too_long", "must have at most 50 characters");
        } else if name.chars().any(char::is_control) {
            wrong.add(pointer, "control_character", "must not contain control characters");
        } else if !kept.iter().any(|(known, _)| *known == folded) {
            kept.push((folded, name));
        }
    }
    if kept.len() > MAX_TAGS {
        wrong.add("/tags", "too_many", "must be at most 10");
    }
    kept.sort();
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(tags: &[&str]) -> Result<Vec<String>, Vec<String>> {
        let mut wrong = Violations::default();
        let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
        let kept = normalise(&mut wrong, &tags);
        if wrong.is_empty() {
            Ok(kept.into_iter().map(|(_, name)| name).collect())
        } else {
            Err(wrong.as_slice().iter().map(|v| format!("{} {}", v.pointer, v.code)).collect())
        }
    }

    #[test]
    fn a_tag_is_kept_once_however_it_is_written() {
        assert_eq!(
            names(&["Rust", "#rust", " RUST ", "Café", "cafe", "open   air"]),
            Ok(vec!["café".to_owned(), "open air".to_owned(), "rust".to_owned()])
        );
    }

    #[test]
    fn what_is_no_tag_is_named() {
        assert_eq!(
            names(&["ok", "#", "a\0b"]),
            Err(vec!["/tags/1 required".to_owned(), "/tags/2 control_character".to_owned()])
        );
        assert_eq!(names(&[&"x".repeat(51)]), Err(vec!["/tags/0 too_long".to_owned()]));
        let many: Vec<String> = (0..11).map(|n| format!("t{n}")).collect();
        assert_eq!(
            names(&many.iter().map(String::as_str).collect::<Vec<_>>()),
            Err(vec!["/tags too_many".to_owned()])
        );
    }
}
