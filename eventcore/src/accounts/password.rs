//! Passwords: which are good enough, and how they are kept (argon2id, never on the threads that serve).

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::error::{Error, Result, Violations};

/// Passwords of at least ten characters that stand at the top of public lists of leaked ones (NIST SP 800-63B 5.1.1.2 asks to refuse such).
const KNOWN_BAD: &[&str] = &[
    "1234567890",
    "0123456789",
    "12345678910",
    "123456789a",
    "a123456789",
    "1q2w3e4r5t",
    "1qaz2wsx3edc",
    "1qazxsw23edc",
    "qwertyuiop",
    "qwertyuiop123",
    "qwerty12345",
    "qwerty123456",
    "asdfghjkl123",
    "asdfghjkl;",
    "zxcvbnm123",
    "zaq12wsxcde3",
    "password12",
    "password123",
    "password1234",
    "password12345",
    "passw0rd123",
    "p@ssw0rd123",
    "passwordpassword",
    "iloveyou12",
    "iloveyou123",
    "iloveyousomuch",
    "iloveyouforever",
    "letmein123",
    "letmein1234",
    "welcome123",
    "welcome1234",
    "administrator",
    "admin12345",
    "administrador",
    "changeme123",
    "sunshine123",
    "princess123",
    "princess12",
    "football123",
    "football12",
    "baseball123",
    "superman123",
    "starwars123",
    "liverpool123",
    "manchester",
    "manchesterunited",
    "abcdefghij",
    "abcdefghijk",
    "abcd123456",
    "abc123456789",
    "abcde12345",
    "qazwsxedcrfv",
    "qazwsx123456",
    "1a2b3c4d5e",
    "q1w2e3r4t5",
    "q1w2e3r4t5y6",
    "987654321a",
    "0987654321",
    "9876543210",
    "1020304050",
    "1029384756",
    "1122334455",
    "112233445566",
    "123123123123",
    "123321123321",
    "147258369a",
    "1472583690",
    "myspace123",
    "facebook123",
    "linkedin123",
    "computer123",
    "internet123",
    "dragon12345",
    "michael123",
    "jessica123",
    "christopher",
    "thisisapassword",
    "correcthorsebatterystaple",
    "trustno1trustno1",
    "mypassword",
    "mypassword123",
    "newpassword",
    "testtest123",
    "test123456",
    "testing123",
    "secret12345",
    "blink182blink182",
    "11111111112",
    "1111111111",
    "0000000000",
];

/// Whether a password may be used: at least 10 characters of any kind, not known-bad, not the name or address of its owner.
pub(super) fn check(wrong: &mut Violations, pointer: &str, password: &str, names: &[&str]) {
    let folded = password.to_lowercase();
    let length = password.chars().count();
    let mut characters = folded.chars();
    let first = characters.next();
    if length < 10 {
        wrong.add(pointer, "too_short", "must have at least 10 characters");
    } else if password.len() > 1_024 {
        wrong.add(pointer, "too_long", "must have at most 1,024 bytes");
    } else if KNOWN_BAD.contains(&folded.as_str()) || characters.all(|c| Some(c) == first) {
        wrong.add(pointer, "known_bad", "is among the first that anyone would try: choose another");
    } else if names.iter().any(|name| !name.is_empty() && folded == name.to_lowercase()) {
        wrong.add(pointer, "known_bad", "must not be your name or address");
    }
}

/// Hashes and verifies, at most as many at once as there are cores: each takes 19 MiB and some tens of milliseconds.
#[derive(Debug, Clone)]
pub(crate) struct Passwords {
    permits: Arc<Semaphore>,
    /// Of no password: verified against where there is no account, so that the answer takes as long.
    nobody: Arc<std::sync::OnceLock<String>>,
}

/// The parameters that OWASP's cheat sheet recommends first: 19 MiB, two passes, one lane.
fn hasher() -> Result<Argon2<'static>> {
    let params = Params::new(19_456, 2, 1, None).map_err(|error| Error::internal(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash_now(password: &str) -> Result<String> {
    let hash =
        hasher()?.hash_password(password.as_bytes()).map_err(|error| Error::internal(error.to_string()))?;
    Ok(hash.to_string())
}

impl Passwords {
    pub(crate) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self { permits: Arc::new(Semaphore::new(cores)), nobody: Arc::default() }
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
        let nobody = self.nobody.clone();
        self.off_thread(move || {
            let exists = hash.is_some();
            let hash = match hash {
                Some(hash) => hash,
                None => nobody.get_or_init(|| hash_now("nobody's password").unwrap_or_default()).clone(),
            };
            let Ok(parsed) = PasswordHash::new(&hash) else { return Ok(false) };
            let right = hasher()?.verify_password(password.as_bytes(), &parsed).is_ok();
            Ok(right && exists)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(password: &str) -> Option<String> {
        let mut wrong = Violations::default();
        check(&mut wrong, "/password", password, &["ada.lovelace", "ada@example.org"]);
        wrong.as_slice().first().map(|v| v.code.to_string())
    }

    #[test]
    fn long_and_unknown_is_good_whatever_the_characters() {
        for good in ["correct horse 7", "пароль-на-сто-лет", "🦀🦀🦀🦀🦀🦞🦞🦞🦞🦞", "          x"]
        {
            assert_eq!(code(good), None, "{good}");
        }
        for (bad, why) in [
            ("short", "too_short"),
            ("Password123", "known_bad"),
            ("aaaaaaaaaaaa", "known_bad"),
            ("Ada.Lovelace", "known_bad"),
            ("ada@example.org", "known_bad"),
            (&"x1".repeat(600), "too_long"),
        ] {
            assert_eq!(code(bad).as_deref(), Some(why), "{bad}");
        }
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
        assert!(!passwords.verify("nobody's password".to_owned(), None).await.unwrap());
    }
}
