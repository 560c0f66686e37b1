//! Path templates as a tree of segments, so that a path is matched in one descent.

use std::collections::HashMap;

/// Path templates, each with a number.
#[derive(Default)]
pub(crate) struct PathTree {
    root: Node,
}

#[derive(Default)]
struct Node {
    /// The number of the template that ends here.
    template: Option<usize>,
    literals: HashMap<String, Node>,
    /// Parameters, those with the longest suffix first.
    parameters: Vec<Parameter>,
}

/// A segment such as `{event}` or `{event}.ics`.
struct Parameter {
    name: String,
    suffix: String,
    node: Node,
}

/// The number of a template, and the parameters by name.
pub(crate) type Found<'t, 'p> = (usize, Vec<(&'t str, &'p str)>);

impl PathTree {
    /// Adds a template. A template that was added before is replaced.
    pub(crate) fn insert(&mut self, template: &str, number: usize) {
        let mut node = &mut self.root;
        for segment in template.split('/').filter(|segment| !segment.is_empty()) {
            node = match segment.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
                Some((name, suffix)) => node.parameter(name, suffix),
                None => node.literals.entry(segment.to_owned()).or_default(),
            };
        }
        node.template = Some(number);
    }

    /// Finds the template that a path matches. Literal segments win over parameters with a suffix, and those
    /// over plain parameters. A single trailing slash is ignored; an empty segment matches nothing.
    pub(crate) fn find<'t, 'p>(&'t self, path: &'p str) -> Option<Found<'t, 'p>> {
        let path = path.strip_prefix('/')?;
        if path.is_empty() {
            return Some((self.root.template?, Vec::new()));
        }
        let mut parameters = Vec::new();
        let template = self.root.find(path.strip_suffix('/').unwrap_or(path), &mut parameters)?;
        Some((template, parameters))
    }
}

impl Node {
    fn parameter(&mut self, name: &str, suffix: &str) -> &mut Self {
        let is_same = |known: &Parameter| known.name == name && known.suffix == suffix;
        let known = self.parameters.iter().position(is_same);
        let position = known.unwrap_or_else(|| {
            let longer = |known: &&Parameter| known.suffix.len() > suffix.len();
            let position = self.parameters.iter().filter(longer).count();
            let (name, suffix) = (name.to_owned(), suffix.to_owned());
            self.parameters.insert(position, Parameter { name, suffix, node: Self::default() });
            position
        });
        &mut self.parameters[position].node
    }

    fn find<'t, 'p>(&'t self, path: &'p str, found: &mut Vec<(&'t str, &'p str)>) -> Option<usize> {
        let (segment, rest) = match path.split_once('/') {
            Some((segment, rest)) => (segment, Some(rest)),
            None => (path, None),
        };
        if let Some(node) = self.literals.get(segment)
            && let Some(template) = node.find_rest(rest, found)
        {
            return Some(template);
        }
        for parameter in &self.parameters {
            let value = segment.strip_suffix(parameter.suffix.as_str()).filter(|value| !value.is_empty());
            let Some(value) = value else { continue };
            found.push((&parameter.name, value));
            if let Some(template) = parameter.node.find_rest(rest, found) {
                return Some(template);
            }
            found.pop();
        }
        None
    }

    fn find_rest<'t, 'p>(
        &'t self,
        rest: Option<&'p str>,
        found: &mut Vec<(&'t str, &'p str)>,
    ) -> Option<usize> {
        match rest {
            Some(rest) => self.find(rest, found),
            None => self.template,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATES: [&str; 6] =
        ["/", "/events", "/events/{event}", "/events/{event}.ics", "/events/{id}/seats/{seat}", "/events/me"];

    fn tree() -> PathTree {
        let mut tree = PathTree::default();
        for (number, template) in TEMPLATES.iter().enumerate() {
            tree.insert(template, number);
        }
        tree
    }

    #[test]
    fn the_most_literal_template_wins() {
        let tree = tree();
        let found = |path| tree.find(path).map(|(number, parameters)| (TEMPLATES[number], parameters));
        assert_eq!(found("/"), Some(("/", Vec::new())));
        assert_eq!(found("/events"), Some(("/events", Vec::new())));
        assert_eq!(found("/events/7"), Some(("/events/{event}", vec![("event", "7")])));
        assert_eq!(found("/events/7.ics"), Some(("/events/{event}.ics", vec![("event", "7")])));
        assert_eq!(found("/events/.ics"), Some(("/events/{event}", vec![("event", ".ics")])));
        assert_eq!(found("/events/me"), Some(("/events/me", Vec::new())));
        let seat = vec![("id", "me"), ("seat", "b")];
        assert_eq!(found("/events/me/seats/b"), Some(("/events/{id}/seats/{seat}", seat)));
    }

    #[test]
    fn one_trailing_slash_is_ignored_and_empty_segments_match_nothing() {
        let tree = tree();
        assert!(tree.find("/events/").is_some());
        for path in ["", "//", "events", "//events", "/events//", "/events//seats/b", "/events/7/seats"] {
            assert!(tree.find(path).is_none(), "{path}");
        }
    }
}
