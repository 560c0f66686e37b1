//! Conditions on the files of a calendar (RFC 4791, 9.7), and whether a file meets them.

use crate::time::Timestamp;

/// A condition on the components of a name within another component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComponentFilter {
    /// Such as `VEVENT`, in capitals.
    pub name: String,
    /// What is asked of the components.
    pub test: ComponentTest,
}

/// What is asked of components.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ComponentTest {
    /// There is none.
    Absent,
    /// There is one that meets all of this.
    Present {
        /// It takes place within this period.
        period: Option<CalendarPeriod>,
        /// Conditions on its properties.
        properties: Vec<PropertyFilter>,
        /// Conditions on the components in it.
        components: Vec<ComponentFilter>,
    },
}

/// A condition on the properties of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PropertyFilter {
    /// Such as `SUMMARY`, in capitals.
    pub name: String,
    /// What is asked of the properties.
    pub test: PropertyTest,
}

/// What is asked of properties.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PropertyTest {
    /// There is none.
    Absent,
    /// There is one that meets all of this.
    Present {
        /// A condition on its value.
        text: Option<TextMatch>,
        /// Conditions on its parameters.
        parameters: Vec<ParameterFilter>,
    },
}

/// A condition on a parameter of a property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterFilter {
    /// Such as `TZID`, in capitals.
    pub name: String,
    /// What is asked of the parameter.
    pub test: ParameterTest,
}

/// What is asked of a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParameterTest {
    /// There is none.
    Absent,
    /// There is one, whose value meets this.
    Present(Option<TextMatch>),
}

/// A condition on a text: that it contains another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextMatch {
    /// The other text.
    pub text: String,
    /// Whether the letters a to z match without case.
    pub ignores_case: bool,
    /// Whether the text must not contain it.
    pub is_negated: bool,
}

/// From an instant to another, which does not belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CalendarPeriod {
    /// The first instant.
    pub from: Timestamp,
    /// The end.
    pub to: Timestamp,
}

impl ComponentFilter {
    /// The periods within which events must take place. This is a condition on a whole `VCALENDAR`.
    pub(super) fn periods(&self) -> Vec<CalendarPeriod> {
        let ComponentTest::Present { components, .. } = &self.test else { return Vec::new() };
        let events = components.iter().filter(|filter| filter.name == EVENT);
        let periods = events.filter_map(|filter| match filter.test {
            ComponentTest::Present { period, .. } => period,
            ComponentTest::Absent => None,
        });
        periods.collect()
    }

    /// Whether the periods alone decide, and not what is in the files.
    pub(super) fn is_by_period(&self) -> bool {
        let is_plain = |filter: &Self| match &filter.test {
            ComponentTest::Present { properties, components, .. } => {
                filter.name == EVENT && properties.is_empty() && components.is_empty()
            }
            ComponentTest::Absent => false,
        };
        match &self.test {
            ComponentTest::Present { properties, components, .. } => {
                self.name == CALENDAR && properties.is_empty() && components.iter().all(is_plain)
            }
            ComponentTest::Absent => false,
        }
    }

    /// Whether a file meets all but the periods.
    pub(super) fn is_met_by(&self, file: &str) -> bool {
        self.is_met_within(&Component::read(file))
    }

    fn is_met_within(&self, parent: &Component) -> bool {
        let mut named = parent.components.iter().filter(|component| component.name == self.name);
        match &self.test {
            ComponentTest::Absent => named.next().is_none(),
            ComponentTest::Present { properties, components, .. } => named.any(|component| {
                properties.iter().all(|filter| filter.is_met_by(&component.properties))
                    && components.iter().all(|filter| filter.is_met_within(component))
            }),
        }
    }
}

impl PropertyFilter {
    fn is_met_by(&self, all: &[Property]) -> bool {
        let mut named = all.iter().filter(|property| property.name == self.name);
        match &self.test {
            PropertyTest::Absent => named.next().is_none(),
            PropertyTest::Present { text, parameters } => named.any(|property| {
                text.as_ref().is_none_or(|text| text.is_met_by(&property.value))
                    && parameters.iter().all(|filter| filter.is_met_by(&property.parameters))
            }),
        }
    }
}

impl ParameterFilter {
    fn is_met_by(&self, all: &[(String, String)]) -> bool {
        let mut named = all.iter().filter(|(name, _)| *name == self.name);
        match &self.test {
            ParameterTest::Absent => named.next().is_none(),
            ParameterTest::Present(text) => {
                named.any(|(_, value)| text.as_ref().is_none_or(|text| text.is_met_by(value)))
            }
        }
    }
}

impl TextMatch {
    fn is_met_by(&self, value: &str) -> bool {
        let contains = if self.ignores_case {
            value.to_ascii_lowercase().contains(&self.text.to_ascii_lowercase())
        } else {
            value.contains(&self.text)
        };
        contains != self.is_negated
    }
}

const CALENDAR: &str = "VCALENDAR";
const EVENT: &str = "VEVENT";

/// A component of a file. The files are those of this module's neighbours: their lines are well formed, and
/// their names in capitals. The root has the `VCALENDAR`.
#[derive(Default)]
struct Component {
    name: String,
    properties: Vec<Property>,
    components: Vec<Component>,
}

struct Property {
    name: String,
    parameters: Vec<(String, String)>,
    value: String,
}

impl Component {
    fn read(file: &str) -> Self {
        let unfolded = file.replace("\r\n ", "");
        let mut open = vec![Self::default()];
        for line in unfolded.split("\r\n") {
            if let Some(name) = line.strip_prefix("BEGIN:") {
                open.push(Self { name: name.to_owned(), ..Self::default() });
            } else if line.starts_with("END:") {
                let ended = open.pop();
                if let Some(parent) = open.last_mut() {
                    parent.components.extend(ended);
                }
            } else if let Some(component) = open.last_mut() {
                component.properties.extend(Property::read(line));
            }
        }
        open.into_iter().next().unwrap_or_default()
    }
}

impl Property {
    fn read(line: &str) -> Option<Self> {
        let (name, value) = line.split_once(':')?;
        let mut parts = name.split(';');
        let name = parts.next()?.to_owned();
        let parameters = parts.filter_map(|part| part.split_once('='));
        let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Some(Self { name, parameters, value: unescaped(value) })
    }
}

/// A TEXT value as it is meant (RFC 5545, 3.3.11).
fn unescaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut characters = value.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => text.extend(characters.next().map(|c| if c == 'n' { '\n' } else { c })),
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:7\r\n\
        DTSTART;TZID=Europe/Berlin:20270304T183000\r\nSUMMARY:Talks\\, and a very long ev\r\n ening\r\n\
        BEGIN:VALARM\r\nACTION:DISPLAY\r\nEND:VALARM\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:7\r\n\
        SUMMARY:Music\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

    fn present(
        name: &str,
        properties: Vec<PropertyFilter>,
        components: Vec<ComponentFilter>,
    ) -> ComponentFilter {
        let test = ComponentTest::Present { period: None, properties, components };
        ComponentFilter { name: name.to_owned(), test }
    }

    fn of_event(name: &str, test: PropertyTest) -> ComponentFilter {
        present(
            CALENDAR,
            vec![],
            vec![present(EVENT, vec![PropertyFilter { name: name.to_owned(), test }], vec![])],
        )
    }

    fn with_text(text: &str, ignores_case: bool, is_negated: bool) -> PropertyTest {
        let text = Some(TextMatch { text: text.to_owned(), ignores_case, is_negated });
        PropertyTest::Present { text, parameters: vec![] }
    }

    #[test]
    fn properties_are_matched_by_their_texts() {
        for (filter, is_met) in [
            (of_event("SUMMARY", with_text("talks, AND", true, false)), true),
            (of_event("SUMMARY", with_text("talks, AND", false, false)), false),
            (of_event("SUMMARY", with_text("long evening", false, false)), true),
            (of_event("SUMMARY", with_text("Talks", false, true)), true),
            (of_event("UID", with_text("7", false, true)), false),
            (of_event("SUMMARY", PropertyTest::Absent), false),
            (of_event("DTSTART", PropertyTest::Absent), true),
            (of_event("LOCATION", PropertyTest::Absent), true),
            (of_event("LOCATION", with_text("", false, false)), false),
        ] {
            assert_eq!(filter.is_met_by(FILE), is_met, "{filter:?}");
        }
    }

    #[test]
    fn parameters_and_inner_components_are_matched() {
        let in_zone = |zone: Option<&str>| {
            let contains =
                |zone: &str| Some(TextMatch { text: zone.to_owned(), ignores_case: true, is_negated: false });
            let test = zone.map_or(ParameterTest::Absent, |zone| ParameterTest::Present(contains(zone)));
            let parameters = vec![ParameterFilter { name: "TZID".to_owned(), test }];
            of_event("DTSTART", PropertyTest::Present { text: None, parameters })
        };
        assert!(in_zone(Some("europe/")).is_met_by(FILE));
        assert!(!in_zone(Some("Asia")).is_met_by(FILE) && !in_zone(None).is_met_by(FILE));
        let alarm = |test| {
            let inner = ComponentFilter { name: "VALARM".to_owned(), test };
            present(CALENDAR, vec![], vec![present(EVENT, vec![], vec![inner])])
        };
        let any = ComponentTest::Present { period: None, properties: vec![], components: vec![] };
        assert!(alarm(any).is_met_by(FILE) && alarm(ComponentTest::Absent).is_met_by(FILE));
        assert!(!present(CALENDAR, vec![], vec![present("VTODO", vec![], vec![])]).is_met_by(FILE));
        assert!(!present("VTODO", vec![], vec![]).is_met_by(FILE));
    }

    #[test]
    fn only_plain_filters_need_no_file() {
        assert!(present(CALENDAR, vec![], vec![present(EVENT, vec![], vec![])]).is_by_period());
        assert!(present(CALENDAR, vec![], vec![]).is_by_period());
        assert!(!of_event("UID", PropertyTest::Absent).is_by_period());
        assert!(!present(CALENDAR, vec![], vec![present("VTODO", vec![], vec![])]).is_by_period());
        assert!(!present(EVENT, vec![], vec![]).is_by_period());
    }
}
