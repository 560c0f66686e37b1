//! Applies every rule to the sources of a workspace.

use std::collections::BTreeSet;

use crate::circles::{self, ALLOWED};
use crate::crates;
use crate::edges;
use crate::extract;
use crate::facts::Facts;
use crate::finding::Finding;
use crate::lexer;
use crate::lines;
use crate::tree::{self, Files};
use crate::types;
use crate::workspace::Sources;

/// Deeper code is not parsed, so that the parser cannot exhaust its stack.
const DEPTH: usize = 200;
/// The stack of a parser, in bytes: long chains of operators make deep trees.
const STACK: usize = 256 << 20;

/// The findings, in order of path and line.
pub(crate) fn check(sources: &Sources, with_edges: bool) -> Result<BTreeSet<Finding>, String> {
    let (files, mut findings) = read_all(sources)?;
    for (path, facts) in &files {
        if let Some((line, error)) = &facts.error {
            findings.insert(Finding::new(path, *line, error));
        }
    }
    for root in crates::roots(sources) {
        let tree = tree::build(&root, &files);
        findings.extend(types::check(&tree));
        findings.extend(circles::check(&edges::edges(&tree), ALLOWED, with_edges));
        findings.extend(tree.findings);
    }
    Ok(findings)
}

/// Reads every file, on as many threads as there are processors.
fn read_all(sources: &Sources) -> Result<(Files, BTreeSet<Finding>), String> {
    let rust: Vec<(&String, &String)> =
        sources.iter().filter(|(path, _)| !path.ends_with("Cargo.toml")).collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(8);
    std::thread::scope(|scope| {
        let mut workers = Vec::new();
        for worker in 0..threads {
            let rust = &rust;
            let work = move || {
                rust.iter().skip(worker).step_by(threads).map(|(path, text)| read(path, text)).collect()
            };
            let started = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
            workers.push(started.map_err(|error| format!("cannot start a thread: {error}"))?);
        }
        let (mut files, mut findings) = (Files::new(), BTreeSet::new());
        for worker in workers {
            let read: Vec<(String, Facts, Vec<Finding>)> =
                worker.join().map_err(|_| "a parser failed".to_owned())?;
            for (path, facts, found) in read {
                files.insert(path, facts);
                findings.extend(found);
            }
        }
        Ok((files, findings))
    })
}

fn read(path: &str, text: &str) -> (String, Facts, Vec<Finding>) {
    let lexed = lexer::lex(text);
    let facts = if lexed.depth > DEPTH {
        let error = format!("brackets are nested more than {DEPTH} deep: flatten the code");
        Facts { error: Some((1, error)), ..Facts::default() }
    } else {
        extract::extract(text)
    };
    (path.to_owned(), facts, lines::check(path, &lexed.characters))
}

#[cfg(test)]
mod tests;
