//! What the fields mean: the text beside them, and the request that saves them.

use eventcore::time::TimeInput;
use serde_json::{Map, Value, json};

use super::fault::Understood;
use super::window::Edge;
use super::{FieldName, FormKind, FormScreen};
use crate::backend::Request;
use crate::view_context::ViewContext;
use crate::widgets::text_field::TextField;

impl FormScreen {
    /// How a field was understood. None if there is nothing to add to its text.
    pub(super) fn understood(&self, name: FieldName, view: &ViewContext) -> Option<Understood> {
        let text = self.text(name);
        Some(match name {
            FieldName::Title | FieldName::Location if text.trim().is_empty() => Err("required".into()),
            FieldName::When => self.when_understood(view),
            FieldName::Length => self.length_understood(view),
            FieldName::Repeats => return self.rule_understood(view),
            FieldName::Also | FieldName::Except => return self.dates_understood(name, view),
            FieldName::Zone => return self.zone_understood(),
            FieldName::Category => return self.category_understood(view),
            FieldName::Visibility => self.visibility_understood(),
            FieldName::Seats => match text.trim().parse::<i64>() {
                Ok(1..=1_000_000) => return None,
                _ => Err("a number from 1 to 1,000,000".into()),
            },
            FieldName::Party => match text.trim().parse::<i64>() {
                Ok(1) => Ok("one person per registration".to_owned()),
                Ok(many @ 2..=1_000_000) => Ok(format!("up to {many} people per registration")),
                _ => Err("largest party size: a number from 1".into()),
            },
            FieldName::Waitlist => match yes_or_no(&text) {
                Some(true) => Ok("waitlist when full".to_owned()),
                Some(false) => Ok("no waitlist".to_owned()),
                None => Err("yes or no".into()),
            },
            FieldName::Opens | FieldName::Closes => self.window_understood(name, view),
            FieldName::Tags if text.contains([',', ' ']) => Ok(tags(&text).join(" · ")),
            _ => return None,
        })
    }

    /// The request that saves the form. None while a field is not understood; that field is selected.
    pub(crate) fn request(&mut self, view: &ViewContext, as_draft: bool) -> Option<Request> {
        // A copy is a draft at first.
        self.as_draft = as_draft || matches!(self.kind, FormKind::Copy(_));
        let unclear =
            |(name, _): &(FieldName, TextField)| matches!(self.understood(*name, view), Some(Err(_)));
        if let Some(place) = self.fields.iter().position(unclear) {
            self.at = place;
            return None;
        }
        let body = Value::Object(self.body(view)?);
        self.error = None;
        Some(match &self.kind {
            FormKind::New | FormKind::Copy(_) => Request::CreateEvent(body),
            FormKind::Event(event) => {
                Request::ChangeEvent { event: event.id, version: event.version, patch: body }
            }
            FormKind::Occurrence(occurrence) => Request::ChangeOccurrence {
                occurrence: occurrence.id,
                version: occurrence.version,
                patch: body,
            },
            FormKind::Following(occurrence) => Request::SplitEvent { occurrence: occurrence.id, patch: body },
        })
    }

    /// The fields to send: of a new event all that are not empty, else those that differ.
    fn body(&self, view: &ViewContext) -> Option<Map<String, Value>> {
        let mut body = Map::new();
        let new = self.creates();
        for ((name, field), first) in self.fields.iter().zip(&self.first) {
            let text = field.text();
            if !new && text == *first {
                continue;
            }
            let trimmed = text.trim();
            match name {
                FieldName::Title => _ = body.insert("title".to_owned(), json!(trimmed)),
                FieldName::When => {
                    let start = self.start(view)?;
                    body.insert("starts_at".to_owned(), json!(start.to_string()));
                    if !matches!(self.kind, FormKind::Occurrence(_)) {
                        body.insert("all_day".to_owned(), json!(matches!(start, TimeInput::Day(_))));
                    }
                }
                FieldName::Length => _ = body.insert("duration".to_owned(), self.duration(view)?),
                // They are sent together.
                FieldName::Repeats | FieldName::Also | FieldName::Except => {}
                FieldName::Zone => _ = body.insert("timezone".to_owned(), json!(self.zone()?.name())),
                FieldName::Location => _ = body.insert("location".to_owned(), json!(trimmed)),
                FieldName::Seats => {
                    _ = body.insert("capacity".to_owned(), json!(trimmed.parse::<i64>().ok()?))
                }
                FieldName::Party => {
                    _ = body.insert("max_party_size".to_owned(), json!(trimmed.parse::<i64>().ok()?))
                }
                FieldName::Waitlist => {
                    _ = body.insert("waitlist_enabled".to_owned(), json!(yes_or_no(trimmed)?))
                }
                // The library has defaults for a new event.
                FieldName::Opens | FieldName::Closes if new && trimmed.is_empty() => {}
                FieldName::Opens => self.insert_window(&mut body, Edge::Opens, trimmed, view)?,
                FieldName::Closes => self.insert_window(&mut body, Edge::Closes, trimmed, view)?,
                FieldName::Category if trimmed.is_empty() => {
                    _ = body.insert("category".to_owned(), Value::Null)
                }
                FieldName::Category => _ = body.insert("category".to_owned(), json!(self.category(view))),
                FieldName::Tags => {
                    body.insert("tags".to_owned(), json!(tags(trimmed)));
                }
                FieldName::Link if trimmed.is_empty() => _ = body.insert("url".to_owned(), Value::Null),
                FieldName::Link => _ = body.insert("url".to_owned(), json!(trimmed)),
                FieldName::Visibility => _ = body.insert("visibility".to_owned(), json!(self.visibility()?)),
                FieldName::Description => _ = body.insert("description".to_owned(), json!(text)),
            }
        }
        if self.is_typed(FieldName::When) && self.says_length(view) {
            body.insert("duration".to_owned(), self.duration(view)?);
        }
        self.insert_recurrence(&mut body, view)?;
        if new && self.as_draft {
            body.insert("status".to_owned(), json!("draft"));
        }
        Some(body)
    }
}

/// The tags in a text. Commas separate them, because a tag may have blanks.
fn tags(text: &str) -> Vec<&str> {
    let tags = text.split(',').map(|tag| tag.trim().trim_start_matches('#').trim_start());
    tags.filter(|tag| !tag.is_empty()).collect()
}

fn yes_or_no(text: &str) -> Option<bool> {
    match text.trim().to_lowercase().as_str() {
        "yes" | "y" | "on" | "x" | "true" => Some(true),
        "no" | "n" | "off" | "" | "false" => Some(false),
        _ => None,
    }
}
