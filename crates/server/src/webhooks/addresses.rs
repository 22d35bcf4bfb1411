//! Which addresses a webhook may lead to: public ones, and private ones that the configuration names.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use licentia_storage::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::address::Network;

/// Where a call may lead.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    /// Named in the configuration.
    pub(crate) allow: Arc<[Network]>,
    /// Public ones, too; not in clear.
    pub(crate) public: bool,
}

impl Rule {
    pub(crate) fn admits(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.allow.iter().any(|network| network.holds(address)) || self.public && is_public(address)
    }
}

/// Finds the addresses of a name.
pub(crate) trait Lookup: Send + Sync + 'static {
    fn lookup(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// As the system does.
pub(crate) struct System;

impl Lookup for System {
    fn lookup(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect())
        })
    }
}

/// A resolver that hands out nothing that is not admitted. One forbidden address spoils the name: whoever answers with
/// both is up to something.
pub(crate) struct Guarded {
    pub(crate) lookup: Arc<dyn Lookup>,
    pub(crate) rule: Rule,
}

/// The name leads where no call may go.
#[derive(Debug, thiserror::Error)]
#[error("the address is private, and not one that [webhooks] allow names")]
pub(crate) struct Forbidden;

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let (lookup, rule) = (Arc::clone(&self.lookup), self.rule.clone());
        Box::pin(async move {
            let found = lookup.lookup(name.as_str().to_owned()).await?;
            if found.is_empty() {
                return Err("the name has no address".into());
            }
            if !found.iter().all(|address| rule.admits(*address)) {
                return Err(Forbidden.into());
            }
            let addresses: Addrs =
                Box::new(found.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}

/// Whether an address is one of the public internet (IANA's special-purpose registries).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !matches!(
        (a, b, c),
        (0 | 10 | 127, ..)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
            | (224..=255, ..)
    )
}

/// Global unicast only, without what tunnels or translates to IPv4, is for documentation or a benchmark.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let special =
        matches!((first, second), (0x2001, 0..=0x1ff | 0xdb8) | (0x2002, _) | (0x3fff, 0..=0xfff));
    (0x2000..=0x3fff).contains(&first) && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_public_is_not_admitted_unless_it_is_named() {
        let rule = |allow: &[&str], public| Rule {
            allow: allow.iter().map(|text| text.parse().unwrap()).collect(),
            public,
        };
        let all = rule(&[], true);
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:10::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "5f00::1",
        ] {
            let address: IpAddr = address.parse().unwrap();
            assert!(!all.admits(address), "{address}");
        }
        for address in ["1.1.1.1", "93.184.216.34", "172.32.0.1", "100.128.0.1", "2606:4700::1111"]
        {
            let address: IpAddr = address.parse().unwrap();
            assert!(all.admits(address), "{address}");
            assert!(!rule(&["10.0.0.0/8"], false).admits(address), "{address}");
        }
        let named = rule(&["10.0.0.0/8", "::1"], true);
        assert!(
            ["10.9.9.9", "::1", "::ffff:10.0.0.1"].iter().all(|a| named.admits(a.parse().unwrap()))
        );
        assert!(!named.admits("127.0.0.1".parse().unwrap()));
    }
}
