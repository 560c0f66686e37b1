//! The facts of one file, as plain data without a syntax tree, so that it can be sent to another thread.

use std::collections::BTreeMap;

/// The facts of a file. Code under `#[cfg(test)]` is left out.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    pub(crate) scope: Scope,
    /// Why the file cannot be read as Rust, and where.
    pub(crate) error: Option<(usize, String)>,
}

/// The content of a file or of an inline module.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    pub(crate) items: Vec<Item>,
    pub(crate) imports: Vec<Import>,
    /// Imports within functions.
    pub(crate) local_imports: Vec<Import>,
    /// Paths of two segments or more, in code and in the arguments of macros.
    pub(crate) paths: Vec<Named>,
    /// Single names, with the first line of each. Local variables are left out.
    pub(crate) names: BTreeMap<String, usize>,
    /// Macros that are called by a single name.
    pub(crate) macros: BTreeMap<String, usize>,
    /// `mod x;`
    pub(crate) files: Vec<ModuleFile>,
    /// `mod x { … }`
    pub(crate) inline: Vec<(String, Scope)>,
}

#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) line: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// A struct, enum, union, trait or type alias.
    Type,
    Macro,
    /// A macro that `#[macro_export]` puts at the root of the crate.
    ExportedMacro,
    /// A function, constant or static.
    Value,
}

/// One name or glob of a `use`.
#[derive(Debug)]
pub(crate) struct Import {
    pub(crate) path: Named,
    /// The name that it gets here, or `None` for a glob.
    pub(crate) alias: Option<String>,
    /// Whether it is visible outside its module.
    pub(crate) public: bool,
}

/// A path and its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) segments: Vec<String>,
    pub(crate) line: usize,
}

#[derive(Debug)]
pub(crate) struct ModuleFile {
    pub(crate) name: String,
    /// Of `#[path = "…"]`.
    pub(crate) path: Option<String>,
    pub(crate) line: usize,
}
