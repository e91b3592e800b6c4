//! Where randomness comes from: a port, so that tests can repeat a run.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// Fills buffers with cryptographically secure random bytes.
pub trait Random: Send + Sync {
    /// Fills `bytes` to the last one.
    ///
    /// # Errors
    /// [`RandomUnavailable`] when the source could not answer; `bytes` must not be used then.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomUnavailable>;
}

/// The random source could not answer.
#[derive(Debug, thiserror::Error)]
#[error("the source of randomness is unavailable")]
pub struct RandomUnavailable(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Returns `N` fresh random bytes.
pub(crate) fn random_bytes<const N: usize>(
    random: &dyn Random,
) -> Result<[u8; N], RandomUnavailable> {
    let mut bytes = [0; N];
    random.fill(&mut bytes)?;
    Ok(bytes)
}

/// Returns `N` fresh random bytes in base64url without padding.
pub(crate) fn random_text<const N: usize>(
    random: &dyn Random,
) -> Result<String, RandomUnavailable> {
    random_bytes::<N>(random).map(|bytes| URL_SAFE_NO_PAD.encode(bytes))
}
