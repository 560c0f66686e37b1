//! The client behind proxies, as `X-Forwarded-For` or `Forwarded` (RFC 7239) names it.

use std::net::IpAddr;
use std::str::FromStr;

use http::{HeaderMap, HeaderName, header};

use super::client_network::ClientNetwork;

/// Where the proxies in front of the server name the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ForwardingHeader {
    /// `X-Forwarded-For`, a list of addresses.
    XForwardedFor,
    /// `Forwarded`, a list of elements with a parameter `for` (RFC 7239).
    Forwarded,
}

impl FromStr for ForwardingHeader {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_lowercase().as_str() {
            "x-forwarded-for" => Ok(Self::XForwardedFor),
            "forwarded" => Ok(Self::Forwarded),
            _ => Err(()),
        }
    }
}

/// The proxies whose word is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TrustedProxies {
    /// How many there are between the clients and the server. With 0, headers are ignored: clients can send
    /// them too.
    pub(crate) hops: usize,
    /// The one header that they write. The other one would be the client's.
    pub(crate) header: ForwardingHeader,
}

impl TrustedProxies {
    /// The network of the client of a request from `peer`.
    ///
    /// Each proxy appends the address of its own peer, so the last `hops` entries are true and the first of
    /// those is the client. If it names no address (`unknown`, `_hidden`), the next proxy's does, and after
    /// the last one the peer of the connection.
    pub(crate) fn client(self, peer: IpAddr, headers: &HeaderMap) -> ClientNetwork {
        let entries = match self.header {
            _ if self.hops == 0 => Vec::new(),
            ForwardingHeader::XForwardedFor => x_forwarded_for(headers),
            ForwardingHeader::Forwarded => forwarded(headers),
        };
        let trusted = entries.len().saturating_sub(self.hops);
        let client = entries.into_iter().skip(trusted).flatten().next();
        ClientNetwork::of(client.unwrap_or(peer))
    }
}

/// The entries of all `X-Forwarded-For` lines; `None` for one that is no address.
fn x_forwarded_for(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    const NAME: HeaderName = HeaderName::from_static("x-forwarded-for");
    let lines = headers.get_all(NAME).iter().map(|line| line.to_str().unwrap_or_default());
    lines.flat_map(|line| line.split(',')).map(|entry| node_address(entry.trim())).collect()
}

/// The entries of all `Forwarded` lines; `None` for one without an address. A line that breaks the grammar is
/// one entry without an address: a client that leaves a quote open must not hide what a proxy appends.
fn forwarded(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let lines = headers.get_all(header::FORWARDED).iter().map(|line| line.to_str().unwrap_or_default());
    lines.flat_map(|line| elements(line).unwrap_or_else(|| vec![None])).collect()
}

/// The `for` parameters of a list of elements (RFC 7239, 4): `for=192.0.2.1;proto=https, for="[::1]:80"`.
fn elements(line: &str) -> Option<Vec<Option<IpAddr>>> {
    let mut found = Vec::new();
    let mut address = None;
    let mut rest = line;
    loop {
        rest = rest.trim_start_matches([' ', '\t']);
        if !rest.is_empty() && !rest.starts_with([',', ';']) {
            let (name, after) = rest.split_once('=')?;
            let (value, after) = value(after)?;
            if name.eq_ignore_ascii_case("for") {
                address = node_address(&value);
            } else if !name.bytes().all(is_token_byte) || name.is_empty() {
                return None;
            }
            rest = after.trim_start_matches([' ', '\t']);
        }
        match rest.as_bytes().first() {
            Some(b';') => {}
            Some(b',') => found.push(address.take()),
            None => {
                found.push(address);
                return Some(found);
            }
            Some(_) => return None,
        }
        rest = &rest[1..];
    }
}

/// A token or a quoted string (RFC 9110, 5.6), and what follows it.
fn value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.bytes().position(|byte| !is_token_byte(byte)).unwrap_or(text.len());
        return (end > 0).then(|| (text[..end].to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &quoted[at + 1..])),
            '\\' => value.push(characters.next()?.1),
            other => value.push(other),
        }
    }
    None
}

/// Bytes of a token. The colon is none, but some proxies write `for=192.0.2.1:4711` without quotes.
const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
                | b':'
        )
}

/// The address of a node: `192.0.2.1`, `2001:db8::1` or `[2001:db8::1]`, the first and the last also with a
/// port. `None` for `unknown` and obfuscated names.
fn node_address(node: &str) -> Option<IpAddr> {
    if let Some(bracketed) = node.strip_prefix('[') {
        let (address, port) = bracketed.split_once(']')?;
        let has_port = port.starts_with(':') || port.is_empty();
        return without_zone(address).parse().ok().filter(|_| has_port).map(IpAddr::V6);
    }
    match node.rsplit_once(':') {
        Some((address, _)) if !address.contains(':') => address.parse().ok().map(IpAddr::V4),
        _ => without_zone(node).parse().ok(),
    }
}

/// An IPv6 address without the name of the interface (RFC 4007, 11).
fn without_zone(address: &str) -> &str {
    address.split('%').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const PEER: &str = "192.0.2.1";

    fn client(hops: usize, header: ForwardingHeader, lines: &[(&'static str, &'static str)]) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        TrustedProxies { hops, header }.client(PEER.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn without_trusted_proxies_headers_are_ignored() {
        let lines = [("x-forwarded-for", "203.0.113.9"), ("forwarded", "for=203.0.113.9")];
        for header in [ForwardingHeader::XForwardedFor, ForwardingHeader::Forwarded] {
            assert_eq!(client(0, header, &lines), PEER);
        }
    }

    #[test]
    fn only_the_header_of_the_proxies_is_read() {
        let lines = [("x-forwarded-for", "203.0.113.9"), ("forwarded", "for=198.51.100.7")];
        assert_eq!(client(1, ForwardingHeader::XForwardedFor, &lines), "203.0.113.9");
        assert_eq!(client(1, ForwardingHeader::Forwarded, &lines), "198.51.100.7");
    }

    #[test]
    fn the_entry_of_the_first_trusted_proxy_names_the_client() {
        for (hops, value, expected) in [
            (1, "203.0.113.9, 198.51.100.7", "198.51.100.7"),
            (2, "203.0.113.9, 198.51.100.7", "203.0.113.9"),
            (2, "10.9.9.9, 203.0.113.9, 198.51.100.7", "203.0.113.9"),
            (3, "203.0.113.9, 198.51.100.7", "203.0.113.9"),
            (1, "", PEER),
            (1, "203.0.113.9, unknown", PEER),
            (2, "unknown, 198.51.100.7", "198.51.100.7"),
            (1, "203.0.113.9:4711", "203.0.113.9"),
            (1, "2001:db8:1:2::3", "2001:db8:1:2::/64"),
            (1, "[2001:db8:1:2::3]", "2001:db8:1:2::/64"),
            (1, "[2001:db8:1:2::3]:4711", "2001:db8:1:2::/64"),
            (1, "fe80::1%eth0", "fe80::/64"),
            (1, "[2001:db8::1]4711", PEER),
            (1, "::ffff:203.0.113.9", "203.0.113.9"),
            (1, "203.0.113.999", PEER),
        ] {
            let found = client(hops, ForwardingHeader::XForwardedFor, &[("x-forwarded-for", value)]);
            assert_eq!(found, expected, "{hops} {value}");
        }
        let lines = [("x-forwarded-for", "10.9.9.9"), ("x-forwarded-for", "203.0.113.9")];
        assert_eq!(client(1, ForwardingHeader::XForwardedFor, &lines), "203.0.113.9");
    }

    #[test]
    fn forwarded_is_read_by_its_grammar() {
        for (hops, value, expected) in [
            (1, "for=203.0.113.9", "203.0.113.9"),
            (1, "For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::/64"),
            (1, "for=203.0.113.43, for=198.51.100.17", "198.51.100.17"),
            (2, "for=203.0.113.43, for=198.51.100.17;by=\"a,b;for=10.9.9.9\"", "203.0.113.43"),
            (1, "proto=http;by=203.0.113.43;for=198.51.100.17", "198.51.100.17"),
            (1, "for=\"198.51.100.17:\\4711\"", "198.51.100.17"),
            (1, "for=198.51.100.17:4711", "198.51.100.17"),
            (1, "for=\"[2001:db8:cafe::17]:_port\"", "2001:db8:cafe::/64"),
            (1, "for=203.0.113.43, for=_hidden", PEER),
            (2, "for=unknown;proto=https ,for=198.51.100.17", "198.51.100.17"),
            (1, "by=198.51.100.17", PEER),
            (1, "for=", PEER),
            (1, "for", PEER),
            (1, "", PEER),
            // What a client leaves open hides the proxy's element, so the line names nobody.
            (1, "for=\"10.9.9.9, for=198.51.100.17", PEER),
            (1, "for=10.9.9.9 for=198.51.100.17", PEER),
            (1, "fo r=10.9.9.9, for=198.51.100.17", PEER),
        ] {
            let found = client(hops, ForwardingHeader::Forwarded, &[("forwarded", value)]);
            assert_eq!(found, expected, "{hops} {value}");
        }
        let lines = [("forwarded", "for=\"10.9.9.9"), ("forwarded", "for=198.51.100.17")];
        assert_eq!(client(1, ForwardingHeader::Forwarded, &lines), "198.51.100.17");
    }
}
