//! Type names that a crate defines twice.
//!
//! Counted are structs, enums, unions, traits and type aliases of modules. Not counted: types under
//! `#[cfg(test)]`, in functions, or made by macros; associated types; and two types of one name in the same
//! module, of which `cfg` selects one.

use std::collections::BTreeMap;

use crate::facts::Kind;
use crate::finding::Finding;
use crate::tree::Tree;

/// One finding for each definition of a name after the first.
pub(crate) fn check(tree: &Tree<'_>) -> Vec<Finding> {
    let mut places: BTreeMap<&str, BTreeMap<(&str, usize), usize>> = BTreeMap::new();
    for (id, module) in tree.modules.iter().enumerate() {
        for item in module.scope.items.iter().filter(|item| item.kind == Kind::Type) {
            places.entry(&item.name).or_default().insert((module.file, item.line), id);
        }
    }
    let mut findings = Vec::new();
    for (name, places) in places {
        let Some(((first, first_line), first_module)) = places.first_key_value() else { continue };
        for ((file, line), module) in &places {
            if module != first_module {
                let text =
                    format!("type `{name}` is also defined at {first}:{first_line}: rename one of them");
                findings.push(Finding::new(file, *line, text));
            }
        }
    }
    findings
}
