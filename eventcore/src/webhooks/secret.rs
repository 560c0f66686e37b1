//! Secrets of webhooks: made, stored encrypted, and used to sign.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::error::{Error, Result};
use crate::id::WebhookDeliveryId;
use crate::seal::{seal, unseal};
use crate::signed_link::LinkKey;
use crate::time::Timestamp;

/// What a secret begins with, as people see it.
const PREFIX: &str = "whsec_";
/// The length of a secret, in bytes. The scheme takes 24 to 64.
const LENGTH: usize = 32;
/// What makes each encryption key different, in bytes.
const SALT: usize = 16;

/// A secret that signs.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct WebhookSecret([u8; LENGTH]);

/// A new secret of a webhook, which cannot be read again.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SecretAnswer {
    /// The secret. It starts with `whsec_`.
    pub secret: String,
    /// Until when the former secret signs too; null if there was none that still did.
    pub former_secret_expires_at: Option<Timestamp>,
}

impl WebhookSecret {
    pub(super) fn generate() -> Result<Self> {
        let mut secret = [0; LENGTH];
        getrandom::fill(&mut secret).map_err(|error| Error::internal(error.to_string()))?;
        Ok(Self(secret))
    }

    /// The secret as receivers configure it.
    pub(super) fn text(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(self.0))
    }

    /// The secret as it is stored.
    pub(super) fn seal(&self, key: &LinkKey) -> Result<Vec<u8>> {
        let mut salt = [0; SALT];
        getrandom::fill(&mut salt).map_err(|error| Error::internal(error.to_string()))?;
        let sealed = seal(&[b"webhook secret", key.text().as_bytes(), &salt], &self.0)?;
        Ok([&salt[..], &sealed].concat())
    }

    pub(super) fn unseal(stored: &[u8], key: &LinkKey) -> Result<Self> {
        let wrong = || Error::internal("a stored secret of a webhook is too short");
        let (salt, sealed) = stored.split_at_checked(SALT).ok_or_else(wrong)?;
        let secret = unseal(&[b"webhook secret", key.text().as_bytes(), salt], sealed)?;
        secret.try_into().map(Self).map_err(|_| wrong())
    }

    /// The signature of a delivery at a time: `v1,` and Base64.
    pub(super) fn sign(&self, id: WebhookDeliveryId, seconds: i64, body: &str) -> String {
        // HMAC pads a shorter key with zeros to the length of a block (RFC 2104 2).
        let mut block = [0; 64];
        block[..LENGTH].copy_from_slice(&self.0);
        let mut mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
        mac.update(format!("{id}.{seconds}.{body}").as_bytes());
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

impl std::fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WebhookSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_secrets_are_encrypted_and_need_their_key() {
        let (key, other) = (LinkKey::generate().unwrap(), LinkKey::generate().unwrap());
        let secret = WebhookSecret::generate().unwrap();
        let stored = secret.seal(&key).unwrap();
        assert!(!stored.windows(8).any(|part| secret.0.starts_with(part)));
        assert_ne!(stored, secret.seal(&key).unwrap(), "each has its own salt");
        assert_eq!(WebhookSecret::unseal(&stored, &key).unwrap(), secret);
        assert!(WebhookSecret::unseal(&stored, &other).is_err());
        assert!(WebhookSecret::unseal(&stored[..20], &key).is_err());
        assert!(WebhookSecret::unseal(&[], &key).is_err());
    }

    #[test]
    fn secrets_and_signatures_have_the_form_of_the_scheme() {
        let secret = WebhookSecret([7; LENGTH]);
        assert_eq!(secret.text(), format!("whsec_{}", STANDARD.encode([7; LENGTH])));
        let id = WebhookDeliveryId::at(Timestamp::MAX);
        let signature = secret.sign(id, 1_800_000_000, "{}");
        assert_eq!(signature.len(), "v1,".len() + 44);
        assert_ne!(signature, secret.sign(id, 1_800_000_001, "{}"));
        assert_ne!(signature, secret.sign(id, 1_800_000_000, "{ }"));
    }
}
