//! Finds paths among tokens: arguments of macros, bodies of `macro_rules!` and attributes.

use proc_macro2::{TokenStream, TokenTree};

use crate::facts::Named;

/// Passes each path of the tokens to `found`, single names included. `$crate` is `crate`.
/// Names of fields and methods (after a dot), lifetimes and variables of macros are left out.
pub(crate) fn paths(tokens: TokenStream, found: &mut dyn FnMut(Named)) {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < trees.len() {
        match &trees[at] {
            TokenTree::Group(group) => paths(group.stream(), found),
            TokenTree::Ident(first) => {
                let start = at;
                let mut segments = vec![plain(&first.to_string())];
                while is_colons(&trees, at + 1) {
                    let Some(TokenTree::Ident(next)) = trees.get(at + 3) else { break };
                    segments.push(plain(&next.to_string()));
                    at += 3;
                }
                if begins_path(&trees, start, &segments) {
                    found(Named { segments, line: first.span().start().line });
                }
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
        at += 1;
    }
}

/// A name without `r#`.
pub(crate) fn plain(name: &str) -> String {
    name.strip_prefix("r#").unwrap_or(name).to_owned()
}

fn is_punct(trees: &[TokenTree], at: usize, character: char) -> bool {
    matches!(trees.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == character)
}

fn is_colons(trees: &[TokenTree], at: usize) -> bool {
    is_punct(trees, at, ':') && is_punct(trees, at + 1, ':')
}

fn begins_path(trees: &[TokenTree], start: usize, segments: &[String]) -> bool {
    let before = |back: usize, character| start >= back && is_punct(trees, start - back, character);
    if before(1, '$') {
        return segments[0] == "crate";
    }
    // `0..x` is a range, `a.x` is a field.
    let is_field = before(1, '.') && !before(2, '.');
    let is_rest = before(1, ':') && before(2, ':');
    !is_field && !is_rest && !before(1, '\'')
}
