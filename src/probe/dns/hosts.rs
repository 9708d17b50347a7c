//! This machine's hosts file, for those who want its names to count (`hosts_file = true`).

use std::fs::File;
use std::io::Read;
use std::net::IpAddr;

use crate::domain::DomainName;

/// Where it is.
const PATH: &str = "/etc/hosts";
/// A file that is longer is read so far, in bytes.
const MAX_BYTES: u64 = 1 << 20;
/// Addresses taken of one name.
const MAX_ADDRESSES: usize = 64;

/// The addresses it has for a name. A file that cannot be read has none.
pub(super) fn addresses_of(name: &DomainName) -> Vec<IpAddr> {
    let mut text = Vec::new();
    let read = File::open(PATH).and_then(|file| file.take(MAX_BYTES).read_to_end(&mut text));
    read.map_or_else(|_| Vec::new(), |_| find(&String::from_utf8_lossy(&text), name))
}

/// hosts(5): an address, then its names, on each line; `#` begins a comment.
pub(in crate::probe) fn find(text: &str, name: &DomainName) -> Vec<IpAddr> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
    let named = lines.filter_map(|line| {
        let mut words = line.split_ascii_whitespace();
        let address = words.next()?.parse().ok()?;
        let is_it = |word: &str| word.trim_end_matches('.').eq_ignore_ascii_case(name.as_str());
        words.any(is_it).then_some(address)
    });
    named.take(MAX_ADDRESSES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_behind_their_addresses() {
        let text = "127.0.0.1 localhost\n\
            192.0.2.1\tproxy login.example.com # the first\n\
            # 192.0.2.2 login.example.com\n\
            2001:db8::1 Login.Example.COM.\r\n\
            no-address login.example.com\n\
            192.0.2.3 xlogin.example.com login.example.com.au\n";
        let found = find(text, &DomainName::parse("login.example.com").unwrap());
        assert_eq!(found, ["192.0.2.1", "2001:db8::1"].map(|ip| ip.parse::<IpAddr>().unwrap()));
        assert_eq!(find(text, &DomainName::parse("other.example.com").unwrap()), [] as [IpAddr; 0]);
    }
}
