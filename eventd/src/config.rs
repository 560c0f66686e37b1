//! The configuration. Flags take precedence over the environment, and that over the file.

use std::collections::BTreeMap;
use std::fmt;
use std::num::{NonZeroU16, NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args};
use eventcore::db::hide_passwords;
use eventcore::webhooks::WebhookPolicy;
use eventcore::{Quotas, ZoneSource};

use crate::connection_settings::ConnectionFlags;
use crate::failure::Failure;
use crate::http::{RateQuotas, StreamBounds, TrustedProxies};
use crate::limit_settings::{self, LimitFlags};
use crate::listen_address::ListenAddress;
use crate::live_settings::{self, LiveFlags};
use crate::mail_settings::{MailFlags, MailSettings};
use crate::schedule_settings::{self, ScheduleFlags};
use crate::webhook_settings::{self, WebhookFlags};

/// Settings from flags and the environment.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Settings")]
pub(crate) struct Flags {
    /// Database URL: `sqlite://FILE` or `postgres://USER@HOST/NAME` [default: `sqlite://events.db`]
    #[arg(long, env = "DATABASE_URL", global = true, value_name = "URL", hide_env_values = true)]
    database: Option<String>,
    /// Address or hostname to listen on, by default all IPv4 addresses; port 0 picks a free port [default:
    /// 127.0.0.1:8080]
    #[arg(long, env = "LISTEN", global = true, value_name = "[ADDRESS]:PORT")]
    listen: Option<String>,
    /// Port to listen on, on all IPv4 addresses; ignored if LISTEN is set
    #[arg(long, env = "PORT", global = true, value_name = "PORT", hide = true)]
    port: Option<String>,
    /// Public base URL of this server, for links [default: http:// and the listen address]
    #[arg(long, env = "PUBLIC_URL", global = true, value_name = "URL")]
    public_url: Option<String>,
    /// Secret that signs access tokens, at least 32 characters [default: generated and stored in the
    /// database]
    #[arg(long, env = "JWT_SECRET", global = true, value_name = "SECRET", hide_env_values = true)]
    jwt_secret: Option<String>,
    /// Log level (error, warn, info, debug, trace) or directives such as eventd=debug [default: info, for
    /// commands other than serve error]
    #[arg(long, env = "LOG", global = true, value_name = "LEVEL")]
    log: Option<String>,
    /// Time limit of a request in seconds [default: 30]
    #[arg(long, env = "REQUEST_TIMEOUT", global = true, value_name = "SECONDS")]
    request_timeout: Option<String>,
    /// Maximum number of concurrent requests; more are answered with 503 [default: 1024]
    #[arg(long, env = "MAX_CONCURRENT", global = true, value_name = "NUMBER")]
    max_concurrent: Option<String>,
    /// Separate address for /metrics, such as one in a private network [default: the listen address]
    #[arg(long, env = "METRICS_LISTEN", global = true, value_name = "[ADDRESS]:PORT")]
    metrics_listen: Option<String>,
    /// Maximum number of connections to PostgreSQL [default: 16]
    #[arg(long, env = "DATABASE_CONNECTIONS", global = true, value_name = "NUMBER")]
    database_connections: Option<String>,
    /// Seconds that a statement on PostgreSQL waits for a lock; 0 for no limit [default: 2]
    #[arg(long, env = "LOCK_TIMEOUT", global = true, value_name = "SECONDS")]
    lock_timeout: Option<String>,
    /// Seconds that a statement on PostgreSQL may take; 0 for no limit [default: 30]
    #[arg(long, env = "STATEMENT_TIMEOUT", global = true, value_name = "SECONDS")]
    statement_timeout: Option<String>,
    /// Background workers of this process; 0 leaves jobs to other processes [default: 1]
    #[arg(long, env = "WORKERS", global = true, value_name = "NUMBER")]
    workers: Option<String>,
    #[command(flatten)]
    schedules: ScheduleFlags,
    #[command(flatten)]
    limits: LimitFlags,
    #[command(flatten)]
    connections: ConnectionFlags,
    #[command(flatten)]
    live: LiveFlags,
    #[command(flatten)]
    mail: MailFlags,
    #[command(flatten)]
    webhooks: WebhookFlags,
    /// TOML file with these settings, named like the flags with _ instead of -
    #[arg(long, env = "CONFIG", global = true, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// The source of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Flag,
    Environment,
    File,
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Flag => "flag",
            Self::Environment => "environment",
            Self::File => "file",
            Self::Default => "default",
        })
    }
}

/// Whether the limits per client and account apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limits {
    On,
    Off,
}

impl FromStr for Limits {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "on" => Ok(Self::On),
            "off" => Ok(Self::Off),
            _ => Err(()),
        }
    }
}

/// The resolved configuration.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) database: String,
    pub(crate) listen: ListenAddress,
    pub(crate) public_url: Option<String>,
    pub(crate) jwt_secret: Option<String>,
    pub(crate) log: String,
    pub(crate) log_is_default: bool,
    pub(crate) request_timeout: Duration,
    pub(crate) max_concurrent: usize,
    pub(crate) max_concurrent_per_network: usize,
    pub(crate) max_connections: Option<NonZeroUsize>,
    pub(crate) max_connections_per_network: Option<NonZeroUsize>,
    pub(crate) metrics_public: bool,
    pub(crate) head_timeout: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) write_timeout: Duration,
    pub(crate) body_timeout: Duration,
    pub(crate) body_rate: u32,
    pub(crate) limits: Limits,
    pub(crate) rate_quotas: RateQuotas,
    pub(crate) quotas: Quotas,
    pub(crate) proxies: TrustedProxies,
    pub(crate) metrics_listen: Option<ListenAddress>,
    pub(crate) database_connections: u32,
    pub(crate) lock_timeout: Duration,
    pub(crate) statement_timeout: Duration,
    pub(crate) workers: u16,
    pub(crate) horizon: Duration,
    pub(crate) zones: ZoneSource,
    pub(crate) stream_bounds: StreamBounds,
    pub(crate) database_listen_url: Option<String>,
    pub(crate) mail: MailSettings,
    pub(crate) require_verified_email: bool,
    pub(crate) webhooks: WebhookPolicy,
    /// Every setting as `eventd config` prints it, without secrets.
    shown: Vec<(&'static str, String, Source)>,
}

/// Settings while they are resolved.
struct Settings {
    given: BTreeMap<&'static str, (String, Source)>,
    shown: Vec<(&'static str, String, Source)>,
}

impl Settings {
    /// A setting, or its default.
    fn read<T: FromStr>(&mut self, key: &'static str, default: &str, must_be: &str) -> Result<T, Failure> {
        let (text, source) = self.given.get(key).cloned().unwrap_or((default.to_owned(), Source::Default));
        let value = text
            .parse()
            .map_err(|_| format!("{key} ({source}) must be {must_be}, but is {:?}", hide_passwords(&text)))?;
        self.shown.push((key, hide_passwords(&text), source));
        Ok(value)
    }

    /// A time limit in seconds, also with decimals.
    fn seconds(&mut self, key: &'static str, default: &str) -> Result<Duration, Failure> {
        let must_be = "a number of seconds above 0";
        let seconds: f64 = self.read(key, default, must_be)?;
        let duration = Duration::try_from_secs_f64(seconds).ok().filter(|duration| !duration.is_zero());
        duration.ok_or_else(|| format!("{key} must be {must_be}, but is {seconds}").into())
    }

    /// A time limit in seconds, also with decimals; 0 is none.
    fn time_limit(&mut self, key: &'static str, default: &str) -> Result<Duration, Failure> {
        let must_be = "a number of seconds, or 0";
        let seconds: f64 = self.read(key, default, must_be)?;
        Duration::try_from_secs_f64(seconds)
            .map_err(|_| format!("{key} must be {must_be}, but is {seconds}").into())
    }

    /// A setting without a default. `unset` is shown for it if it is not set.
    fn maybe<T: FromStr>(
        &mut self,
        key: &'static str,
        unset: &str,
        must_be: &str,
    ) -> Result<Option<T>, Failure> {
        if self.given.contains_key(key) {
            return self.read(key, "", must_be).map(Some);
        }
        self.shown.push((key, unset.to_owned(), Source::Default));
        Ok(None)
    }

    fn mail(&mut self) -> Result<MailSettings, Failure> {
        Ok(MailSettings {
            smtp_url: self.optional("smtp_url", "(mails are written as files)", false),
            folder: self.read("mail_dir", "mail", "a folder")?,
            from: self.optional("mail_from", "(eventd at the host of the public URL)", false),
            templates: self.optional("mail_templates", "(built in)", false).map(PathBuf::from),
        })
    }

    fn optional(&mut self, key: &'static str, unset: &str, secret: bool) -> Option<String> {
        let (text, source) = self.given.get(key).cloned().unzip();
        let shown = match &text {
            Some(_) if secret => "(hidden)".to_owned(),
            Some(text) => hide_passwords(text),
            None => unset.to_owned(),
        };
        self.shown.push((key, shown, source.unwrap_or(Source::Default)));
        text
    }
}

const KEYS: &[&str] = &[
    "database",
    "listen",
    "port",
    "public_url",
    "jwt_secret",
    "log",
    "request_timeout",
    "max_concurrent",
    "metrics_listen",
    "database_connections",
    "lock_timeout",
    "statement_timeout",
    "workers",
];

impl Config {
    /// Resolves all settings. Global flags may precede or follow the command, so `outer` and `inner` are
    /// both checked for the source of a value.
    pub(crate) fn resolve(flags: &Flags, outer: &ArgMatches, inner: &ArgMatches) -> Result<Self, Failure> {
        let mut given = read_file(flags)?;
        let values = [
            ("database", &flags.database),
            ("listen", &flags.listen),
            ("port", &flags.port),
            ("public_url", &flags.public_url),
            ("jwt_secret", &flags.jwt_secret),
            ("log", &flags.log),
            ("request_timeout", &flags.request_timeout),
            ("max_concurrent", &flags.max_concurrent),
            ("metrics_listen", &flags.metrics_listen),
            ("database_connections", &flags.database_connections),
            ("lock_timeout", &flags.lock_timeout),
            ("statement_timeout", &flags.statement_timeout),
            ("workers", &flags.workers),
        ];
        let groups =
            flags.limits.values().into_iter().chain(flags.connections.values()).chain(flags.live.values());
        let groups = groups.chain(flags.mail.values()).chain(flags.webhooks.values());
        let groups = groups.chain(flags.schedules.values());
        for (key, value) in values.into_iter().chain(groups) {
            let Some(value) = value else { continue };
            let on_the_line = |m: &ArgMatches| {
                m.try_contains_id(key).is_ok_and(|known| known)
                    && m.value_source(key) == Some(ValueSource::CommandLine)
            };
            let source =
                if on_the_line(outer) || on_the_line(inner) { Source::Flag } else { Source::Environment };
            given.insert(key, (value.clone(), source));
        }
        Self::read(Settings { given, shown: Vec::new() })
    }

    fn read(mut settings: Settings) -> Result<Self, Failure> {
        let database = settings.read("database", "sqlite://events.db", "a database URL")?;
        let listen = match (settings.given.get("listen"), settings.given.get("port").cloned()) {
            (None, Some((port, source))) => {
                let port = port
                    .parse()
                    .map_err(|_| format!("port ({source}) must be a number up to 65535, but is {port:?}"))?;
                let listen = ListenAddress::everywhere(port);
                settings.shown.push(("listen", listen.to_string(), source));
                listen
            }
            _ => settings.read("listen", "127.0.0.1:8080", ListenAddress::MUST_BE)?,
        };
        let public_url = settings.optional("public_url", "(http:// and the listen address)", false);
        if let Some(url) = &public_url
            && !(url.starts_with("http://") || url.starts_with("https://"))
        {
            return Err(format!(
                "public_url must begin with http:// or https://, but is {:?}",
                hide_passwords(url)
            )
            .into());
        }
        let jwt_secret = settings.optional("jwt_secret", "(generated, stored in the database)", true);
        if jwt_secret.as_ref().is_some_and(|secret| secret.len() < 32) {
            return Err("jwt_secret must have at least 32 characters".into());
        }
        let log_is_default = !settings.given.contains_key("log");
        let log = settings.read("log", "info", "a level such as info, or directives such as eventd=debug")?;
        let seconds = settings.read("request_timeout", "30", "a number of seconds")?;
        let max_concurrent = settings.read::<NonZeroUsize>("max_concurrent", "1024", "a number above 0")?;
        let quarter = max_concurrent.get().div_ceil(4).to_string();
        let per_network =
            settings.read::<NonZeroUsize>("max_concurrent_per_network", &quarter, "a number above 0")?;
        let unset = "(10000, or what the limit of open files allows)";
        let max_connections = settings.maybe("max_connections", unset, "a number above 0")?;
        let unset = "(a quarter of all; no limit behind a proxy)";
        let max_connections_per_network =
            settings.maybe("max_connections_per_network", unset, "a number above 0")?;
        let metrics_public = settings.read("metrics_public", "false", "true or false")?;
        let head_timeout = settings.seconds("head_timeout", "10")?;
        let idle_timeout = settings.seconds("idle_timeout", "75")?;
        let write_timeout = settings.seconds("write_timeout", "30")?;
        let body_timeout = settings.seconds("body_timeout", "30")?;
        let body_rate = settings.read::<NonZeroU32>("body_rate", "1024", "a number above 0")?;
        let limits = settings.read("limits", "on", "on or off")?;
        let rate_quotas =
            limit_settings::rate_quotas(|key, default| settings.read(key, default, "a number above 0"))?;
        let quotas = limit_settings::quotas(|key, default| settings.read(key, default, "a number"))?;
        let proxies = TrustedProxies {
            hops: settings.read("trusted_hops", "0", "a number of proxies")?,
            header: settings.read("forwarding_header", "x-forwarded-for", "x-forwarded-for or forwarded")?,
        };
        let metrics_listen =
            settings.maybe("metrics_listen", "(the listen address)", ListenAddress::MUST_BE)?;
        let database_connections =
            settings.read::<NonZeroU32>("database_connections", "16", "a number above 0")?;
        let lock_timeout = settings.time_limit("lock_timeout", "5")?;
        let statement_timeout = settings.time_limit("statement_timeout", "30")?;
        let workers = settings.read("workers", "1", "a number")?;
        let horizon_days = settings.read::<NonZeroU16>("horizon_days", "730", "a number of days above 0")?;
        let stream_bounds =
            live_settings::stream_bounds(|key, default| settings.read(key, default, "a number above 0"))?;
        let database_listen_url = settings.optional("database_listen_url", "(that of the database)", false);
        let mail = settings.mail()?;
        Ok(Self {
            database,
            listen,
            public_url: public_url.map(|url| url.trim_end_matches('/').to_owned()),
            jwt_secret,
            log,
            log_is_default,
            request_timeout: Duration::from_secs(seconds),
            max_concurrent: max_concurrent.get(),
            max_concurrent_per_network: per_network.get(),
            max_connections,
            max_connections_per_network,
            metrics_public,
            head_timeout,
            idle_timeout,
            write_timeout,
            body_timeout,
            body_rate: body_rate.get(),
            limits,
            rate_quotas,
            quotas,
            proxies,
            metrics_listen,
            database_connections: database_connections.get(),
            lock_timeout,
            statement_timeout,
            workers,
            horizon: Duration::from_hours(24 * u64::from(horizon_days.get())),
            zones: schedule_settings::zones(settings.optional("zoneinfo", "(that of the system)", false)),
            stream_bounds,
            database_listen_url,
            mail,
            require_verified_email: settings.read("require_verified_email", "false", "true or false")?,
            webhooks: webhook_settings::policy(|key, unset| settings.optional(key, unset, false))?,
            shown: settings.shown,
        })
    }
}

fn read_file(flags: &Flags) -> Result<BTreeMap<&'static str, (String, Source)>, Failure> {
    let Some(path) = &flags.config else { return Ok(BTreeMap::new()) };
    let place = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("cannot read the configuration file {place}: {error}"))?;
    parse_file(&text).map_err(|error| format!("{place}: {error}").into())
}

fn parse_file(text: &str) -> Result<BTreeMap<&'static str, (String, Source)>, Failure> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| error.message().to_owned())?;
    let mut given = BTreeMap::new();
    for (key, value) in table {
        let known = KEYS
            .iter()
            .chain(LimitFlags::KEYS)
            .chain(&ConnectionFlags::KEYS)
            .chain(&LiveFlags::KEYS)
            .chain(&MailFlags::KEYS)
            .chain(&ScheduleFlags::KEYS)
            .chain(&WebhookFlags::KEYS)
            .find(|known| **known == key)
            .ok_or_else(|| format!("unknown setting {key}"))?;
        let value = match value {
            toml::Value::String(text) => text,
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Float(number) => number.to_string(),
            toml::Value::Boolean(truth) => truth.to_string(),
            _ => return Err(format!("{key} must be a string, a number, true or false").into()),
        };
        given.insert(*known, (value, Source::File));
    }
    Ok(given)
}

impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (key, value, source) in &self.shown {
            writeln!(f, "{key:<26} = {value}  ({source})")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(given: &[(&'static str, &str, Source)]) -> Result<Config, String> {
        let given = given.iter().map(|(key, value, source)| (*key, ((*value).to_owned(), *source))).collect();
        Config::read(Settings { given, shown: Vec::new() }).map_err(|error| error.to_string())
    }

    #[test]
    fn a_port_without_an_address_listens_on_all_addresses() {
        assert_eq!(config(&[]).unwrap().listen.to_string(), "127.0.0.1:8080");
        assert_eq!(
            config(&[("port", "9000", Source::Environment)]).unwrap().listen.to_string(),
            "0.0.0.0:9000"
        );
        let both = [("port", "9000", Source::Environment), ("listen", "127.0.0.1:1", Source::Flag)];
        assert_eq!(config(&both).unwrap().listen.to_string(), "127.0.0.1:1");
    }

    #[test]
    fn errors_name_the_setting() {
        for (key, value, error) in [
            (
                "listen",
                "here",
                "listen (flag) must be an address and a port such as 127.0.0.1:8080, [::1]:8080, \
                 localhost:8080 or :8080, but is \"here\"",
            ),
            ("max_concurrent", "0", "max_concurrent (flag) must be a number above 0, but is \"0\""),
            ("sign_in_limit", "0", "sign_in_limit (flag) must be a number above 0, but is \"0\""),
            (
                "forwarding_header",
                "via",
                "forwarding_header (flag) must be x-forwarded-for or forwarded, but is \"via\"",
            ),
            ("limits", "some", "limits (flag) must be on or off, but is \"some\""),
            ("jwt_secret", "short", "jwt_secret must have at least 32 characters"),
            (
                "public_url",
                "example.org",
                "public_url must begin with http:// or https://, but is \"example.org\"",
            ),
        ] {
            assert_eq!(config(&[(key, value, Source::Flag)]).unwrap_err(), error);
        }
        assert_eq!(parse_file("colour = \"red\"").unwrap_err().to_string(), "unknown setting colour");
        assert_eq!(
            parse_file("listen = []").unwrap_err().to_string(),
            "listen must be a string, a number, true or false"
        );
    }

    #[test]
    fn secrets_are_not_shown() {
        let given = [
            ("database", "postgres://ada:hunter2@db/events", Source::File),
            ("jwt_secret", "0123456789abcdef0123456789abcdef", Source::Environment),
        ];
        let shown = config(&given).unwrap().to_string();
        assert!(!shown.contains("hunter2") && !shown.contains("0123456789abcdef"), "{shown}");
        assert!(shown.contains("postgres://ada:(hidden)@db/events  (file)"), "{shown}");
    }
}
