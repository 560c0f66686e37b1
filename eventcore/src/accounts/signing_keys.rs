//! [`SigningKeys`]: the keys that sign access tokens, as far as this process knows them.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::token::Signer;

/// The signing keys that this process knows.
#[derive(Default)]
pub(crate) struct SigningKeys {
    /// The only key, if the secret is configured.
    configured: Option<Arc<Signer>>,
    /// Keys of the database by id. The secret of a key never changes.
    known: RwLock<BTreeMap<String, Arc<Signer>>>,
}

impl SigningKeys {
    /// The keys of the database, or `secret` instead of them.
    pub(crate) fn new(secret: Option<&str>) -> Self {
        let configured = secret.map(|secret| Arc::new(Signer::of_secret(secret.as_bytes())));
        Self { configured, ..Self::default() }
    }

    /// The configured key; `None` if the keys of the database apply.
    pub(super) fn configured(&self) -> Option<&Signer> {
        self.configured.as_deref()
    }

    pub(super) fn shared_configured(&self) -> Option<Arc<Signer>> {
        self.configured.clone()
    }

    /// The key with an id, if it is known.
    pub(super) fn known(&self, id: &str) -> Option<Arc<Signer>> {
        if let Some(key) = &self.configured {
            return (key.id() == id).then(|| key.clone());
        }
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// Keeps a key of the database.
    pub(super) fn learn(&self, key: &Arc<Signer>) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(key.id().to_owned(), key.clone());
    }
}
