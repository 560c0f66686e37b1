//! The configuration: flags over environment over file, and where each value came from.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::{NonZeroU16, NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::str::FromStr;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args};

use crate::failure::Failure;

/// What can be set by flags and by the environment.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Flags {
    /// Where the data is: `sqlite://FILE` or `postgres://USER@HOST/NAME` [default: `sqlite://events.db`]
    #[arg(long, env = "DATABASE_URL", global = true, value_name = "URL", hide_env_values = true)]
    database: Option<String>,
    /// Where to listen; port 0 picks a free one [default: 127.0.0.1:8080]
    #[arg(long, env = "LISTEN", global = true, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// The port to listen on, on all addresses, where LISTEN is not set
    #[arg(long, env = "PORT", global = true, value_name = "PORT", hide = true)]
    port: Option<String>,
    /// The address by which people reach this server, for links [default: http:// and where it listens]
    #[arg(long, env = "PUBLIC_URL", global = true, value_name = "URL")]
    public_url: Option<String>,
    /// Signs access tokens, 32 characters or more [default: made once and kept in the database]
    #[arg(long, env = "JWT_SECRET", global = true, value_name = "SECRET", hide_env_values = true)]
    jwt_secret: Option<String>,
    /// What to log: error, warn, info, debug, trace, or directives such as eventd=debug [default: info]
    #[arg(long, env = "LOG", global = true, value_name = "LEVEL")]
    log: Option<String>,
    /// Seconds that a request may take [default: 30]
    #[arg(long, env = "REQUEST_TIMEOUT", global = true, value_name = "SECONDS")]
    request_timeout: Option<String>,
    /// Requests that are served at once; more are told to come back [default: 1024]
    #[arg(long, env = "MAX_CONCURRENT", global = true, value_name = "NUMBER")]
    max_concurrent: Option<String>,
    /// Requests a second that one client may make of the API; more are answered with 429 [default: no limit]
    #[arg(long, env = "RATE_LIMIT", global = true, value_name = "NUMBER")]
    rate_limit: Option<String>,
    /// Whether a proxy stands before the server and names clients in X-Forwarded-For: true or false [default: false]
    #[arg(long, env = "TRUST_PROXY", global = true, value_name = "BOOLEAN")]
    trust_proxy: Option<String>,
    /// Where to answer /metrics instead of on the main address, for an address that only your network reaches
    #[arg(long, env = "METRICS_LISTEN", global = true, value_name = "ADDRESS:PORT")]
    metrics_listen: Option<String>,
    /// Connections to PostgreSQL [default: 16]
    #[arg(long, env = "DATABASE_CONNECTIONS", global = true, value_name = "NUMBER")]
    database_connections: Option<String>,
    /// Background jobs of this process: 0 only serves, and leaves them to others [default: 1]
    #[arg(long, env = "WORKERS", global = true, value_name = "NUMBER")]
    workers: Option<String>,
    /// Days ahead for which the dates of recurring events are made [default: 730]
    #[arg(long, env = "HORIZON_DAYS", global = true, value_name = "NUMBER")]
    horizon_days: Option<String>,
    /// A TOML file with any of these, named as the flags with _ for -
    #[arg(long, env = "CONFIG", global = true, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Where a value came from.
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

/// The configuration in force.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) database: String,
    pub(crate) listen: SocketAddr,
    pub(crate) public_url: Option<String>,
    pub(crate) jwt_secret: Option<String>,
    pub(crate) log: String,
    pub(crate) request_timeout: std::time::Duration,
    pub(crate) max_concurrent: usize,
    pub(crate) rate_limit: Option<NonZeroU32>,
    pub(crate) trust_proxy: bool,
    pub(crate) metrics_listen: Option<SocketAddr>,
    pub(crate) database_connections: u32,
    pub(crate) workers: u16,
    pub(crate) horizon: std::time::Duration,
    /// What `eventd config` prints.
    shown: Vec<(&'static str, String, Source)>,
}

/// The settings while they are gathered.
struct Settings {
    given: BTreeMap<&'static str, (String, Source)>,
    shown: Vec<(&'static str, String, Source)>,
}

impl Settings {
    /// Reads one setting, or its default.
    fn read<T: FromStr>(&mut self, key: &'static str, default: &str, must_be: &str) -> Result<T, Failure> {
        let (text, source) = self.given.get(key).cloned().unwrap_or((default.to_owned(), Source::Default));
        let value =
            text.parse().map_err(|_| format!("{key} ({source}) must be {must_be}, and is {text:?}"))?;
        self.shown.push((key, hide_password(&text), source));
        Ok(value)
    }

    /// Reads a setting that may be unset.
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

    fn optional(&mut self, key: &'static str, unset: &str, secret: bool) -> Option<String> {
        let (text, source) = self.given.get(key).cloned().unzip();
        let shown = match &text {
            Some(_) if secret => "(hidden)".to_owned(),
            Some(text) => text.clone(),
            None => unset.to_owned(),
        };
        self.shown.push((key, shown, source.unwrap_or(Source::Default)));
        text
    }
}

/// A URL without the password in it.
fn hide_password(text: &str) -> String {
    let hidden = text.split_once("://").and_then(|(scheme, rest)| {
        let (credentials, place) = rest.split_once('@')?;
        let (user, _) = credentials.split_once(':')?;
        Some(format!("{scheme}://{user}:(hidden)@{place}"))
    });
    hidden.unwrap_or_else(|| text.to_owned())
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
    "rate_limit",
    "trust_proxy",
    "metrics_listen",
    "database_connections",
    "workers",
    "horizon_days",
];

impl Config {
    /// Puts flags over environment over file. Global flags may stand before or after the command, so both places are asked.
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
            ("rate_limit", &flags.rate_limit),
            ("trust_proxy", &flags.trust_proxy),
            ("metrics_listen", &flags.metrics_listen),
            ("database_connections", &flags.database_connections),
            ("workers", &flags.workers),
            ("horizon_days", &flags.horizon_days),
        ];
        for (key, value) in values {
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
        let port = settings.given.get("port").cloned();
        let listen = match (settings.given.get("listen"), port) {
            (None, Some((port, source))) => {
                let port = port
                    .parse()
                    .map_err(|_| format!("port ({source}) must be a number up to 65535, and is {port:?}"))?;
                let listen = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port);
                settings.shown.push(("listen", listen.to_string(), source));
                listen
            }
            _ => settings.read("listen", "127.0.0.1:8080", "an address and a port such as 127.0.0.1:8080")?,
        };
        let public_url = settings.optional("public_url", "(http:// and where it listens)", false);
        if let Some(url) = &public_url
            && !(url.starts_with("http://") || url.starts_with("https://"))
        {
            return Err(format!("public_url must begin with http:// or https://, and is {url:?}").into());
        }
        let jwt_secret = settings.optional("jwt_secret", "(made once, kept in the database)", true);
        if jwt_secret.as_ref().is_some_and(|secret| secret.len() < 32) {
            return Err("jwt_secret must have at least 32 characters".into());
        }
        let log = settings.read("log", "info", "a level such as info, or directives such as eventd=debug")?;
        let seconds = settings.read("request_timeout", "30", "a number of seconds")?;
        let max_concurrent = settings.read::<NonZeroUsize>("max_concurrent", "1024", "a number above 0")?;
        let rate_limit = settings.maybe("rate_limit", "(no limit)", "a number above 0")?;
        let trust_proxy = settings.read("trust_proxy", "false", "true or false")?;
        let metrics_listen = settings.maybe(
            "metrics_listen",
            "(/metrics, where all else is)",
            "an address and a port such as 127.0.0.1:9090",
        )?;
        let database_connections =
            settings.read::<NonZeroU32>("database_connections", "16", "a number above 0")?;
        let workers = settings.read("workers", "1", "a number")?;
        let horizon_days = settings.read::<NonZeroU16>("horizon_days", "730", "a number of days above 0")?;
        Ok(Self {
            database,
            listen,
            public_url: public_url.map(|url| url.trim_end_matches('/').to_owned()),
            jwt_secret,
            log,
            request_timeout: std::time::Duration::from_secs(seconds),
            max_concurrent: max_concurrent.get(),
            rate_limit,
            trust_proxy,
            metrics_listen,
            database_connections: database_connections.get(),
            workers,
            horizon: std::time::Duration::from_hours(24 * u64::from(horizon_days.get())),
            shown: settings.shown,
        })
    }
}

fn read_file(flags: &Flags) -> Result<BTreeMap<&'static str, (String, Source)>, Failure> {
    let Some(path) = &flags.config else { return Ok(BTreeMap::new()) };
    let place = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("the configuration file {place} cannot be read: {error}"))?;
    parse_file(&text).map_err(|error| format!("{place}: {error}").into())
}

fn parse_file(text: &str) -> Result<BTreeMap<&'static str, (String, Source)>, Failure> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| error.message().to_owned())?;
    let mut given = BTreeMap::new();
    for (key, value) in table {
        let known =
            KEYS.iter().find(|known| **known == key).ok_or_else(|| format!("{key} is not a setting"))?;
        let value = match value {
            toml::Value::String(text) => text,
            toml::Value::Integer(number) => number.to_string(),
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
            writeln!(f, "{key:<20} = {value}  ({source})")?;
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
    fn a_port_alone_means_all_addresses() {
        assert_eq!(config(&[]).unwrap().listen.to_string(), "127.0.0.1:8080");
        assert_eq!(
            config(&[("port", "9000", Source::Environment)]).unwrap().listen.to_string(),
            "0.0.0.0:9000"
        );
        let both = [("port", "9000", Source::Environment), ("listen", "127.0.0.1:1", Source::Flag)];
        assert_eq!(config(&both).unwrap().listen.to_string(), "127.0.0.1:1");
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (key, value, error) in [
            (
                "listen",
                "here",
                "listen (flag) must be an address and a port such as 127.0.0.1:8080, and is \"here\"",
            ),
            ("max_concurrent", "0", "max_concurrent (flag) must be a number above 0, and is \"0\""),
            ("jwt_secret", "short", "jwt_secret must have at least 32 characters"),
            (
                "public_url",
                "example.org",
                "public_url must begin with http:// or https://, and is \"example.org\"",
            ),
        ] {
            assert_eq!(config(&[(key, value, Source::Flag)]).unwrap_err(), error);
        }
        assert_eq!(parse_file("colour = \"red\"").unwrap_err().to_string(), "colour is not a setting");
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
