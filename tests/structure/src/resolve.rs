//! Finds what a path names: through modules, imports, re-exports and globs, to the file that defines it.

use std::collections::HashSet;

use crate::facts::Kind;
use crate::tree::Tree;

/// What a path may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Target {
    /// An item that this module defines.
    Item(usize, Kind),
    Module(usize),
    /// A name that this module seems not to define: a macro makes it, or the code does not compile.
    Unseen(usize),
}

/// Names being resolved, so that circular imports end.
type Seen = HashSet<(usize, String)>;

impl Tree<'_> {
    /// What a path in a module names. Nothing if it leads out of the crate.
    pub(crate) fn resolve(&self, module: usize, path: &[String]) -> Vec<Target> {
        self.follow(module, path, &mut Seen::new())
    }

    /// What a name in a module is by a glob alone.
    pub(crate) fn resolve_by_globs(&self, module: usize, name: &str) -> Vec<Target> {
        self.by_globs(module, name, &mut Seen::new())
    }

    fn follow(&self, module: usize, path: &[String], seen: &mut Seen) -> Vec<Target> {
        let mut segments = path.iter().map(String::as_str).peekable();
        let mut targets = match segments.next() {
            Some("crate") => vec![Target::Module(0)],
            Some("self") => vec![Target::Module(module)],
            Some("super") => {
                let mut above = self.modules[module].parent;
                while segments.next_if_eq(&"super").is_some() {
                    above = above.and_then(|above| self.modules[above].parent);
                }
                above.map(Target::Module).into_iter().collect()
            }
            Some(name) => self.look_up(module, name, seen),
            None => Vec::new(),
        };
        for name in segments {
            targets = targets.into_iter().flat_map(|target| self.step(target, name, seen)).collect();
            dedup(&mut targets);
        }
        targets
    }

    fn step(&self, target: Target, name: &str, seen: &mut Seen) -> Vec<Target> {
        match target {
            Target::Module(module) => {
                // A repeated name is a circle of imports, not an unknown name.
                let repeated = seen.contains(&(module, name.to_owned()));
                let found = self.look_up(module, name, seen);
                if found.is_empty() && !repeated { vec![Target::Unseen(module)] } else { found }
            }
            // An associated item or a variant belongs to its type; nothing is below a function.
            Target::Item(_, Kind::Type) | Target::Unseen(_) => vec![target],
            Target::Item(..) => Vec::new(),
        }
    }

    fn look_up(&self, module: usize, name: &str, seen: &mut Seen) -> Vec<Target> {
        let mut targets = self.defined(module, name);
        // Of `pub use list::list`, the first name is the module.
        if !seen.insert((module, name.to_owned())) {
            return targets;
        }
        let this = &self.modules[module];
        for import in this.imports.get(name).into_iter().flatten() {
            targets.extend(self.follow(module, &import.path.segments, seen));
        }
        if targets.is_empty() {
            targets = self.by_globs(module, name, seen);
        }
        dedup(&mut targets);
        seen.remove(&(module, name.to_owned()));
        targets
    }

    /// What a module defines by a name: items, macros that are exported to the root, and modules.
    fn defined(&self, module: usize, name: &str) -> Vec<Target> {
        let this = &self.modules[module];
        let items = this.items.get(name).into_iter().flatten().map(|kind| Target::Item(module, *kind));
        let modules = this.children.get(name).into_iter().flatten().map(|child| Target::Module(*child));
        let mut targets: Vec<Target> = items.chain(modules).collect();
        for definer in self.macros.get(name).into_iter().flatten().filter(|_| module == 0) {
            let kinds = self.modules[*definer].items.get(name);
            if kinds.is_some_and(|kinds| kinds.contains(&Kind::ExportedMacro)) {
                targets.push(Target::Item(*definer, Kind::ExportedMacro));
            }
        }
        targets
    }

    fn by_globs(&self, module: usize, name: &str, seen: &mut Seen) -> Vec<Target> {
        let mut found = Vec::new();
        for glob in &self.modules[module].globs {
            for target in self.follow(module, &glob.path.segments, seen) {
                if let Target::Module(from) = target {
                    found.extend(self.look_up(from, name, seen));
                }
            }
        }
        dedup(&mut found);
        found
    }
}

fn dedup(targets: &mut Vec<Target>) {
    let mut seen = HashSet::new();
    targets.retain(|target| seen.insert(*target));
}
