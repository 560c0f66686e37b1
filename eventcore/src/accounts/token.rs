//! Tokens: signed access tokens, and random tokens of which only a hash is stored.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::hs256;
use crate::error::{Error, Result};
use crate::id::{SessionId, UserId};
use crate::time::Timestamp;

/// The lifetime of an access token in seconds.
pub(super) const ACCESS_TOKEN_SECONDS: i64 = 900;

/// The prefix of personal access tokens, by which scanners for leaked secrets recognise them.
pub(super) const PERSONAL_PREFIX: &str = "evc_";

/// The claim `iss`. Installations are told apart by their keys.
const ISSUER: &str = "eventcore";
/// The claim `aud`: the API.
const AUDIENCE: &str = "eventcore/api/v1";
/// The claim `client_id`, which RFC 9068 requires. Every client of the API is the same to it.
const CLIENT_ID: &str = "eventcore";
/// The header `typ` (RFC 9068, 2.1), so that no other kind of JWT is taken for an access token.
const TYPE: &str = "at+jwt";

/// The claims of an access token (RFC 9068, 2.2), and `sid`, the session.
#[derive(Debug, serde::Serialize)]
struct Claims {
    iss: &'static str,
    aud: &'static str,
    client_id: &'static str,
    sub: UserId,
    sid: SessionId,
    iat: i64,
    exp: i64,
    jti: Uuid,
}

/// The claims that are read. [`Validation`] checks `iss` and `aud`.
#[derive(Debug, serde::Deserialize)]
struct ReadClaims {
    sub: UserId,
    sid: SessionId,
    exp: i64,
    nbf: Option<i64>,
}

/// A key that signs and verifies access tokens (JWT with HS256).
pub(crate) struct Signer {
    /// The header `kid`, by which the key of a token is found.
    id: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
}

impl Signer {
    pub(crate) fn new(id: String, secret: &[u8]) -> Self {
        hs256::install();
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // jsonwebtoken would take the time from the operating system. `read` checks `exp` and `nbf` by the
        // library's clock.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        Self {
            id,
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
            validation,
        }
    }

    /// A key whose id follows from its secret, for a secret that is configured and not stored.
    pub(crate) fn of_secret(secret: &[u8]) -> Self {
        let digest = Sha256::new().chain_update(b"kid").chain_update(secret).finalize();
        Self::new(URL_SAFE_NO_PAD.encode(&digest[..8]), secret)
    }

    /// The key id.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn sign(&self, user: UserId, session: SessionId, now: Timestamp) -> Result<String> {
        let iat = now.as_micros() / 1_000_000;
        let claims = Claims {
            iss: ISSUER,
            aud: AUDIENCE,
            client_id: CLIENT_ID,
            sub: user,
            sid: session,
            iat,
            exp: iat + ACCESS_TOKEN_SECONDS,
            jti: Uuid::new_v4(),
        };
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(self.id.clone());
        encode(&header, &claims, &self.encoding).map_err(Error::internal)
    }

    /// Verifies a token and returns its user and session, and when it expires.
    ///
    /// # Errors
    /// `token_expired` after its lifetime, [`Error::InvalidToken`] if the signature or a claim is invalid.
    pub(super) fn read(&self, token: &str, now: Timestamp) -> Result<(UserId, SessionId, Timestamp)> {
        let claims: ReadClaims =
            decode(token, &self.decoding, &self.validation).map_err(|_| Error::InvalidToken)?.claims;
        let now = now.as_micros() / 1_000_000;
        if claims.exp <= now {
            return Err(Error::TokenExpired);
        }
        if claims.nbf.is_some_and(|start| start > now) {
            return Err(Error::InvalidToken);
        }
        Ok((claims.sub, claims.sid, Timestamp::from_micros(claims.exp.saturating_mul(1_000_000))))
    }
}

/// The id of the key that a token says it is signed with.
///
/// # Errors
/// [`Error::InvalidToken`] unless it is an access token by its header.
pub(super) fn key_id(token: &str) -> Result<String> {
    let header = decode_header(token).map_err(|_| Error::InvalidToken)?;
    // The prefix `application/` may be omitted (RFC 7515, 4.1.9).
    let typ = header.typ.unwrap_or_default().to_ascii_lowercase();
    if typ.strip_prefix("application/").unwrap_or(&typ) != TYPE {
        return Err(Error::InvalidToken);
    }
    header.kid.ok_or(Error::InvalidToken)
}

/// A random token of 256 bits, as URL-safe text.
pub(crate) fn random() -> Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| Error::internal(error.to_string()))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// The hash of a random token, which is stored instead of the token.
pub(crate) fn hash(token: &str) -> Vec<u8> {
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
        let signer = Signer::of_secret(b"secret");
        let (user, session) = (UserId::at(now()), SessionId::at(now()));
        let token = signer.sign(user, session, now()).unwrap();
        let expiry = now().plus(Duration::from_mins(15));
        assert_eq!(
            signer.read(&token, now().plus(Duration::from_secs(899))).unwrap(),
            (user, session, expiry)
        );
        assert_eq!(
            signer.read(&token, now().plus(Duration::from_mins(15))).unwrap_err().code(),
            "token_expired"
        );
    }

    #[test]
    fn foreign_forged_and_unsigned_tokens_are_refused() {
        let signer = Signer::of_secret(b"secret");
        let (user, session) = (UserId::at(now()), SessionId::at(now()));
        let token = signer.sign(user, session, now()).unwrap();
        let [header, claims, signature] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
        let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
        let hs384 = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS384","typ":"JWT"}"#);
        for bad in [
            Signer::of_secret(b"another").sign(user, session, now()).unwrap(),
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
    fn only_access_tokens_name_a_key() {
        let signer = Signer::of_secret(b"secret");
        let token = signer.sign(UserId::at(now()), SessionId::at(now()), now()).unwrap();
        assert_eq!(key_id(&token).unwrap(), signer.id());
        for (header, accepted) in [
            (r#"{"alg":"HS256","typ":"at+jwt","kid":"k"}"#, true),
            (r#"{"alg":"HS256","typ":"application/AT+JWT","kid":"k"}"#, true),
            (r#"{"alg":"HS256","typ":"JWT","kid":"k"}"#, false),
            (r#"{"alg":"HS256","kid":"k"}"#, false),
            (r#"{"alg":"HS256","typ":"at+jwt"}"#, false),
        ] {
            let token = format!("{}.e30.", URL_SAFE_NO_PAD.encode(header));
            assert_eq!(key_id(&token).is_ok(), accepted, "{header}");
        }
    }

    #[test]
    fn random_tokens_have_256_bits() {
        let (one, other) = (random().unwrap(), random().unwrap());
        assert_eq!(one.len(), 43);
        assert_ne!(one, other);
    }
}
