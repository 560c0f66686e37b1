//! Query strings, and segments of paths.

use std::fmt::Write;

use eventcore::Cursor;

use crate::api::PAGE;

/// The query string for one page of a list. Empty parameters are left out.
pub(super) fn page(parameters: &[(&str, &str)], cursor: Option<&Cursor>) -> String {
    let mut query = format!("?limit={PAGE}");
    let cursor = cursor.map(|cursor| ("cursor", cursor.as_str()));
    for (name, value) in parameters.iter().copied().chain(cursor).filter(|(_, value)| !value.is_empty()) {
        let value: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
        // Writing into a String never fails.
        let _ = write!(query, "&{name}={value}");
    }
    query
}

/// A text as a segment of a path.
pub(super) fn segment(text: &str) -> String {
    // A plus is a blank in queries only.
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_percent_encoded() {
        let cursor = Cursor::from("a+b".to_owned());
        let query = page(&[("title", "Köln & co"), ("from", "")], Some(&cursor));
        assert_eq!(query, "?limit=100&title=K%C3%B6ln+%26+co&cursor=a%2Bb");
        assert_eq!(segment("a b/c+"), "a%20b%2Fc%2B");
    }
}
