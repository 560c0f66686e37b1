//! Fields of which the text is one of a list: it is completed as one types, without regard to case.

use chrono_tz::Tz;
use eventcore::categories::Category;

use super::fault::{FieldFault, Understood};
use super::{FieldName, FormKind, FormScreen};
use crate::view_context::ViewContext;
use crate::widgets::text_field::TextField;
use crate::zones::{self, ZoneMatch};

/// Number of names that an ambiguous text lists.
const NAMED: usize = 4;

const VISIBILITIES: [(&str, &str); 3] = [
    ("public", "everybody finds it"),
    ("unlisted", "everybody who has the link sees it"),
    ("private", "organizers and attendees see it"),
];

impl FormScreen {
    /// The zone of the event, as far as it is typed.
    pub(super) fn zone(&self) -> Option<Tz> {
        let found = match &self.kind {
            FormKind::Occurrence(occurrence) => zones::find(&occurrence.timezone),
            FormKind::New | FormKind::Copy(_) | FormKind::Event(_) | FormKind::Following(_) => {
                zones::find(&self.text(FieldName::Zone))
            }
        };
        match found {
            ZoneMatch::One(zone) => Some(zone),
            ZoneMatch::Several(_) | ZoneMatch::None => None,
        }
    }

    pub(super) fn zone_understood(&self) -> Option<Understood> {
        let text = self.text(FieldName::Zone);
        Some(match zones::find(&text) {
            ZoneMatch::One(zone) if zone.name() == text => return None,
            ZoneMatch::One(zone) => Ok(zone.name().to_owned()),
            ZoneMatch::Several(zones) => {
                Err(FieldFault::Unclear(listed(zones.iter().map(|zone| zone.name()))))
            }
            ZoneMatch::None => Err("a city, or an IANA name such as Europe/Berlin".into()),
        })
    }

    pub(super) fn category_understood(&self, view: &ViewContext) -> Option<Understood> {
        let text = self.text(FieldName::Category);
        if text.trim().is_empty() || view.categories.is_empty() {
            return None;
        }
        Some(match categories(&text, &view.categories).as_slice() {
            [one] if one.slug == text => return None,
            [one] => Ok(one.slug.clone()),
            [] => {
                let all = listed(view.categories.iter().map(|category| category.slug.as_str()));
                Err(FieldFault::Unclear(format!("no such category: {all}")))
            }
            several => {
                Err(FieldFault::Unclear(listed(several.iter().map(|category| category.slug.as_str()))))
            }
        })
    }

    /// The slug of the typed category; the text itself while the categories are not loaded.
    pub(super) fn category(&self, view: &ViewContext) -> String {
        let text = self.text(FieldName::Category);
        match categories(&text, &view.categories).as_slice() {
            [one] => one.slug.clone(),
            _ => text.trim().to_lowercase(),
        }
    }

    pub(super) fn visibility_understood(&self) -> Understood {
        let typed = self.text(FieldName::Visibility).trim().to_lowercase();
        match visibility(&typed) {
            Some((name, who)) if name == typed => Ok(who.to_owned()),
            Some((name, who)) => Ok(format!("{name}: {who}")),
            None => Err("public, unlisted (by link), or private".into()),
        }
    }

    pub(super) fn visibility(&self) -> Option<&'static str> {
        visibility(&self.text(FieldName::Visibility).trim().to_lowercase()).map(|(name, _)| name)
    }

    /// Writes out the selected field where its text is the beginning of one name.
    pub(super) fn complete(&mut self, view: &ViewContext) {
        let Some((name, field)) = self.fields.get(self.at) else { return };
        let text = field.text();
        let whole = match name {
            FieldName::Zone => self.zone().map(|zone| zone.name().to_owned()),
            FieldName::Category if !text.trim().is_empty() => Some(self.category(view)),
            FieldName::Visibility => self.visibility().map(str::to_owned),
            _ => None,
        };
        if let Some(whole) = whole.filter(|whole| *whole != text)
            && let Some((_, field)) = self.fields.get_mut(self.at)
        {
            *field = TextField::of(&whole);
        }
    }
}

/// The category of a slug or name, or those that begin with the text.
fn categories<'c>(text: &str, all: &'c [Category]) -> Vec<&'c Category> {
    let typed = text.trim().to_lowercase();
    let names = |category: &Category| [category.slug.to_lowercase(), category.name.to_lowercase()];
    if let Some(one) = all.iter().find(|category| names(category).contains(&typed)) {
        return vec![one];
    }
    all.iter().filter(|category| names(category).iter().any(|name| name.starts_with(&typed))).collect()
}

fn visibility(typed: &str) -> Option<(&'static str, &'static str)> {
    VISIBILITIES.into_iter().find(|(name, _)| !typed.is_empty() && name.starts_with(typed))
}

/// `a, b, c or 12 more`.
fn listed<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<&str> = names.collect();
    match names.len().checked_sub(NAMED) {
        Some(more @ 1..) => format!("{} or {more} more", names[..NAMED].join(", ")),
        _ => names.join(", "),
    }
}
