//! The settings of webhooks.

use clap::Args;
use eventcore::webhooks::WebhookPolicy;

use crate::failure::Failure;

/// Settings of webhooks, from flags and the environment.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct WebhookFlags {
    /// Networks that webhooks and calendars that are followed may reach, also without TLS, though they are
    /// not public: such as `10.1.0.0/16,fd12::/64`. Their owners read the answers [default: public addresses
    /// only]
    #[arg(long, env = "WEBHOOK_ALLOW_NETWORK", global = true, value_name = "NETWORKS")]
    webhook_allow_network: Option<String>,
}

impl WebhookFlags {
    /// The names of the settings.
    pub(crate) const KEYS: [&str; 1] = ["webhook_allow_network"];

    /// The settings that are given.
    pub(crate) fn values(&self) -> [(&'static str, &Option<String>); Self::KEYS.len()] {
        [("webhook_allow_network", &self.webhook_allow_network)]
    }
}

/// Which addresses webhooks may reach. `read` reads a setting from its name and what is shown without it.
pub(crate) fn policy(
    read: impl FnOnce(&'static str, &str) -> Option<String>,
) -> Result<WebhookPolicy, Failure> {
    let networks = read("webhook_allow_network", "(public addresses only)");
    WebhookPolicy::parse(networks.as_deref().unwrap_or_default()).map_err(|wrong| {
        format!(
            "webhook_allow_network must be networks such as 10.1.0.0/16, separated by commas, but has \
             {wrong:?}"
        )
        .into()
    })
}
