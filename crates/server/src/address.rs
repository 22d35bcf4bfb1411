//! Who asks: the peer, or whom a proxy that is named in the configuration speaks for.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use axum::http::HeaderMap;
use serde::Deserialize;

/// A network, `10.0.0.0/8`, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    pub(crate) fn holds(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.bits)).unwrap_or(0);
                own.to_bits() & mask == other.to_bits() & mask
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.bits)).unwrap_or(0);
                own.to_bits() & mask == other.to_bits() & mask
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no address or network, e.g. 10.0.0.0/8");
        let (address, bits) = text.split_once('/').map_or((text, None), |(a, b)| (a, Some(b)));
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), str::parse).map_err(|_| wrong())?;
        if bits > most { Err(wrong()) } else { Ok(Self { address, bits }) }
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// In which header the named proxies tell whom they speak for. One of the two: a proxy that writes one passes on
/// whatever a client wrote into the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Forwarded {
    /// `X-Forwarded-For: client, proxy`.
    #[default]
    XForwardedFor,
    /// `Forwarded: for=client, for=proxy` (RFC 7239).
    Forwarded,
}

/// The proxies that are believed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Proxies {
    pub(crate) networks: Vec<Network>,
    pub(crate) header: Forwarded,
}

impl Proxies {
    pub(crate) fn believes(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.holds(address))
    }

    /// The caller's address: from the right, the first that is no proxy of ours. Whatever stands further left
    /// anybody can write.
    pub(crate) fn caller(&self, peer: SocketAddr, headers: &HeaderMap) -> IpAddr {
        let mut caller = peer.ip().to_canonical();
        if !self.believes(caller) {
            return caller;
        }
        let mut told = Vec::new();
        let name = match self.header {
            Forwarded::XForwardedFor => "x-forwarded-for",
            Forwarded::Forwarded => "forwarded",
        };
        for value in headers.get_all(name) {
            // A header that is no text hides whatever stood left of it.
            let Ok(value) = value.to_str() else {
                told.clear();
                continue;
            };
            told.extend(value.split(','));
        }
        for entry in told.iter().rev() {
            let Some(address) = self.address(entry) else { break };
            caller = address;
            if !self.believes(caller) {
                break;
            }
        }
        caller
    }

    fn address(&self, entry: &str) -> Option<IpAddr> {
        let node = match self.header {
            Forwarded::XForwardedFor => entry.trim(),
            Forwarded::Forwarded => entry.split(';').find_map(|pair| {
                let (name, value) = pair.split_once('=')?;
                name.trim().eq_ignore_ascii_case("for").then(|| value.trim().trim_matches('"'))
            })?,
        };
        let address = node
            .parse::<IpAddr>()
            .or_else(|_| node.parse::<SocketAddr>().map(|socket| socket.ip()))
            .or_else(|_| node.trim_start_matches('[').trim_end_matches(']').parse());
        address.ok().map(|address| address.to_canonical())
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn caller(header: Forwarded, peer: &str, told: &[(&'static str, &str)]) -> String {
        let networks = ["10.0.0.0/8", "2001:db8::/32"].iter().map(|n| n.parse().unwrap()).collect();
        let mut headers = HeaderMap::new();
        for (name, value) in told {
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        let peer = SocketAddr::new(peer.parse().unwrap(), 1);
        Proxies { networks, header }.caller(peer, &headers).to_string()
    }

    #[test]
    fn d19_a_stranger_is_not_believed_and_a_named_proxy_is() {
        let x = |peer, told: &[_]| caller(Forwarded::XForwardedFor, peer, told);
        assert_eq!(x("192.0.2.1", &[("x-forwarded-for", "198.51.100.1")]), "192.0.2.1");
        assert_eq!(x("10.0.0.1", &[("x-forwarded-for", "198.51.100.1")]), "198.51.100.1");
        assert_eq!(x("::ffff:10.0.0.1", &[("x-forwarded-for", "198.51.100.1")]), "198.51.100.1");
        assert_eq!(x("10.0.0.1", &[]), "10.0.0.1");
        // What stands left of the first stranger is what that stranger wrote.
        let spoofed = "203.0.113.9, 198.51.100.1, 10.9.9.9";
        assert_eq!(x("10.0.0.1", &[("x-forwarded-for", spoofed)]), "198.51.100.1");
        let two = [("x-forwarded-for", "203.0.113.9"), ("x-forwarded-for", "198.51.100.1")];
        assert_eq!(x("10.0.0.1", &two), "198.51.100.1");
        assert_eq!(x("10.0.0.1", &[("x-forwarded-for", "198.51.100.1, unknown")]), "10.0.0.1");
        assert_eq!(x("10.0.0.1", &[("forwarded", "for=198.51.100.1")]), "10.0.0.1", "the other");
    }

    #[test]
    fn d19_the_standard_header_is_read_where_the_configuration_names_it() {
        let f = |told| caller(Forwarded::Forwarded, "2001:db8::1", &[("forwarded", told)]);
        assert_eq!(f("for=198.51.100.1;proto=https"), "198.51.100.1");
        assert_eq!(f("For=\"[2001:db9::7]:4711\", for=10.1.1.1"), "2001:db9::7");
        assert_eq!(f("for=_hidden"), "2001:db8::1");
        assert_eq!(f("proto=https"), "2001:db8::1");
    }

    #[test]
    fn a_network_is_read_strictly() {
        for wrong in ["", "10.0.0.0/33", "10.0.0/8", "host", "::/129", "10.0.0.0/-1", "1.2.3.4/"] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
        let all: Network = "0.0.0.0/0".parse().unwrap();
        assert!(all.holds("203.0.113.1".parse().unwrap()));
        let one: Network = "192.0.2.1".parse().unwrap();
        assert!(!one.holds("192.0.2.2".parse().unwrap()));
    }
}
