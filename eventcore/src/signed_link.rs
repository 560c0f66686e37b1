//! Tokens of links in mails. They are signed, so that nobody can make one up, and no secret is stored with
//! what they lead to.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::error::{Error, Result};

/// The length of a signature, in bytes.
const SIGNATURE: usize = 32;
/// The length of a mark, in bytes.
const MARK: usize = 16;

/// What a link is for. A token of one purpose is invalid for all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SignedPurpose {
    VerifyEmail,
    ResetPassword,
    Unsubscribe,
    /// The UID of an invitation.
    Invitation,
}

impl SignedPurpose {
    const fn as_bytes(self) -> &'static [u8] {
        match self {
            Self::VerifyEmail => b"verify_email",
            Self::ResetPassword => b"reset_password",
            Self::Unsubscribe => b"unsubscribe",
            Self::Invitation => b"invitation",
        }
    }
}

/// The key that signs links. All processes of an installation share it.
#[derive(Clone)]
pub(crate) struct LinkKey([u8; 64]);

impl LinkKey {
    pub(crate) fn generate() -> Result<Self> {
        let mut key = [0; 64];
        getrandom::fill(&mut key).map_err(|error| Error::internal(error.to_string()))?;
        Ok(Self(key))
    }

    pub(crate) fn stored(text: &str) -> Result<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(Error::internal)?;
        bytes.try_into().map(Self).map_err(|_| Error::internal("the stored key of links is too short"))
    }

    fn mac(&self, purpose: SignedPurpose, subject: &[u8]) -> Hmac<Sha256> {
        let mut mac = <Hmac<Sha256> as KeyInit>::new(&self.0.into());
        // The length keeps purpose and subject apart.
        mac.update(&[u8::try_from(purpose.as_bytes().len()).unwrap_or(u8::MAX)]);
        mac.update(purpose.as_bytes());
        mac.update(subject);
        mac
    }

    /// The key as it is stored.
    pub(crate) fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// The token for a subject, such as an id: URL-safe text.
    pub(crate) fn sign(&self, purpose: SignedPurpose, subject: &[u8]) -> String {
        let signature = self.mac(purpose, subject).finalize().into_bytes();
        URL_SAFE_NO_PAD.encode([subject, &signature[..]].concat())
    }

    /// The subject of a token; `None` unless it was signed with this key for this purpose.
    pub(crate) fn subject(&self, purpose: SignedPurpose, token: &str) -> Option<Vec<u8>> {
        let mut bytes = URL_SAFE_NO_PAD.decode(token.trim()).ok()?;
        let signature = bytes.split_off(bytes.len().checked_sub(SIGNATURE)?);
        self.mac(purpose, &bytes).verify_slice(&signature).ok()?;
        Some(bytes)
    }

    /// A short signature of a subject that stands beside it: 32 hexadecimal digits.
    pub(crate) fn mark(&self, purpose: SignedPurpose, subject: &[u8]) -> String {
        let signature = self.mac(purpose, subject).finalize().into_bytes();
        signature.iter().take(MARK).fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
    }

    /// Whether a text is the mark of a subject.
    pub(crate) fn is_mark(&self, purpose: SignedPurpose, subject: &[u8], text: &str) -> bool {
        let digits: Option<Vec<u8>> =
            text.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
        let bytes: Vec<u8> = digits
            .unwrap_or_default()
            .chunks(2)
            .map(|pair| pair.iter().fold(0, |byte, d| byte << 4 | d))
            .collect();
        text.len() == 2 * MARK && self.mac(purpose, subject).verify_truncated_left(&bytes).is_ok()
    }
}

impl std::fmt::Debug for LinkKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LinkKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_tokens_of_the_same_key_and_purpose_are_valid() {
        let (key, other) = (LinkKey::generate().unwrap(), LinkKey::generate().unwrap());
        let token = key.sign(SignedPurpose::VerifyEmail, b"subject");
        assert_eq!(key.subject(SignedPurpose::VerifyEmail, &token).as_deref(), Some(&b"subject"[..]));
        assert_eq!(
            key.subject(SignedPurpose::VerifyEmail, &format!(" {token}\r\n")).as_deref(),
            Some(&b"subject"[..])
        );
        assert_eq!(other.subject(SignedPurpose::VerifyEmail, &token), None);
        assert_eq!(key.subject(SignedPurpose::ResetPassword, &token), None);
        for end in 0..token.len() {
            assert_eq!(key.subject(SignedPurpose::VerifyEmail, &token[..end]), None, "{end}");
        }
        for i in 0..token.len() - 1 {
            let mut forged = token.clone().into_bytes();
            forged[i] = if forged[i] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).unwrap();
            assert_eq!(key.subject(SignedPurpose::VerifyEmail, &forged), None, "{forged}");
        }
        let mark = key.mark(SignedPurpose::Invitation, b"subject");
        assert_eq!(mark.len(), 32);
        let is_mark = |text: &str| key.is_mark(SignedPurpose::Invitation, b"subject", text);
        assert!(is_mark(&mark) && is_mark(&mark.to_uppercase()));
        assert!(!key.is_mark(SignedPurpose::Invitation, b"another", &mark));
        assert!(!other.is_mark(SignedPurpose::Invitation, b"subject", &mark));
        for end in 0..32 {
            assert!(!is_mark(&mark[..end]), "{end}");
        }
        for wrong in [format!("{mark}00"), "x".repeat(32), "ä".repeat(16), "0".repeat(32)] {
            assert!(!is_mark(&wrong), "{wrong}");
        }
        for nonsense in ["", "ä", "====", "\0"] {
            assert_eq!(key.subject(SignedPurpose::VerifyEmail, nonsense), None, "{nonsense}");
        }
    }
}
