//! The modules of a crate.

use std::collections::BTreeMap;

use crate::facts::{Facts, Import, Kind, ModuleFile, Scope};
use crate::finding::Finding;

/// The facts of each file that could be read.
pub(crate) type Files = BTreeMap<String, Facts>;

pub(crate) struct Module<'a> {
    /// The path of its file.
    pub(crate) file: &'a str,
    pub(crate) parent: Option<usize>,
    pub(crate) scope: &'a Scope,
    /// Several modules of one name if `cfg` selects one of them.
    pub(crate) children: BTreeMap<&'a str, Vec<usize>>,
    pub(crate) items: BTreeMap<&'a str, Vec<Kind>>,
    pub(crate) imports: BTreeMap<&'a str, Vec<&'a Import>>,
    pub(crate) globs: Vec<&'a Import>,
}

/// The modules of a crate; the first is its root.
pub(crate) struct Tree<'a> {
    pub(crate) modules: Vec<Module<'a>>,
    /// The modules that define a macro of a name.
    pub(crate) macros: BTreeMap<&'a str, Vec<usize>>,
    /// Modules whose file is missing.
    pub(crate) findings: Vec<Finding>,
}

struct Pending<'a> {
    scope: &'a Scope,
    file: &'a str,
    parent: Option<usize>,
    name: &'a str,
    /// Where the files of its modules are, with `/` at the end unless empty.
    directory: String,
    inline: bool,
}

/// Reads the modules of the crate whose root file is `root`.
pub(crate) fn build<'a>(root: &'a str, files: &'a Files) -> Tree<'a> {
    let mut tree = Tree { modules: Vec::new(), macros: BTreeMap::new(), findings: Vec::new() };
    let mut pending = Vec::new();
    if let Some(facts) = files.get(root) {
        let directory = directory_of(root).to_owned();
        pending.push(Pending {
            scope: &facts.scope,
            file: root,
            parent: None,
            name: "",
            directory,
            inline: false,
        });
    }
    while let Some(next) = pending.pop() {
        let id = tree.add(&next);
        for (name, scope) in &next.scope.inline {
            let directory = format!("{}{name}/", next.directory);
            pending.push(Pending { scope, file: next.file, parent: Some(id), name, directory, inline: true });
        }
        for declared in &next.scope.files {
            let Some((file, directory)) = find_file(&next, declared, files) else {
                let text =
                    format!("no file for module `{}`: add it or delete the declaration", declared.name);
                tree.findings.push(Finding::new(next.file, declared.line, text));
                continue;
            };
            // A file that includes itself through `#[path]` is no crate.
            if let Some((file, facts)) = files.get_key_value(&file).filter(|_| !tree.is_within(id, &file)) {
                pending.push(Pending {
                    scope: &facts.scope,
                    file,
                    parent: Some(id),
                    name: &declared.name,
                    directory,
                    inline: false,
                });
            }
        }
    }
    tree
}

impl<'a> Tree<'a> {
    fn add(&mut self, new: &Pending<'a>) -> usize {
        let id = self.modules.len();
        let mut module = Module {
            file: new.file,
            parent: new.parent,
            scope: new.scope,
            children: BTreeMap::new(),
            items: BTreeMap::new(),
            imports: BTreeMap::new(),
            globs: Vec::new(),
        };
        for item in &new.scope.items {
            module.items.entry(item.name.as_str()).or_default().push(item.kind);
            if matches!(item.kind, Kind::Macro | Kind::ExportedMacro) {
                self.macros.entry(item.name.as_str()).or_default().push(id);
            }
        }
        for import in new.scope.imports.iter().chain(&new.scope.local_imports) {
            match &import.alias {
                Some(alias) => module.imports.entry(alias).or_default().push(import),
                None => module.globs.push(import),
            }
        }
        self.modules.push(module);
        if let Some(parent) = new.parent {
            self.modules[parent].children.entry(new.name).or_default().push(id);
        }
        id
    }

    fn is_within(&self, module: usize, file: &str) -> bool {
        std::iter::successors(Some(module), |id| self.modules[*id].parent)
            .any(|id| self.modules[id].file == file)
    }
}

/// The file of `mod x;` and the directory of its modules.
fn find_file(module: &Pending<'_>, declared: &ModuleFile, files: &Files) -> Option<(String, String)> {
    if let Some(path) = &declared.path {
        let base = if module.inline { &module.directory } else { directory_of(module.file) };
        let file = normal(&format!("{base}{path}"));
        return files.contains_key(&file).then(|| (file.clone(), directory_of(&file).to_owned()));
    }
    let directory = format!("{}{}/", module.directory, declared.name);
    [format!("{}{}.rs", module.directory, declared.name), format!("{directory}mod.rs")]
        .into_iter()
        .find(|file| files.contains_key(file))
        .map(|file| (file, directory))
}

/// The directory of a file, with `/` at the end unless empty.
fn directory_of(path: &str) -> &str {
    path.rfind('/').map_or("", |at| &path[..=at])
}

/// The path without `.` and `..`.
fn normal(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            ".." => {
                parts.pop();
            }
            "." | "" => {}
            _ => parts.push(part),
        }
    }
    parts.join("/")
}
