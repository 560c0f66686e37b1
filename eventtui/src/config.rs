//! What someone prefers, kept in a TOML file that they may edit too: where the data is, the theme, and whose clocks are shown.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use chrono_tz::Tz;
use toml_edit::{DocumentMut, Item, value};

use crate::{Failure, files};

/// Where the data is that is opened when nothing else is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Start {
    /// An eventd, by its address.
    Server(String),
    /// A database, by its URL.
    Database(String),
}

impl FromStr for Start {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let begins = |schemes: &[&str]| schemes.iter().any(|scheme| text.starts_with(scheme));
        if begins(&["https://", "http://"]) {
            Ok(Self::Server(text.to_owned()))
        } else if begins(&["sqlite://", "postgres://", "postgresql://"]) {
            Ok(Self::Database(text.to_owned()))
        } else {
            Err("must begin with https://, http://, sqlite:// or postgres://")
        }
    }
}

impl fmt::Display for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(place) | Self::Database(place) => f.write_str(place),
        }
    }
}

/// The preferences. What is not said is as it comes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Config {
    pub(crate) start: Option<Start>,
    /// A name, or a file of colours.
    pub(crate) theme: Option<String>,
    pub(crate) timezone: Option<Tz>,
    /// Times are shown in mine, rather than in each event's own.
    pub(crate) in_mine: bool,
}

/// `$XDG_CONFIG_HOME/eventtui/config.toml`, or below `~/.config`; nowhere for who has no home.
pub(crate) fn file() -> Option<PathBuf> {
    files::of_user("XDG_CONFIG_HOME", ".config").map(|folder| folder.join("config.toml"))
}

impl Config {
    /// The preferences of a file; none, where there is no such file.
    pub(crate) fn open(file: Option<&Path>) -> Result<Self, Failure> {
        let Some(file) = file else { return Ok(Self::default()) };
        let place = file.display();
        match fs::read_to_string(file) {
            Ok(text) => Self::read(&text).map_err(|error| format!("{place}: {error}").into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(format!("{place} cannot be read: {error}").into()),
        }
    }

    fn read(text: &str) -> Result<Self, String> {
        let table = text.parse::<DocumentMut>().map_err(|error| error.message().to_owned())?;
        let mut config = Self::default();
        for (key, item) in table.iter() {
            let text = item.as_str().ok_or_else(|| format!("{key} must be a string"))?;
            match key {
                "server" | "database" => {
                    let start = text.parse().map_err(|error| format!("{key} {error}"))?;
                    if !matches!(
                        (key, &start),
                        ("server", Start::Server(_)) | ("database", Start::Database(_))
                    ) {
                        return Err(format!("{text:?} is no {key}"));
                    }
                    if config.start.replace(start).is_some() {
                        return Err("name a server or a database, not both".to_owned());
                    }
                }
                "theme" => config.theme = Some(text.to_owned()),
                "timezone" => config.timezone = Some(zone(text)?),
                "times" => config.in_mine = in_mine(text)?,
                _ => {
                    return Err(format!(
                        "{key} is no setting: use server or database, theme, timezone and times"
                    ));
                }
            }
        }
        Ok(config)
    }

    /// Keeps the preferences in the file. What else stands in it, such as remarks, stays.
    pub(crate) fn keep(&self, file: Option<&Path>) -> Result<(), String> {
        let file = file.ok_or("there is no home folder to keep them in")?;
        // Who keeps such files elsewhere and links to them goes on doing so.
        let file = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
        let before = match fs::read_to_string(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.to_string()),
            read => Ok(read.unwrap_or_default()),
        };
        let kept = before.and_then(|before| {
            files::write(&file, &self.written(&before)?).map_err(|error| error.to_string())
        });
        kept.map_err(|error| format!("{} cannot be written: {error}", file.display()))
    }

    /// The file's text with these preferences in it.
    fn written(&self, before: &str) -> Result<String, String> {
        let mut table = before.parse::<DocumentMut>().map_err(|error| error.message().to_owned())?;
        let start = |server: bool| {
            self.start
                .as_ref()
                .filter(|start| matches!(start, Start::Server(_)) == server)
                .map(Start::to_string)
        };
        let settings = [
            ("server", start(true)),
            ("database", start(false)),
            ("theme", self.theme.clone()),
            ("timezone", self.timezone.map(|zone| zone.name().to_owned())),
            ("times", self.in_mine.then(|| "mine".to_owned())),
        ];
        for (key, setting) in settings {
            match (table.get_mut(key), setting) {
                (Some(Item::Value(old)), Some(new)) => {
                    // A remark behind the setting stays there.
                    let decor = old.decor().clone();
                    *old = new.into();
                    *old.decor_mut() = decor;
                }
                (_, Some(new)) => table[key] = value(new),
                (_, None) => _ = table.remove(key),
            }
        }
        Ok(table.to_string())
    }
}

/// A time zone by its name.
pub(crate) fn zone(name: &str) -> Result<Tz, String> {
    name.parse().map_err(|_| format!("{name:?} is no IANA time zone such as Europe/Berlin"))
}

/// Whose clocks are shown, as it is written: whether they are mine.
pub(crate) fn in_mine(text: &str) -> Result<bool, String> {
    match text {
        "mine" => Ok(true),
        "event" => Ok(false),
        _ => Err("times must be \"mine\" or \"event\"".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_what_someone_prefers() {
        let text = "server = \"https://events.example.org\"\ntheme = \"light\"\ntimezone = \"Asia/Tokyo\"\ntimes = \"mine\"\n";
        let config = Config::read(text).unwrap();
        let wanted = Config {
            start: Some(Start::Server("https://events.example.org".to_owned())),
            theme: Some("light".to_owned()),
            timezone: Some(Tz::Asia__Tokyo),
            in_mine: true,
        };
        assert_eq!(config, wanted);
        assert_eq!(Config::read(""), Ok(Config::default()));
        for (text, said) in [
            ("sever = \"x\"", "sever is no setting: use server"),
            ("theme = 3", "theme must be a string"),
            ("server = \"example.org\"", "server must begin with https://"),
            ("server = \"sqlite://x.db\"", "\"sqlite://x.db\" is no server"),
            ("server = \"http://a\"\ndatabase = \"sqlite://x.db\"", "not both"),
            ("timezone = \"Mars/Olympus\"", "no IANA time zone"),
            ("times = \"yours\"", "times must be"),
            ("theme = ", "string"),
        ] {
            let error = Config::read(text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }

    #[test]
    fn what_someone_wrote_beside_it_stays() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deep/config.toml");
        assert_eq!(Config::open(Some(&file)).unwrap(), Config::default());
        Config { theme: Some("light".to_owned()), ..Config::default() }.keep(Some(&file)).unwrap();
        let before = "# mine\ntheme = \"light\" # for the day\n\ndatabase = \"sqlite://a.db\"\n";
        fs::write(&file, before).unwrap();
        let mut config = Config::open(Some(&file)).unwrap();
        config.theme = Some("dark".to_owned());
        config.start = Some(Start::Server("https://events.example.org".to_owned()));
        config.keep(Some(&file)).unwrap();
        let kept = fs::read_to_string(&file).unwrap();
        assert_eq!(kept, "# mine\ntheme = \"dark\" # for the day\nserver = \"https://events.example.org\"\n");
        assert_eq!(Config::open(Some(&file)).unwrap(), config);
        assert!(config.keep(None).is_err());
        fs::write(&file, "theme = ").unwrap();
        let broken = config.keep(Some(&file)).unwrap_err();
        assert!(broken.contains("config.toml cannot be written"), "{broken}");
    }

    #[test]
    fn a_link_to_the_file_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real.toml"), folder.path().join("config.toml"));
        fs::write(&real, "").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        Config { in_mine: true, ..Config::default() }.keep(Some(&link)).unwrap();
        assert_eq!(fs::read_to_string(&real).unwrap(), "times = \"mine\"\n");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }
}
