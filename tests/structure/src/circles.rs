//! Import circles: files that import each other, directly or through others.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;

use crate::edges::{Edges, Names};
use crate::finding::Finding;

/// An import that may be part of a circle.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowed {
    pub(crate) from: &'static str,
    pub(crate) to: &'static str,
    /// Why the import is left out.
    #[expect(dead_code, reason = "documents the entry")]
    pub(crate) reason: &'static str,
}

/// Imports of a composition root that are left out. Each entry needs a reason.
pub(crate) const ALLOWED: &[Allowed] = &[];

/// One finding for each strongly connected component.
pub(crate) fn check(edges: &Edges, allowed: &[Allowed], with_edges: bool) -> Vec<Finding> {
    let is_allowed = |from: &str, to: &str| allowed.iter().any(|entry| entry.from == from && entry.to == to);
    let graph = Graph::new(edges, is_allowed);
    graph.components().iter().filter_map(|component| describe(&graph, component, edges, with_edges)).collect()
}

struct Graph<'a> {
    files: Vec<&'a str>,
    next: Vec<Vec<usize>>,
}

impl<'a> Graph<'a> {
    fn new(edges: &'a Edges, is_allowed: impl Fn(&str, &str) -> bool) -> Self {
        let names: BTreeSet<&str> =
            edges.iter().flat_map(|(from, to)| to.keys().chain([from])).map(String::as_str).collect();
        let files: Vec<&str> = names.into_iter().collect();
        let ids: BTreeMap<&str, usize> = files.iter().enumerate().map(|(id, file)| (*file, id)).collect();
        let next = files
            .iter()
            .map(|from| {
                let to = edges.get(*from).into_iter().flat_map(BTreeMap::keys);
                to.filter(|to| !is_allowed(from, to)).filter_map(|to| ids.get(to.as_str()).copied()).collect()
            })
            .collect();
        Self { files, next }
    }

    /// The strongly connected components of two files or more: files are in one if each reaches the other.
    fn components(&self) -> Vec<BTreeSet<usize>> {
        let mut back = vec![Vec::new(); self.files.len()];
        for (from, next) in self.next.iter().enumerate() {
            for to in next {
                back[*to].push(from);
            }
        }
        let mut placed = vec![false; self.files.len()];
        let mut found = Vec::new();
        for start in 0..self.files.len() {
            if placed[start] {
                continue;
            }
            let above = reach(start, &back);
            let component: BTreeSet<usize> = reach(start, &self.next).intersection(&above).copied().collect();
            for file in &component {
                placed[*file] = true;
            }
            if component.len() > 1 {
                found.push(component);
            }
        }
        found
    }

    /// The shortest circle within a component, as the files in order.
    fn shortest(&self, component: &BTreeSet<usize>) -> Vec<usize> {
        component
            .iter()
            .filter_map(|start| self.shortest_from(*start))
            .min_by_key(Vec::len)
            .unwrap_or_default()
    }

    fn shortest_from(&self, start: usize) -> Option<Vec<usize>> {
        let mut previous = BTreeMap::new();
        let mut queue = VecDeque::from([start]);
        while let Some(at) = queue.pop_front() {
            for to in &self.next[at] {
                if *to == start {
                    let mut circle: Vec<usize> =
                        std::iter::successors(Some(at), |file| previous.get(file).copied()).collect();
                    circle.reverse();
                    return Some(circle);
                }
                if !previous.contains_key(to) {
                    previous.insert(*to, at);
                    queue.push_back(*to);
                }
            }
        }
        None
    }
}

/// What can be reached from `start`, itself included.
fn reach(start: usize, next: &[Vec<usize>]) -> BTreeSet<usize> {
    let mut found = BTreeSet::from([start]);
    let mut pending = vec![start];
    while let Some(at) = pending.pop() {
        pending.extend(next[at].iter().filter(|to| found.insert(**to)));
    }
    found
}

fn describe(
    graph: &Graph<'_>,
    component: &BTreeSet<usize>,
    edges: &Edges,
    with_edges: bool,
) -> Option<Finding> {
    let circle = graph.shortest(component);
    let first = graph.files[*circle.first()?];
    let names = |from: usize, to: usize| edges.get(graph.files[from])?.get(graph.files[to]);
    let mut text = format!("import circle: {first}");
    let mut line = 1;
    for (index, from) in circle.iter().enumerate() {
        let to = circle[(index + 1) % circle.len()];
        let by = names(*from, to)?;
        if index == 0 {
            line = by.values().flatten().min().copied().unwrap_or(1);
        }
        let _ = write!(text, " -> {} ({})", graph.files[to], list(by));
    }
    text.push_str(": move what both sides need to a file below them");
    let others: Vec<&str> =
        component.iter().filter(|file| !circle.contains(file)).map(|file| graph.files[*file]).collect();
    if !others.is_empty() {
        let _ = write!(text, "; in circles with them ({}): {}", others.len(), others.join(", "));
    }
    if with_edges {
        for from in component {
            for to in graph.next[*from].iter().filter(|to| component.contains(to)) {
                let _ = write!(text, "\n    {} -> {} ", graph.files[*from], graph.files[*to]);
                let _ = write!(text, "({})", list(names(*from, *to)?));
            }
        }
    }
    Some(Finding::new(first, line, text))
}

fn list(names: &Names) -> String {
    let mut parts = Vec::new();
    for (name, lines) in names {
        let numbers: Vec<String> = lines.iter().map(ToString::to_string).collect();
        let word = if numbers.len() == 1 { "line" } else { "lines" };
        parts.push(format!("{name} {word} {}", numbers.join(" ")));
    }
    parts.join(", ")
}
