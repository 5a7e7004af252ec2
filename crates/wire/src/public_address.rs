//! Which addresses belong to the open internet.
//!
//! Enters: an address that a name was resolved to. Leaves: whether anybody may be sent there on the word of a text that
//! anybody may have written. Data: the special-purpose registries of IANA (RFC 6890 and its successors, read 2026-11),
//! by block. IPv6 is turned round: only global unicast (`2000::/3`) counts, less what is set aside in it. An address that
//! carries an IPv4 one is what that one is.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address is one of the open internet.
pub(crate) fn is_global(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_global_v4(address),
        IpAddr::V6(address) => is_global_v6(address),
    }
}

fn is_global_v4(address: Ipv4Addr) -> bool {
    !V4.iter().any(|(block, length)| shares(&address.octets(), &block.octets(), *length))
}

fn is_global_v6(address: Ipv6Addr) -> bool {
    let within = |(block, length): &(Ipv6Addr, usize)| shares(&address.octets(), &block.octets(), *length);
    if let Some((_, at)) = CARRIERS.iter().find(|(block, _)| within(block)) {
        let mut inner = [0; 4];
        inner.copy_from_slice(&address.octets()[*at..at + 4]);
        return is_global_v4(inner.into());
    }
    within(&UNICAST) && !V6.iter().any(within)
}

/// Whether the first bits are the same.
fn shares(one: &[u8], other: &[u8], bits: usize) -> bool {
    let (whole, rest) = (bits / 8, bits % 8);
    if one[..whole] != other[..whole] {
        return false;
    }
    rest == 0 || (one[whole] ^ other[whole]) >> (8 - rest) == 0
}

const fn v4(a: u8, b: u8, c: u8, d: u8, length: usize) -> (Ipv4Addr, usize) {
    (Ipv4Addr::new(a, b, c, d), length)
}

const fn v6(head: [u16; 6], length: usize) -> (Ipv6Addr, usize) {
    (Ipv6Addr::new(head[0], head[1], head[2], head[3], head[4], head[5], 0, 0), length)
}

const V4: &[(Ipv4Addr, usize)] = &[
    v4(0, 0, 0, 0, 8),        // this network (RFC 791); 0.0.0.0 reaches this machine
    v4(10, 0, 0, 0, 8),       // private (RFC 1918)
    v4(100, 64, 0, 0, 10),    // shared behind carriers' NAT (RFC 6598); some clouds' metadata
    v4(127, 0, 0, 0, 8),      // loopback (RFC 1122)
    v4(168, 63, 129, 16, 32), // a cloud's own service for its machines, at an address that looks like any other
    v4(169, 254, 0, 0, 16),   // link-local (RFC 3927); metadata of most clouds
    v4(172, 16, 0, 0, 12),    // private (RFC 1918)
    v4(192, 0, 0, 0, 24),     // protocol assignments (RFC 6890)
    v4(192, 0, 2, 0, 24),     // documentation (RFC 5737)
    v4(192, 88, 99, 0, 24),   // 6to4 relays, given up (RFC 7526)
    v4(192, 168, 0, 0, 16),   // private (RFC 1918)
    v4(198, 18, 0, 0, 15),    // benchmarking (RFC 2544)
    v4(198, 51, 100, 0, 24),  // documentation (RFC 5737)
    v4(203, 0, 113, 0, 24),   // documentation (RFC 5737)
    v4(224, 0, 0, 0, 4),      // multicast (RFC 5771)
    v4(240, 0, 0, 0, 4),      // reserved, and broadcast (RFC 1112, RFC 919)
];

/// Blocks whose addresses carry an IPv4 address, and the byte that it begins at.
const CARRIERS: &[((Ipv6Addr, usize), usize)] = &[
    (v6([0, 0, 0, 0, 0, 0xffff], 96), 12),    // IPv4-mapped (RFC 4291)
    (v6([0x64, 0xff9b, 0, 0, 0, 0], 96), 12), // NAT64 (RFC 6052), as names are answered on networks without IPv4
    (v6([0x2002, 0, 0, 0, 0, 0], 16), 2),     // 6to4 (RFC 3056)
];

const UNICAST: (Ipv6Addr, usize) = v6([0x2000, 0, 0, 0, 0, 0], 3);

const V6: &[(Ipv6Addr, usize)] = &[
    v6([0x2001, 0, 0, 0, 0, 0], 23), // protocol assignments: Teredo, benchmarking, ORCHID (RFC 2928)
    v6([0x2001, 0xdb8, 0, 0, 0, 0], 32), // documentation (RFC 3849)
    v6([0x3fff, 0, 0, 0, 0, 0], 20), // documentation (RFC 9637)
];

#[cfg(test)]
mod tests {
    use super::*;

    /// First and last address of each block that is not of the open internet.
    const CLOSED: &[(&str, &str)] = &[
        ("0.0.0.0", "0.255.255.255"),
        ("10.0.0.0", "10.255.255.255"),
        ("100.64.0.0", "100.127.255.255"),
        ("127.0.0.0", "127.255.255.255"),
        ("168.63.129.16", "168.63.129.16"),
        ("169.254.0.0", "169.254.255.255"),
        ("172.16.0.0", "172.31.255.255"),
        ("192.0.0.0", "192.0.0.255"),
        ("192.0.2.0", "192.0.2.255"),
        ("192.88.99.0", "192.88.99.255"),
        ("192.168.0.0", "192.168.255.255"),
        ("198.18.0.0", "198.19.255.255"),
        ("198.51.100.0", "198.51.100.255"),
        ("203.0.113.0", "203.0.113.255"),
        ("224.0.0.0", "255.255.255.255"),
        // Unspecified, loopback, IPv4-compatible.
        ("::", "::ffff:ffff"),
        ("::1:0:0", "::fffe:ffff:ffff"),
        // NAT64 of a network's own, discard-only, segment routing.
        ("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff"),
        ("100::", "100::ffff:ffff:ffff:ffff"),
        ("5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff"),
        // Unique-local, link-local, site-local, multicast.
        ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ];

    /// Addresses right beside those blocks, and some that everybody knows.
    const OPEN: &[&str] = &[
        "1.0.0.0",
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "168.63.129.15",
        "168.63.129.17",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "191.255.255.255",
        "192.0.1.0",
        "192.0.3.0",
        "192.31.196.1",
        "192.88.98.255",
        "192.88.100.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "198.51.99.255",
        "198.51.101.0",
        "203.0.112.255",
        "203.0.114.0",
        "223.255.255.255",
        "2000::1",
        "2001:200::",
        "2001:4860:4860::8888",
        "2001:db7:ffff::1",
        "2001:db9::",
        "2003::1",
        "2400:cb00::1",
        "2606:4700::1111",
        "2a00::1",
        "3ffe::1",
        "3fff:1000::",
    ];

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn v4s() -> Vec<(Ipv4Addr, bool)> {
        let closed = CLOSED.iter().flat_map(|(first, last)| [(*first, false), (*last, false)]);
        let all = closed.chain(OPEN.iter().map(|text| (*text, true)));
        all.filter_map(|(text, open)| Some((text.parse().ok()?, open))).collect()
    }

    #[test]
    fn every_block_that_is_set_aside_is_closed_to_its_edges() {
        for (first, last) in CLOSED {
            for text in [first, last] {
                assert!(!is_global(address(text)), "{text}");
            }
        }
        for text in OPEN {
            assert!(is_global(address(text)), "{text}");
        }
    }

    #[test]
    fn an_address_that_carries_another_is_what_that_one_is() {
        for (inner, open) in v4s() {
            let [a, b, c, d] = inner.octets();
            let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
            for carrier in [
                Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, high, low),
                Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
            ] {
                assert_eq!(is_global(carrier.into()), open, "{carrier} carries {inner}");
            }
            let compatible = Ipv6Addr::new(0, 0, 0, 0, 0, 0, high, low);
            assert!(!is_global(compatible.into()), "{compatible}");
        }
    }

    #[test]
    fn nothing_outside_of_unicast_is_open() {
        for head in 0..=u16::MAX {
            let open = is_global(Ipv6Addr::new(head, 1, 2, 3, 4, 5, 6, 7).into());
            assert!(!open || (0x2000..0x4000).contains(&head), "{head:x}");
        }
    }

    /// The addresses of a class that the standard library knows by itself.
    #[test]
    fn the_standard_library_agrees_on_what_it_knows() {
        for first in 0..=255_u8 {
            for (second, third, fourth) in
                [(0, 0, 1), (16, 5, 9), (64, 0, 0), (168, 1, 1), (254, 169, 254), (255, 255, 255)]
            {
                let it = Ipv4Addr::new(first, second, third, fourth);
                let closed = it.is_private()
                    || it.is_loopback()
                    || it.is_link_local()
                    || it.is_multicast()
                    || it.is_broadcast()
                    || it.is_documentation()
                    || it.is_unspecified();
                assert!(!(closed && is_global(it.into())), "{it}");
            }
        }
    }
}
