//! Content negotiation by `Accept` and its weights (RFC 9110 12.5.1).

use http::{HeaderMap, header};

use super::problem::Problem;
use super::problem_kind::Kind;

/// How well a client accepts a media type. Greater is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Quality {
    /// The weight in thousandths; 0 refuses the type.
    weight: u32,
    /// How exactly the type is listed: 3 as itself, 2 as `type/*`, 1 as `*/*`, 0 not at all.
    specificity: u8,
}

impl Quality {
    /// Whether the type is accepted.
    pub(crate) const fn is_accepted(self) -> bool {
        self.weight > 0
    }

    /// Whether the type is accepted and listed as itself, not by a wildcard.
    pub(crate) const fn is_explicit(self) -> bool {
        self.is_accepted() && self.specificity == 3
    }
}

/// The quality of a media type. Without `Accept`, every type is accepted.
pub(crate) fn quality(headers: &HeaderMap, media_type: &str) -> Quality {
    let family = media_type.split('/').next().unwrap_or_default();
    let texts = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let (mut is_given, mut quality) = (false, Quality { weight: 0, specificity: 0 });
    for range in texts.flat_map(|text| text.split(',')) {
        let mut parts = range.split(';').map(|part| part.trim().to_ascii_lowercase());
        let name = parts.next().unwrap_or_default();
        if name.is_empty() {
            continue;
        }
        is_given = true;
        let specificity = match name.strip_suffix("/*") {
            Some("*") => 1,
            Some(other) if other == family => 2,
            None if name == media_type => 3,
            _ => continue,
        };
        // The most specific range decides, whatever its weight.
        if specificity >= quality.specificity {
            let weight = parts.find_map(|part| part.strip_prefix("q=").map(thousandths));
            quality = Quality { weight: weight.unwrap_or(1000), specificity };
        }
    }
    if is_given { quality } else { Quality { weight: 1000, specificity: 1 } }
}

/// Refuses clients that accept neither one of the `types` of a response nor, by name, problems. Without types
/// everyone is accepted.
pub(crate) fn check(headers: &HeaderMap, types: &[String]) -> Result<(), Problem> {
    if types.is_empty()
        || types.iter().any(|media_type| quality(headers, media_type).is_accepted())
        || quality(headers, "application/problem+json").is_explicit()
    {
        return Ok(());
    }
    Err(Problem::new(Kind::NotAcceptable, format!("the response is {}", types.join(" or "))))
}

/// A weight in thousandths. An invalid weight counts as 1, the default.
fn thousandths(weight: &str) -> u32 {
    let (whole, rest) = weight.split_once('.').unwrap_or((weight, ""));
    let digits = format!("{rest:0<3}");
    match (whole, digits.parse::<u32>()) {
        ("0", Ok(rest)) if digits.len() == 3 => rest,
        _ => 1000,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn quality_of(accept: &'static str, media_type: &str) -> (u32, u8) {
        let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]);
        let quality = quality(&headers, media_type);
        (quality.weight, quality.specificity)
    }

    #[test]
    fn the_most_specific_range_decides() {
        for (accept, csv) in [
            ("text/csv", (1000, 3)),
            ("text/csv;q=0", (0, 3)),
            ("*/*;q=0.5, text/*;q=0.25, text/csv;q=0.125", (125, 3)),
            ("text/csv;header=present;Q=0.7", (700, 3)),
            ("text/*;q=0.3, */*", (300, 2)),
            ("application/json", (0, 0)),
            ("TEXT/CSV", (1000, 3)),
            ("", (1000, 1)),
            ("text/csv;q=much", (1000, 3)),
            ("text/csv;q=0.0001", (1000, 3)),
        ] {
            assert_eq!(quality_of(accept, "text/csv"), csv, "{accept}");
        }
    }

    fn is_accepted(accept: &'static str, types: &[&str]) -> bool {
        let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]);
        let types: Vec<_> = types.iter().map(|&media_type| media_type.to_owned()).collect();
        check(&headers, &types).is_ok()
    }

    #[test]
    fn a_declared_response_type_must_be_accepted() {
        for (accept, accepted) in [
            ("*/*", true),
            ("text/html,application/xhtml+xml,*/*;q=0.8", true),
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/*", true),
            ("application/problem+json", true),
            ("text/html", false),
            ("text/csv", false),
            ("application/json;q=0", false),
            ("application/json;q=0, application/problem+json;q=0, */*", false),
            ("", true),
        ] {
            assert_eq!(is_accepted(accept, &["application/json"]), accepted, "{accept}");
            assert!(is_accepted(accept, &[]), "{accept}");
        }
        assert!(is_accepted("text/csv", &["application/json", "text/csv"]));
        assert!(is_accepted("image/avif,image/*", &["image/svg+xml"]));
        assert!(!is_accepted("application/json", &["image/png"]));
    }
}
