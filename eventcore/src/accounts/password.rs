//! Passwords: the rules for new ones, and hashing with argon2id on blocking threads.

use std::sync::LazyLock;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use unicode_normalization::UnicodeNormalization;

use super::fair_queue::{Client, FairQueue, Full};
use crate::error::{Error, Result, Violations};

/// Common passwords of 10 or more characters, sorted. NIST SP 800-63B, 5.1.1.2 requires refusing them. The
/// file names its source.
static KNOWN_BAD: LazyLock<Vec<&str>> =
    LazyLock::new(|| include_str!("known_bad.txt").lines().filter(|line| !line.starts_with('#')).collect());

/// The number of characters that a password must have besides the names of its owner.
const MIN_OTHER_CHARACTERS: usize = 6;

/// Checks the rules for new passwords: at least 10 characters of any kind and at most 1,024 bytes, not a
/// common password, and not mostly one of the owner's `names` (username, e-mail address, display name).
pub(super) fn check(violations: &mut Violations, pointer: &str, password: &str, names: [&str; 3]) {
    let normal = normal(password);
    let folded = normal.to_lowercase();
    if normal.chars().count() < 10 {
        violations.add(pointer, "too_short", "must have at least 10 characters");
    } else if password.len() > 1_024 {
        violations.add(pointer, "too_long", "must have at most 1,024 bytes");
    } else if is_known_bad(&folded) {
        violations.add(pointer, "known_bad", "is too common: choose another");
    } else if is_mostly_names(&folded, names) {
        violations.add(pointer, "known_bad", "is too similar to your name or e-mail address: choose another");
    }
}

fn is_known_bad(folded: &str) -> bool {
    let mut characters = folded.chars();
    let first = characters.next();
    characters.all(|c| Some(c) == first) || KNOWN_BAD.binary_search(&folded).is_ok()
}

/// Whether the password without one of the names, or without the local part of the address, is too short.
fn is_mostly_names(folded: &str, names: [&str; 3]) -> bool {
    let local_part = names.map(|name| name.split('@').next().unwrap_or_default());
    names.into_iter().chain(local_part).map(|name| normal(name).to_lowercase()).any(|name| {
        // Names of one or two letters occur in unrelated words.
        name.chars().count() >= 3
            && folded.contains(&name)
            && folded.replace(&name, "").chars().count() < MIN_OTHER_CHARACTERS
    })
}

/// Unicode normalization form C (RFC 8265, 4.2.2), because keyboards differ in whether they compose accents.
fn normal(password: &str) -> String {
    password.nfc().collect()
}

/// Whether two passwords are the same one.
pub(super) fn are_equal(one: &str, other: &str) -> bool {
    normal(one) == normal(other)
}

/// What all [`Passwords`] share: at most one password per core is hashed at a time, because a hash takes
/// 19 MiB of memory and tens of milliseconds.
#[derive(Debug)]
pub(crate) struct PasswordHashing(FairQueue);

/// Hashes and verifies passwords of one client on blocking threads. Clients are served round robin.
#[derive(Debug, Clone)]
pub(crate) struct Passwords {
    queue: FairQueue,
    client: Client,
}

/// A hash that no password has. It is verified if there is no account, so that the response takes as long.
const DUMMY_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5J3Mgc2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// argon2id with the first choice of parameters in OWASP's cheat sheet: 19 MiB, two passes, one lane.
fn hasher() -> Result<Argon2<'static>> {
    let params = Params::new(19_456, 2, 1, None).map_err(|error| Error::internal(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash_blocking(password: &str) -> Result<String> {
    let hash = hasher()?
        .hash_password(normal(password).as_bytes())
        .map_err(|error| Error::internal(error.to_string()))?;
    Ok(hash.to_string())
}

impl PasswordHashing {
    /// `limits_clients` refuses clients with too many waiting calls.
    pub(crate) fn new(limits_clients: bool) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self(FairQueue::new(cores, limits_clients))
    }

    /// The passwords of one client; `None` is the program itself.
    pub(crate) fn of(&self, client: Client) -> Passwords {
        Passwords { queue: self.0.clone(), client }
    }
}

/// The error for a call that may not wait.
fn refusal(full: Full) -> Error {
    match full {
        Full::ForClient => Error::RateLimited {
            reason: "too many sign-ins from your network at once",
            wait: Duration::from_secs(1),
        },
        Full::ForAll => Error::Overloaded,
    }
}

impl Passwords {
    /// Runs `work` on a blocking thread. It finishes even if the future is dropped.
    async fn run_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let permit = self.queue.acquire(self.client).await.map_err(refusal)?;
        let done = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        done.await.map_err(Error::internal)?
    }

    /// The hash of a password as a PHC string.
    pub(super) async fn hash(&self, password: String) -> Result<String> {
        self.run_blocking(move || hash_blocking(&password)).await
    }

    /// Whether the password has this hash. Takes the same time without a hash, and then returns `false`.
    pub(super) async fn verify(&self, password: String, hash: Option<String>) -> Result<bool> {
        self.run_blocking(move || {
            let parsed = PasswordHash::new(hash.as_deref().unwrap_or(DUMMY_HASH))
                .map_err(|error| Error::internal(error.to_string()))?;
            let matches = hasher()?.verify_password(normal(&password).as_bytes(), &parsed).is_ok();
            Ok(matches && hash.is_some())
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(password: &str) -> Option<String> {
        let mut violations = Violations::default();
        check(&mut violations, "/password", password, ["countess", "ada@example.org", "Ada Lovelace"]);
        violations.as_slice().first().map(|v| v.code.to_string())
    }

    #[test]
    fn long_and_uncommon_passwords_are_accepted() {
        for good in [
            "correct horse 7",
            "пароль-на-сто-лет",
            "🦀🦀🦀🦀🦀🦞🦞🦞🦞🦞",
            "          x",
            "canada in winter",
        ] {
            assert_eq!(code(good), None, "{good}");
        }
        for (bad, why) in [
            ("short", "too_short"),
            ("Password123", "known_bad"),
            ("aaaaaaaaaaaa", "known_bad"),
            ("Ada Lovelace", "known_bad"),
            ("ada@example.org", "known_bad"),
            ("countess1815", "known_bad"),
            ("AdaAdaAdaAda", "known_bad"),
            ("e\u{301}".repeat(9).as_str(), "too_short"),
            (&"x1".repeat(600), "too_long"),
        ] {
            assert_eq!(code(bad).as_deref(), Some(why), "{bad}");
        }
    }

    #[test]
    fn known_bad_passwords_are_sorted_and_normalized() {
        assert!(KNOWN_BAD.len() > 1_000 && KNOWN_BAD.is_sorted());
        let findable = |bad: &&str| bad.chars().count() >= 10 && bad.to_lowercase() == **bad;
        assert!(KNOWN_BAD.iter().all(findable));
    }

    #[test]
    fn hashes_are_argon2id_of_the_promised_strength() {
        let hash = hash_blocking("correct horse 7").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    }

    #[tokio::test]
    async fn verify_accepts_only_the_hashed_password() {
        let passwords = PasswordHashing::new(true).of(None);
        let hash = passwords.hash("correct horse 7".to_owned()).await.unwrap();
        assert!(passwords.verify("correct horse 7".to_owned(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify("correct horse 8".to_owned(), Some(hash)).await.unwrap());
    }

    #[tokio::test]
    async fn verify_accepts_decomposed_characters() {
        let passwords = PasswordHashing::new(true).of(None);
        let hash = passwords.hash("crème brûlée".to_owned()).await.unwrap();
        assert!(passwords.verify("cre\u{300}me bru\u{302}le\u{301}e".to_owned(), Some(hash)).await.unwrap());
    }

    #[tokio::test]
    async fn the_dummy_hash_matches_nothing_and_has_the_same_cost() {
        assert!(
            !PasswordHashing::new(true).of(None).verify("nobody's password".to_owned(), None).await.unwrap()
        );
        let dummy = PasswordHash::new(DUMMY_HASH).unwrap();
        let real = hash_blocking("correct horse 7").unwrap();
        let real = PasswordHash::new(&real).unwrap();
        assert_eq!(dummy.params, real.params);
        assert_eq!(dummy.hash.unwrap().as_bytes().len(), real.hash.unwrap().as_bytes().len());
    }
}
