//! Tags: free words, up to 10 for an event.

use unicode_normalization::UnicodeNormalization;

use crate::error::Violations;
use crate::fold::fold;

/// The maximum number of tags of an event.
pub(crate) const MAX_TAGS: usize = 10;
/// The maximum length of a tag in characters.
const MAX_LENGTH: usize = 50;

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
