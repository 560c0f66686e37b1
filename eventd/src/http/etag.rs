//! Entity tags of the form `"<version>.<digest>"`. The digest covers the whole representation, for
//! `If-None-Match`; the version alone counts for `If-Match`. A compressed representation has a tag of its
//! own, `"<version>.<digest>-gzip"` (RFC 9110 8.8.3.3); both conditions take each of them.
//!
//! The conditions are parsed here because the `headers` crate only compares them with one whole tag: it shows
//! neither the versions that `If-Match` lists, nor the tag that the client has.

use eventcore::{Error, Precondition};
use http::{HeaderMap, HeaderName, HeaderValue, Response, header};
use sha2::{Digest, Sha256};

use super::problem::Problem;
use super::problem_kind::Kind;

/// The content codings of responses.
const CODINGS: [&str; 2] = ["gzip", "br"];

/// The entity tag of a representation.
pub(crate) fn tag(version: i64, body: &[u8]) -> Result<HeaderValue, Error> {
    let digest = Sha256::digest(body);
    let short = digest.iter().take(8).fold(0_u64, |short, byte| short << 8 | u64::from(*byte));
    HeaderValue::from_str(&format!("\"{version}.{short:016x}\"")).map_err(Error::internal)
}

/// Gives a compressed representation a tag of its own.
pub(crate) fn mark_coding<B>(mut response: Response<B>) -> Response<B> {
    let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    if let (Some(coding), Some(tag)) = (text(header::CONTENT_ENCODING), text(header::ETAG))
        && let Some(opaque) = tag.strip_suffix('"')
        && let Ok(marked) = HeaderValue::from_str(&format!("{opaque}-{coding}\""))
    {
        response.headers_mut().insert(header::ETAG, marked);
    }
    response
}

/// An entity tag that a condition lists.
struct ListedTag<'h> {
    is_weak: bool,
    /// Without the quotes and the coding.
    base: &'h str,
    /// As sent, without `W/`.
    strong: &'h str,
}

impl<'h> ListedTag<'h> {
    fn parse(text: &'h str) -> Option<Self> {
        let strong = text.strip_prefix("W/").unwrap_or(text);
        let opaque = strong.strip_prefix('"')?.strip_suffix('"')?;
        if !opaque.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x7e)) {
            return None;
        }
        let base = CODINGS.iter().find_map(|coding| opaque.strip_suffix(coding)?.strip_suffix('-'));
        Some(Self { is_weak: text.len() > strong.len(), base: base.unwrap_or(opaque), strong })
    }
}

/// The items of a header, of all its lines. A comma inside quotes belongs to its item.
fn items<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Vec<&'h str> {
    let mut items = Vec::new();
    for line in headers.get_all(name) {
        // A line that is not ASCII is one item, which is no tag.
        let line = line.to_str().unwrap_or("?");
        let mut in_quotes = false;
        let outside = |c: char| {
            in_quotes ^= c == '"';
            c == ',' && !in_quotes
        };
        items.extend(line.split(outside).map(str::trim).filter(|item| !item.is_empty()));
    }
    items
}

/// The tag to send with 304 if `If-None-Match` lists it, so that the client has the current representation
/// (RFC 9110 13.1.2): in the coding in which the client has it.
pub(crate) fn known(headers: &HeaderMap, tag: &HeaderValue) -> Option<HeaderValue> {
    let current = ListedTag::parse(tag.to_str().ok()?)?.base;
    let items = items(headers, &header::IF_NONE_MATCH);
    if items == ["*"] {
        return Some(tag.clone());
    }
    let mut listed = items.into_iter().filter_map(ListedTag::parse);
    HeaderValue::from_str(listed.find(|listed| listed.base == current)?.strong).ok()
}

/// What `If-Match` requires (RFC 9110 13.1.1): any of the versions that its tags name. The digest is ignored:
/// a change of free seats, for example, alters the representation but not the version, and must not refuse an
/// organizer's edit.
pub(crate) fn precondition(headers: &HeaderMap) -> Result<Option<Precondition>, Problem> {
    if !headers.contains_key(header::IF_MATCH) {
        return Ok(None);
    }
    let items = items(headers, &header::IF_MATCH);
    if items == ["*"] {
        return Ok(Some(Precondition::Exists));
    }
    let tags: Option<Vec<ListedTag<'_>>> = items.into_iter().map(ListedTag::parse).collect();
    let Some(tags) = tags.filter(|tags| !tags.is_empty()) else {
        let detail =
            "If-Match must be * or a list of entity tags in double quotes, such as \"3.0f6c1e2d9a8b7c54\"";
        return Err(Problem::new(Kind::InvalidInput, detail));
    };
    // A weak tag never matches. Neither does one of another form: no version of ours is named by it.
    let strong = tags.iter().filter(|tag| !tag.is_weak);
    let versions = strong.filter_map(|tag| tag.base.split('.').next()?.parse().ok());
    Ok(Some(Precondition::VersionIn(versions.collect())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers_with(name: &HeaderName, lines: &[&str]) -> HeaderMap {
        lines.iter().map(|line| (name.clone(), HeaderValue::from_str(line).unwrap())).collect()
    }

    #[test]
    fn a_known_tag_is_sent_back_in_its_coding() {
        let tag = tag(3, b"body").unwrap();
        let text = tag.to_str().unwrap();
        assert_eq!(text.len(), 20);
        let gzip = format!("{}-gzip\"", text.trim_end_matches('"'));
        for (lines, found) in [
            (vec![text], Some(text)),
            (vec!["\"x,y\"", &format!("W/{text}")], Some(text)),
            (vec![&*format!("\"x\", {gzip}")], Some(&*gzip)),
            (vec!["*"], Some(text)),
            (vec!["\"3\""], None),
            (vec![text.trim_matches('"')], None),
            (vec![""], None),
            (vec![], None),
        ] {
            let known = known(&headers_with(&header::IF_NONE_MATCH, &lines), &tag);
            assert_eq!(known.as_ref().map(|tag| tag.to_str().unwrap()), found, "{lines:?}");
        }
    }

    #[test]
    fn a_change_accepts_any_of_the_listed_versions() {
        let versions = |versions: &[i64]| Some(Precondition::VersionIn(versions.to_vec()));
        for (lines, expected) in [
            (vec!["\"3.abc\""], versions(&[3])),
            (vec!["\"3.abc-br\""], versions(&[3])),
            (vec!["\"1\", \"2\""], versions(&[1, 2])),
            (vec!["\"1.aa\"", "\"2.bb-gzip\""], versions(&[1, 2])),
            (vec!["\"a,b\", ,\"4\""], versions(&[4])),
            (vec!["W/\"3\""], versions(&[])),
            (vec!["\"x\""], versions(&[])),
            (vec!["*"], Some(Precondition::Exists)),
            (vec![], None),
        ] {
            let Ok(found) = precondition(&headers_with(&header::IF_MATCH, &lines)) else {
                panic!("{lines:?}")
            };
            assert_eq!(found, expected, "{lines:?}");
        }
        for invalid in ["3", "\"3", "3\"", "", ",", "*, \"3\"", "\"3\" \"4\"", "w/\"3\"", "'3'", "\"3 4\""] {
            assert!(precondition(&headers_with(&header::IF_MATCH, &[invalid])).is_err(), "{invalid}");
        }
    }

    #[test]
    fn a_compressed_representation_has_a_tag_of_its_own() {
        let tagged = |coding: Option<&'static str>| {
            let mut response = Response::new(());
            response.headers_mut().insert(header::ETAG, HeaderValue::from_static("\"3.ab\""));
            if let Some(coding) = coding {
                response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
            }
            mark_coding(response).headers()[header::ETAG].to_str().unwrap().to_owned()
        };
        assert_eq!(tagged(None), "\"3.ab\"");
        assert_eq!(tagged(Some("gzip")), "\"3.ab-gzip\"");
        assert_eq!(tagged(Some("br")), "\"3.ab-br\"");
    }
}
