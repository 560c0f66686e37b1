//! Feeds as Atom (RFC 4287).

use std::fmt::Write;

use super::syndication::{FeedItem, FeedLinks, escape};
use crate::time::Timestamp;

pub(super) fn head(name: &str, id: &str, links: &FeedLinks, updated_at: Timestamp) -> String {
    let FeedLinks { base, address, calendar } = links;
    let (name, base, address, calendar) = (escape(name), escape(base), escape(address), escape(calendar));
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <feed xmlns=\"http://www.w3.org/2005/Atom\">\n\
         <id>{id}</id>\n<title>{name}</title>\n<updated>{updated_at}</updated>\n\
         <link rel=\"self\" type=\"application/atom+xml\" href=\"{address}\"/>\n\
         <link rel=\"alternate\" type=\"text/html\" href=\"{base}/\"/>\n\
         <link rel=\"related\" type=\"text/calendar\" href=\"{calendar}\"/>\n"
    )
}

pub(super) fn items(items: &[FeedItem], base: &str) -> String {
    let mut xml = String::new();
    for item in items {
        let FeedItem { id, updated_at, published_at, .. } = item;
        // A String is always written.
        _ = write!(
            xml,
            "<entry>\n<id>{id}</id>\n<title>{}</title>\n<updated>{updated_at}</updated>\n\
             <published>{published_at}</published>\n<author><name>{}</name></author>\n",
            escape(&item.title),
            escape(&item.organizer)
        );
        if let Some(page) = &item.page {
            let address = escape(&format!("{base}{page}"));
            _ = writeln!(xml, "<link rel=\"alternate\" type=\"text/html\" href=\"{address}\"/>");
        }
        if let Some(url) = &item.url {
            _ = writeln!(xml, "<link rel=\"related\" href=\"{}\"/>", escape(url));
        }
        for label in &item.labels {
            _ = writeln!(xml, "<category term=\"{}\"/>", escape(label));
        }
        _ = write!(
            xml,
            "<summary>{}</summary>\n<content type=\"html\">{}</content>\n</entry>\n",
            escape(&item.summary),
            escape(&item.html)
        );
    }
    xml
}

pub(super) const END: &str = "</feed>\n";
