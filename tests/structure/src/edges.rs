//! Which files of a crate import each other.
//!
//! File A imports file B if a `use` of A, or a path in its code, names something that B defines. Names are
//! resolved through re-exports and globs to the file that defines them. Details:
//!
//! - Code under `#[cfg(test)]` imports nothing. `mod x;` is no import.
//! - A re-export (`pub use`, `pub(crate) use`) is an import only if the file uses the name itself.
//! - An imported module counts where its items are used: `use crate::db; db::run()` imports the file that
//!   defines `run`. A module that is imported without a visible use counts as its own file.
//! - A glob counts for the names that the file takes from it. If none is visible (extension traits), the
//!   file of the module counts.
//! - An `impl` block defines nothing, and its type, if it is an inherent one, is no import by itself.
//!   The `use` that brings the type in is one.
//! - Methods and fields are not followed: `core.sign_in()` does not import the file of `sign_in`.
//! - Arguments of macros, bodies of `macro_rules!` (`$crate::a::b`) and paths in attributes count, as far
//!   as paths can be seen among their tokens.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::Import;
use crate::resolve::Target;
use crate::tree::Tree;

/// The names that make an edge, each with the lines that name it.
pub(crate) type Names = BTreeMap<String, BTreeSet<usize>>;

/// From a file to the files that it imports.
pub(crate) type Edges = BTreeMap<String, BTreeMap<String, Names>>;

/// The edges of a crate.
pub(crate) fn edges(tree: &Tree<'_>) -> Edges {
    let mut found = Edges::new();
    for module in 0..tree.modules.len() {
        let mut importer = Importer { tree, module, edges: &mut found };
        importer.imports();
        importer.paths();
        importer.names();
    }
    found
}

struct Importer<'a> {
    tree: &'a Tree<'a>,
    module: usize,
    edges: &'a mut Edges,
}

impl Importer<'_> {
    fn imports(&mut self) {
        let scope = self.tree.modules[self.module].scope;
        for import in scope.imports.iter().chain(&scope.local_imports) {
            let Some(alias) = &import.alias else {
                self.glob(import);
                continue;
            };
            if import.public && !self.uses(alias) {
                continue;
            }
            let targets = self.tree.resolve(self.module, &import.path.segments);
            let is_module = targets.iter().all(|target| matches!(target, Target::Module(_)));
            let has_paths = scope.paths.iter().any(|path| &path.segments[0] == alias)
                || scope
                    .imports
                    .iter()
                    .any(|other| other.path.segments[0] == *alias && other.path != import.path);
            if !(is_module && has_paths) {
                self.add(&targets, named(&import.path.segments), import.path.line);
            }
        }
    }

    /// Whether the file itself uses a name that it imports.
    fn uses(&self, name: &str) -> bool {
        let scope = self.tree.modules[self.module].scope;
        scope.names.contains_key(name) || scope.paths.iter().any(|path| path.segments[0] == name)
    }

    /// The edge of a glob whose names are not seen in use.
    fn glob(&mut self, import: &Import) {
        if import.public {
            return;
        }
        let targets = self.tree.resolve(self.module, &import.path.segments);
        let scope = self.tree.modules[self.module].scope;
        let firsts = scope.paths.iter().map(|path| path.segments[0].as_str());
        let is_used = firsts.chain(scope.names.keys().map(String::as_str)).any(|name| {
            targets.iter().any(|target| match target {
                Target::Module(from) => !self
                    .tree
                    .resolve(*from, &["self".to_owned(), name.to_owned()])
                    .iter()
                    .all(|target| matches!(target, Target::Unseen(_))),
                _ => false,
            })
        });
        if !is_used {
            self.add(&targets, &format!("{}::*", last(&import.path.segments)), import.path.line);
        }
    }

    fn paths(&mut self) {
        for path in &self.tree.modules[self.module].scope.paths {
            let targets = self.tree.resolve(self.module, &path.segments);
            self.add(&targets, named(&path.segments), path.line);
        }
    }

    /// Single names that globs bring in, and macros of textual scope.
    fn names(&mut self) {
        let this = &self.tree.modules[self.module];
        let is_known = |name: &str| {
            this.items.contains_key(name)
                || this.children.contains_key(name)
                || this.imports.contains_key(name)
        };
        for (name, line) in this.scope.names.iter().filter(|(name, _)| !is_known(name)) {
            let targets = self.tree.resolve_by_globs(self.module, name);
            self.add(&targets, name, *line);
        }
        for (name, line) in this.scope.macros.iter().filter(|(name, _)| !is_known(name)) {
            if let Some([definer]) = self.tree.macros.get(name.as_str()).map(Vec::as_slice) {
                self.add(&[Target::Module(*definer)], name, *line);
            }
        }
    }

    fn add(&mut self, targets: &[Target], name: &str, line: usize) {
        let from = self.tree.modules[self.module].file;
        let items = targets.iter().any(|target| matches!(target, Target::Item(..)));
        for target in targets {
            let module = match target {
                // Where a name is both a module and an item, the item counts.
                Target::Module(_) | Target::Unseen(_) if items => continue,
                Target::Item(module, _) | Target::Module(module) | Target::Unseen(module) => *module,
            };
            let to = self.tree.modules[module].file;
            if from != to {
                let to = self.edges.entry(from.to_owned()).or_default().entry(to.to_owned()).or_default();
                to.entry(name.to_owned()).or_default().insert(line);
            }
        }
    }
}

/// The name of an item in a report: of `Status::Open` the type, else the last name.
fn named(segments: &[String]) -> &str {
    match segments {
        [.., owner, _] if owner.starts_with(char::is_uppercase) => owner,
        _ => last(segments),
    }
}

fn last(segments: &[String]) -> &str {
    segments.last().map_or("", String::as_str)
}
