//! Answers requests by calls of the API.

use chrono::NaiveDate;
use eventcore::OccurrenceId;
use eventcore::accounts::User;
use eventcore::registrations::CheckIn;

use super::{Answer, Request, conversations, days, detail};
use crate::api::{Api, Cause, EARLIEST, OccurrenceFilter, Refusal, Result};
use crate::search_filter::SearchFilter;

/// Answers a request.
pub(super) async fn run(api: &impl Api, request: Request) -> Result<Answer> {
    Ok(match request {
        Request::Me => me(api.me().await?),
        Request::SignIn { login, password } => {
            api.sign_in(&login, &password).await?;
            me(api.me().await?)
        }
        Request::SignUp { username, email, password, timezone } => {
            api.create_user(&username, &email, &password, &timezone).await?;
            api.sign_in(&username, &password).await?;
            me(api.me().await?)
        }
        Request::SignOut => {
            api.sign_out().await?;
            Answer::Me(None)
        }
        Request::Account => account(api).await?,
        Request::ChangeMe { user, version, patch } => me(Some(api.change_user(user, version, &patch).await?)),
        Request::ChangePassword { current, new } => done(api.change_password(&current, &new).await?),
        Request::EndSession(session) => done(api.end_session(session).await?),

        Request::Agenda { wish, tz, cursor } => {
            let filter = OccurrenceFilter { tz, ..filter(wish) };
            Answer::Dates(api.occurrences(&filter, cursor).await?)
        }
        Request::Days { days, most } => Answer::Days(days::occurrences_on(api, days, most).await?),
        Request::Month { of, tz } => Answer::Month(days::counts_in_month(api, of, tz).await?),
        Request::Date(occurrence) => Answer::Date(Box::new(detail::load(api, occurrence).await?)),
        Request::Over { until, tz, cursor } => {
            Answer::Dates(api.occurrences(&OccurrenceFilter { tz, ..organized_until(until) }, cursor).await?)
        }
        Request::DateCalendar(occurrence) => Answer::Calendar(api.occurrence_calendar(occurrence).await?),
        Request::ChangeDate { occurrence, version, patch } => {
            Answer::Changed(Box::new(api.change_occurrence(occurrence, version, &patch).await?))
        }
        Request::CancelDate(occurrence) => {
            Answer::Changed(Box::new(api.cancel_occurrence(occurrence).await?))
        }
        Request::RestoreDate(occurrence) => {
            Answer::Changed(Box::new(api.restore_occurrence(occurrence).await?))
        }
        Request::Split { occurrence, patch } => {
            Answer::Event(Box::new(api.split_event(occurrence, &patch).await?))
        }

        Request::Organized { cursor } => Answer::Events(api.organized_events(cursor).await?),
        Request::Create(input) => Answer::Event(Box::new(api.create_event(input).await?)),
        Request::Change { event, version, patch } => {
            Answer::Event(Box::new(api.change_event(event, version, &patch).await?))
        }
        Request::Publish(event) => Answer::Event(Box::new(api.publish_event(event).await?)),
        Request::CancelEvent(event) => Answer::Event(Box::new(api.cancel_event(event).await?)),
        Request::Insights(event) => Answer::Insights(Box::new(api.insights(event).await?)),
        Request::EventCalendar(event) => Answer::Calendar(api.event_calendar(event).await?),

        Request::Mine { cursor } => Answer::Mine(api.my_registrations(cursor).await?),
        Request::Register { occurrence, party } => {
            Answer::Place(Box::new(api.register(occurrence, party).await?))
        }
        Request::PassOver { occurrence, version, over } => {
            Answer::Place(Box::new(api.set_auto_promote(occurrence, version, !over).await?))
        }
        Request::Unregister(occurrence) => done(api.cancel_registration(occurrence).await?),
        Request::Attendees { occurrence, cursor } => {
            let (date, page) =
                tokio::try_join!(api.occurrence(occurrence), api.registrations(occurrence, cursor))?;
            Answer::Attendees { date: Box::new(date), page }
        }
        Request::Enlist { occurrence, username, party } => {
            Answer::Place(Box::new(api.add_registration(occurrence, &username, party).await?))
        }
        Request::Remove { occurrence, registration } => {
            done(api.remove_registration(occurrence, registration).await?)
        }
        Request::CheckIn(registration) => checked_in(api.check_in(registration).await?),
        Request::CheckInCode { occurrence, code } => {
            checked_in(api.check_in_by_code(occurrence, &code).await?)
        }
        Request::UndoCheckIn(registration) => Answer::Place(Box::new(api.undo_check_in(registration).await?)),

        Request::Feedback { event, cursor } => Answer::Feedback(Box::new(api.feedback(event, cursor).await?)),
        Request::Due(occurrences) => Answer::Due(unrated(api, occurrences).await?),
        Request::Rate { occurrence, rating, text } => {
            done(api.submit_feedback(occurrence, rating, text).await?)
        }
        Request::Answer { feedback, text } => done(api.answer_feedback(feedback, text).await?),

        Request::Comments(event) => Answer::Comments(conversations::load(api, event).await?),
        Request::Say { event, reply_to, body } => done(api.add_comment(event, reply_to, body).await?),
        Request::SayAgain { comment, version, body } => {
            done(api.change_comment(comment, version, body).await?)
        }
        Request::DeleteComment(comment) => done(api.delete_comment(comment).await?),
        Request::HideComment { comment, hidden } => done(api.hide_comment(comment, hidden).await?),

        Request::Each(requests) => Answer::Each(each(api, requests).await),
    })
}

const fn done((): ()) -> Answer {
    Answer::Done
}

fn me(user: Option<User>) -> Answer {
    Answer::Me(user.map(Box::new))
}

fn checked_in(CheckIn { registration, already, .. }: CheckIn) -> Answer {
    Answer::CheckedIn { registration: Box::new(registration), already }
}

async fn account(api: &impl Api) -> Result<Answer> {
    let (me, sessions) = tokio::try_join!(api.me(), api.sessions())?;
    let signed_out = || Refusal { cause: Cause::SignedOut, ..Refusal::other("you are not signed in") };
    Ok(Answer::Account { me: Box::new(me.ok_or_else(signed_out)?), sessions })
}

fn filter(wish: SearchFilter) -> OccurrenceFilter {
    OccurrenceFilter {
        words: wish.words,
        location: wish.place,
        from: wish.from,
        to: wish.to,
        categories: wish.categories,
        tags: wish.tags,
        available: wish.free,
        registered: wish.mine,
        ..OccurrenceFilter::default()
    }
}

fn organized_until(day: NaiveDate) -> OccurrenceFilter {
    OccurrenceFilter {
        organized: true,
        from: Some(EARLIEST),
        to: Some(day),
        latest_first: true,
        ..OccurrenceFilter::default()
    }
}

/// Which of the occurrences I have not rated.
async fn unrated(api: &impl Api, occurrences: Vec<OccurrenceId>) -> Result<Vec<OccurrenceId>> {
    let mut unrated = Vec::new();
    for occurrence in occurrences {
        if api.my_feedback(occurrence).await?.is_none() {
            unrated.push(occurrence);
        }
    }
    Ok(unrated)
}

/// Runs the requests one after another. Stops where the server is unavailable or the session has ended, since
/// those that follow would fail as well.
async fn each(api: &impl Api, requests: Vec<Request>) -> Vec<Result<Answer>> {
    let mut outcomes = Vec::new();
    for request in requests {
        // Boxed, because `run` calls this function.
        let outcome = Box::pin(run(api, request)).await;
        let stops = outcome.as_ref().is_err_and(|refusal| refusal.cause != Cause::Other);
        outcomes.push(outcome);
        if stops {
            break;
        }
    }
    outcomes
}
