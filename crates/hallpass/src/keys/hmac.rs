//! HMAC-SHA256 (RFC 2104) under a key that is set up once, which is half the work of a short message.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// What signs, and recognizes what was signed.
///
/// # Security
/// `Debug` shows no byte of it; its state is wiped on drop, which `hmac` and `sha2` do for their feature
/// `zeroize`. The block in which `hmac` pads the secret while it sets the key up is not.
pub(crate) struct HmacKey(Hmac<Sha256>);

impl HmacKey {
    /// Returns the key made of `secret`, of any length.
    pub(crate) fn new(secret: &[u8]) -> Self {
        Self(Hmac::new_from_slice(secret).expect("HMAC takes keys of any length"))
    }

    /// Returns the code of a message, given in parts: where one ends and the next begins does not count.
    pub(crate) fn code_of(&self, message: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.0.clone();
        for part in message {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// Returns whether `code` is that of `message`, all of it, in a time that does not tell how much of it is.
    pub(crate) fn is_code_of(&self, code: &[u8], message: &[u8]) -> bool {
        self.0.clone().chain_update(message).verify_slice(code).is_ok()
    }
}

impl fmt::Debug for HmacKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("HmacKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231: keys shorter than a block, longer than one, and a message longer than one.
    #[test]
    fn codes_are_those_of_the_standard() {
        let long_key = [0xaa; 131];
        for (key, message, expected) in [
            (
                &[0x0b; 20][..],
                "Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            ),
            (
                b"Jefe",
                "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                &long_key,
                "Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
            (
                &long_key,
                "This is a test using a larger than block-size key and a larger than block-size data. \
                 The key needs to be hashed before being used by the HMAC algorithm.",
                "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
            ),
        ] {
            let code = HmacKey::new(key).code_of(&[message.as_bytes()]);
            assert_eq!(hexadecimal(&code), expected);
        }
    }

    #[test]
    fn the_parts_of_a_message_are_one_message() {
        let key = HmacKey::new(b"key");
        assert_eq!(key.code_of(&[b"mes", b"", b"sage"]), key.code_of(&[b"message"]));
        assert_ne!(key.code_of(&[b"message"]), key.code_of(&[b"massage"]));
    }

    #[test]
    fn a_code_is_recognized_whole_and_for_its_message_alone() {
        let key = HmacKey::new(b"key");
        let code = key.code_of(&[b"message"]);
        assert!(key.is_code_of(&code, b"message"));
        assert!(!key.is_code_of(&code, b"massage"));
        assert!(!HmacKey::new(b"another key").is_code_of(&code, b"message"));
        for wrong in [&code[..31], &code[1..], &[&code[..], &[0]].concat(), b""] {
            assert!(!key.is_code_of(wrong, b"message"), "{} bytes", wrong.len());
        }
        for bit in 0..256 {
            let mut wrong = code;
            wrong[bit / 8] ^= 1 << (bit % 8);
            assert!(!key.is_code_of(&wrong, b"message"), "bit {bit}");
        }
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", HmacKey::new(b"key")), "HmacKey(…)");
    }

    fn hexadecimal(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
