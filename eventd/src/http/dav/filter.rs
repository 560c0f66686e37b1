//! The filter of a query (RFC 4791, 9.7), parsed.

use chrono::NaiveDateTime;
use eventcore::Timestamp;
use eventcore::calendars::{
    CalendarPeriod, ComponentFilter, ComponentTest, ParameterFilter, ParameterTest, PropertyFilter,
    PropertyTest, TextMatch,
};

use super::refusal::precondition;
use super::xml::{CALDAV, Element};
use crate::http::problem::Problem;

/// The format of instants in filters (RFC 5545, 3.3.5).
const INSTANT: &str = "%Y%m%dT%H%M%SZ";
/// The collations for texts (RFC 4790). The first is the default.
const COLLATIONS: [&str; 2] = ["i;ascii-casemap", "i;octet"];
/// The components whose instances have times of which we know.
const TIMED: [&str; 1] = ["VEVENT"];

/// The condition that a `filter` element states.
pub(super) fn parse(filter: &Element) -> Result<ComponentFilter, Problem> {
    let mut components = filter.children(CALDAV, "comp-filter");
    match (components.next(), components.next()) {
        (Some(only), None) if name(only)? == "VCALENDAR" => component(only),
        _ => Err(invalid("a filter must have one comp-filter, with the name VCALENDAR")),
    }
}

fn component(filter: &Element) -> Result<ComponentFilter, Problem> {
    let name = name(filter)?;
    if filter.child(CALDAV, "is-not-defined").is_some() {
        return Ok(ComponentFilter { name, test: ComponentTest::Absent });
    }
    let period = filter.child(CALDAV, "time-range").map(period).transpose()?;
    if period.is_some() && ["VCALENDAR", "VALARM"].contains(&name.as_str()) {
        return Err(unsupported(format!(
            "a time-range must be that of {}, not of {name}",
            TIMED.join(" or ")
        )));
    }
    let properties = filter.children(CALDAV, "prop-filter").map(property).collect::<Result<_, _>>()?;
    let components = filter.children(CALDAV, "comp-filter").map(component).collect::<Result<_, _>>()?;
    Ok(ComponentFilter { name, test: ComponentTest::Present { period, properties, components } })
}

fn property(filter: &Element) -> Result<PropertyFilter, Problem> {
    let name = name(filter)?;
    if filter.child(CALDAV, "is-not-defined").is_some() {
        return Ok(PropertyFilter { name, test: PropertyTest::Absent });
    }
    if filter.child(CALDAV, "time-range").is_some() {
        return Err(unsupported("a time-range of a property is not supported".to_owned()));
    }
    let text = filter.child(CALDAV, "text-match").map(text_match).transpose()?;
    let parameters = filter.children(CALDAV, "param-filter").map(parameter).collect::<Result<_, _>>()?;
    Ok(PropertyFilter { name, test: PropertyTest::Present { text, parameters } })
}

fn parameter(filter: &Element) -> Result<ParameterFilter, Problem> {
    let name = name(filter)?;
    let test = if filter.child(CALDAV, "is-not-defined").is_some() {
        ParameterTest::Absent
    } else {
        ParameterTest::Present(filter.child(CALDAV, "text-match").map(text_match).transpose()?)
    };
    Ok(ParameterFilter { name, test })
}

fn text_match(element: &Element) -> Result<TextMatch, Problem> {
    let collation = element.attribute("collation").unwrap_or(COLLATIONS[0]);
    if !COLLATIONS.contains(&collation) {
        let detail = format!("the collation must be {}", COLLATIONS.join(" or "));
        return Err(precondition("<C:supported-collation/>", detail));
    }
    Ok(TextMatch {
        text: element.text.clone(),
        ignores_case: collation == COLLATIONS[0],
        is_negated: element.attribute("negate-condition") == Some("yes"),
    })
}

/// The period of a `time-range`, of which one end may be missing.
pub(super) fn period(element: &Element) -> Result<CalendarPeriod, Problem> {
    let instant = |name: &str| -> Result<Option<Timestamp>, Problem> {
        let Some(text) = element.attribute(name) else { return Ok(None) };
        let parsed = NaiveDateTime::parse_from_str(text, INSTANT).ok();
        let at = parsed.map(|at| Timestamp::from(at.and_utc()));
        let at = at.filter(|at| (Timestamp::MIN..=Timestamp::MAX).contains(at));
        at.map(Some).ok_or_else(|| invalid(format!("{name} must be an instant such as 20270304T183000Z")))
    };
    let (from, to) = (instant("start")?, instant("end")?);
    if from.is_none() && to.is_none() {
        return Err(invalid("a time-range must have a start or an end"));
    }
    let (from, to) = (from.unwrap_or(Timestamp::MIN), to.unwrap_or(Timestamp::MAX));
    if from >= to {
        return Err(invalid("the end of a time-range must be after its start"));
    }
    Ok(CalendarPeriod { from, to })
}

fn name(filter: &Element) -> Result<String, Problem> {
    let name = filter.attribute("name").filter(|name| !name.is_empty());
    name.map(str::to_ascii_uppercase).ok_or_else(|| invalid("each part of a filter must have a name"))
}

fn invalid(detail: impl Into<String>) -> Problem {
    precondition("<C:valid-filter/>", detail)
}

fn unsupported(detail: String) -> Problem {
    precondition("<C:supported-filter/>", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(inner: &str) -> Result<ComponentFilter, Problem> {
        let xml = format!("<C:filter xmlns:C=\"{CALDAV}\">{inner}</C:filter>");
        parse(&Element::parse(xml.as_bytes())?)
    }

    fn event(inner: &str) -> Result<ComponentFilter, Problem> {
        parsed(&format!(
            "<C:comp-filter name=\"VCALENDAR\"><C:comp-filter name=\"vevent\">{inner}</C:comp-filter>\
             </C:comp-filter>"
        ))
    }

    #[test]
    fn a_filter_states_conditions() {
        let filter = event(
            "<C:time-range start=\"20270304T183000Z\"/><C:prop-filter name=\"SUMMARY\">\
             <C:text-match collation=\"i;octet\" negate-condition=\"yes\">Jazz</C:text-match>\
             </C:prop-filter>",
        );
        let filter = filter.unwrap_or_else(|problem| panic!("{problem:?}"));
        let ComponentTest::Present { components, .. } = filter.test else { panic!("it is present") };
        let ComponentTest::Present { period: Some(period), properties, .. } = &components[0].test else {
            panic!("it has a period")
        };
        assert_eq!((period.from.to_string().as_str(), period.to), ("2027-03-04T18:30:00Z", Timestamp::MAX));
        let text = TextMatch { text: "Jazz".to_owned(), ignores_case: false, is_negated: true };
        let expected = PropertyTest::Present { text: Some(text), parameters: vec![] };
        assert_eq!(properties, &[PropertyFilter { name: "SUMMARY".to_owned(), test: expected }]);
        assert_eq!(components[0].name, "VEVENT");
    }

    #[test]
    fn filters_that_are_wrong_or_not_supported_are_told_apart() {
        for (inner, refusal) in [
            ("<C:time-range/>", "valid-filter"),
            ("<C:time-range start=\"2027-03-04\"/>", "valid-filter"),
            ("<C:time-range start=\"20270304T183000Z\" end=\"20270304T183000Z\"/>", "valid-filter"),
            ("<C:prop-filter/>", "valid-filter"),
            (
                "<C:prop-filter name=\"DTSTAMP\"><C:time-range start=\"20270304T183000Z\"/></C:prop-filter>",
                "supported-filter",
            ),
            (
                "<C:comp-filter name=\"VALARM\"><C:time-range start=\"20270304T183000Z\"/></C:comp-filter>",
                "supported-filter",
            ),
            (
                "<C:prop-filter name=\"UID\"><C:text-match collation=\"i;x\"/></C:prop-filter>",
                "supported-collation",
            ),
        ] {
            let problem = event(inner).unwrap_err();
            assert_eq!(problem.dav_error.as_deref(), Some(&*format!("<C:{refusal}/>")), "{inner}");
        }
        assert!(parsed("").is_err() && parsed("<C:comp-filter name=\"VEVENT\"/>").is_err());
    }
}
