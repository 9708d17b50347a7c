//! [`Reach`]: which addresses a fetch may connect to. Where a document lies is said by strangers (certificates, records),
//! who must not be able to send us into our own network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The kinds of addresses: where nothing else is allowed, only public ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Zone {
    /// Anywhere in the world.
    Public,
    /// Of a private network, or shared between a carrier's customers (RFC 1918, RFC 4193, RFC 6598).
    Private,
    /// On the same cable (RFC 3927, RFC 4291 §2.5.6): also where clouds keep their metadata.
    LinkLocal,
    /// This machine.
    Loopback,
    /// No host at all: multicast, reserved, documentation (RFC 6890).
    Nowhere,
}

/// Which addresses may be connected to: public ones, and such as the look itself was at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::probe) struct Reach {
    also: Vec<Zone>,
}

impl Reach {
    /// Of a look that was at these addresses. Whoever watches a host in a private network has its CA there as well.
    pub(in crate::probe) fn of(looked_at: impl IntoIterator<Item = SocketAddr>) -> Self {
        let mut also: Vec<Zone> = Vec::new();
        for zone in looked_at.into_iter().map(|address| Zone::of(address.ip())) {
            if zone != Zone::Public && !also.contains(&zone) {
                also.push(zone);
            }
        }
        Self { also }
    }

    pub(in crate::probe) fn includes(&self, address: IpAddr) -> bool {
        let zone = Zone::of(address);
        zone == Zone::Public || self.also.contains(&zone)
    }
}

impl Zone {
    fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(v4) => Self::of_v4(v4),
            IpAddr::V6(v6) => Self::of_v6(v6),
        }
    }

    /// RFC 6890, as the registry of IANA has it.
    fn of_v4(address: Ipv4Addr) -> Self {
        match address.octets() {
            // 0.0.0.0 connects to this machine on most systems.
            [0 | 127, ..] => Self::Loopback,
            [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => Self::Private,
            [169, 254, ..] => Self::LinkLocal,
            [192, 0, 0 | 2, _] | [192, 88, 99, _] | [198, 18..=19, ..] | [198, 51, 100, _] | [203, 0, 113, _] => {
                Self::Nowhere
            }
            [224..=255, ..] => Self::Nowhere,
            _ => Self::Public,
        }
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        if let Some(v4) = embedded(address) {
            return Self::of_v4(v4);
        }
        match address.segments() {
            [0, 0, 0, 0, 0, 0, 0, 0 | 1] => Self::Loopback,
            [0xfc00..=0xfdff, ..] | [0xfec0..=0xfeff, ..] => Self::Private,
            [0xfe80..=0xfebf, ..] => Self::LinkLocal,
            // Teredo, ORCHID, documentation; of what is left only 2000::/3 is given out.
            [0x2001, 0 | 0x10..=0x2f | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Self::Nowhere,
            [0x2000..=0x3fff, ..] => Self::Public,
            _ => Self::Nowhere,
        }
    }
}

/// The IPv4 address that an IPv6 one is written for: mapped (RFC 4291 §2.5.5), NAT64 (RFC 6052), 6to4 (RFC 3056).
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            Some(v4(high, low))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(address: &str) -> Zone {
        Zone::of(address.parse().unwrap())
    }

    #[test]
    fn every_kind_of_address_is_told() {
        for (expected, addresses) in [
            (
                Zone::Public,
                "1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.1 172.15.0.1 172.32.0.1 198.20.0.1 223.255.255.254",
            ),
            (
                Zone::Public,
                "2606:4700::1111 2001:4860:4860::8888 2400::1 ::ffff:1.1.1.1 64:ff9b::101:101 2002:101:101::1",
            ),
            (Zone::Private, "10.0.0.1 172.16.0.1 172.31.255.255 192.168.0.1 100.64.0.1 100.127.255.255"),
            (Zone::Private, "fc00::1 fd00:ec2::254 fec0::1 ::ffff:10.0.0.1 64:ff9b::a00:1 2002:a00:1::1"),
            (Zone::LinkLocal, "169.254.169.254 fe80::1 febf::1 ::ffff:169.254.169.254 64:ff9b::a9fe:a9fe"),
            (Zone::Loopback, "127.0.0.1 127.255.255.255 0.0.0.0 0.1.2.3 ::1 :: ::ffff:127.0.0.1 64:ff9b::7f00:1"),
            (
                Zone::Nowhere,
                "192.0.2.1 192.0.0.8 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 240.0.0.1 255.255.255.255",
            ),
            (Zone::Nowhere, "ff02::1 2001:db8::1 2001::1 3fff::1 ::2 100::1 64:ff9b:1::1 5f00::1"),
        ] {
            for address in addresses.split(' ') {
                assert_eq!(zone(address), expected, "{address}");
            }
        }
    }

    #[test]
    fn what_the_look_was_at_may_be_reached_and_nothing_else_that_is_not_public() {
        let reach = |looked_at: &[&str]| Reach::of(looked_at.iter().map(|address| address.parse().unwrap()));
        let includes = |reach: &Reach, address: &str| reach.includes(address.parse().unwrap());
        let public = reach(&["1.1.1.1:443", "[2606:4700::1111]:443"]);
        for (address, reached) in
            [("9.9.9.9", true), ("10.0.0.1", false), ("127.0.0.1", false), ("169.254.169.254", false), ("::1", false)]
        {
            assert_eq!(includes(&public, address), reached, "{address}");
        }
        let private = reach(&["10.1.2.3:8443"]);
        for (address, reached) in
            [("9.9.9.9", true), ("192.168.0.1", true), ("fd00::1", true), ("127.0.0.1", false), ("169.254.1.1", false)]
        {
            assert_eq!(includes(&private, address), reached, "{address}");
        }
        assert!(includes(&reach(&["127.0.0.1:443"]), "::1"));
        assert!(!includes(&reach(&["127.0.0.1:443"]), "10.0.0.1"));
    }
}
