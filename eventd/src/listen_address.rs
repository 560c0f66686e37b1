//! An address to listen on, as the operator writes it.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;

use tokio::net::{TcpListener, TcpSocket, lookup_host};

use crate::failure::Failure;

/// How much of its responses the system keeps for a client that does not read, in bytes; Linux doubles it. By
/// default it would be up to 4 MiB for each connection.
const SEND_BUFFER: u32 = 128 << 10;
/// Connections that wait to be accepted.
const BACKLOG: u32 = 1024;

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    // Connections inherit it.
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// A host and a port. The host is an IP address, a hostname, or missing for all IPv4 addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListenAddress {
    host: String,
    port: u16,
}

impl ListenAddress {
    /// What a value must be, for messages.
    pub(crate) const MUST_BE: &'static str =
        "an address and a port such as 127.0.0.1:8080, [::1]:8080, localhost:8080 or :8080";

    /// A port on all IPv4 addresses.
    pub(crate) fn everywhere(port: u16) -> Self {
        Self { host: Ipv4Addr::UNSPECIFIED.to_string(), port }
    }

    /// Listens on the first address of the host that is free, an IPv4 address if it has one. `flag` is the
    /// setting that the message of a failure names.
    pub(crate) async fn listen(&self, flag: &str) -> Result<TcpListener, Failure> {
        let refused =
            |error| format!("cannot listen on {self}: {error} (choose another address with {flag})");
        let mut addresses: Vec<SocketAddr> = lookup_host(self.to_string()).await.map_err(refused)?.collect();
        addresses.sort_by_key(SocketAddr::is_ipv6);
        let mut outcome = Err(io::ErrorKind::AddrNotAvailable.into());
        for address in addresses {
            outcome = bind(address);
            if outcome.is_ok() {
                break;
            }
        }
        Ok(outcome.map_err(refused)?)
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl FromStr for ListenAddress {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (host, port) = text.rsplit_once(':').ok_or(())?;
        let port = port.parse().map_err(|_| ())?;
        if host.is_empty() {
            return Ok(Self::everywhere(port));
        }
        let is_name = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
        if is_name || text.parse::<SocketAddr>().is_ok() {
            return Ok(Self { host: host.to_owned(), port });
        }
        Err(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_names_and_bare_ports_are_understood() {
        for (text, shown) in [
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("[::1]:0", "[::1]:0"),
            ("localhost:8081", "localhost:8081"),
            ("host-1.example.org:80", "host-1.example.org:80"),
            (":9000", "0.0.0.0:9000"),
        ] {
            assert_eq!(text.parse::<ListenAddress>().unwrap().to_string(), shown);
        }
        for text in
            ["", "here", "localhost", "localhost:", ":", "::1:80", "localhost:65536", "a b:80", "http://x:80"]
        {
            assert!(text.parse::<ListenAddress>().is_err(), "{text}");
        }
    }

    #[tokio::test]
    async fn a_hostname_is_resolved() {
        let address: ListenAddress = "localhost:0".parse().unwrap();
        let listener = address.listen("--listen").await.unwrap();
        assert!(listener.local_addr().unwrap().ip().is_loopback());
    }

    #[tokio::test]
    async fn a_failure_names_the_address_and_the_setting() {
        let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address: ListenAddress = taken.local_addr().unwrap().to_string().parse().unwrap();
        let error = address.listen("--listen").await.unwrap_err().to_string();
        assert!(error.contains(&address.to_string()) && error.contains("--listen"), "{error}");
    }
}
