//! Preferences, stored in a TOML file that users may edit: source of the data, theme, time zone.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use chrono_tz::Tz;
use toml_edit::{DocumentMut, Item, value};

use crate::desktop_notice::DesktopNotices;
use crate::failure::Failure;
use crate::files;

/// The default source of the data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Start {
    /// The address of an eventd.
    Server(String),
    /// The URL of a database.
    Database(String),
}

impl FromStr for Start {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let has_scheme = |schemes: &[&str]| schemes.iter().any(|scheme| text.starts_with(scheme));
        if has_scheme(&["https://", "http://"]) {
            Ok(Self::Server(text.to_owned()))
        } else if has_scheme(&["sqlite://", "postgres://", "postgresql://"]) {
            Ok(Self::Database(text.to_owned()))
        } else {
            Err("must begin with https://, http://, sqlite:// or postgres://")
        }
    }
}

impl fmt::Display for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(url) | Self::Database(url) => f.write_str(url),
        }
    }
}

/// The preferences. Each has a default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Config {
    pub(crate) start: Option<Start>,
    /// The name of a theme, or the path of a file of colours.
    pub(crate) theme: Option<String>,
    pub(crate) timezone: Option<Tz>,
    /// Shows times in my time zone, rather than in each event's own.
    pub(crate) in_my_zone: bool,
    /// Shows new notifications on the desktop.
    pub(crate) notices: DesktopNotices,
}

/// `$XDG_CONFIG_HOME/eventtui/config.toml`, by default below `~/.config`; `None` if `HOME` is not set either.
pub(crate) fn file() -> Option<PathBuf> {
    files::of_user("XDG_CONFIG_HOME", ".config").map(|folder| folder.join("config.toml"))
}

impl Config {
    /// Reads the file; the defaults if it does not exist.
    pub(crate) fn open(file: Option<&Path>) -> Result<Self, Failure> {
        let Some(file) = file else { return Ok(Self::default()) };
        let path = file.display();
        match fs::read_to_string(file) {
            Ok(text) => Self::read(&text).map_err(|error| format!("{path}: {error}").into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(format!("{path} cannot be read: {error}").into()),
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
                        return Err(format!("{text:?} is not a {key}"));
                    }
                    if config.start.replace(start).is_some() {
                        return Err("name a server or a database, not both".to_owned());
                    }
                }
                "theme" => config.theme = Some(text.to_owned()),
                "timezone" => config.timezone = Some(zone(text)?),
                "times" => config.in_my_zone = in_my_zone(text)?,
                "notices" => config.notices = text.parse().map_err(|error| format!("notices {error}"))?,
                _ => {
                    return Err(format!(
                        "unknown setting {key}: there are server or database, theme, timezone, times \
                         and notices"
                    ));
                }
            }
        }
        Ok(config)
    }

    /// Writes the preferences to the file. Comments in it are preserved.
    pub(crate) fn save(&self, file: Option<&Path>) -> Result<(), String> {
        let file = file.ok_or("there is no folder for them: set HOME or XDG_CONFIG_HOME")?;
        // A symbolic link to the file stays one.
        let file = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
        let before = match fs::read_to_string(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.to_string()),
            read => Ok(read.unwrap_or_default()),
        };
        let saved = before.and_then(|before| {
            files::write(&file, &self.written(&before)?).map_err(|error| error.to_string())
        });
        saved.map_err(|error| format!("{} cannot be written: {error}", file.display()))
    }

    /// The text of the file, updated to these preferences.
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
            ("times", self.in_my_zone.then(|| "mine".to_owned())),
            ("notices", (self.notices != DesktopNotices::Off).then(|| self.notices.to_string())),
        ];
        for (key, setting) in settings {
            match (table.get_mut(key), setting) {
                (Some(Item::Value(old)), Some(new)) => {
                    // Keeps a comment behind the setting.
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

/// A time zone by its IANA name.
pub(crate) fn zone(name: &str) -> Result<Tz, String> {
    name.parse().map_err(|_| format!("{name:?} is not a time zone: use an IANA name such as Europe/Berlin"))
}

/// Parses the setting `times`.
pub(crate) fn in_my_zone(text: &str) -> Result<bool, String> {
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
    fn the_file_is_read() {
        let text = "server = \"https://events.example.org\"\ntheme = \"light\"\n\
                    timezone = \"Asia/Tokyo\"\ntimes = \"mine\"\nnotices = \"auto\"\n";
        let config = Config::read(text).unwrap();
        let wanted = Config {
            start: Some(Start::Server("https://events.example.org".to_owned())),
            theme: Some("light".to_owned()),
            timezone: Some(Tz::Asia__Tokyo),
            in_my_zone: true,
            notices: DesktopNotices::Auto,
        };
        assert_eq!(config, wanted);
        assert_eq!(Config::read(""), Ok(Config::default()));
        for (text, message) in [
            ("sever = \"x\"", "unknown setting sever: there are server"),
            ("theme = 3", "theme must be a string"),
            ("server = \"example.org\"", "server must begin with https://"),
            ("server = \"sqlite://x.db\"", "\"sqlite://x.db\" is not a server"),
            ("server = \"http://a\"\ndatabase = \"sqlite://x.db\"", "not both"),
            ("timezone = \"Mars/Olympus\"", "is not a time zone"),
            ("times = \"yours\"", "times must be"),
            ("notices = \"loud\"", "notices must be off, auto, osc9 or osc777"),
            ("theme = ", "string"),
        ] {
            let error = Config::read(text).unwrap_err();
            assert!(error.contains(message), "{text}: {error}");
        }
    }

    #[test]
    fn comments_are_preserved() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deep/config.toml");
        assert_eq!(Config::open(Some(&file)).unwrap(), Config::default());
        Config { theme: Some("light".to_owned()), ..Config::default() }.save(Some(&file)).unwrap();
        let before = "# mine\ntheme = \"light\" # for the day\n\ndatabase = \"sqlite://a.db\"\n";
        fs::write(&file, before).unwrap();
        let mut config = Config::open(Some(&file)).unwrap();
        config.theme = Some("dark".to_owned());
        config.start = Some(Start::Server("https://events.example.org".to_owned()));
        config.save(Some(&file)).unwrap();
        let saved = fs::read_to_string(&file).unwrap();
        assert_eq!(
            saved,
            "# mine\ntheme = \"dark\" # for the day\nserver = \"https://events.example.org\"\n"
        );
        assert_eq!(Config::open(Some(&file)).unwrap(), config);
        assert!(config.save(None).is_err());
        fs::write(&file, "theme = ").unwrap();
        let broken = config.save(Some(&file)).unwrap_err();
        assert!(broken.contains("config.toml cannot be written"), "{broken}");
    }

    #[test]
    fn a_link_to_the_file_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real.toml"), folder.path().join("config.toml"));
        fs::write(&real, "").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        Config { in_my_zone: true, ..Config::default() }.save(Some(&link)).unwrap();
        assert_eq!(fs::read_to_string(&real).unwrap(), "times = \"mine\"\n");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }
}
