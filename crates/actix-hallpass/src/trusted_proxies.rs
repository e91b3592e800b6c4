//! Whom a request comes from, where it comes through proxies.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use actix_web::HttpRequest;
use actix_web::http::header::HeaderMap;
use hallpass::{ConfigProblem, Setting};

const VARIABLE: &str = "TRUSTED_PROXIES";

/// The proxies whose `X-Forwarded-For` is believed.
///
/// # Security
/// Anybody can write that header, so it is read from its end, where the proxy that sent the request has put
/// the address that it saw; the next one to the left is believed where that was a trusted proxy, too. What
/// stands to the left of the first address that is none is what the client says of itself, and not looked at.
/// `Forwarded` (RFC 7239) and `X-Real-IP` are never looked at.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrustedProxies(Vec<Block>);

/// Addresses that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Block {
    first: u128,
    mask: u128,
}

/// Which proxies are trusted, as it was set.
#[derive(Default)]
pub(crate) struct ProxySettings(Setting<TrustedProxies>);

impl ProxySettings {
    /// The variables that [`ProxySettings::read`] looks for.
    pub(crate) const VARIABLES: &[&'static str] = &[VARIABLE];

    /// Takes the variables that `lookup` knows.
    pub(crate) fn read(&mut self, lookup: impl Fn(&str) -> Option<String>) {
        if let Some(text) = lookup(VARIABLE) {
            self.set(text.split(','));
        }
    }

    pub(crate) fn set<'a>(&mut self, blocks: impl IntoIterator<Item = &'a str>) {
        self.0 = TrustedProxies::parse(blocks).into();
    }

    /// Checks them, and adds what is wrong to `problems`.
    pub(crate) fn check(self, problems: &mut Vec<ConfigProblem>) -> TrustedProxies {
        match self.0 {
            Setting::Unset => TrustedProxies::default(),
            Setting::Value(proxies) => proxies,
            Setting::Unreadable(problem) => {
                problems.push(ConfigProblem { variable: VARIABLE, problem });
                TrustedProxies::default()
            }
        }
    }
}

impl TrustedProxies {
    fn parse<'a>(blocks: impl IntoIterator<Item = &'a str>) -> Result<Self, &'static str> {
        blocks.into_iter().map(|block| block.trim().parse()).collect::<Result<_, _>>().map(Self)
    }

    /// Returns the address of the client: the peer's, unless that is a trusted proxy's. `None` where
    /// there is no peer address, over a Unix socket, say.
    pub(crate) fn client_of(&self, request: &HttpRequest) -> Option<IpAddr> {
        let peer = request.peer_addr()?.ip().to_canonical();
        if !self.contain(peer) {
            return Some(peer);
        }
        // A header that none of the proxies writes, or that says nothing, leaves the proxy itself.
        Some(self.forwarded_for(request.headers()).unwrap_or(peer))
    }

    /// Returns the first address from the right that is no trusted proxy's, the leftmost if all are:
    /// then it is one of the proxies' machines that asks. `None` where what is looked at is no address.
    fn forwarded_for(&self, headers: &HeaderMap) -> Option<IpAddr> {
        let lines: Vec<_> = headers.get_all("x-forwarded-for").collect();
        let mut leftmost = None;
        for line in lines.into_iter().rev() {
            // A byte that is no ASCII may be the client's, further to the left.
            for entry in line.as_bytes().rsplit(|byte| *byte == b',') {
                let entry = std::str::from_utf8(entry).ok()?.trim();
                let address = address(entry)?.to_canonical();
                if !self.contain(address) {
                    return Some(address);
                }
                leftmost = Some(address);
            }
        }
        leftmost
    }

    fn contain(&self, address: IpAddr) -> bool {
        self.0.iter().any(|block| bits(address) & block.mask == block.first)
    }
}

/// Reads an address, with or without the port that some proxies write behind it.
fn address(entry: &str) -> Option<IpAddr> {
    let with_port = || entry.parse::<SocketAddr>().map(|address| address.ip());
    entry.parse::<IpAddr>().or_else(|_| with_port()).ok()
}

impl FromStr for Block {
    type Err = &'static str;

    /// Reads an address, or one with the count of the bits that its block has in common.
    fn from_str(text: &str) -> Result<Self, &'static str> {
        const RULE: &str = "write addresses or blocks such as `10.0.0.0/8`, with commas in between";
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().or(Err(RULE))?;
        let width: u32 = if address.is_ipv4() { 32 } else { 128 };
        let length = match length {
            Some(length) => length.parse().ok().filter(|length| *length <= width).ok_or(RULE)?,
            None => width,
        };
        if length == 0 {
            return Err("a block of all addresses would believe anybody");
        }
        let mask = u128::MAX << (width - length);
        let first = bits(address);
        if first & mask != first {
            return Err("an address of a block has bits beyond its length; put zeros there");
        }
        Ok(Self { first, mask })
    }
}

/// Returns the address as one of IPv6.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    }
    .to_bits()
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn proxies(text: &str) -> TrustedProxies {
        TrustedProxies::parse(text.split(',')).unwrap()
    }

    fn client(trusted: &str, peer: &str, lines: &[&[u8]]) -> Option<String> {
        let request = TestRequest::default().peer_addr(peer.parse().unwrap());
        let request = lines.iter().fold(request, |request, line| {
            let value = actix_web::http::header::HeaderValue::from_bytes(line).unwrap();
            request.append_header(("X-Forwarded-For", value))
        });
        let client = proxies(trusted).client_of(&request.to_http_request());
        client.map(|client| client.to_string())
    }

    #[test]
    fn the_header_is_believed_from_right_to_left_as_far_as_proxies_are_trusted() {
        let trusted = "10.0.0.0/8, 192.0.2.7, fd00::/8";
        for (name, peer, lines, expected) in [
            ("nobody is in between", "203.0.113.5:1", &[][..], "203.0.113.5"),
            ("who is no proxy", "203.0.113.5:1", &[&b"1.2.3.4"[..]][..], "203.0.113.5"),
            ("in words of IPv6", "[::ffff:203.0.113.5]:1", &[], "203.0.113.5"),
            ("one proxy", "10.1.2.3:1", &[b"1.2.3.4"], "1.2.3.4"),
            ("one that is named", "192.0.2.7:1", &[b"1.2.3.4"], "1.2.3.4"),
            ("beside one that is named", "192.0.2.8:1", &[b"1.2.3.4"], "192.0.2.8"),
            ("what the client wrote", "10.1.2.3:1", &[b"9.9.9.9, 1.2.3.4"], "1.2.3.4"),
            ("of two proxies", "10.1.2.3:1", &[b"9.9.9.9, 1.2.3.4,10.9.9.9"], "1.2.3.4"),
            ("in two lines", "10.1.2.3:1", &[b"9.9.9.9, 1.2.3.4", b"10.9.9.9"], "1.2.3.4"),
            ("a client's own line", "10.1.2.3:1", &[b"9.9.9.9", b"1.2.3.4"], "1.2.3.4"),
            ("nonsense of the client's", "10.1.2.3:1", &[b"x\xff, , 1.2.3.4"], "1.2.3.4"),
            ("no header", "10.1.2.3:1", &[], "10.1.2.3"),
            ("an empty one", "10.1.2.3:1", &[b""], "10.1.2.3"),
            ("nonsense of the proxy's", "10.1.2.3:1", &[b"1.2.3.4, unknown"], "10.1.2.3"),
            ("with a port", "10.1.2.3:1", &[b"1.2.3.4:5678"], "1.2.3.4"),
            ("with brackets and a port", "10.1.2.3:1", &[b"[2001:db8::7]:443"], "2001:db8::7"),
            ("with a port that is none", "10.1.2.3:1", &[b"1.2.3.4:x"], "10.1.2.3"),
            ("nonsense behind a proxy", "10.1.2.3:1", &[b"nobody, 10.9.9.9"], "10.1.2.3"),
            ("proxies alone", "10.1.2.3:1", &[b"10.8.8.8, 10.9.9.9"], "10.8.8.8"),
            ("IPv6", "[fd00::1]:1", &[b"2001:db8::1"], "2001:db8::1"),
            ("IPv4 in IPv6", "[::ffff:10.1.2.3]:1", &[b"::ffff:1.2.3.4"], "1.2.3.4"),
        ] {
            assert_eq!(client(trusted, peer, lines).as_deref(), Some(expected), "{name}");
        }
    }

    #[test]
    fn without_a_peer_address_no_header_is_believed() {
        let request = TestRequest::default().insert_header(("X-Forwarded-For", "1.2.3.4"));
        assert_eq!(proxies("10.0.0.0/8").client_of(&request.to_http_request()), None);
    }

    #[test]
    fn only_addresses_and_blocks_that_are_less_than_all_are_proxies() {
        for text in ["10.0.0.1", "10.0.0.0/8", "10.0.0.1/32", "::1", "fd00::/8", "::1/128"] {
            assert!(text.parse::<Block>().is_ok(), "{text}");
        }
        for text in [
            "",
            "localhost",
            "10.0.0.0/33",
            "10.0.0.0/-1",
            "10.0.0.0/",
            "10.0.0.1/8",
            "0.0.0.0/0",
            "::/0",
            "::1/129",
            "10.0.0.1:80",
            "10.0.0.0/8/8",
        ] {
            assert!(text.parse::<Block>().is_err(), "{text}");
        }
    }
}
