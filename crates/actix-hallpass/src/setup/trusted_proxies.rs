//! The address of the client that sent a request, directly or through proxies.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4};
use std::str::FromStr;

use actix_web::HttpRequest;
use actix_web::http::header::HeaderMap;

/// The proxies whose `X-Forwarded-For` is believed.
///
/// # Security
/// Any client can write that header, so it is read from its end, where the proxy that sent the request has
/// put the address that it saw. The next element to the left is believed if that address is a trusted
/// proxy's, too. What stands to the left of the first other address is the client's own claim, and ignored.
/// `Forwarded` (RFC 7239) and `X-Real-IP` are ignored.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrustedProxies(Vec<Proxy>);

/// A trusted proxy, or several with neighbouring addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proxy {
    /// The other end of a Unix socket, which has no address.
    UnixSocket,
    Block(Block),
}

/// Addresses that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Block {
    first: u128,
    mask: u128,
}

/// The other end of a connection.
#[derive(Clone, Copy)]
enum Peer {
    /// The other end of a Unix socket that is trusted.
    UnixSocket,
    Address(IpAddr),
    /// The other end of a Unix socket that is not trusted, or a client that reset its TCP connection before the
    /// server asked for its address: the operating system passes its request on all the same.
    Unknown,
}

/// What actix-web calls the local address of a Unix socket, and of a request without a server.
const UNIX_SOCKET: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

impl TrustedProxies {
    pub(crate) fn parse<'a>(
        proxies: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, &'static str> {
        proxies.into_iter().map(|proxy| proxy.trim().parse()).collect::<Result<_, _>>().map(Self)
    }

    /// Returns the address of the client: the peer's, unless that is a trusted proxy. `None` if the peer is
    /// a trusted Unix socket and there is no readable header.
    pub(crate) fn client_of(&self, request: &HttpRequest) -> Option<IpAddr> {
        let peer = self.peer_of(request);
        if !self.trust(peer) {
            return peer.address();
        }
        // Without a header, or with one that names no address, the proxy itself is the client.
        self.forwarded_for(request.headers()).or(peer.address())
    }

    /// Returns the first address from the right that is not a trusted proxy's. If all are, the client is one
    /// of the proxies' machines: the leftmost. `None` if an element on the way is not an address.
    fn forwarded_for(&self, headers: &HeaderMap) -> Option<IpAddr> {
        let lines: Vec<_> = headers.get_all("x-forwarded-for").collect();
        let elements =
            lines.into_iter().rev().flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
        let mut leftmost = None;
        for element in elements.map(<[u8]>::trim_ascii) {
            if element.is_empty() {
                // RFC 9110 §5.6.1.2.
                continue;
            }
            // A byte that is not ASCII may be the client's, further to the left.
            let address = address(std::str::from_utf8(element).ok()?)?.to_canonical();
            if !self.trust(Peer::Address(address)) {
                return Some(address);
            }
            leftmost = Some(address);
        }
        leftmost
    }

    /// # Security
    /// Taken for a Unix socket, a client that reset its connection would have its header believed. Over TCP at
    /// 127.0.0.1:8080 the two can't be told apart, so where Unix sockets are trusted, the README asks for
    /// another port there.
    fn peer_of(&self, request: &HttpRequest) -> Peer {
        match request.peer_addr() {
            Some(address) => Peer::Address(address.ip().to_canonical()),
            None if request.app_config().local_addr() != UNIX_SOCKET => Peer::Unknown,
            None if self.trust(Peer::UnixSocket) => Peer::UnixSocket,
            None => Peer::Unknown,
        }
    }

    fn trust(&self, peer: Peer) -> bool {
        self.0.iter().any(|proxy| match (proxy, peer) {
            (Proxy::UnixSocket, Peer::UnixSocket) => true,
            (Proxy::Block(block), Peer::Address(address)) => block.contains(bits(address)),
            _ => false,
        })
    }
}

impl Peer {
    /// Returns the address. All peers that are unknown share the unspecified one, and its limits.
    fn address(self) -> Option<IpAddr> {
        match self {
            Self::UnixSocket => None,
            Self::Address(address) => Some(address),
            Self::Unknown => Some(Ipv4Addr::UNSPECIFIED.into()),
        }
    }
}

/// Parses an address in the forms that proxies write: with a port or without, and of IPv6 in brackets or
/// without, with a zone (RFC 4007 §11) or without. The zone is dropped: it names an interface of the proxy.
fn address(element: &str) -> Option<IpAddr> {
    let Some(bracketed) = element.strip_prefix('[') else {
        let with_port = element.parse::<SocketAddrV4>().map(|address| *address.ip());
        let ipv4 = with_port.or_else(|_| element.parse::<Ipv4Addr>()).ok();
        return ipv4.map(IpAddr::from).or_else(|| ipv6(element));
    };
    let (address, port) = bracketed.split_once(']')?;
    let is_port = |text: &str| text.parse::<u16>().is_ok();
    let is_port = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
    ipv6(address).filter(|_| is_port)
}

fn ipv6(text: &str) -> Option<IpAddr> {
    let address = text.split_once('%').map_or(text, |(address, _zone)| address);
    address.parse::<Ipv6Addr>().map(IpAddr::from).ok()
}

impl FromStr for Proxy {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        match text {
            "unix" => Ok(Self::UnixSocket),
            text => text.parse().map(Self::Block),
        }
    }
}

impl Block {
    /// Blocks that hold every client of a kind: those of IPv4, the same behind a translator of a network
    /// that speaks IPv6 alone (RFC 6052 §2.1), and those of IPv6 (RFC 4291 §2.4).
    const EVERYBODY: [Self; 3] = [
        Self::new(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0).to_bits(), 96),
        Self::new(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0).to_bits(), 96),
        Self::new(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0).to_bits(), 3),
    ];

    /// Returns the block with the first `length` bits of `address` in common.
    const fn new(address: u128, length: u32) -> Self {
        let mask = u128::MAX.unbounded_shl(u128::BITS - length);
        Self { first: address & mask, mask }
    }

    const fn contains(self, bits: u128) -> bool {
        bits & self.mask == self.first
    }

    fn holds_everybody(self) -> bool {
        Self::EVERYBODY.iter().any(|all| self.mask & !all.mask == 0 && self.contains(all.first))
    }
}

impl FromStr for Block {
    type Err = &'static str;

    /// Parses an address, or one with the count of the bits that its block has in common.
    fn from_str(text: &str) -> Result<Self, &'static str> {
        const RULE: &str =
            "write addresses, blocks such as `10.0.0.0/8`, or `unix`, with commas in between";
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
        let address = bits(address);
        let block = Self::new(address, u128::BITS - width + length);
        if block.holds_everybody() {
            return Err(
                "a block that contains every client of IPv4 or IPv6 believes any of them; \
                name your proxies, for example `192.0.2.7, 10.0.0.0/8`",
            );
        }
        if block.first != address {
            return Err("an address of a block has bits beyond its length; put zeros there");
        }
        Ok(block)
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
            ("brackets and a port", "10.1.2.3:1", &[b"[2001:db8::7]:443"], "2001:db8::7"),
            ("brackets", "10.1.2.3:1", &[b"[2001:db8::7]"], "2001:db8::7"),
            ("brackets around a proxy", "10.1.2.3:1", &[b"1.2.3.4, [fd00::9]"], "1.2.3.4"),
            ("IPv4 in brackets of IPv6", "10.1.2.3:1", &[b"[::ffff:1.2.3.4]:5"], "1.2.3.4"),
            ("a zone", "10.1.2.3:1", &[b"fe80::7%eth0"], "fe80::7"),
            ("a zone in brackets", "10.1.2.3:1", &[b"[fe80::7%3]:443"], "fe80::7"),
            ("an empty element at the end", "10.1.2.3:1", &[b"1.2.3.4, ,"], "1.2.3.4"),
            ("in the middle", "10.1.2.3:1", &[b"9.9.9.9, 1.2.3.4, ,\t10.9.9.9"], "1.2.3.4"),
            ("an empty line", "10.1.2.3:1", &[b"1.2.3.4", b""], "1.2.3.4"),
            ("empty elements alone", "10.1.2.3:1", &[b", ,"], "10.1.2.3"),
            ("left of an empty one", "10.1.2.3:1", &[b"9.9.9.9, x, , 10.9.9.9"], "10.1.2.3"),
            ("nonsense behind a proxy", "10.1.2.3:1", &[b"nobody, 10.9.9.9"], "10.1.2.3"),
            ("proxies alone", "10.1.2.3:1", &[b"10.8.8.8, 10.9.9.9"], "10.8.8.8"),
            ("IPv6", "[fd00::1]:1", &[b"2001:db8::1"], "2001:db8::1"),
            ("IPv4 in IPv6", "[::ffff:10.1.2.3]:1", &[b"::ffff:1.2.3.4"], "1.2.3.4"),
        ] {
            assert_eq!(client(trusted, peer, lines).as_deref(), Some(expected), "{name}");
        }
    }

    #[test]
    fn what_is_no_address_leaves_the_peer() {
        for element in [
            "1.2.3.4:x",
            "1.2.3.4:",
            "1.2.3.4:70000",
            "1.2.3.4%eth0",
            "[1.2.3.4]",
            "[1.2.3.4]:80",
            "[2001:db8::7",
            "2001:db8::7]",
            "[2001:db8::7]443",
            "[2001:db8::7]:",
            "[2001:db8::7]:x",
            "[2001:db8::7]:70000",
            "[]",
            "\"[2001:db8::7]\"",
            "for=1.2.3.4",
            "unix:",
            "unknown",
        ] {
            let header = format!("203.0.113.5, {element}");
            let client = client("10.0.0.0/8, unix", "10.1.2.3:1", &[header.as_bytes()]);
            assert_eq!(client.as_deref(), Some("10.1.2.3"), "{element}");
        }
    }

    #[test]
    fn a_unix_socket_is_believed_where_it_is_trusted_and_shares_an_address_elsewhere() {
        for (trusted, header, expected) in [
            ("10.0.0.0/8", "1.2.3.4", Some("0.0.0.0")),
            ("unix", "9.9.9.9, 1.2.3.4", Some("1.2.3.4")),
            ("unix", "9.9.9.9, 1.2.3.4, 10.9.9.9", Some("10.9.9.9")),
            ("unix, 10.0.0.0/8", "9.9.9.9, 1.2.3.4, 10.9.9.9", Some("1.2.3.4")),
            ("10.0.0.0/8, unix", "10.8.8.8, 10.9.9.9", Some("10.8.8.8")),
            ("unix", "1.2.3.4, unix:", None),
            ("unix", "", None),
        ] {
            let request = TestRequest::default().insert_header(("X-Forwarded-For", header));
            let client = proxies(trusted).client_of(&request.to_http_request());
            let client = client.map(|client| client.to_string());
            assert_eq!(client.as_deref(), expected, "{trusted} | {header}");
        }
    }

    #[test]
    fn a_trusted_unix_socket_makes_no_address_trusted() {
        let client = client("unix", "127.0.0.1:1", &[b"1.2.3.4"]);
        assert_eq!(client.as_deref(), Some("127.0.0.1"));
    }

    #[test]
    fn a_block_that_holds_everybody_is_refused_however_it_is_written() {
        for text in [
            "0.0.0.0/0",
            "::/0",
            "::/1",
            "::/64",
            "::/80",
            "::fffe:0:0/95",
            "::ffff:0:0/96",
            "::ffff:0.0.0.0/96",
            // With zeros beyond the length they would be refused all the same: that is said first.
            "::ffff:0:0/95",
            "::ffff:10.0.0.0/96",
            "2000::/3",
            "64:ff9b::/96",
        ] {
            let error = text.parse::<Proxy>().unwrap_err();
            assert!(error.contains("contains every client"), "{text}: {error}");
        }
        for text in ["::ffff:10.0.0.0/104", "::ffff:0:0/97", "2000::/4", "64:ff9b::/97", "::/97"] {
            assert!(text.parse::<Proxy>().is_ok(), "{text}");
        }
        let client = client("::ffff:10.0.0.0/104", "10.1.2.3:1", &[b"1.2.3.4"]);
        assert_eq!(client.as_deref(), Some("1.2.3.4"));
    }

    #[test]
    fn only_addresses_blocks_and_the_unix_socket_are_proxies() {
        let good = ["10.0.0.1", "10.0.0.0/8", "10.0.0.1/32", "::1", "fd00::/8", "::1/128", "unix"];
        for text in good {
            assert!(text.parse::<Proxy>().is_ok(), "{text}");
        }
        for text in [
            "",
            "localhost",
            "10.0.0.0/33",
            "10.0.0.0/-1",
            "10.0.0.0/",
            "10.0.0.1/8",
            "::1/129",
            "10.0.0.1:80",
            "10.0.0.0/8/8",
            "unix:",
            "unix/0",
            "unix:/run/proxy.sock",
        ] {
            assert!(text.parse::<Proxy>().is_err(), "{text}");
        }
    }
}
