//! Descriptions as HTML.

use super::event::{Event, Occurrence};
use crate::error::Result;
use crate::markdown;

/// A record with descriptions in Markdown.
pub trait Described {
    /// Visits each description with the place for its HTML, always in the same order.
    fn visit_descriptions(&mut self, visit: &mut impl FnMut(&str, &mut Option<String>));
}

impl Described for Occurrence {
    fn visit_descriptions(&mut self, visit: &mut impl FnMut(&str, &mut Option<String>)) {
        visit(&self.description, &mut self.description_html);
    }
}

impl Described for Event {
    fn visit_descriptions(&mut self, visit: &mut impl FnMut(&str, &mut Option<String>)) {
        visit(&self.description, &mut self.description_html);
        if let Some(next) = &mut self.next_occurrence {
            next.visit_descriptions(visit);
        }
    }
}

/// Renders the descriptions of events, with their next occurrences, or of occurrences.
pub async fn add_html<T: Described>(records: &mut [T]) -> Result<()> {
    let mut texts = Vec::new();
    for record in &mut *records {
        record.visit_descriptions(&mut |text, _| texts.push(text.to_owned()));
    }
    let mut rendered = markdown::all_to_html(texts).await?.into_iter();
    for record in records {
        record.visit_descriptions(&mut |_, html| *html = rendered.next());
    }
    Ok(())
}
