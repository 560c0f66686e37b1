//! Tags: free words, up to 10 for an event.

use sqlx::FromRow;
use unicode_normalization::UnicodeNormalization;

use crate::core::EventCore;
use crate::db::{Queries, RowList, SqlWriter, Tx, sql};
use crate::error::{Error, Result, Violations};
use crate::fold::{ROWS_AT_ONCE, fold};
use crate::id::EventId;

/// The maximum number of tags of an event.
pub(crate) const MAX_TAGS: usize = 10;
/// The maximum length of a tag in characters.
const MAX_LENGTH: usize = 50;

/// A tag and the number of its uses.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, FromRow)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TagCount {
    /// The tag, in lower case.
    pub tag: String,
    /// In the list of tags: the number of public events with an upcoming occurrence. In facets: the number of
    /// matching occurrences.
    pub count: i64,
}

impl EventCore {
    /// The tags of upcoming public events that start with `prefix`, compared without case and accents. The
    /// most frequent first, at most `limit` (1 to 100).
    pub async fn tags(&self, prefix: &str, limit: u32) -> Result<Vec<TagCount>> {
        if !(1..=100).contains(&limit) {
            return Err(Error::invalid("/limit", "out_of_range", "must be 1 to 100"));
        }
        let prefix = fold(prefix.trim().trim_start_matches('#'));
        if prefix.chars().count() > 200 {
            return Err(Error::invalid("/q", "too_long", "must have at most 200 characters"));
        }
        if prefix.contains('\0') {
            return Err(Error::invalid("/q", "control_character", "must not contain control characters"));
        }
        let mut db = self.db().read().await?;
        let mut tags: Vec<TagCount> = db
            // The collation "C" compares code points, as SQLite does. Others may ignore some characters.
            .query(sql!(
                sqlite "SELECT min(t.name) AS tag, count(*) AS count FROM event_tags t
                    WHERE t.folded >= $1 AND t.folded < $2 AND EXISTS (SELECT 1 FROM occurrences o
                        WHERE o.event_id = t.event_id AND o.listed AND o.upcoming_until > $3
                            AND o.status = 'scheduled')
                    GROUP BY t.folded ORDER BY count DESC, t.folded LIMIT 100",
                postgres "SELECT min(t.name COLLATE \"C\") AS tag, count(*) AS count FROM event_tags t
                    WHERE t.folded COLLATE \"C\" >= $1 AND t.folded COLLATE \"C\" < $2
                        AND EXISTS (SELECT 1 FROM occurrences o
                            WHERE o.event_id = t.event_id AND o.listed AND o.upcoming_until > $3
                                AND o.status = 'scheduled')
                    GROUP BY t.folded ORDER BY count DESC, t.folded COLLATE \"C\" LIMIT 100"
            ))
            .bind(prefix.clone())
            // The upper bound: no text sorts after the last code point of Unicode.
            .bind(format!("{prefix}\u{10ffff}"))
            .bind(self.now())
            .all()
            .await?;
        tags.truncate(limit as usize);
        Ok(tags)
    }
}

/// Normalises tags to lower case without `#`, sorts them and removes duplicates. Returns pairs of folded form
/// and tag.
///
/// Adds violations for invalid tags, which are left out.
pub(crate) fn normalise_tags(violations: &mut Violations, tags: &[String]) -> Vec<(String, String)> {
    let mut valid: Vec<(String, String)> = Vec::new();
    for (i, tag) in tags.iter().enumerate() {
        let words: Vec<&str> = tag.trim().trim_start_matches('#').split_whitespace().collect();
        let name = words.join(" ").to_lowercase().nfc().collect::<String>();
        let folded = fold(&name);
        let pointer = format!("/tags/{i}");
        if folded.is_empty() {
            violations.add(pointer, "required", "must not be empty");
        } else if name.chars().count() > MAX_LENGTH {
            violations.add(pointer, "too_long", "must have at most 50 characters");
        } else if name.chars().any(char::is_control) {
            violations.add(pointer, "control_character", "must not contain control characters");
        } else if !valid.iter().any(|(other, _)| *other == folded) {
            valid.push((folded, name));
        }
    }
    if valid.len() > MAX_TAGS {
        violations.add("/tags", "too_many", "must have at most 10 tags");
    }
    valid.sort();
    valid
}

/// Folds the tags of all events anew, after a change of the folding. Of tags of an event that are one now,
/// one stays.
pub(crate) async fn refold_tags(tx: &mut Tx) -> Result<()> {
    let tags: Vec<StoredTag> = tx
        .query(sql!("SELECT event_id, folded, name FROM event_tags ORDER BY event_id, folded"))
        .all()
        .await?;
    let changed: Vec<StoredTag> = tags.into_iter().filter(|tag| fold(&tag.name) != tag.folded).collect();
    for tags in changed.chunks(ROWS_AT_ONCE) {
        let events = || RowList::default().ids("event_id", tags.iter().map(|tag| tag.event_id.as_uuid()));
        let mut sql = SqlWriter::new(tx.dialect());
        sql.push("DELETE FROM event_tags WHERE (event_id, folded) IN (SELECT v.event_id, v.folded FROM ");
        sql.rows("v", events().texts("folded", tags.iter().map(|tag| tag.folded.clone()))).push(")");
        sql.query(tx).execute().await?;
        let mut sql = SqlWriter::new(tx.dialect());
        let folded = tags.iter().map(|tag| fold(&tag.name));
        let rows = events().texts("folded", folded).texts("name", tags.iter().map(|tag| tag.name.clone()));
        sql.push("INSERT INTO event_tags (event_id, folded, name) SELECT v.event_id, v.folded, v.name FROM ");
        sql.rows("v", rows).push(" WHERE TRUE ON CONFLICT DO NOTHING");
        sql.query(tx).execute().await?;
    }
    Ok(())
}

/// A row of `event_tags`.
#[derive(Debug, Clone, FromRow)]
struct StoredTag {
    event_id: EventId,
    folded: String,
    name: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(tags: &[&str]) -> Result<Vec<String>, Vec<String>> {
        let mut violations = Violations::default();
        let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
        let valid = normalise_tags(&mut violations, &tags);
        if violations.is_empty() {
            Ok(valid.into_iter().map(|(_, name)| name).collect())
        } else {
            Err(violations.as_slice().iter().map(|v| format!("{} {}", v.pointer, v.code)).collect())
        }
    }

    #[test]
    fn different_spellings_of_a_tag_are_one_tag() {
        assert_eq!(
            names(&["Rust", "#rust", " RUST ", "Café", "cafe", "open   air"]),
            Ok(vec!["café".to_owned(), "open air".to_owned(), "rust".to_owned()])
        );
    }

    #[test]
    fn invalid_tags_are_reported() {
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
