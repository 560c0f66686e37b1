//! [`IdempotencyKey`]: the identity of a request, and the encryption of its stored answer.

use uuid::Uuid;

use crate::actor::{Actor, Credential};
use crate::error::{Error, Result};
use crate::seal::{digest, seal, unseal};

/// The idempotency key of a request, together with its owner and a digest of the request.
///
/// The stored answer is encrypted with a key derived from the owner and the text. Neither is stored, so the
/// answer cannot be read from the database alone.
#[derive(Clone)]
pub struct IdempotencyKey {
    /// The session or the token of the caller, as each credential has a namespace of keys: an answer may hold
    /// a secret, or what another credential of the same user may not see. Embedding programs have one for
    /// each user. All anonymous callers share the nil UUID.
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
        Ok(Self { owner: owner(actor), text: text.to_owned(), request: digest(parts) })
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
        seal(&self.secret(&attempt), answer)
    }

    /// Decrypts the answer of an attempt. Fails unless owner, text and attempt are those of the encryption.
    pub(super) fn decrypt(&self, attempt: Uuid, answer: &[u8]) -> Result<Vec<u8>> {
        unseal(&self.secret(&attempt), answer)
    }

    /// The secret depends on the attempt, and an attempt encrypts a single answer.
    fn secret<'a>(&'a self, attempt: &'a Uuid) -> [&'a [u8]; 4] {
        [b"answer", self.owner.as_bytes(), self.text.as_bytes(), attempt.as_bytes()]
    }
}

/// Ids are unique across sessions, tokens and users.
fn owner(actor: &Actor) -> Uuid {
    let Actor::User(signed_in) = actor else { return Uuid::nil() };
    match signed_in.credential {
        Credential::Session { id, .. } => id.as_uuid(),
        Credential::PersonalToken { id, .. } => id.as_uuid(),
        Credential::Embedded | Credential::Subscription => signed_in.id.as_uuid(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::{Role, Scope, SignedIn};
    use crate::id::{AccessTokenId, SessionId, UserId};
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
    fn each_credential_of_a_user_has_its_own_keys() {
        let at = |micros| Timestamp::from_micros(micros);
        let ada = UserId::at(at(1));
        let with = |credential| Actor::User(SignedIn { id: ada, role: Role::User, credential });
        let session =
            |micros, confirmed_at| with(Credential::Session { id: SessionId::at(at(micros)), confirmed_at });
        let here = session(2, None);
        let Actor::User(SignedIn { credential: Credential::Session { id, .. }, .. }) = here else {
            panic!("a session")
        };
        let confirmed = with(Credential::Session { id, confirmed_at: Some(at(9)) });
        let token = Credential::PersonalToken { id: AccessTokenId::at(at(4)), scope: Scope::Write };
        assert_eq!(key(&here, "k", &[]).id(), key(&confirmed, "k", &[]).id());
        for other in [session(3, None), with(token), with(Credential::Embedded), Actor::Anonymous] {
            assert_ne!(key(&here, "k", &[]).id(), key(&other, "k", &[]).id(), "{other:?}");
        }
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
