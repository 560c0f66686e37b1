//! Tokens that are signed by hand, to forge them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{Algorithm, Header};
use serde_json::Value;
use sha2::{Sha256, Sha512};

/// A token with these claims. The algorithm of the header is HS256 or HS512.
#[must_use]
pub fn sign_jwt(header: &Header, secret: &str, claims: &Value) -> String {
    let header_text = serde_json::to_string(header).expect("a header is JSON");
    let message =
        format!("{}.{}", URL_SAFE_NO_PAD.encode(header_text), URL_SAFE_NO_PAD.encode(claims.to_string()));
    let signature = match header.alg {
        Algorithm::HS256 => Hmac::<Sha256>::new_from_slice(secret.as_bytes())
            .expect("keys have any length")
            .chain_update(&message)
            .finalize()
            .into_bytes()
            .to_vec(),
        Algorithm::HS512 => Hmac::<Sha512>::new_from_slice(secret.as_bytes())
            .expect("keys have any length")
            .chain_update(&message)
            .finalize()
            .into_bytes()
            .to_vec(),
        other => panic!("{other:?} is not needed"),
    };
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}
