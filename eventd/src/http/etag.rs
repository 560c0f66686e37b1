//! Entity tags of the form `"<version>.<digest>"`. The digest covers the whole representation, for
//! `If-None-Match`; the version alone counts for `If-Match`.

use eventcore::Error;
use headers::{ETag, HeaderMapExt, IfMatch, IfNoneMatch};
use http::{HeaderMap, header};
use sha2::{Digest, Sha256};

/// The entity tag of a representation.
pub(crate) fn tag(version: i64, body: &[u8]) -> Result<ETag, Error> {
    let digest = Sha256::digest(body);
    let short = digest.iter().take(8).fold(0_u64, |short, byte| short << 8 | u64::from(*byte));
    format!("\"{version}.{short:016x}\"").parse().map_err(Error::internal)
}

/// Whether `If-None-Match` contains the tag, so that the client has the current representation (RFC 9110
/// 13.1.2).
pub(crate) fn is_current(headers: &HeaderMap, tag: &ETag) -> bool {
    headers.typed_get::<IfNoneMatch>().is_some_and(|known| !known.precondition_passes(tag))
}

/// The version that `If-Match` requires (RFC 9110 13.1.1). The digest is ignored: a change of free seats, for
/// example, alters the representation but not the version, and must not refuse an organizer's edit.
pub(crate) fn expected_version(headers: &HeaderMap) -> Option<i64> {
    let value = headers.get(header::IF_MATCH)?;
    if headers.typed_get::<IfMatch>().is_some_and(|expected| expected.is_any()) {
        return None;
    }
    // `headers` only compares tags, so the version is read here. Quotes may be missing.
    let text = value.to_str().unwrap_or_default().trim();
    let text = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    let version = text.split('.').next().and_then(|version| version.parse().ok());
    // No version is negative, so a tag of another form is answered with 412.
    Some(version.unwrap_or(-1))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers_with(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn the_whole_tag_must_match_for_not_modified() {
        let tag = tag(3, b"body").unwrap();
        let mut tagged = HeaderMap::new();
        tagged.typed_insert(tag.clone());
        let text = tagged.get(header::ETAG).unwrap().to_str().unwrap();
        assert_eq!(text.len(), 20);
        for (known, current) in [
            (text.to_owned(), true),
            (format!("\"x\", W/{text}"), true),
            ("*".to_owned(), true),
            ("\"3\"".to_owned(), false),
            (String::new(), false),
        ] {
            assert_eq!(is_current(&headers_with(header::IF_NONE_MATCH, &known), &tag), current, "{known}");
        }
        assert!(!is_current(&HeaderMap::new(), &tag));
    }

    #[test]
    fn only_the_version_counts_for_a_change() {
        for (value, version) in [
            ("\"3.abc\"", Some(3)),
            ("\"3\"", Some(3)),
            ("3", Some(3)),
            ("*", None),
            ("\"x\"", Some(-1)),
            ("", Some(-1)),
        ] {
            assert_eq!(expected_version(&headers_with(header::IF_MATCH, value)), version, "{value}");
        }
        assert_eq!(expected_version(&HeaderMap::new()), None);
    }
}
