//! Whose attempts are counted together, without saying who that is.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

use crate::user::{LoginName, UserId};

/// Keeps these digests apart from others.
const LABEL: &[u8] = b"hallpass attempt key v1";

/// The bits of an IPv6 address that are one network's, of which a client has all the others. Whoever has a
/// /56 or a /48, as RFC 6177 recommends for a site, has 256 or 65,536 such networks.
const NETWORK: u128 = !0 << 64;

/// The SHA-256 of a login name, a user's id or an address. Attempts with the same key are counted
/// together; those of different kinds never are.
///
/// # Security
/// So that no login name lands in a table of attempts, where people would type their passwords by
/// mistake. It hides nobody from whoever can guess: all IPv4 addresses are tried in minutes.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct AttemptKey {
    kind: AttemptKind,
    digest: [u8; 32],
}

/// What the attempts that are counted together have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AttemptKind {
    /// The login name, be it somebody's or nobody's.
    Login,
    /// The user, who gives their password in a session.
    User,
    /// The client's address.
    Address,
    /// The client's address, as it registers.
    Registration,
    /// An account, a login name's or a user's, as it is tried from one address.
    AccountAtAddress,
}

impl AttemptKey {
    /// Returns the key of a login name as it was typed. All spellings of one name have one key, and what
    /// is no name at all has one of its own.
    ///
    /// ```
    /// use hallpass::AttemptKey;
    ///
    /// assert_eq!(AttemptKey::of_login(" Ada"), AttemptKey::of_login("ada"));
    /// assert_ne!(AttemptKey::of_login("ada"), AttemptKey::of_login("bob"));
    /// ```
    #[must_use]
    pub fn of_login(typed: &str) -> Self {
        Self::of_parsed_login(typed, LoginName::parse(typed).ok().as_ref())
    }

    /// Returns the same key, of a text that has been parsed. Parsing is the most expensive part of a login
    /// outside of bcrypt, and any client may ask for it, so a request does it once.
    pub(crate) fn of_parsed_login(typed: &str, parsed: Option<&LoginName>) -> Self {
        let login = parsed.map_or(typed, LoginName::as_str);
        Self::new(AttemptKind::Login, login.as_bytes())
    }

    /// Returns the key of a user who gives their password in a session.
    #[must_use]
    pub fn of_user(id: &UserId) -> Self {
        Self::new(AttemptKind::User, id.as_str().as_bytes())
    }

    /// Returns the key of a client's address: of IPv6, of its network of 64 bits.
    ///
    /// ```
    /// use hallpass::AttemptKey;
    ///
    /// let of = |address: &str| AttemptKey::of_address(address.parse().unwrap());
    /// assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:0:0:1"));
    /// assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
    /// assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    /// assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    /// ```
    #[must_use]
    pub fn of_address(address: IpAddr) -> Self {
        Self::new(AttemptKind::Address, network(address).as_bytes())
    }

    /// Returns the key of a client's address as it registers, counted apart from its logins.
    ///
    /// ```
    /// use hallpass::AttemptKey;
    ///
    /// let address = "192.0.2.1".parse().unwrap();
    /// assert_ne!(AttemptKey::of_registration(address), AttemptKey::of_address(address));
    /// ```
    #[must_use]
    pub fn of_registration(address: IpAddr) -> Self {
        Self::new(AttemptKind::Registration, network(address).as_bytes())
    }

    /// Returns the key of an account, given by its own, as it is tried from this address.
    #[must_use]
    pub fn at_address(&self, address: IpAddr) -> Self {
        let address = Self::of_address(address);
        Self::new(AttemptKind::AccountAtAddress, &[self.digest, address.digest].concat())
    }

    /// Returns what the attempts have in common.
    #[must_use]
    pub fn kind(&self) -> AttemptKind {
        self.kind
    }

    /// Returns the digest as text, 43 characters of base64url: to be stored.
    #[must_use]
    pub fn to_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.digest)
    }

    fn new(kind: AttemptKind, of: &[u8]) -> Self {
        let digest = Sha256::new().chain_update(LABEL).chain_update([kind.tag()]).chain_update(of);
        Self { kind, digest: digest.finalize().into() }
    }
}

fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & NETWORK).to_string(),
        address => address.to_string(),
    }
}

impl AttemptKind {
    /// Keeps a login name apart from an equal id.
    fn tag(self) -> u8 {
        match self {
            Self::Login => b'l',
            Self::User => b'u',
            Self::Address => b'a',
            Self::AccountAtAddress => b'p',
            Self::Registration => b'r',
        }
    }
}

impl fmt::Debug for AttemptKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "AttemptKey({:?}, …)", self.kind)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn keys_of_different_kinds_are_different_and_none_shows_whose_it_is() {
        let address = "192.0.2.1";
        let keys = [
            AttemptKey::of_login(address),
            AttemptKey::of_user(&UserId::new(address)),
            AttemptKey::of_address(address.parse().unwrap()),
            AttemptKey::of_registration(address.parse().unwrap()),
        ];
        let texts: HashSet<_> = keys.iter().map(AttemptKey::to_text).collect();
        assert_eq!(texts.len(), 4);
        assert!(texts.iter().all(|text| text.len() == 43 && !text.contains("192")));
        assert_eq!(format!("{:?}", keys[0]), "AttemptKey(Login, …)");
    }

    /// Made with `printf '…' | openssl dgst -sha256 -binary | basenc --base64url`: servers of different
    /// versions share a table.
    #[test]
    fn a_key_is_the_same_in_every_version() {
        let text = AttemptKey::of_login("Ada@Example.com").to_text();
        assert_eq!(text, "BDZ-yd_1jnDOOBzZsAjQCRTXyhHI-PrJtxd4qBiHUec");
    }

    #[test]
    fn what_is_no_login_name_is_counted_as_it_was_typed() {
        assert_eq!(AttemptKey::of_login("a\0"), AttemptKey::of_login("a\0"));
        assert_ne!(AttemptKey::of_login("a\0"), AttemptKey::of_login("a\0b"));
    }
}
