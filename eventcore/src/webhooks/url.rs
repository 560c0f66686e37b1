//! Which URLs a webhook may have.

use std::net::IpAddr;

use url::{Host, Url};

use super::policy::WebhookPolicy;

/// The longest URL, in characters.
pub(super) const MAX_LENGTH: usize = 2_000;

/// The URL of a webhook in its normal form: the host in lower case and ASCII (RFC 5891), an IP address in its
/// usual form.
///
/// This refuses what can never be reached. Where a name leads to is checked when it is connected to.
///
/// # Errors
/// What is wrong, as a message for the user.
pub(crate) fn normal_url(text: &str, policy: &WebhookPolicy) -> Result<String, &'static str> {
    const NO_URL: &str = "must be an https URL such as https://example.org/events";
    // The URL parser strips control characters and white space.
    if text.chars().count() > MAX_LENGTH || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err("must have at most 2,000 characters, without spaces");
    }
    let url = Url::parse(text).map_err(|_| NO_URL)?;
    let has_tls = match url.scheme() {
        "https" => true,
        "http" if policy.has_networks() => false,
        "http" => return Err("must begin with https://: http is for networks that the operator allows"),
        _ => return Err(NO_URL),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not contain a username or password");
    }
    if url.fragment().is_some() {
        return Err("must not contain a fragment (#): it would not be sent");
    }
    // Well-known ports below are those of other protocols, such as mail.
    if url.port().is_some_and(|port| port < 1024 && port != 443 && port != 80) {
        return Err("must have the port 80 or 443, or one from 1024 on");
    }
    let address = match url.host().ok_or(NO_URL)? {
        Host::Ipv4(address) => Some(IpAddr::from(address)),
        Host::Ipv6(address) => Some(IpAddr::from(address)),
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            let is_local = name == "localhost" || name.ends_with(".localhost");
            if is_local && !policy.has_networks() {
                return Err("must not lead to this machine");
            }
            None
        }
    };
    if address.is_some_and(|address| !policy.allows(address, has_tls)) {
        return Err("must lead to a public address, or to a network that the operator allows");
    }
    Ok(url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(text: &str, networks: &str) -> Result<String, &'static str> {
        normal_url(text, &WebhookPolicy::parse(networks).unwrap())
    }

    #[test]
    fn urls_are_normalised() {
        for (text, url) in [
            ("https://example.org", "https://example.org/"),
            ("HTTPS://Example.ORG:443/Hook?a=B", "https://example.org/Hook?a=B"),
            ("https://müller.example/ä", "https://xn--mller-kva.example/%C3%A4"),
            ("https://пример.example/", "https://xn--e1afmkfd.example/"),
            ("https://example.org:8443/x", "https://example.org:8443/x"),
            ("https://8.8.8.8/", "https://8.8.8.8/"),
            ("https://0x08080808/", "https://8.8.8.8/"),
            ("https://[2606:4700::1111]/", "https://[2606:4700::1111]/"),
        ] {
            assert_eq!(normal(text, "").as_deref(), Ok(url), "{text}");
        }
    }

    #[test]
    fn urls_that_can_never_be_reached_are_refused() {
        let long = format!("https://example.org/{}", "a".repeat(MAX_LENGTH));
        for text in [
            "",
            "x",
            "example.org",
            "//example.org",
            "https://",
            "ftp://example.org/",
            "file:///x",
            "javascript:alert(1)",
            "gopher://example.org/",
            "http://example.org/",
            "https://a b.example/",
            "https://example.org/\n",
            " https://example.org/",
            "https://ada@example.org/",
            "https://ada:pw@example.org/",
            "https://:pw@example.org/",
            "https://example.org/#x",
            "https://example.org/#",
            "https://example.org:22/",
            "https://example.org:25/",
            "https://example.org:1/",
            "https://example.org:99999/",
            "https://localhost/",
            "https://LOCALHOST./",
            "https://a.localhost/",
            &long,
            // Loopback and metadata in every notation of an IPv4 address.
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0x7f.0.0.1/",
            "https://0177.0.0.1/",
            "https://017700000001/",
            "https://127.0.0.1./",
            "https://１２７.0.0.1/",
            "https://①②⑦.0.0.1/",
            "https://169.254.169.254/latest/meta-data",
            "https://0xa9fea9fe/",
            "https://2852039166/",
            "https://0251.0376.0251.0376/",
            "https://0/",
            "https://0.0.0.0/",
            "https://10.0.0.1/",
            "https://192.168.1.1/",
            "https://255.255.255.255/",
            "https://[::1]/",
            "https://[::]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:7f00:1]/",
            "https://[::ffff:a9fe:a9fe]/",
            "https://[64:ff9b::7f00:1]/",
            "https://[2002:7f00:1::]/",
            "https://[fe80::1]/",
            "https://[fd00:ec2::254]/",
            "https://[::1%25lo]/",
        ] {
            assert!(normal(text, "").is_err(), "{text}");
        }
    }

    #[test]
    fn allowed_networks_are_reached_without_tls_too() {
        let networks = "127.0.0.0/8";
        for text in ["http://127.0.0.1:8000/", "https://127.0.0.1/", "http://localhost:3000/hook"] {
            assert_eq!(normal(text, networks).as_deref(), Ok(text));
        }
        // Names may lead there.
        assert!(normal("http://hooks.internal/", networks).is_ok());
        for text in ["http://8.8.8.8/", "http://10.0.0.1/", "https://10.0.0.1/", "http://[::1]/"] {
            assert!(normal(text, networks).is_err(), "{text}");
        }
    }
}
