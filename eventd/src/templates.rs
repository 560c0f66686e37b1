//! The templates of pages, which are compiled into the program.

use std::sync::LazyLock;

use eventcore::Error;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;

/// The style sheet of all pages.
pub(crate) const STYLE: &str = include_str!("../templates/style.css");

/// Lists templates by their paths below `eventd/templates`.
macro_rules! templates {
    ($($path:literal),+ $(,)?) => {
        [$(($path, include_str!(concat!("../templates/", $path)))),+]
    };
}

/// Values in templates whose names end in `.html` are escaped.
const TEMPLATES: &[(&str, &str)] = &templates![
    "pages/error.html",
    "pages/event.html",
    "pages/home.html",
    "pages/layout.html",
    "pages/occurrence.html",
    "pages/parts.html",
    "pages/problem.html",
    "pages/problems.html",
    "pages/ticket.html",
];

static ENVIRONMENT: LazyLock<Result<Environment<'static>, minijinja::Error>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.add_global("style", STYLE);
    for (name, source) in TEMPLATES {
        environment.add_template(name, source)?;
    }
    Ok(environment)
});

/// Renders a template.
pub(crate) fn render(name: &str, context: &impl Serialize) -> Result<String, Error> {
    let internal = |error: &minijinja::Error| Error::internal(format!("template {name}: {error:#}"));
    let environment = ENVIRONMENT.as_ref().map_err(internal)?;
    let template = environment.get_template(name).map_err(|error| internal(&error))?;
    template.render(Value::from(Serde(context))).map_err(|error| internal(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_templates_are_valid_and_compiled_in() {
        assert!(ENVIRONMENT.is_ok(), "{:?}", ENVIRONMENT.as_ref().err());
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/templates/pages");
        for file in std::fs::read_dir(folder).unwrap() {
            let name = format!("pages/{}", file.unwrap().file_name().to_string_lossy());
            assert!(TEMPLATES.iter().any(|(known, _)| *known == name), "{name} is not listed");
        }
    }
}
