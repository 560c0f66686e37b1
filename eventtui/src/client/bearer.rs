//! The bearer token of calls: where it comes from, and its renewal, which several programs share.

use std::sync::atomic::{AtomicBool, Ordering};

use eventcore::accounts::TokenPair;
use eventcore::{Clock, SystemClock};
use tokio::sync::Mutex;

use super::error::Error;
use super::token_store::{StoreLock, StoredTokens, TokenStore};

/// An access token is renewed this many seconds before it expires.
const MARGIN: i64 = 30;

/// The outcome of renewing tokens.
pub(super) enum Renewal {
    Pair(TokenPair),
    /// The refresh token is not valid any more.
    Refused,
}

/// The tokens of the user of one server.
pub(super) struct BearerTokens {
    server: String,
    store: TokenStore,
    held: Mutex<Held>,
    /// Whether the session has ended since [`Self::take_signed_out`].
    signed_out: AtomicBool,
}

/// What this program holds.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Held {
    Nothing,
    /// A token from the environment, which is neither stored nor renewed.
    Given(String),
    /// `stored`: whether the file has them, too.
    SignedIn {
        tokens: StoredTokens,
        stored: bool,
    },
}

impl BearerTokens {
    /// The tokens that are stored for a server, unless one is given.
    pub(super) fn new(server: &str, store: TokenStore, given: Option<String>) -> Self {
        let held = match (given, store.get(server)) {
            (Some(token), _) => Held::Given(token),
            (None, Some(tokens)) => Held::SignedIn { tokens, stored: true },
            (None, None) => Held::Nothing,
        };
        let server = server.to_owned();
        Self { server, store, held: Mutex::new(held), signed_out: AtomicBool::new(false) }
    }

    /// Whether the session has ended since the last call, unexpectedly.
    pub(super) fn take_signed_out(&self) -> bool {
        self.signed_out.swap(false, Ordering::Relaxed)
    }

    /// The name by which the user signed in.
    pub(super) async fn login(&self) -> Option<String> {
        match &*self.held.lock().await {
            Held::SignedIn { tokens, .. } => Some(tokens.login.clone()).filter(|login| !login.is_empty()),
            Held::Nothing | Held::Given(_) => None,
        }
    }

    /// An access token other than the refused one, renewed if necessary; `None` if nobody is signed in.
    ///
    /// # Errors
    /// [`Error::SessionEnded`] once if the session has ended; after that, nobody is signed in.
    pub(super) async fn access(
        &self,
        refused: Option<&str>,
        renew: impl AsyncFnOnce(&str) -> Result<Renewal, Error>,
    ) -> Result<Option<String>, Error> {
        // Held during the exchange: of several calls that were refused at once, the first renews for all.
        let mut held = self.held.lock().await;
        let tokens = match &*held {
            Held::Nothing => return Ok(None),
            Held::Given(_) if refused.is_some() => return Err(Error::TokenRefused),
            Held::Given(token) => return Ok(Some(token.clone())),
            Held::SignedIn { tokens, .. } => tokens.clone(),
        };
        if let Some(access) = usable(&tokens, refused) {
            return Ok(Some(access));
        }
        let lock = self.lock().await?;
        let tokens = match (&*held, self.store.get(&self.server)) {
            // Another program may have renewed them.
            (Held::SignedIn { .. }, Some(stored)) if stored.login == tokens.login => stored,
            // Another program signed out, or in as somebody else.
            (Held::SignedIn { stored: true, .. }, _) => return Err(self.end(&mut held)),
            _ => tokens,
        };
        if let Some(access) = usable(&tokens, refused) {
            *held = Held::SignedIn { tokens, stored: true };
            return Ok(Some(access));
        }
        match renew(&tokens.refresh).await? {
            Renewal::Pair(pair) => {
                let access = pair.access_token.clone();
                *held = self.keep(tokens_of(tokens.login, pair), lock.as_ref());
                Ok(Some(access))
            }
            Renewal::Refused => {
                if let Some(lock) = &lock {
                    // Failures are ignored: the next program is told that the session has ended, too.
                    let _ = self.store.set(&self.server, None, lock);
                }
                Err(self.end(&mut held))
            }
        }
    }

    fn end(&self, held: &mut Held) -> Error {
        *held = Held::Nothing;
        self.signed_out.store(true, Ordering::Relaxed);
        Error::SessionEnded
    }

    /// Takes the tokens of a new sign-in.
    pub(super) async fn sign_in(&self, login: &str, pair: TokenPair) -> Result<(), Error> {
        let mut held = self.held.lock().await;
        let lock = self.lock().await?;
        *held = self.keep(tokens_of(login.to_owned(), pair), lock.as_ref());
        Ok(())
    }

    /// Forgets the tokens; returns the refresh token, for the server to end the session.
    pub(super) async fn sign_out(&self) -> Result<Option<String>, Error> {
        let mut held = self.held.lock().await;
        let lock = self.lock().await?;
        let before = std::mem::replace(&mut *held, Held::Nothing);
        let mut refresh = match before {
            Held::SignedIn { tokens, .. } => Some(tokens.refresh),
            Held::Nothing | Held::Given(_) => None,
        };
        if let Some(lock) = &lock {
            refresh = self.store.get(&self.server).map(|stored| stored.refresh).or(refresh);
            // Failures are ignored: the session ends, and with it the stored token.
            let _ = self.store.set(&self.server, None, lock);
        }
        Ok(refresh)
    }

    /// The lock of the store; `None` if nothing can be stored. The tokens then serve this run only.
    async fn lock(&self) -> Result<Option<StoreLock>, Error> {
        match self.store.lock().await {
            Ok(lock) => Ok(lock),
            Err(error) if error.kind() == std::io::ErrorKind::TimedOut => Err(Error::Connection(
                "another eventtui is renewing the sign-in and does not finish".to_owned(),
            )),
            Err(_) => Ok(None),
        }
    }

    /// Stores tokens. If that fails, the user has to sign in again next time.
    fn keep(&self, tokens: StoredTokens, lock: Option<&StoreLock>) -> Held {
        let stored = lock.is_some_and(|lock| self.store.set(&self.server, Some(&tokens), lock).is_ok());
        Held::SignedIn { tokens, stored }
    }
}

fn tokens_of(login: String, pair: TokenPair) -> StoredTokens {
    StoredTokens {
        login,
        refresh: pair.refresh_token,
        access: Some(pair.access_token),
        expires_at: now().saturating_add(pair.expires_in),
    }
}

/// The access token, unless it was refused or is about to expire.
fn usable(tokens: &StoredTokens, refused: Option<&str>) -> Option<String> {
    let fresh = tokens.expires_at - MARGIN > now();
    tokens.access.clone().filter(|access| fresh && Some(access.as_str()) != refused)
}

fn now() -> i64 {
    SystemClock.now().to_utc().timestamp()
}
