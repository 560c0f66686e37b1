//! [`WebhookPolicy`]: which addresses webhooks may reach.

use std::net::IpAddr;

use ipnet::IpNet;

use super::address::{embedded, is_public};

/// Which addresses webhooks may reach: public ones, and those in the networks that the operator allows.
///
/// Webhooks without TLS reach allowed networks only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebhookPolicy {
    networks: Vec<IpNet>,
}

impl WebhookPolicy {
    /// Parses a list of networks such as `10.1.0.0/16, fd12::/64`, separated by commas. A single address is a
    /// network of one.
    ///
    /// # Errors
    /// The part that is no network.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let network = |part: &str| {
            let single = || part.parse::<IpAddr>().map(IpNet::from);
            part.parse::<IpNet>().or_else(|_| single()).map_err(|_| part.to_owned())
        };
        Ok(Self { networks: parts.map(network).collect::<Result<_, _>>()? })
    }

    /// Whether the operator allows a network at all.
    pub fn has_networks(&self) -> bool {
        !self.networks.is_empty()
    }

    /// Whether a connection may be made to an address. Ask it about the address that is connected to: what a
    /// name leads to may change after a look-up.
    pub fn allows(&self, address: IpAddr, has_tls: bool) -> bool {
        let leads_to = embedded(address);
        let is_allowed =
            self.networks.iter().any(|network| network.contains(&address) || network.contains(&leads_to));
        is_allowed || (has_tls && is_public(address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allowed_networks_are_reached_whatever_they_are_and_others_if_they_are_public_and_over_tls() {
        let policy = WebhookPolicy::parse(" 10.1.0.0/16,fd12::/64, 127.0.0.2 ").unwrap();
        assert!(policy.has_networks());
        for (address, with_tls, without) in [
            ("10.1.2.3", true, true),
            ("::ffff:10.1.2.3", true, true),
            ("fd12::7", true, true),
            ("127.0.0.2", true, true),
            ("127.0.0.1", false, false),
            ("10.2.0.1", false, false),
            ("fd12:0:0:1::1", false, false),
            ("8.8.8.8", true, false),
        ] {
            let address = address.parse().unwrap();
            assert_eq!(policy.allows(address, true), with_tls, "{address}");
            assert_eq!(policy.allows(address, false), without, "{address}");
        }
        assert!(!WebhookPolicy::parse("").unwrap().has_networks());
        for wrong in ["10.0.0.0/33", "localhost", "10.0.0", "*"] {
            assert_eq!(WebhookPolicy::parse(&format!("10.0.0.0/8,{wrong}")), Err(wrong.to_owned()));
        }
    }
}
