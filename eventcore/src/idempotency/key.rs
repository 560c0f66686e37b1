//! [`IdempotencyKey`]: the identity of a request, and the encryption of its stored answer.

use chacha20poly1305::aead::Aead;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit, Nonce};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::actor::Actor;
use crate::error::{Error, Result};
use crate::id::UserId;

/// The idempotency key of a request, together with its owner and a digest of the request.
///
/// The stored answer is encrypted with a key derived from the owner and the text. Neither is stored, so the
/// answer cannot be read from the database alone.
#[derive(Clone)]
pub struct IdempotencyKey {
    /// The user, as each user has a namespace of keys. All anonymous callers share the nil UUID.
    owner: Uuid,
    text: String,
    request: [u8; 32],
}

impl IdempotencyKey {
    /// The key `text` of `actor` for a request. `parts` is everything that distinguishes the request from
    /// others, such as method, path and body.
    ///
    /// # Errors
    /// `invalid_input` unless `text` has 1 to 255 visible ASCII characters.
    pub fn new(actor: &Actor, text: &str, parts: &[&[u8]]) -> Result<Self> {
        if !(1..=255).contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::invalid(
                "/Idempotency-Key",
                "invalid",
                "must be 1 to 255 visible ASCII characters, such as a UUID",
            ));
        }
        let owner = actor.user_id().map_or(Uuid::nil(), UserId::as_uuid);
        Ok(Self { owner, text: text.to_owned(), request: digest(parts) })
    }

    /// The primary key of its row: a digest of owner and text.
    pub(super) fn id(&self) -> Vec<u8> {
        digest(&[b"id", self.owner.as_bytes(), self.text.as_bytes()]).to_vec()
    }

    /// The digest of the request, to recognise the same key on another request.
    pub(super) fn request(&self) -> Vec<u8> {
        self.request.to_vec()
    }

    /// Encrypts the answer of an attempt.
    pub(super) fn encrypt(&self, attempt: Uuid, answer: &[u8]) -> Result<Vec<u8>> {
        self.cipher(attempt)
            .encrypt(&Nonce::default(), answer)
            .map_err(|error| Error::internal(error.to_string()))
    }

    /// Decrypts the answer of an attempt. Fails unless owner, text and attempt are those of the encryption.
    pub(super) fn decrypt(&self, attempt: Uuid, answer: &[u8]) -> Result<Vec<u8>> {
        self.cipher(attempt)
            .decrypt(&Nonce::default(), answer)
            .map_err(|error| Error::internal(error.to_string()))
    }

    /// The key depends on the attempt, and an attempt encrypts a single answer, so a constant nonce is safe.
    fn cipher(&self, attempt: Uuid) -> ChaCha20Poly1305 {
        let secret = digest(&[b"answer", self.owner.as_bytes(), self.text.as_bytes(), attempt.as_bytes()]);
        ChaCha20Poly1305::new(&secret.into())
    }
}

/// SHA-256 of the parts, each preceded by its length, so that parts cannot be split differently.
fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::Role;
    use crate::time::Timestamp;

    fn key(actor: &Actor, text: &str, parts: &[&[u8]]) -> IdempotencyKey {
        IdempotencyKey::new(actor, text, parts).unwrap()
    }

    #[test]
    fn a_key_has_visible_ascii_characters() {
        for text in ["", "two words", "ключ", "tab\t", &"x".repeat(256)] {
            assert_eq!(
                IdempotencyKey::new(&Actor::Anonymous, text, &[]).err().unwrap().code(),
                "invalid_input",
                "{text:?}"
            );
        }
        assert!(IdempotencyKey::new(&Actor::Anonymous, &"x".repeat(255), &[]).is_ok());
    }

    #[test]
    fn owner_and_text_identify_a_key_and_the_parts_its_request() {
        let ada = Actor::user(UserId::at(Timestamp::from_micros(1)), Role::User);
        let here = key(&ada, "k", &[b"POST", b"/events"]);
        assert_eq!(here.id(), key(&ada, "k", &[]).id());
        assert_ne!(here.id(), key(&Actor::Anonymous, "k", &[]).id());
        assert_ne!(here.id(), key(&ada, "l", &[]).id());
        assert_eq!(here.request(), key(&ada, "l", &[b"POST", b"/events"]).request());
        assert_ne!(here.request(), key(&ada, "k", &[b"POST/", b"events"]).request());
    }

    #[test]
    fn only_the_same_key_and_attempt_decrypt_the_answer() {
        let (attempt, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let k = key(&Actor::Anonymous, "k", &[]);
        let hidden = k.encrypt(attempt, b"a secret").unwrap();
        assert!(!hidden.windows(6).any(|part| part == b"secret"));
        assert_eq!(k.decrypt(attempt, &hidden).unwrap(), b"a secret");
        assert!(k.decrypt(other, &hidden).is_err());
        assert!(key(&Actor::Anonymous, "l", &[]).decrypt(attempt, &hidden).is_err());
    }
}
