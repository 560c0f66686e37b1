//! What a client takes: `Accept`, with its weights (RFC 9110 12.5.1).

use http::{HeaderMap, header};

/// How much a client wants something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Wish {
    /// In thousandths; with 0 it does not take it.
    weight: u32,
    /// How exactly it was named: 3 by its own name, 2 by its family, 1 with everything else, 0 not at all.
    named: u8,
}

impl Wish {
    /// Whether it is taken at all.
    pub(crate) const fn is_one(self) -> bool {
        self.weight > 0
    }

    /// Whether it is taken, and was named itself.
    pub(crate) const fn is_by_name(self) -> bool {
        self.is_one() && self.named == 3
    }
}

/// How much a client wants a type. Whoever says nothing takes everything.
pub(crate) fn wish(headers: &HeaderMap, kind: &str) -> Wish {
    let family = kind.split('/').next().unwrap_or_default();
    let texts = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let (mut said, mut wish) = (false, Wish { weight: 0, named: 0 });
    for range in texts.flat_map(|text| text.split(',')) {
        let mut parts = range.split(';').map(|part| part.trim().to_ascii_lowercase());
        let name = parts.next().unwrap_or_default();
        if name.is_empty() {
            continue;
        }
        said = true;
        let named = match name.strip_suffix("/*") {
            Some("*") => 1,
            Some(other) if other == family => 2,
            None if name == kind => 3,
            _ => continue,
        };
        // The most exact range counts.
        if named >= wish.named {
            let weight = parts.find_map(|part| part.strip_prefix("q=").map(thousandths));
            wish = Wish { weight: weight.unwrap_or(1000), named };
        }
    }
    if said { wish } else { Wish { weight: 1000, named: 1 } }
}

/// A weight; one that is none weighs as much as nothing said.
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

    fn taken(accept: &'static str, kind: &str) -> (u32, u8) {
        let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]);
        let wish = wish(&headers, kind);
        (wish.weight, wish.named)
    }

    #[test]
    fn the_most_exact_range_counts_and_its_weight() {
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
            assert_eq!(taken(accept, "text/csv"), csv, "{accept}");
        }
    }
}
