//! The network that a client is counted by.

use std::net::{IpAddr, Ipv6Addr};

/// The network of a client: its whole IPv4 address, or the /64 network of its IPv6 address, which is commonly
/// assigned to one household. An IPv4-mapped IPv6 address counts as the IPv4 address.
///
/// The server sets that of the connection's peer as an extension of every request, before any layer sees the
/// request: `request.extensions().get::<ClientNetwork>()`. A layer that knows the client behind a proxy
/// replaces the extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ClientNetwork(IpAddr);

impl ClientNetwork {
    /// The network of requests without a peer, as unit tests make them.
    pub(crate) const UNKNOWN: Self = Self(IpAddr::V6(Ipv6Addr::UNSPECIFIED));

    /// The network as an address: that of the client, or the first one of an IPv6 network.
    pub(crate) const fn address(self) -> IpAddr {
        self.0
    }

    /// Whether this is the same machine.
    pub(crate) const fn is_loopback(self) -> bool {
        match self.0 {
            IpAddr::V4(address) => address.is_loopback(),
            // The loopback address is the only one of its network that is in use.
            IpAddr::V6(network) => network.is_unspecified(),
        }
    }

    /// The network of an address.
    pub(crate) fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(v6) => Self(IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)))),
            v4 @ IpAddr::V4(_) => Self(v4),
        }
    }
}

impl std::fmt::Display for ClientNetwork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            IpAddr::V4(address) => write!(f, "{address}"),
            IpAddr::V6(network) => write!(f, "{network}/64"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_an_ipv4_address_or_an_ipv6_prefix_of_64_bits() {
        for (address, network) in [
            ("192.0.2.1", "192.0.2.1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("2001:db8::1:2:3:4", "2001:db8::/64"),
            ("2001:db8:0:1:ffff::", "2001:db8:0:1::/64"),
        ] {
            assert_eq!(ClientNetwork::of(address.parse().unwrap()).to_string(), network);
        }
    }
}
