//! Notices on the desktop, by sequences of the terminal: OSC 9 or OSC 777.

use std::fmt;
use std::str::FromStr;

/// The most characters of a title or a text.
const LONGEST: usize = 200;

/// Whether and how new notifications are shown on the desktop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum DesktopNotices {
    #[default]
    Off,
    /// By what the terminal is known to understand.
    Auto,
    /// `ESC ] 9 ; text BEL`: iTerm2, kitty, Ghostty, `WezTerm`.
    Osc9,
    /// `ESC ] 777 ; notify ; title ; text BEL`: foot, urxvt, and terminals with VTE.
    Osc777,
}

impl FromStr for DesktopNotices {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "off" => Ok(Self::Off),
            "auto" => Ok(Self::Auto),
            "osc9" => Ok(Self::Osc9),
            "osc777" => Ok(Self::Osc777),
            _ => Err("must be off, auto, osc9 or osc777"),
        }
    }
}

impl fmt::Display for DesktopNotices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Off => "off",
            Self::Auto => "auto",
            Self::Osc9 => "osc9",
            Self::Osc777 => "osc777",
        })
    }
}

impl DesktopNotices {
    /// What a terminal understands, as its environment variables tell.
    fn known(self, variable: impl Fn(&str) -> Option<String>) -> Self {
        if self != Self::Auto {
            return self;
        }
        let is = |name: &str, parts: &[&str]| {
            variable(name).is_some_and(|value| parts.iter().any(|part| value.contains(part)))
        };
        if variable("TMUX").is_some_and(|value| !value.is_empty()) {
            // Which terminal is outside of it is not known.
            Self::Off
        } else if is("TERM_PROGRAM", &["iTerm", "WezTerm", "ghostty"]) || is("TERM", &["kitty", "ghostty"]) {
            Self::Osc9
        } else if is("TERM", &["foot", "rxvt"]) || variable("VTE_VERSION").is_some() {
            Self::Osc777
        } else {
            Self::Off
        }
    }

    /// The sequence that shows a notice; None if there is none for this terminal.
    pub(crate) fn sequence(
        self,
        variable: impl Fn(&str) -> Option<String>,
        title: &str,
        text: &str,
    ) -> Option<String> {
        let (title, text) = (harmless(title), harmless(text));
        let sequence = match self.known(&variable) {
            Self::Off | Self::Auto => return None,
            // The sign keeps a title from being read as a subcommand, such as `4;1;50`.
            Self::Osc9 => format!("\x1b]9;✉ {title}: {text}\x07"),
            Self::Osc777 => format!("\x1b]777;notify;✉ {};{text}\x07", title.replace(';', ",")),
        };
        // tmux passes on what is wrapped, if `allow-passthrough` is on.
        let inside_tmux = variable("TMUX").is_some_and(|value| !value.is_empty());
        Some(if inside_tmux {
            format!("\x1bPtmux;{}\x1b\\", sequence.replace('\x1b', "\x1b\x1b"))
        } else {
            sequence
        })
    }
}

/// A text without characters that end the sequence, begin another or turn the writing direction.
fn harmless(text: &str) -> String {
    let is_harmless = |c: &char| {
        !c.is_control()
            && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().filter(is_harmless).take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(notices: DesktopNotices, variables: &[(&str, &str)], title: &str) -> Option<String> {
        let variable = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        notices.sequence(variable, title, "It moved")
    }

    #[test]
    fn terminals_get_the_sequence_that_they_understand() {
        let (osc9, osc777) = ("\x1b]9;✉ Tea: It moved\x07", "\x1b]777;notify;✉ Tea;It moved\x07");
        let auto = |variables| shown(DesktopNotices::Auto, variables, "Tea");
        assert_eq!(auto(&[("TERM_PROGRAM", "iTerm.app")]).as_deref(), Some(osc9));
        assert_eq!(auto(&[("TERM", "xterm-kitty")]).as_deref(), Some(osc9));
        assert_eq!(auto(&[("TERM", "foot-extra")]).as_deref(), Some(osc777));
        assert_eq!(auto(&[("TERM", "xterm-256color"), ("VTE_VERSION", "7600")]).as_deref(), Some(osc777));
        assert_eq!(auto(&[("TERM", "xterm-256color")]), None);
        assert_eq!(auto(&[("TERM", "linux")]), None);
        let tmux = ("TMUX", "/tmp/tmux-0/default,1,0");
        assert_eq!(auto(&[tmux, ("TERM_PROGRAM", "iTerm.app")]), None);
        assert_eq!(
            shown(DesktopNotices::Osc9, &[tmux], "Tea").as_deref(),
            Some("\x1bPtmux;\x1b\x1b]9;✉ Tea: It moved\x07\x1b\\")
        );
        assert_eq!(shown(DesktopNotices::default(), &[("TERM", "xterm-kitty")], "Tea"), None);
    }

    #[test]
    fn titles_are_harmless() {
        let title = "\u{1b}]52;c;x\u{7}4;1;50\u{9c}\u{202e}\n";
        assert_eq!(
            shown(DesktopNotices::Osc9, &[], title).as_deref(),
            Some("\x1b]9;✉ ]52;c;x4;1;50: It moved\x07")
        );
        assert_eq!(
            shown(DesktopNotices::Osc777, &[], title).as_deref(),
            Some("\x1b]777;notify;✉ ]52,c,x4,1,50;It moved\x07")
        );
        assert!(shown(DesktopNotices::Osc9, &[], &"x".repeat(9_000)).unwrap().len() < 300);
    }
}
