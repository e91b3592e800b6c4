//! The secret of a refresh token's successor, which follows from the token and from its row.

use zeroize::Zeroizing;

use crate::keys::TokenSecret;
use crate::keys::hmac::HmacKey;
use crate::password::bcrypt::salt::Salt;
use crate::session::SessionId;
use crate::time::Timestamp;
use crate::token::refresh_secret::RefreshSecret;

/// Keeps the successor's key apart from the signing key, although both come from one secret.
const SUCCESSOR_KEY_LABEL: &[u8] = b"hallpass successor key v1";

/// Names the use and the version of the successor's formula.
const SUCCESSOR_LABEL: &[u8] = b"hallpass successor v2";

/// The key that successors are derived with.
pub(crate) struct SuccessorKey(HmacKey);

/// What a successor follows from: the token that it replaces, and the rotation.
pub(crate) struct SuccessorOf<'a> {
    pub(crate) session_id: &'a SessionId,
    pub(crate) generation: u64,
    pub(crate) secret: &'a RefreshSecret,
    pub(crate) rotated_at: Timestamp,
    pub(crate) salt: Salt,
}

impl SuccessorKey {
    /// Derives the key from the secret of refresh tokens.
    pub(crate) fn new(secret: &TokenSecret) -> Self {
        let signing_key = HmacKey::new(secret.expose_secret());
        Self(HmacKey::new(&*Zeroizing::new(signing_key.code_of(&[SUCCESSOR_KEY_LABEL]))))
    }

    /// Returns `HMAC-SHA256(K, label ‖ sid ‖ gen ‖ jti ‖ rotated_at ‖ salt)`, texts with their lengths
    /// before them, numbers in eight bytes, most significant first, the salt in sixteen.
    pub(crate) fn secret(&self, of: &SuccessorOf<'_>) -> RefreshSecret {
        let session_id = of.session_id.as_str().as_bytes();
        let secret = of.secret.expose_secret().as_bytes();
        RefreshSecret::of(&Zeroizing::new(self.0.code_of(&[
            SUCCESSOR_LABEL,
            &length_of(session_id),
            session_id,
            &of.generation.to_be_bytes(),
            &length_of(secret),
            secret,
            &of.rotated_at.as_unix_seconds().to_be_bytes(),
            of.salt.as_bytes(),
        ])))
    }
}

fn length_of(text: &[u8]) -> [u8; 8] {
    (text.len() as u64).to_be_bytes()
}
