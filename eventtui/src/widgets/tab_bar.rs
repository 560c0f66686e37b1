//! The tab bar on the first row, as it is drawn and clicked.

use super::text::columns;
use crate::keys::Tab;

/// The name of the program, and the tabs behind it. On a narrow screen the other tabs are reduced to their
/// keys.
pub(crate) fn tabs(shown: Tab, width: u16) -> (&'static str, Vec<(Tab, String)>) {
    let whole: Vec<_> = shown.row().into_iter().map(|tab| (tab, format!(" {} ", tab.name()))).collect();
    let name = " eventtui ";
    if columns(name) + whole.iter().map(|(_, text)| columns(text)).sum::<usize>() <= usize::from(width) {
        return (name, whole);
    }
    let short = whole.into_iter().zip(1..).map(|((tab, text), key)| {
        let text = if tab == shown { text } else { format!(" {key} ") };
        (tab, text)
    });
    (" ", short.collect())
}
