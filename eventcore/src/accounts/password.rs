//! Passwords: which are good enough, and how they are kept (argon2id, never on the threads that serve).

use std::sync::{Arc, LazyLock};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;

use crate::error::{Error, Result, Violations};

/// Passwords of ten or more characters that are tried first (NIST SP 800-63B 5.1.1.2 asks to refuse such), sorted; the file says where they come from.
static KNOWN_BAD: LazyLock<Vec<&str>> =
    LazyLock::new(|| include_str!("known_bad.txt").lines().filter(|line| !line.starts_with('#')).collect());

/// What a password must have besides the names of its owner.
const BEYOND_NAMES: usize = 6;

/// Whether a password may be used: at least 10 characters of any kind, not known-bad, not little more than a name of its owner, who has a
/// username, an address, and what they want to be called.
pub(super) fn check(wrong: &mut Violations, pointer: &str, password: &str, names: [&str; 3]) {
    let normal = normal(password);
    let folded = normal.to_lowercase();
    if normal.chars().count() < 10 {
        wrong.add(pointer, "too_short", "must have at least 10 characters");
    } else if password.len() > 1_024 {
        wrong.add(pointer, "too_long", "must have at most 1,024 bytes");
    } else if is_known_bad(&folded) {
        wrong.add(pointer, "known_bad", "is among the first that anyone would try: choose another");
    } else if is_mostly_names(&folded, names) {
        wrong.add(pointer, "known_bad", "must be more than your own name or address: choose another");
    }
}

fn is_known_bad(folded: &str) -> bool {
    let mut characters = folded.chars();
    let first = characters.next();
    characters.all(|c| Some(c) == first) || KNOWN_BAD.binary_search(&folded).is_ok()
}

/// Whether less than a few characters remain when the names are taken out.
fn is_mostly_names(folded: &str, names: [&str; 3]) -> bool {
    let local_part = names.map(|name| name.split('@').next().unwrap_or_default());
    names.into_iter().chain(local_part).map(|name| normal(name).to_lowercase()).any(|name| {
        // Two letters are no name: they would be found in words that have nothing to do with it.
        name.chars().count() >= 3
            && folded.contains(&name)
            && folded.replace(&name, "").chars().count() < BEYOND_NAMES
    })
}

/// The same password from every keyboard: some compose what others send in parts (RFC 8265 4.2.2 asks for this form).
fn normal(password: &str) -> String {
    password.nfc().collect()
}

/// Hashes and verifies, at most as many at once as there are cores: each takes 19 MiB and some tens of milliseconds.
#[derive(Debug, Clone)]
pub(crate) struct Passwords {
    permits: Arc<Semaphore>,
}

/// A hash of no password: verified against where there is no account, so that the answer takes as long.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5J3Mgc2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The parameters that OWASP's cheat sheet recommends first: 19 MiB, two passes, one lane.
fn hasher() -> Result<Argon2<'static>> {
    let params = Params::new(19_456, 2, 1, None).map_err(|error| Error::internal(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash_now(password: &str) -> Result<String> {
    let hash = hasher()?
        .hash_password(normal(password).as_bytes())
        .map_err(|error| Error::internal(error.to_string()))?;
    Ok(hash.to_string())
}

impl Passwords {
    pub(crate) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self { permits: Arc::new(Semaphore::new(cores)) }
    }

    async fn off_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let permit = self.permits.clone().acquire_owned().await.map_err(Error::internal)?;
        let done = tokio::task::spawn_blocking(move || {
            let _held_until_done = permit;
            work()
        });
        done.await.map_err(Error::internal)?
    }

    /// The PHC string to store.
    pub(super) async fn hash(&self, password: String) -> Result<String> {
        self.off_thread(move || hash_now(&password)).await
    }

    /// Whether the password is the one that was hashed; takes as long when there is no hash.
    pub(super) async fn verify(&self, password: String, hash: Option<String>) -> Result<bool> {
        self.off_thread(move || {
            let parsed = PasswordHash::new(hash.as_deref().unwrap_or(NOBODY))
                .map_err(|error| Error::internal(error.to_string()))?;
            let right = hasher()?.verify_password(normal(&password).as_bytes(), &parsed).is_ok();
            Ok(right && hash.is_some())
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(password: &str) -> Option<String> {
        let mut wrong = Violations::default();
        check(&mut wrong, "/password", password, ["countess", "ada@example.org", "Ada Lovelace"]);
        wrong.as_slice().first().map(|v| v.code.to_string())
    }

    #[test]
    fn long_and_unknown_is_good_whatever_the_characters() {
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
    fn the_known_ones_can_be_found_by_halves() {
        assert!(KNOWN_BAD.len() > 1_000 && KNOWN_BAD.is_sorted());
        let findable = |bad: &&str| bad.chars().count() >= 10 && bad.to_lowercase() == **bad;
        assert!(KNOWN_BAD.iter().all(findable));
    }

    #[test]
    fn hashes_are_argon2id_of_the_promised_strength() {
        let hash = hash_now("correct horse 7").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    }

    #[tokio::test]
    async fn verifies_only_what_was_hashed() {
        let passwords = Passwords::new();
        let hash = passwords.hash("correct horse 7".to_owned()).await.unwrap();
        assert!(passwords.verify("correct horse 7".to_owned(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify("correct horse 8".to_owned(), Some(hash)).await.unwrap());
    }

    #[tokio::test]
    async fn the_same_password_from_another_keyboard_is_right() {
        let passwords = Passwords::new();
        let hash = passwords.hash("crème brûlée".to_owned()).await.unwrap();
        assert!(passwords.verify("cre\u{300}me bru\u{302}le\u{301}e".to_owned(), Some(hash)).await.unwrap());
    }

    #[tokio::test]
    async fn nobody_has_a_password_and_costs_as_much_as_anyone() {
        assert!(!Passwords::new().verify("nobody's password".to_owned(), None).await.unwrap());
        let (nobody, somebody) = (PasswordHash::new(NOBODY).unwrap(), hash_now("correct horse 7").unwrap());
        let somebody = PasswordHash::new(&somebody).unwrap();
        assert_eq!(nobody.params, somebody.params);
        assert_eq!(nobody.hash.unwrap().as_bytes().len(), somebody.hash.unwrap().as_bytes().len());
    }
}
