//! Encryption of stored answers that only the caller who causes them can decrypt.

use chacha20poly1305::aead::Aead;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit, Nonce};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

/// SHA-256 of the parts, each preceded by its length, so that parts cannot be split differently.
pub(crate) fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// Encrypts `text` with a key derived from `secret`, which must be used for one text only: the nonce is
/// constant.
pub(crate) fn seal(secret: &[&[u8]], text: &[u8]) -> Result<Vec<u8>> {
    cipher(secret).encrypt(&Nonce::default(), text).map_err(|error| Error::internal(error.to_string()))
}

/// Decrypts what [`seal`] encrypted with the same secret.
///
/// # Errors
/// `internal` for any other secret.
pub(crate) fn unseal(secret: &[&[u8]], sealed: &[u8]) -> Result<Vec<u8>> {
    cipher(secret).decrypt(&Nonce::default(), sealed).map_err(|error| Error::internal(error.to_string()))
}

fn cipher(secret: &[&[u8]]) -> ChaCha20Poly1305 {
    ChaCha20Poly1305::new(&digest(secret).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_secret_decrypts() {
        let sealed = seal(&[b"a", b"bc"], b"a text").unwrap();
        assert!(!sealed.windows(4).any(|part| part == b"text"));
        assert_eq!(unseal(&[b"a", b"bc"], &sealed).unwrap(), b"a text");
        assert!(unseal(&[b"ab", b"c"], &sealed).is_err());
    }
}
