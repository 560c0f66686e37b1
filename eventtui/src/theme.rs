//! Colours by meaning. Each meaning also has a sign: colour alone carries no information.

use std::path::Path;

use ratatui::style::{Color, Modifier, Style};
use toml_edit::DocumentMut;

use crate::failure::Failure;

/// The styles of the meanings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Theme {
    pub(crate) name: &'static str,
    pub(crate) accent: Style,
    pub(crate) muted: Style,
    pub(crate) good: Style,
    pub(crate) warn: Style,
    pub(crate) bad: Style,
    pub(crate) selected: Style,
}

const fn plain() -> Style {
    Style::new()
}

impl Theme {
    /// Without colours, for `NO_COLOR`.
    pub(crate) const PLAIN: Self = Self {
        name: "plain",
        accent: plain().add_modifier(Modifier::BOLD),
        muted: plain().add_modifier(Modifier::DIM),
        good: plain(),
        warn: plain(),
        bad: plain().add_modifier(Modifier::BOLD),
        selected: plain().add_modifier(Modifier::REVERSED),
    };
    pub(crate) const DARK: Self = Self {
        name: "dark",
        accent: plain().fg(Color::Cyan).add_modifier(Modifier::BOLD),
        muted: plain().fg(Color::DarkGray),
        good: plain().fg(Color::Green),
        warn: plain().fg(Color::Yellow),
        bad: plain().fg(Color::LightRed),
        // Its own foreground, in case the background of the terminal is light after all.
        selected: plain().fg(Color::Indexed(255)).bg(Color::Indexed(236)),
    };
    const LIGHT: Self = Self {
        name: "light",
        accent: plain().fg(Color::Blue).add_modifier(Modifier::BOLD),
        muted: plain().fg(Color::DarkGray),
        good: plain().fg(Color::Green),
        warn: plain().fg(Color::Magenta),
        bad: plain().fg(Color::Red),
        selected: plain().fg(Color::Indexed(232)).bg(Color::Indexed(254)),
    };
    const CONTRAST: Self = Self {
        name: "contrast",
        accent: plain().fg(Color::White).add_modifier(Modifier::BOLD.union(Modifier::UNDERLINED)),
        muted: plain().fg(Color::White),
        good: plain().fg(Color::LightGreen).add_modifier(Modifier::BOLD),
        warn: plain().fg(Color::LightYellow).add_modifier(Modifier::BOLD),
        bad: plain().fg(Color::LightRed).add_modifier(Modifier::BOLD),
        selected: plain().fg(Color::Black).bg(Color::White),
    };
    const ALL: [Self; 4] = [Self::DARK, Self::LIGHT, Self::CONTRAST, Self::PLAIN];

    /// The name of the theme for the background of a terminal, as `COLORFGBG` tells it: the numbers of the
    /// foreground and the background colour, such as `0;15`. By default it is dark.
    pub(crate) fn for_background(colours: Option<&str>) -> &'static str {
        let background = colours.and_then(|colours| colours.rsplit(';').next()?.parse::<u8>().ok());
        // Light grey, and the bright colours but the first, which is dark grey.
        if matches!(background, Some(7 | 9..=15)) { Self::LIGHT.name } else { Self::DARK.name }
    }

    /// The theme by its name, or from a TOML file with a colour for each meaning: `accent = "cyan"`,
    /// `selected = "#303030"`.
    pub(crate) fn open(name: &str) -> Result<Self, Failure> {
        if let Some(theme) = Self::ALL.into_iter().find(|theme| theme.name == name) {
            return Ok(theme);
        }
        if !Path::new(name).is_file() {
            return Err(format!(
                "there is no theme {name:?}: use dark, light, contrast, plain, or name a TOML file"
            )
            .into());
        }
        let text = std::fs::read_to_string(name)
            .map_err(|error| format!("the theme {name} cannot be read: {error}"))?;
        Self::read(&text).map_err(|error| format!("{name}: {error}").into())
    }

    fn read(text: &str) -> Result<Self, String> {
        let table = text.parse::<DocumentMut>().map_err(|error| error.message().to_owned())?;
        let mut theme = Self { name: "own", ..Self::DARK };
        for (meaning, value) in table.iter() {
            let colour = value.as_str().and_then(|text| text.parse::<Color>().ok());
            let colour = colour
                .ok_or_else(|| format!("{meaning} must be a colour such as \"cyan\" or \"#20a0ff\""))?;
            match meaning {
                "accent" => theme.accent = plain().fg(colour).add_modifier(Modifier::BOLD),
                "muted" => theme.muted = plain().fg(colour),
                "good" => theme.good = plain().fg(colour),
                "warn" => theme.warn = plain().fg(colour),
                "bad" => theme.bad = plain().fg(colour),
                "selected" => theme.selected = plain().bg(colour),
                _ => {
                    return Err(format!(
                        "{meaning} is not a colour of a theme: use accent, muted, good, warn, bad or selected"
                    ));
                }
            }
        }
        Ok(theme)
    }

    /// The theme after this one.
    pub(crate) fn next(self) -> Self {
        let place = Self::ALL.iter().position(|theme| theme.name == self.name);
        Self::ALL[place.map_or(0, |place| (place + 1) % Self::ALL.len())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_gives_colours_by_meaning() {
        let theme = Theme::read("accent = \"magenta\"\nselected = \"#303030\"").unwrap();
        assert_eq!(theme.accent.fg, Some(Color::Magenta));
        assert_eq!(theme.selected.bg, Some(Color::Rgb(0x30, 0x30, 0x30)));
        assert_eq!(
            Theme::read("warn = 3").unwrap_err(),
            "warn must be a colour such as \"cyan\" or \"#20a0ff\""
        );
        assert!(Theme::read("shiny = \"red\"").unwrap_err().contains("shiny is not a colour of a theme"));
        assert!(Theme::open("sparkle").unwrap_err().to_string().contains("there is no theme"));
    }

    #[test]
    fn the_theme_follows_the_background() {
        for (colours, name) in [
            (None, "dark"),
            (Some("15;0"), "dark"),
            (Some("7;8"), "dark"),
            (Some("0;15"), "light"),
            (Some("0;default;7"), "light"),
            (Some("12;default"), "dark"),
            (Some(""), "dark"),
        ] {
            assert_eq!(Theme::for_background(colours), name, "{colours:?}");
        }
    }

    #[test]
    fn themes_follow_one_another() {
        assert_eq!(Theme::DARK.next(), Theme::LIGHT);
        assert_eq!(Theme::PLAIN.next(), Theme::DARK);
    }
}
