//! Tokens: signed access tokens, and random tokens of which only a hash is stored.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::id::{SessionId, UserId};
use crate::time::Timestamp;

/// The lifetime of an access token in seconds.
pub(super) const ACCESS_TOKEN_SECONDS: i64 = 900;

/// The prefix of personal access tokens, by which scanners for leaked secrets recognise them.
pub(super) const PERSONAL_PREFIX: &str = "evc_";

const ISSUER: &str = "eventcore";

/// The claims of an access token: registered ones (RFC 7519, 4.1), and `sid`, the session.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Claims {
    iss: String,
    sub: UserId,
    sid: SessionId,
    iat: i64,
    exp: i64,
}

/// Signs and verifies access tokens (JWT with HS256).
pub(crate) struct Signer {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
}

impl Signer {
    pub(crate) fn new(secret: &[u8]) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "iss", "sub"]);
        // jsonwebtoken would take the time from the operating system. `read` checks the expiry by the
        // library's clock.
        validation.validate_exp = false;
        Self {
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
            validation,
        }
    }

    pub(super) fn sign(&self, user: UserId, session: SessionId, now: Timestamp) -> Result<String> {
        let iat = now.as_micros() / 1_000_000;
        let claims =
            Claims { iss: ISSUER.to_owned(), sub: user, sid: session, iat, exp: iat + ACCESS_TOKEN_SECONDS };
        encode(&Header::new(Algorithm::HS256), &claims, &self.encoding).map_err(Error::internal)
    }

    /// Verifies a token and returns its user and session.
    ///
    /// # Errors
    /// `token_expired` after its lifetime, [`Error::InvalidToken`] if the signature or a claim is invalid.
    pub(super) fn read(&self, token: &str, now: Timestamp) -> Result<(UserId, SessionId)> {
        let claims: Claims =
            decode(token, &self.decoding, &self.validation).map_err(|_| Error::InvalidToken)?.claims;
        if claims.exp <= now.as_micros() / 1_000_000 {
            return Err(Error::TokenExpired);
        }
        Ok((claims.sub, claims.sid))
    }
}

/// A random token of 256 bits, as URL-safe text.
pub(crate) fn random() -> Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| Error::internal(error.to_string()))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// The hash of a random token, which is stored instead of the token.
pub(super) fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn now() -> Timestamp {
        "2026-11-23T10:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_token_expires_after_15_minutes() {
        let signer = Signer::new(b"secret");
        let (user, session) = (UserId::at(now()), SessionId::at(now()));
        let token = signer.sign(user, session, now()).unwrap();
        assert_eq!(signer.read(&token, now().plus(Duration::from_secs(899))).unwrap(), (user, session));
        assert_eq!(
            signer.read(&token, now().plus(Duration::from_mins(15))).unwrap_err().code(),
            "token_expired"
        );
    }

    #[test]
    fn foreign_forged_and_unsigned_tokens_are_refused() {
        let signer = Signer::new(b"secret");
        let (user, session) = (UserId::at(now()), SessionId::at(now()));
        let token = signer.sign(user, session, now()).unwrap();
        let [header, claims, signature] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
        let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
        let hs384 = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS384","typ":"JWT"}"#);
        for bad in [
            Signer::new(b"another").sign(user, session, now()).unwrap(),
            format!("{none}.{claims}."),
            format!("{none}.{claims}.{signature}"),
            format!("{hs384}.{claims}.{signature}"),
            format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode("{}")),
            format!("{header}.{claims}"),
            format!("{header}.{claims}.{}", &signature[..20]),
            "a.b.c".to_owned(),
            String::new(),
        ] {
            assert_eq!(signer.read(&bad, now()).unwrap_err().code(), "invalid_credentials", "{bad}");
        }
    }

    #[test]
    fn random_tokens_have_256_bits() {
        let (one, other) = (random().unwrap(), random().unwrap());
        assert_eq!(one.len(), 43);
        assert_ne!(one, other);
    }
}
