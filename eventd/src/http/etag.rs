//! Entity tags: `"<version>.<digest>"`. The digest tells whether anything on the page changed, seats included; the version alone guards changes.

use http::{HeaderMap, header};
use sha2::{Digest, Sha256};

/// The tag of a representation.
pub(crate) fn tag(version: i64, body: &[u8]) -> String {
    let digest = Sha256::digest(body);
    let short = digest.iter().take(8).fold(0_u64, |short, byte| short << 8 | u64::from(*byte));
    format!("\"{version}.{short:016x}\"")
}

/// Whether `If-None-Match` names the tag (RFC 9110 13.1.2): the client has this very representation.
pub(crate) fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let mut tags = headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    tags.any(|known| {
        let known = known.trim();
        known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag
    })
}

/// The version that `If-Match` (RFC 9110 13.1.1) demands. Any tag of that version will do: seats that were taken meanwhile are no change of the thing.
pub(crate) fn expected(headers: &HeaderMap) -> Option<i64> {
    let value = headers.get(header::IF_MATCH)?;
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return None;
    }
    let version = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    let version = version.split('.').next().and_then(|version| version.parse().ok());
    // A tag that we never gave matches nothing, as a version that never was.
    Some(version.unwrap_or(-1))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn with(name: header::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn a_tag_is_known_by_the_whole_of_it() {
        let tag = tag(3, b"body");
        assert_eq!(tag.len(), 20);
        assert!(is_known(&HeaderMap::from_iter([(header::IF_NONE_MATCH, tag.parse().unwrap())]), &tag));
        assert!(is_known(
            &HeaderMap::from_iter([(header::IF_NONE_MATCH, format!("\"x\", W/{tag}").parse().unwrap())]),
            &tag
        ));
        assert!(!is_known(&with(header::IF_NONE_MATCH, "\"3\""), &tag));
        assert!(is_known(&with(header::IF_NONE_MATCH, "*"), &tag));
    }

    #[test]
    fn a_change_is_guarded_by_the_version() {
        for (value, version) in [
            ("\"3.abc\"", Some(3)),
            ("\"3\"", Some(3)),
            ("3", Some(3)),
            ("*", None),
            ("\"x\"", Some(-1)),
            ("", Some(-1)),
        ] {
            assert_eq!(expected(&with(header::IF_MATCH, value)), version, "{value}");
        }
        assert_eq!(expected(&HeaderMap::new()), None);
    }
}
