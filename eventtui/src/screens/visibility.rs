//! Who sees an occurrence that is not public: a sign in lists, and words on its own screen.

use eventcore::events::{Occurrence, Visibility};

/// The title, behind a sign unless the occurrence is public.
pub(super) fn marked_title(occurrence: &Occurrence) -> String {
    match sign(occurrence.visibility) {
        Some(sign) => format!("{sign} {}", occurrence.title),
        None => occurrence.title.clone(),
    }
}

/// `○ private: only organizers and registered people see it`; none for a public occurrence.
pub(super) fn words(occurrence: &Occurrence) -> Option<String> {
    let who = match occurrence.visibility {
        Visibility::Public => return None,
        Visibility::Unlisted => "people with the link see it",
        Visibility::Private => "only organizers and registered people see it",
    };
    let sign = sign(occurrence.visibility)?;
    Some(format!("{sign} {}: {who}", occurrence.visibility))
}

const fn sign(visibility: Visibility) -> Option<char> {
    match visibility {
        Visibility::Public => None,
        Visibility::Unlisted => Some('◑'),
        Visibility::Private => Some('○'),
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::KeyCode;

    use super::*;
    use crate::app::driven::{Driven, occurrence, page};
    use crate::backend::{Request, Response};

    #[test]
    fn what_is_not_public_is_marked() {
        for (visibility, row, line) in [
            (Visibility::Public, "18:30   Evening 0 ", None),
            (Visibility::Unlisted, "18:30   ◑ Evening 0 ", Some("◑ unlisted: people with the link see it")),
            (
                Visibility::Private,
                "18:30   ○ Evening 0 ",
                Some("○ private: only organizers and registered people see it"),
            ),
        ] {
            let items = vec![Occurrence { visibility, ..occurrence(0) }];
            let mut driven = Driven::new();
            driven.respond(
                |r| matches!(r, Request::Occurrences { .. }),
                Ok(Response::Occurrences(page(items, None))),
            );
            let list = driven.picture(80, 24);
            assert!(list.contains(row), "{row}: {list}");
            let shown = driven.press(KeyCode::Enter).picture(80, 24);
            assert!(line.is_none_or(|line| shown.contains(line)), "{line:?}: {shown}");
            assert_eq!(shown.contains(" see it"), line.is_some(), "{shown}");
        }
    }
}
