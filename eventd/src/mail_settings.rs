//! The settings of mails: how they are sent, and who needs a verified address.

use std::path::PathBuf;

use clap::Args;

/// Settings from flags and the environment.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct MailFlags {
    /// Mail server: `smtps://USER:PASSWORD@HOST` (TLS) or `smtp://USER:PASSWORD@HOST` (STARTTLS);
    /// `?tls=none` sends without TLS, which is the default for servers on this machine [default: mails are
    /// written as files]
    #[arg(long, env = "SMTP_URL", global = true, value_name = "URL", hide_env_values = true)]
    smtp_url: Option<String>,
    /// Folder for mails that are written as files, one a mail, without `SMTP_URL` [default: mail]
    #[arg(long, env = "MAIL_DIR", global = true, value_name = "FOLDER")]
    mail_dir: Option<String>,
    /// Sender of mails: an address, or `Name <address>` [default: eventd at the host of the public URL]
    #[arg(long, env = "MAIL_FROM", global = true, value_name = "SENDER")]
    mail_from: Option<String>,
    /// Folder with templates that replace those of mails: KIND.txt, KIND.html, layout.html
    #[arg(long, env = "MAIL_TEMPLATES", global = true, value_name = "FOLDER")]
    mail_templates: Option<String>,
    /// Whether users need a verified e-mail address to register and to publish: true or false [default:
    /// false]
    #[arg(long, env = "REQUIRE_VERIFIED_EMAIL", global = true, value_name = "BOOLEAN")]
    require_verified_email: Option<String>,
}

impl MailFlags {
    /// The names of the settings.
    pub(crate) const KEYS: [&str; 5] =
        ["smtp_url", "mail_dir", "mail_from", "mail_templates", "require_verified_email"];

    /// The settings that are given.
    pub(crate) fn values(&self) -> [(&'static str, &Option<String>); Self::KEYS.len()] {
        [
            ("smtp_url", &self.smtp_url),
            ("mail_dir", &self.mail_dir),
            ("mail_from", &self.mail_from),
            ("mail_templates", &self.mail_templates),
            ("require_verified_email", &self.require_verified_email),
        ]
    }
}

/// How mails are sent.
#[derive(Debug, Clone)]
pub(crate) struct MailSettings {
    pub(crate) smtp_url: Option<String>,
    pub(crate) folder: PathBuf,
    pub(crate) from: Option<String>,
    pub(crate) templates: Option<PathBuf>,
}
