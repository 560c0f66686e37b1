//! Database URLs as they may be shown.

use url::form_urlencoded;

/// What is shown instead of a password.
const HIDDEN: &str = "(hidden)";

/// A URL without its passwords: that of the user, and those in its parameters.
///
/// The text need not be a valid URL, and a password need not be percent-encoded as it should. In doubt more
/// is hidden than necessary.
///
/// ```
/// use eventcore::db::hide_passwords;
/// let shown = hide_passwords("postgres://ada:p@ss/word@db/events?sslpassword=x");
/// assert_eq!(shown, "postgres://ada:(hidden)@db/events?sslpassword=(hidden)");
/// ```
pub fn hide_passwords(text: &str) -> String {
    match text.split_once("://") {
        // The rest is the name of a file, and parameters.
        Some(("sqlite", _)) => hide_parameters(text),
        Some((scheme, rest)) => format!("{scheme}://{}", hide_parameters(&hide_password_of_user(rest))),
        None => hide_words(text),
    }
}

/// A password ends at the last `@`. All characters that would end it earlier may belong to it, if they were
/// not percent-encoded.
fn hide_password_of_user(rest: &str) -> String {
    let (end, length) = match (rest.rfind('@'), rest.rfind("%40")) {
        (Some(end), _) => (end, 1),
        (None, Some(end)) => (end, 3),
        (None, None) => return rest.to_owned(),
    };
    let (user, place) = (&rest[..end], &rest[end + length..]);
    let colon = [":", "%3A", "%3a"].iter().filter_map(|colon| user.find(colon)).min();
    match colon {
        Some(colon) => format!("{}:{HIDDEN}@{place}", &user[..colon]),
        None => rest.to_owned(),
    }
}

fn hide_parameters(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for piece in text.split_inclusive(['?', '&', ';', '#']) {
        let parameter = piece.trim_end_matches(['?', '&', ';', '#']);
        shown.push_str(&hide_value(parameter));
        shown.push_str(&piece[parameter.len()..]);
    }
    shown
}

/// A parameter such as `password=secret` with its value hidden, if the name says that it is a secret.
fn hide_value(parameter: &str) -> String {
    let Some((name, _)) = parameter.split_once('=') else { return parameter.to_owned() };
    let decoded: String =
        form_urlencoded::parse(name.as_bytes()).map(|(name, _)| name.to_lowercase()).collect();
    let secret = ["password", "passwd", "secret", "token"].iter().any(|word| decoded.contains(word));
    if secret { format!("{name}={HIDDEN}") } else { parameter.to_owned() }
}

/// Text that is no URL, such as `host=db user=ada password='a secret'`: ends before the first password,
/// because it is unknown where that ends.
fn hide_words(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let starts = ["password", "passwd"].iter().filter_map(|word| lower.find(word)).min();
    match (starts, text.contains('@')) {
        (Some(start), _) => format!("{}{HIDDEN}", &text[..start]),
        (None, true) => hide_parameters(&hide_password_of_user(text)),
        (None, false) => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_hidden_wherever_they_stand() {
        for (url, shown) in [
            ("postgres://ada:hunter2@db/events", "postgres://ada:(hidden)@db/events"),
            ("postgres://fir:st@se:c0nd@db/events", "postgres://fir:(hidden)@db/events"),
            ("postgres://ada:hun/t?e#r2@db/events", "postgres://ada:(hidden)@db/events"),
            ("postgres://ada%3Ahunter2@db/events", "postgres://ada:(hidden)@db/events"),
            ("postgres://ada:hunter2%40db/events", "postgres://ada:(hidden)@db/events"),
            (
                "postgres://db/events?user=ada&password=hunter2",
                "postgres://db/events?user=ada&password=(hidden)",
            ),
            ("postgres://db/events?pass%77ord=hunter2&a=b", "postgres://db/events?pass%77ord=(hidden)&a=b"),
            ("postgres://db/events?PASSWORD=hunter%32#x", "postgres://db/events?PASSWORD=(hidden)#x"),
            (
                "postgres://db:5432/events?user=a@b&password=hunter2",
                "postgres://db:(hidden)@b&password=(hidden)",
            ),
            ("https://ada:hunter2@events.example.org", "https://ada:(hidden)@events.example.org"),
            ("sqlite://a:b@c.db?password=hunter2", "sqlite://a:b@c.db?password=(hidden)"),
            ("ada:hunter2@db/events", "ada:(hidden)@db/events"),
            ("host=db user=ada password='hunter2 hunter2'", "host=db user=ada (hidden)"),
        ] {
            assert_eq!(hide_passwords(url), shown, "{url}");
            assert!(!hide_passwords(url).contains("hunter"), "{url}");
        }
        for url in [
            "sqlite://events.db",
            "sqlite:events.db?mode=ro",
            "postgres://ada@db/events?host=/run/postgresql",
            "postgres://db:5432/events",
            "https://events.example.org/path?a=b",
            "127.0.0.1:8080",
        ] {
            assert_eq!(hide_passwords(url), url);
        }
    }
}
