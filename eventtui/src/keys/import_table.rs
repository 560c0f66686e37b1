//! The key bindings of imports.

use crossterm::event::KeyCode;

use super::action::Action;
use super::binding::Binding;
use super::key::{c, k};
use super::table::bind;
use crate::places::Place;

const WHAT: &str = "import events from an .ics file of any calendar program";

/// A further part of the table.
pub(super) const IMPORTS: &[Binding] = &[
    bind(&[c('U')], Action::Import, &[Place::Organize], "", WHAT),
    bind(&[], Action::Import, &[Place::Everywhere], "", WHAT),
    bind(
        &[k(KeyCode::Enter), c('i')],
        Action::StoreImport,
        &[Place::ImportReport],
        "import",
        "import the file as shown",
    ),
];
