//! Sending messages: by SMTP, or as files.

use std::io::Write as _;
use std::net::Ipv4Addr;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use eventcore::MailId;
use eventcore::mails::DeliveryError;
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use url::{Host, Url};

use super::sender::Sender;
use crate::failure::Failure;
use crate::mail_settings::MailSettings;

/// How long a mail server may take for one answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// How messages are sent.
pub(super) enum Transport {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    Files(PathBuf),
}

impl Transport {
    pub(super) fn new(settings: &MailSettings, sender: &Sender) -> Result<Self, Failure> {
        let Some(url) = &settings.smtp_url else { return Ok(Self::Files(settings.folder.clone())) };
        let url = with_tls(url)?;
        // The error may repeat the URL, which has the password.
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.as_str());
        let builder = builder.map_err(|_| "smtp_url is not the URL of a mail server")?;
        let hello = ClientId::Domain(sender.domain().to_owned());
        let builder = if url.path().len() > 1 { builder } else { builder.hello_name(hello) };
        Ok(Self::Smtp(builder.timeout(Some(PATIENCE)).build()))
    }

    pub(super) async fn send(&self, id: MailId, message: &Message) -> Result<(), DeliveryError> {
        match self {
            Self::Smtp(smtp) => smtp.send(message.clone()).await.map(drop).map_err(|error| failure(&error)),
            Self::Files(folder) => {
                let (path, bytes) = (folder.join(format!("{id}.eml")), message.formatted());
                let written = tokio::task::spawn_blocking(move || write_file(&path, &bytes)).await;
                let written = written.map_err(std::io::Error::other).and_then(|written| written);
                written.map_err(|error| {
                    DeliveryError::Temporary(format!("cannot write to {}: {error}", folder.display()))
                })
            }
        }
    }
}

impl std::fmt::Display for Transport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Smtp(_) => f.write_str("by the mail server"),
            Self::Files(folder) => write!(f, "as a file in {}", folder.display()),
        }
    }
}

/// What a failure means: a server that refuses for good refuses the address, unless its code says more.
fn failure(error: &lettre::transport::smtp::Error) -> DeliveryError {
    let reason = crate::failure::describe(error);
    let status = error.status().map(u16::from);
    match status {
        // RFC 5321 4.2.3 and RFC 4954 6: these refuse this client, whoever the recipient is. The operator
        // mends that.
        Some(500..=504 | 521 | 530 | 534 | 535 | 538) => DeliveryError::Temporary(reason),
        // The transaction failed, for whatever reason.
        Some(554) => DeliveryError::Permanent { reason, bounced: false },
        _ if error.is_permanent() => DeliveryError::Permanent { reason, bounced: true },
        _ => DeliveryError::Temporary(reason),
    }
}

/// The URL with a decision about TLS: it is required, unless the server is on this machine and gets no
/// password, or the URL says otherwise.
fn with_tls(text: &str) -> Result<Url, Failure> {
    let must_be = "smtp_url must be smtps://HOST or smtp://HOST, with ?tls=none for no TLS";
    let mut url = Url::parse(text).map_err(|_| must_be)?;
    let tls = url.query_pairs().find(|(name, _)| name == "tls").map(|(_, value)| value.into_owned());
    let is_here = match url.host() {
        // Of schemes that it does not know, url leaves IPv4 addresses as names.
        Some(Host::Domain(name)) => {
            name == "localhost" || name.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return Err(must_be.into()),
    };
    let query = match (url.scheme(), tls.as_deref()) {
        ("smtps", None) | ("smtp", Some("none")) => None,
        ("smtp", None) if is_here && url.password().is_none() => None,
        ("smtp", None | Some("required")) => Some("tls=required"),
        _ => return Err(must_be.into()),
    };
    url.set_query(query);
    Ok(url)
}

/// Writes a file that its owner alone can read, whole or not at all. A repeat replaces it.
fn write_file(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let partial = path.with_extension("partial");
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&partial)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(partial, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_and_mails_to_other_machines_are_encrypted_unless_the_operator_says_no() {
        for (text, url) in [
            ("smtps://u:p@mail.example.org", "smtps://u:p@mail.example.org"),
            ("smtp://mail.example.org", "smtp://mail.example.org?tls=required"),
            ("smtp://u:p@localhost:25", "smtp://u:p@localhost:25?tls=required"),
            ("smtp://127.0.0.1:2525", "smtp://127.0.0.1:2525"),
            ("smtp://[::1]:2525", "smtp://[::1]:2525"),
            ("smtp://mail.example.org?tls=none", "smtp://mail.example.org"),
            ("smtp://mail.example.org?tls=required", "smtp://mail.example.org?tls=required"),
        ] {
            assert_eq!(with_tls(text).unwrap().as_str(), url, "{text}");
        }
        for wrong in ["", "mail.example.org", "https://x", "smtp://x?tls=perhaps", "smtps://x?tls=none"] {
            assert!(with_tls(wrong).is_err(), "{wrong}");
        }
    }
}
