//! Runs requests by calls of the API.

use chrono::NaiveDate;
use eventcore::OccurrenceId;
use eventcore::accounts::User;
use eventcore::events::Occurrence;
use eventcore::registrations::CheckIn;

use super::{
    Request, Response, categories, co_organizers, conversations, csv, days, detail, find, import,
    notifications, organized, own_account, subscriptions, tokens, webhooks,
};
use crate::api::{Api, EARLIEST, ErrorKind, OccurrenceFilter, Result};
use crate::search_filter::SearchFilter;

/// Runs a request.
pub(super) async fn run(api: &impl Api, request: Request) -> Result<Response> {
    Ok(match request {
        Request::CurrentUser => current_user(api.me().await?),
        Request::SignIn { login, password } => sign_in(api, &login, &password).await?,
        Request::SignUp { username, email, password, timezone } => {
            api.create_user(&username, &email, &password, &timezone).await?;
            sign_in(api, &username, &password).await?
        }
        Request::SignOut => nobody(api.sign_out().await?),
        Request::Account => own_account::load(api).await?,
        Request::ChangeProfile { user, version, patch } => {
            current_user(Some(api.change_user(user, version, &patch).await?))
        }
        Request::ChangePassword { current, new } => done(api.change_password(&current, &new).await?),
        Request::EndSession(session) => done(api.end_session(session).await?),
        Request::ExportAccount => own_account::export(api).await?,
        Request::DeleteAccount { user, version, password } => {
            own_account::delete(api, user, version, password).await?
        }
        Request::Tokens(request) => tokens::run(api, request).await?,
        Request::WithPassword { password, request } => {
            api.confirm_password(&password).await?;
            Box::pin(run(api, *request)).await?
        }

        Request::Occurrences { filter, tz, cursor } => {
            let filter = OccurrenceFilter { tz, ..occurrence_filter(filter) };
            Response::Occurrences(api.occurrences(&filter, cursor).await?)
        }
        Request::OccurrencesOn { days, limit } => on_days(days::occurrences_on(api, days, limit).await?),
        Request::DailyCounts { day, tz } => Response::DailyCounts(days::counts_in_month(api, day, tz).await?),
        Request::OccurrenceDetail(occurrence) => detail::load(api, occurrence).await?.into(),
        Request::Find(reference) => find::occurrence(api, reference).await?.into(),
        Request::PastOccurrences { until, tz, cursor } => Response::Occurrences(
            api.occurrences(&OccurrenceFilter { tz, ..organized_until(until) }, cursor).await?,
        ),
        Request::OccurrenceCalendar(occurrence) => Response::File(api.occurrence_calendar(occurrence).await?),
        Request::ChangeOccurrence { occurrence, version, patch } => {
            api.change_occurrence(occurrence, version, &patch).await?.into()
        }
        Request::CancelOccurrence(occurrence) => api.cancel_occurrence(occurrence).await?.into(),
        Request::RestoreOccurrence(occurrence) => api.restore_occurrence(occurrence).await?.into(),
        Request::SplitEvent { occurrence, patch } => api.split_event(occurrence, &patch).await?.into(),

        Request::OrganizedEvents { cursor } => Response::Events(organized::events(api, cursor).await?),
        Request::CreateEvent(input) => api.create_event(input).await?.into(),
        Request::ChangeEvent { event, version, patch } => {
            api.change_event(event, version, &patch).await?.into()
        }
        Request::PublishEvent(event) => api.publish_event(event).await?.into(),
        Request::CancelEvent(event) => api.cancel_event(event).await?.into(),
        Request::DeleteEvent { event, version } => done(api.delete_event(event, version).await?),
        Request::CoOrganizers(event, request) => co_organizers::run(api, event, request).await?,
        Request::Categories => Response::Categories(api.categories().await?),
        Request::Category(request) => categories::run(api, request).await?,
        Request::Csv(request) => csv::run(api, request).await?,
        Request::Insights(event) => Response::Insights(Box::new(api.insights(event).await?)),
        Request::EventCalendar(event) => Response::File(api.event_calendar(event).await?),

        Request::MyRegistrations { cursor } => Response::MyRegistrations(api.my_registrations(cursor).await?),
        Request::Register { occurrence, party } => api.register(occurrence, party).await?.into(),
        Request::SetAutoPromote { occurrence, version, auto_promote } => {
            api.set_auto_promote(occurrence, version, auto_promote).await?.into()
        }
        Request::CancelRegistration(occurrence) => done(api.cancel_registration(occurrence).await?),
        Request::Attendees { occurrence, cursor } => {
            let (details, page) =
                tokio::try_join!(api.occurrence(occurrence), api.registrations(occurrence, cursor))?;
            Response::Attendees { occurrence: Box::new(details), page }
        }
        Request::AddAttendee { occurrence, username, party } => {
            api.add_registration(occurrence, &username, party).await?.into()
        }
        Request::RemoveAttendee { occurrence, registration } => {
            done(api.remove_registration(occurrence, registration).await?)
        }
        Request::CheckIn(registration) => checked_in(api.check_in(registration).await?),
        Request::CheckInByCode { occurrence, code } => {
            checked_in(api.check_in_by_code(occurrence, &code).await?)
        }
        Request::UndoCheckIn(registration) => api.undo_check_in(registration).await?.into(),

        Request::Feedback { event, cursor } => {
            Response::Feedback(Box::new(api.feedback(event, cursor).await?))
        }
        Request::Unrated(occurrences) => Response::Unrated(unrated(api, occurrences).await?),
        Request::SubmitFeedback { occurrence, rating, text } => {
            done(api.submit_feedback(occurrence, rating, text).await?)
        }
        Request::AnswerFeedback { feedback, text } => done(api.answer_feedback(feedback, text).await?),

        Request::Comments(event) => Response::Comments(conversations::load(api, event).await?),
        Request::PostComment { event, reply_to, body } => done(api.add_comment(event, reply_to, body).await?),
        Request::EditComment { comment, version, body } => {
            done(api.change_comment(comment, version, body).await?)
        }
        Request::DeleteComment(comment) => done(api.delete_comment(comment).await?),
        Request::HideComment { comment, hidden } => done(api.hide_comment(comment, hidden).await?),

        Request::Notifications(request) => notifications::run(api, request).await?,
        Request::Import(request) => import::run(api, request).await?,
        Request::Webhooks(request) => webhooks::run(api, request).await?,
        Request::Subscriptions(request) => subscriptions::run(api, request).await?,

        Request::Batch(requests) => Response::Batch(batch(api, requests).await),
    })
}

async fn sign_in(api: &impl Api, login: &str, password: &str) -> Result<Response> {
    api.sign_in(login, password).await?;
    Ok(current_user(api.me().await?))
}

/// Nobody is signed in any more.
const fn nobody((): ()) -> Response {
    Response::CurrentUser(None)
}

const fn done((): ()) -> Response {
    Response::Done
}

fn current_user(user: Option<User>) -> Response {
    Response::CurrentUser(user.map(Box::new))
}

fn checked_in(CheckIn { registration, already, .. }: CheckIn) -> Response {
    Response::CheckedIn { registration: Box::new(registration), already }
}

fn occurrence_filter(filter: SearchFilter) -> OccurrenceFilter {
    // No user is named "me".
    let organized = filter.organizer == "me";
    OccurrenceFilter {
        words: filter.words,
        location: filter.location,
        // A list from now on begins with what takes place.
        current: filter.from.is_none(),
        from: filter.from,
        to: filter.to,
        categories: filter.categories,
        tags: filter.tags,
        available: filter.available,
        registered: filter.registered,
        organized,
        organizer: if organized { String::new() } else { filter.organizer },
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
async fn batch(api: &impl Api, requests: Vec<Request>) -> Vec<Result<Response>> {
    let mut outcomes = Vec::new();
    for request in requests {
        // Boxed, because `run` calls this function.
        let outcome = Box::pin(run(api, request)).await;
        let stops = outcome.as_ref().is_err_and(|error| error.kind != ErrorKind::Other);
        outcomes.push(outcome);
        if stops {
            break;
        }
    }
    outcomes
}

const fn on_days(occurrences: Vec<Occurrence>) -> Response {
    Response::OccurrencesOn(occurrences)
}
