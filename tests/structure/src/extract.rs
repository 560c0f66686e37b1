//! Reads the facts of a file from its syntax tree.

use std::collections::HashSet;

use syn::visit::{self, Visit};
use syn::{Attribute, Item as Syntax, UseTree, Visibility};

use crate::facts::{Facts, Import, Item, Kind, ModuleFile, Named, Scope};
use crate::tokens;

/// Reads a file.
pub(crate) fn extract(text: &str) -> Facts {
    match syn::parse_file(text) {
        Ok(file) if is_test(&file.attrs) => Facts::default(),
        Ok(file) => Facts { scope: scope(&file.items), error: None },
        Err(error) => Facts {
            scope: Scope::default(),
            error: Some((error.span().start().line, format!("cannot be parsed: {error}"))),
        },
    }
}

fn scope(items: &[Syntax]) -> Scope {
    let mut reader = Reader::default();
    for item in items {
        reader.module_item(item);
    }
    reader.scope
}

#[derive(Default)]
struct Reader {
    scope: Scope,
    /// Local variables of the outermost function.
    variables: HashSet<String>,
    /// The number of enclosing functions.
    depth: usize,
}

impl Reader {
    fn module_item(&mut self, item: &Syntax) {
        if is_test(attributes(item)) {
            return;
        }
        match item {
            Syntax::Mod(module) => {
                let name = tokens::plain(&module.ident.to_string());
                match &module.content {
                    Some((_, items)) => self.scope.inline.push((name, scope(items))),
                    None => self.scope.files.push(ModuleFile {
                        name,
                        path: path_attribute(&module.attrs),
                        line: module.ident.span().start().line,
                    }),
                }
                return;
            }
            Syntax::Struct(item) => self.define(&item.ident, Kind::Type),
            Syntax::Enum(item) => self.define(&item.ident, Kind::Type),
            Syntax::Union(item) => self.define(&item.ident, Kind::Type),
            Syntax::Trait(item) => self.define(&item.ident, Kind::Type),
            Syntax::TraitAlias(item) => self.define(&item.ident, Kind::Type),
            Syntax::Type(item) => self.define(&item.ident, Kind::Type),
            Syntax::Fn(item) => self.define(&item.sig.ident, Kind::Value),
            Syntax::Const(item) => self.define(&item.ident, Kind::Value),
            Syntax::Static(item) => self.define(&item.ident, Kind::Value),
            Syntax::Macro(item) => {
                if let Some(name) = &item.ident {
                    let exported =
                        item.attrs.iter().any(|attribute| attribute.path().is_ident("macro_export"));
                    self.define(name, if exported { Kind::ExportedMacro } else { Kind::Macro });
                }
            }
            _ => {}
        }
        self.visit_item(item);
    }

    fn define(&mut self, name: &proc_macro2::Ident, kind: Kind) {
        let line = name.span().start().line;
        self.scope.items.push(Item { name: tokens::plain(&name.to_string()), kind, line });
    }

    fn name(&mut self, path: Named) {
        match path.segments.as_slice() {
            [name] if self.variables.contains(name) => {}
            [name] => {
                self.scope.names.entry(name.clone()).or_insert(path.line);
            }
            _ => self.scope.paths.push(path),
        }
    }

    fn tokens(&mut self, tokens: &proc_macro2::TokenStream) {
        tokens::paths(tokens.clone(), &mut |path| self.name(path));
    }

    fn import(&mut self, tree: &UseTree, prefix: &[String], public: bool) {
        let child = |name: &proc_macro2::Ident| {
            let mut segments = prefix.to_vec();
            let name = tokens::plain(&name.to_string());
            if name != "self" || prefix.is_empty() {
                segments.push(name);
            }
            segments
        };
        let (line, segments, alias) = match tree {
            UseTree::Path(path) => return self.import(&path.tree, &child(&path.ident), public),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.import(tree, prefix, public);
                }
                return;
            }
            UseTree::Name(name) => {
                let segments = child(&name.ident);
                let alias = segments.last().cloned();
                (name.ident.span().start().line, segments, alias)
            }
            UseTree::Rename(name) => {
                let alias = Some(tokens::plain(&name.rename.to_string()));
                (name.ident.span().start().line, child(&name.ident), alias)
            }
            UseTree::Glob(glob) => (glob.star_token.spans[0].start().line, prefix.to_vec(), None),
        };
        let import = Import { path: Named { segments, line }, alias, public };
        if self.depth == 0 {
            self.scope.imports.push(import);
        } else {
            self.scope.local_imports.push(import);
        }
    }

    /// Visits a function; `visit` visits its parts.
    fn function(&mut self, collect: impl FnOnce(&mut Variables), visit: impl FnOnce(&mut Self)) {
        if self.depth == 0 {
            let mut variables = Variables::default();
            collect(&mut variables);
            self.variables = variables.0;
        }
        self.depth += 1;
        visit(self);
        self.depth -= 1;
        if self.depth == 0 {
            self.variables.clear();
        }
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Syntax) {
        // Modules within functions are not read.
        if !is_test(attributes(item)) && !matches!(item, Syntax::Mod(_)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if item.leading_colon.is_none() {
            self.import(&item.tree, &[], !matches!(item.vis, Visibility::Inherited));
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(|found| found.visit_item_fn(item), |reader| visit::visit_item_fn(reader, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.function(
            |found| found.visit_impl_item_fn(item),
            |reader| visit::visit_impl_item_fn(reader, item),
        );
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        self.function(
            |found| found.visit_trait_item_fn(item),
            |reader| visit::visit_trait_item_fn(reader, item),
        );
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if item.trait_.is_some() {
            visit::visit_item_impl(self, item);
            return;
        }
        // The type of an inherent implementation is no import by itself.
        item.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        self.visit_generics(&item.generics);
        item.items.iter().for_each(|part| self.visit_impl_item(part));
    }

    fn visit_impl_item(&mut self, item: &'ast syn::ImplItem) {
        let attributes: &[Attribute] = match item {
            syn::ImplItem::Const(item) => &item.attrs,
            syn::ImplItem::Fn(item) => &item.attrs,
            syn::ImplItem::Type(item) => &item.attrs,
            syn::ImplItem::Macro(item) => &item.attrs,
            _ => &[],
        };
        if !is_test(attributes) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_trait_item(&mut self, item: &'ast syn::TraitItem) {
        let attributes: &[Attribute] = match item {
            syn::TraitItem::Const(item) => &item.attrs,
            syn::TraitItem::Fn(item) => &item.attrs,
            syn::TraitItem::Type(item) => &item.attrs,
            syn::TraitItem::Macro(item) => &item.attrs,
            _ => &[],
        };
        if !is_test(attributes) {
            visit::visit_trait_item(self, item);
        }
    }

    fn visit_stmt(&mut self, statement: &'ast syn::Stmt) {
        let attributes: &[Attribute] = match statement {
            syn::Stmt::Local(local) => &local.attrs,
            syn::Stmt::Macro(call) => &call.attrs,
            syn::Stmt::Expr(syn::Expr::Block(block), _) => &block.attrs,
            syn::Stmt::Expr(syn::Expr::If(branch), _) => &branch.attrs,
            syn::Stmt::Expr(syn::Expr::Call(call), _) => &call.attrs,
            syn::Stmt::Expr(syn::Expr::MethodCall(call), _) => &call.attrs,
            _ => &[],
        };
        if !is_test(attributes) {
            visit::visit_stmt(self, statement);
        }
    }

    fn visit_field(&mut self, field: &'ast syn::Field) {
        if !is_test(&field.attrs) {
            visit::visit_field(self, field);
        }
    }

    fn visit_field_value(&mut self, field: &'ast syn::FieldValue) {
        if !is_test(&field.attrs) {
            visit::visit_field_value(self, field);
        }
    }

    fn visit_variant(&mut self, variant: &'ast syn::Variant) {
        if !is_test(&variant.attrs) {
            visit::visit_variant(self, variant);
        }
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        if !is_test(&arm.attrs) {
            visit::visit_arm(self, arm);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            let segments = path.segments.iter().map(|part| tokens::plain(&part.ident.to_string())).collect();
            let line = path.segments.first().map_or(1, |part| part.ident.span().start().line);
            self.name(Named { segments, line });
        }
        visit::visit_path(self, path);
    }

    fn visit_pat_ident(&mut self, pattern: &'ast syn::PatIdent) {
        // A constant or a variant, unless it binds.
        if starts_upper(&pattern.ident) {
            let segments = vec![pattern.ident.to_string()];
            self.name(Named { segments, line: pattern.ident.span().start().line });
        }
        visit::visit_pat_ident(self, pattern);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        if let Some(name) = call.path.get_ident() {
            self.scope.macros.entry(tokens::plain(&name.to_string())).or_insert(name.span().start().line);
        }
        self.visit_path(&call.path);
        self.tokens(&call.tokens);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if attribute.path().is_ident("doc") {
            return;
        }
        if let syn::Meta::List(list) = &attribute.meta {
            self.tokens(&list.tokens);
            self.quoted_paths(&list.tokens);
        }
    }

    fn visit_visibility(&mut self, _: &'ast Visibility) {}
}

impl Reader {
    /// Paths in strings, as in `#[serde(with = "crate::time")]`.
    fn quoted_paths(&mut self, tokens: &proc_macro2::TokenStream) {
        for token in tokens.clone() {
            match token {
                proc_macro2::TokenTree::Group(group) => self.quoted_paths(&group.stream()),
                proc_macro2::TokenTree::Literal(literal) => {
                    let line = literal.span().start().line;
                    let text = literal.to_string();
                    let segments: Vec<String> = text
                        .trim_matches('"')
                        .split("::")
                        .map(|segment| tokens::plain(segment.trim()))
                        .collect();
                    if segments.len() > 1 && segments.iter().all(|segment| is_name(segment)) {
                        self.name(Named { segments, line });
                    }
                }
                _ => {}
            }
        }
    }
}

/// Names that patterns bind.
#[derive(Default)]
struct Variables(HashSet<String>);

impl<'ast> Visit<'ast> for Variables {
    fn visit_pat_ident(&mut self, pattern: &'ast syn::PatIdent) {
        if !starts_upper(&pattern.ident) {
            self.0.insert(tokens::plain(&pattern.ident.to_string()));
        }
        visit::visit_pat_ident(self, pattern);
    }
}

fn starts_upper(name: &proc_macro2::Ident) -> bool {
    name.to_string().starts_with(char::is_uppercase)
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|next| next.is_alphanumeric() || next == '_')
}

fn attributes(item: &Syntax) -> &[Attribute] {
    match item {
        Syntax::Const(item) => &item.attrs,
        Syntax::Enum(item) => &item.attrs,
        Syntax::ExternCrate(item) => &item.attrs,
        Syntax::Fn(item) => &item.attrs,
        Syntax::ForeignMod(item) => &item.attrs,
        Syntax::Impl(item) => &item.attrs,
        Syntax::Macro(item) => &item.attrs,
        Syntax::Mod(item) => &item.attrs,
        Syntax::Static(item) => &item.attrs,
        Syntax::Struct(item) => &item.attrs,
        Syntax::Trait(item) => &item.attrs,
        Syntax::TraitAlias(item) => &item.attrs,
        Syntax::Type(item) => &item.attrs,
        Syntax::Union(item) => &item.attrs,
        Syntax::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn path_attribute(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| match &attribute.meta {
        syn::Meta::NameValue(syn::MetaNameValue {
            path,
            value: syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }),
            ..
        }) if path.is_ident("path") => Some(text.value()),
        _ => None,
    })
}

/// Whether the attributes leave the code to tests: `cfg(test)`, or a `cfg` that implies it.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Meta>().is_ok_and(|condition| implies_test(&condition))
    })
}

fn implies_test(condition: &syn::Meta) -> bool {
    let syn::Meta::List(list) = condition else { return condition.path().is_ident("test") };
    let parts = syn::punctuated::Punctuated::<syn::Meta, syn::Token![,]>::parse_terminated;
    let Ok(parts) = list.parse_args_with(parts) else { return false };
    if list.path.is_ident("all") {
        parts.iter().any(implies_test)
    } else {
        list.path.is_ident("any") && !parts.is_empty() && parts.iter().all(implies_test)
    }
}
