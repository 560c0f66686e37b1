//! What names a request, and hides its answer from everyone else.

use chacha20poly1305::aead::Aead;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit, Nonce};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::actor::Actor;
use crate::error::{Error, Result};
use crate::id::UserId;

/// Names a request by whose it is, by the key that its maker gave it, and by what it asks.
#[derive(Clone)]
pub struct Key {
    /// Keeps one user's keys apart from another's; all who are not signed in share a room.
    owner: Uuid,
    text: String,
    request: [u8; 32],
}

impl Key {
    /// A key of `actor`, made of 1–255 visible ASCII characters, for the request that consists of `parts`.
    ///
    /// # Errors
    /// `invalid_input` where the text is not such a key.
    pub fn new(actor: &Actor, text: &str, parts: &[&[u8]]) -> Result<Self> {
        if !(1..=255).contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::invalid(
                "/Idempotency-Key",
                "invalid",
                "must be 1 to 255 visible characters, such as a UUID",
            ));
        }
        let owner = actor.user_id().map_or(Uuid::nil(), UserId::as_uuid);
        Ok(Self { owner, text: text.to_owned(), request: digest(parts) })
    }

    /// What the database knows it by.
    pub(super) fn id(&self) -> Vec<u8> {
        digest(&[b"id", self.owner.as_bytes(), self.text.as_bytes()]).to_vec()
    }

    /// Stands for the request.
    pub(super) fn request(&self) -> Vec<u8> {
        self.request.to_vec()
    }

    pub(super) fn encrypt(&self, attempt: Uuid, answer: &[u8]) -> Result<Vec<u8>> {
        self.cipher(attempt)
            .encrypt(&Nonce::default(), answer)
            .map_err(|error| Error::internal(error.to_string()))
    }

    pub(super) fn decrypt(&self, attempt: Uuid, answer: &[u8]) -> Result<Vec<u8>> {
        self.cipher(attempt)
            .decrypt(&Nonce::default(), answer)
            .map_err(|error| Error::internal(error.to_string()))
    }

    /// Each attempt encrypts one answer, so that the nonce need not vary.
    fn cipher(&self, attempt: Uuid) -> ChaCha20Poly1305 {
        let secret = digest(&[b"answer", self.owner.as_bytes(), self.text.as_bytes(), attempt.as_bytes()]);
        ChaCha20Poly1305::new(&secret.into())
    }
}

/// Parts are told apart by their lengths.
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

    fn key(actor: &Actor, text: &str, parts: &[&[u8]]) -> Key {
        Key::new(actor, text, parts).unwrap()
    }

    #[test]
    fn a_key_is_visible_characters() {
        for text in ["", "two words", "ключ", "tab\t", &"x".repeat(256)] {
            assert_eq!(
                Key::new(&Actor::Anonymous, text, &[]).err().unwrap().code(),
                "invalid_input",
                "{text:?}"
            );
        }
        assert!(Key::new(&Actor::Anonymous, &"x".repeat(255), &[]).is_ok());
    }

    #[test]
    fn owner_and_text_name_it_and_the_parts_are_its_request() {
        let ada = Actor::user(UserId::at(Timestamp::from_micros(1)), Role::User);
        let here = key(&ada, "k", &[b"POST", b"/events"]);
        assert_eq!(here.id(), key(&ada, "k", &[]).id());
        assert_ne!(here.id(), key(&Actor::Anonymous, "k", &[]).id());
        assert_ne!(here.id(), key(&ada, "l", &[]).id());
        assert_eq!(here.request(), key(&ada, "l", &[b"POST", b"/events"]).request());
        assert_ne!(here.request(), key(&ada, "k", &[b"POST/", b"events"]).request());
    }

    #[test]
    fn only_the_key_reads_the_answer() {
        let (attempt, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let k = key(&Actor::Anonymous, "k", &[]);
        let hidden = k.encrypt(attempt, b"a secret").unwrap();
        assert!(!hidden.windows(6).any(|part| part == b"secret"));
        assert_eq!(k.decrypt(attempt, &hidden).unwrap(), b"a secret");
        assert!(k.decrypt(other, &hidden).is_err());
        assert!(key(&Actor::Anonymous, "l", &[]).decrypt(attempt, &hidden).is_err());
    }
}
