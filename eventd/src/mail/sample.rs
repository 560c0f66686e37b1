//! Mails with made-up facts, to look at.

use eventcore::mails::{
    CommentFacts, FeedbackFacts, Mail, MailKind, NotificationFacts, OutgoingMail, RegistrationFacts,
    ReplyAddress,
};
use eventcore::time::{Moment, Timestamp};
use eventcore::{AccountLinkId, MailId, NotificationId};

/// A mail of a kind, to look at.
pub(super) fn sample(kind: MailKind) -> OutgoingMail {
    let at = Timestamp::from_micros(1_804_181_400_000_000);
    let (link, expires_at) = (AccountLinkId::at(at), at);
    let mail = match kind {
        MailKind::VerifyEmail => Mail::VerifyEmail { link, expires_at },
        MailKind::ResetPassword => Mail::ResetPassword { link, expires_at },
        MailKind::AddressChange => Mail::AddressChange { at, pending: true },
        MailKind::PasswordChanged => Mail::PasswordChanged { at },
        MailKind::NewSignIn => Mail::NewSignIn {
            at,
            user_agent: Some("Mozilla/5.0 (X11; Linux x86_64) Firefox/150.0".to_owned()),
            network: Some("192.0.2.7".to_owned()),
        },
        MailKind::WebhookDisabled => {
            Mail::WebhookDisabled { at, receiver: "hooks.example.org".to_owned(), gone: false }
        }
        MailKind::CalendarSubscription => Mail::CalendarSubscription {
            at,
            host: "calendar.example.org".to_owned(),
            gone: false,
            missing: 0,
        },
        about => Mail::Notification { about, notifications: vec![NotificationId::at(at)] },
    };
    OutgoingMail {
        id: MailId::at(at),
        facts: news(kind),
        address: "ada@example.org".to_owned(),
        name: "Ada".to_owned(),
        username: "ada".to_owned(),
        timezone: "Europe/Berlin".to_owned(),
        mail,
        token: Some("an-example".to_owned()),
        created_at: at,
    }
}

/// What a mail about notifications tells.
fn news(kind: MailKind) -> Option<NotificationFacts> {
    if kind.is_about_account() {
        return None;
    }
    let is_change = kind == MailKind::EventChanged;
    let of_others =
        matches!(kind, MailKind::NewComment | MailKind::CommentReply | MailKind::FeedbackReceived);
    let has_seats = !of_others
        && !matches!(
            kind,
            MailKind::RegistrationWaitlisted | MailKind::RegistrationCancelled | MailKind::EventCancelled
        );
    let waits = kind == MailKind::RegistrationWaitlisted;
    let at = |minutes: i64| {
        let micros = 1_804_181_400_000_000 + minutes * 60_000_000;
        Moment::at(Timestamp::from_micros(micros), chrono_tz::Tz::Europe__Berlin)
    };
    let comment =
        |author: &str, text: &str| CommentFacts { author: author.to_owned(), text: text.to_owned() };
    let is_told_comments = matches!(kind, MailKind::NewComment | MailKind::CommentReply);
    let comments = vec![
        comment("Bob", "Is there a *projector* in the hall?"),
        comment("Cid", "And can I bring my own laptop?"),
    ];
    let feedback = FeedbackFacts { author: "Bob".to_owned(), rating: 5, text: "More of this.".to_owned() };
    Some(NotificationFacts {
        title: "Rust evening".to_owned(),
        page: (kind != MailKind::RegistrationCancelled)
            .then(|| "/occurrences/01900000-0000-7000-8000-000000000000".to_owned()),
        when: (!is_told_comments).then(|| (at(0), at(120))),
        timezone: "Europe/Berlin".to_owned(),
        location: "Hall 2, Berlin".to_owned(),
        url: None,
        organizer: "Grace".to_owned(),
        reply_to: (!of_others)
            .then(|| ReplyAddress { name: "Grace".to_owned(), address: "grace@example.org".to_owned() }),
        old_starts_at: is_change.then(|| at(-60)),
        old_location: is_change.then(|| "Hall 1, Berlin".to_owned()),
        restored: false,
        own: false,
        registration: (has_seats || waits).then(|| RegistrationFacts {
            party_size: 2,
            position: waits.then_some(3),
            ticket_code: has_seats.then(|| "EXAM-PLE0-EXAM-PLE1-EXAM-PLE2-EXAM".to_owned()),
        }),
        comments: if is_told_comments { comments } else { Vec::new() },
        feedback: if kind == MailKind::FeedbackReceived { vec![feedback] } else { Vec::new() },
        invitation: None,
    })
}
