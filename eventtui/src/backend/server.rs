//! HTTP to an eventd.

use std::fmt::Write;
use std::pin::Pin;

use chrono::NaiveDate;
use chrono_tz::Tz;
use eventcore::accounts::{Session, User};
use eventcore::comments::Comment;
use eventcore::events::{MonthOfDays, Occurrence};
use eventcore::registrations::{CheckIn, Registration};
use eventcore::{CommentId, Cursor, EventId, OccurrenceId, Page};
use hyper::Method;
use serde_json::{Value, json};

use super::connection::{Call, Connection};
use super::days::{ByDays, Days};
use super::talk::Talk;
use super::{Answer, Backend, Cause, Detail, MOST, PAGE, Refusal, Request, Work, each, held};
use crate::Failure;

/// An eventd, and the way to it.
pub(crate) struct Server {
    http: Connection,
}

impl Server {
    pub(crate) fn open(address: &str) -> Result<Self, Failure> {
        Ok(Self { http: Connection::open(address)? })
    }

    async fn me(&self) -> Result<Answer, Refusal> {
        if !self.http.is_signed_in().await? {
            return Ok(Answer::Me(None));
        }
        let user: User = self.http.call(Call::get("/users/me")).await?;
        Ok(Answer::Me(Some(Box::new(user))))
    }

    async fn sign_in(&self, login: &str, password: &str) -> Result<Answer, Refusal> {
        self.http.sign_in(login, password).await?;
        self.me().await
    }

    async fn detail(&self, id: OccurrenceId) -> Result<Answer, Refusal> {
        let date: Occurrence = self.http.call(Call::get(&format!("/occurrences/{id}"))).await?;
        let event = date.event_id;
        let mine = async {
            let place: Option<Registration> = if self.http.is_signed_in().await? {
                self.http.found(&format!("/occurrences/{id}/registration")).await?
            } else {
                None
            };
            let feedback = match &place {
                Some(place) if held(place) => self.http.found(&format!("/occurrences/{id}/feedback")).await?,
                _ => None,
            };
            Ok((place, feedback))
        };
        let (of_event, of_dates, of_feedback) = (
            format!("/events/{event}"),
            format!("/occurrences?event={event}&limit={PAGE}"),
            format!("/events/{event}/feedback?limit={PAGE}"),
        );
        let comments = async {
            let path = format!("/events/{event}/comments?limit=1&count=true");
            let page: Result<Page<Comment>, _> = self.http.call(Call::get(&path)).await;
            // What is only beside the rest does not hinder it.
            Ok(page.ok().and_then(|page| page.total))
        };
        let ((place, mine), event, dates, feedback, comments) = tokio::try_join!(
            mine,
            self.http.call(Call::get(&of_event)),
            self.http.call::<Page<Occurrence>>(Call::get(&of_dates)),
            self.http.call(Call::get(&of_feedback)),
            comments,
        )?;
        let dates = dates.items;
        Ok(Answer::Date(Box::new(Detail { date, event, place, dates, feedback, comments, mine })))
    }

    async fn work(&self, request: Request) -> Result<Answer, Refusal> {
        Ok(match request {
            Request::Me => self.me().await?,
            Request::SignIn { login, password } => self.sign_in(&login, &password).await?,
            Request::SignUp { username, email, password, timezone } => {
                let body =
                    json!({"username": username, "email": email, "password": password, "timezone": timezone});
                let _: Value = self.http.call(Call::of(Method::POST, "/users", Some(&body))).await?;
                self.sign_in(&username, &password).await?
            }
            Request::SignOut => {
                self.http.sign_out().await?;
                Answer::Me(None)
            }
            Request::Account => {
                let (me, sessions) = tokio::try_join!(
                    self.http.call(Call::get("/users/me")),
                    self.http.call::<Page<Session>>(Call::get("/sessions")),
                )?;
                Answer::Account { me, sessions: sessions.items }
            }
            Request::Agenda { wish, tz, cursor } => {
                let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
                let (from, to) = (day(wish.from), day(wish.to));
                let narrowed = [
                    ("q", wish.words.as_str()),
                    ("location", &wish.place),
                    ("from", &from),
                    ("to", &to),
                    ("tz", tz.name()),
                    ("available", if wish.free { "true" } else { "" }),
                    ("registered", if wish.mine { "me" } else { "" }),
                ];
                let categories = wish.categories.iter().map(|category| ("category", category.as_str()));
                let tags = wish.tags.iter().map(|tag| ("tag", tag.as_str()));
                let narrowed: Vec<_> = narrowed.into_iter().chain(categories).chain(tags).collect();
                let query = query(&narrowed, cursor.as_ref());
                Answer::Dates(self.http.call(Call::get(&format!("/occurrences{query}"))).await?)
            }
            Request::Days { days, most } => Answer::Days(self.on_days(days, most).await?),
            Request::Month { of, tz } => Answer::Month(self.month(of, tz, MOST).await?),
            Request::Date(id) => self.detail(id).await?,
            Request::Mine { cursor } => {
                let path = format!("/registrations{}", query(&[], cursor.as_ref()));
                Answer::Mine(self.http.call(Call::get(&path)).await?)
            }
            Request::Organized { cursor } => {
                let path = format!("/events{}", query(&[("organizer", "me")], cursor.as_ref()));
                Answer::Events(self.http.call(Call::get(&path)).await?)
            }
            Request::Over { until, tz, cursor } => {
                let until = until.to_string();
                let narrowed = [
                    ("organizer", "me"),
                    ("from", "0001-01-02"),
                    ("to", &until),
                    ("tz", tz.name()),
                    ("sort", "-starts_at"),
                ];
                let path = format!("/occurrences{}", query(&narrowed, cursor.as_ref()));
                Answer::Dates(self.http.call(Call::get(&path)).await?)
            }
            Request::Attendees { occurrence, cursor } => {
                let path = format!("/occurrences/{occurrence}/registrations{}", query(&[], cursor.as_ref()));
                let of_date = format!("/occurrences/{occurrence}");
                let (date, page) =
                    tokio::try_join!(self.http.call(Call::get(&of_date)), self.http.call(Call::get(&path)))?;
                Answer::Attendees { date, page }
            }
            Request::Due(dates) => {
                let mut due = Vec::new();
                for date in dates {
                    let said: Option<Value> =
                        self.http.found(&format!("/occurrences/{date}/feedback")).await?;
                    due.extend(said.is_none().then_some(date));
                }
                Answer::Due(due)
            }
            Request::Comments(event) => Answer::Comments(self.conversations(event).await?),
            Request::Feedback { event, cursor } => {
                let path = format!("/events/{event}/feedback{}", query(&[], cursor.as_ref()));
                Answer::Feedback(self.http.call(Call::get(&path)).await?)
            }
            Request::Insights(event) => {
                Answer::Insights(self.http.call(Call::get(&format!("/events/{event}/insights"))).await?)
            }
            Request::EventCalendar(id) => {
                Answer::Calendar(self.http.calendar(&format!("/events/{id}.ics")).await?)
            }
            Request::DateCalendar(id) => {
                Answer::Calendar(self.http.calendar(&format!("/occurrences/{id}.ics")).await?)
            }
            other => self.come(other).await?,
        })
    }

    /// Places at dates: mine, and those of whoever comes to what I organize.
    async fn come(&self, request: Request) -> Result<Answer, Refusal> {
        let post = Method::POST;
        Ok(match request {
            Request::Register { occurrence, party } => {
                let (path, body) =
                    (format!("/occurrences/{occurrence}/registration"), json!({"party_size": party}));
                Answer::Place(self.http.call(Call::of(Method::PUT, &path, Some(&body))).await?)
            }
            Request::Unregister(id) => {
                let path = format!("/occurrences/{id}/registration");
                self.http.send(Call::of(Method::DELETE, &path, None)).await?;
                Answer::Done
            }
            Request::PassOver { occurrence, version, over } => {
                let path = format!("/occurrences/{occurrence}/registration");
                let body = json!({"auto_promote": !over});
                let call = Call::of(Method::PUT, &path, Some(&body)).for_version(version);
                Answer::Place(self.http.call(call).await?)
            }
            Request::Enlist { occurrence, username, party } => {
                let path = format!("/occurrences/{occurrence}/registrations");
                let body = json!({"username": username, "party_size": party});
                Answer::Place(self.http.call(Call::of(post, &path, Some(&body))).await?)
            }
            Request::Remove { occurrence, registration } => {
                let path = format!("/occurrences/{occurrence}/registrations/{registration}");
                self.http.send(Call::of(Method::DELETE, &path, None)).await?;
                Answer::Done
            }
            Request::CheckIn(id) => checked_in(
                self.http.call(Call::of(post, &format!("/registrations/{id}/check-in"), None)).await?,
            ),
            Request::UndoCheckIn(id) => {
                let path = format!("/registrations/{id}/check-in");
                Answer::Place(self.http.call(Call::of(Method::DELETE, &path, None)).await?)
            }
            Request::CheckInCode { occurrence, code } => {
                let body = json!({"code": code, "occurrence_id": occurrence});
                checked_in(self.http.call(Call::of(post, "/check-in", Some(&body))).await?)
            }
            other => self.change(other).await?,
        })
    }

    async fn change(&self, request: Request) -> Result<Answer, Refusal> {
        let post = Method::POST;
        Ok(match request {
            Request::ChangeMe { user, version, patch } => {
                let path = format!("/users/{user}");
                let call = Call::of(Method::PATCH, &path, Some(&patch)).for_version(version);
                Answer::Me(Some(self.http.call(call).await?))
            }
            Request::ChangePassword { current, new } => {
                let body = json!({"current_password": current, "new_password": new});
                self.http.send(Call::of(Method::PUT, "/users/me/password", Some(&body))).await?;
                Answer::Done
            }
            Request::EndSession(id) => {
                self.http.send(Call::of(Method::DELETE, &format!("/sessions/{id}"), None)).await?;
                Answer::Done
            }
            Request::Rate { occurrence, rating, text } => {
                let path = format!("/occurrences/{occurrence}/feedback");
                let body = json!({"rating": rating, "text": text});
                self.http.send(Call::of(Method::PUT, &path, Some(&body))).await?;
                Answer::Done
            }
            Request::Answer { feedback, text } => {
                let path = format!("/feedback/{feedback}/answer");
                let body = text.map(|text| json!({"text": text}));
                let method = if body.is_some() { Method::PUT } else { Method::DELETE };
                self.http.send(Call::of(method, &path, body.as_ref())).await?;
                Answer::Done
            }
            Request::Say { event, reply_to, body } => {
                let path = format!("/events/{event}/comments");
                let body = json!({"body": body, "parent_id": reply_to});
                self.http.send(Call::of(post, &path, Some(&body))).await?;
                Answer::Done
            }
            Request::SayAgain { comment, version, body } => {
                let (path, body) = (format!("/comments/{comment}"), json!({"body": body}));
                let call = Call::of(Method::PATCH, &path, Some(&body)).for_version(version);
                self.http.send(call).await?;
                Answer::Done
            }
            Request::DeleteComment(comment) => {
                self.http.send(Call::of(Method::DELETE, &format!("/comments/{comment}"), None)).await?;
                Answer::Done
            }
            Request::HideComment { comment, hidden } => {
                let method = if hidden { post } else { Method::DELETE };
                self.http.send(Call::of(method, &format!("/comments/{comment}/hide"), None)).await?;
                Answer::Done
            }
            Request::Create(body) => {
                Answer::Event(self.http.call(Call::of(post, "/events", Some(&body))).await?)
            }
            Request::Change { event, version, patch: body } => {
                let path = format!("/events/{event}");
                let call = Call::of(Method::PATCH, &path, Some(&body)).for_version(version);
                Answer::Event(self.http.call(call).await?)
            }
            Request::ChangeDate { occurrence, version, patch: body } => {
                let path = format!("/occurrences/{occurrence}");
                let call = Call::of(Method::PATCH, &path, Some(&body)).for_version(version);
                Answer::Changed(self.http.call(call).await?)
            }
            Request::Split { occurrence, patch: body } => {
                let path = format!("/occurrences/{occurrence}/split");
                Answer::Event(self.http.call(Call::of(post, &path, Some(&body))).await?)
            }
            Request::Publish(id) => Answer::Event(self.http.poke(&format!("/events/{id}/publish")).await?),
            Request::CancelEvent(id) => Answer::Event(self.http.poke(&format!("/events/{id}/cancel")).await?),
            Request::CancelDate(id) => {
                Answer::Changed(self.http.poke(&format!("/occurrences/{id}/cancel")).await?)
            }
            Request::RestoreDate(id) => {
                Answer::Changed(self.http.poke(&format!("/occurrences/{id}/restore")).await?)
            }
            _ => Answer::Done,
        })
    }
}

fn checked_in(check_in: CheckIn) -> Answer {
    Answer::CheckedIn { already: check_in.already, registration: Box::new(check_in.registration) }
}

/// A query string of what is not empty, for a page.
fn query(parameters: &[(&str, &str)], cursor: Option<&Cursor>) -> String {
    let mut query = format!("?limit={PAGE}");
    let cursor = cursor.map(|cursor| ("cursor", cursor.as_str()));
    for (name, value) in parameters.iter().copied().chain(cursor).filter(|(_, value)| !value.is_empty()) {
        let value: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
        // Writing into a String never fails.
        let _ = write!(query, "&{name}={value}");
    }
    query
}

impl Talk for Server {
    type Error = Refusal;

    async fn page(
        &self,
        event: EventId,
        parent: Option<CommentId>,
        cursor: Option<Cursor>,
    ) -> Result<Page<Comment>, Refusal> {
        let (replies, parent) = match parent {
            Some(id) => ("", id.to_string()),
            None => ("true", String::new()),
        };
        let query = query(&[("parent", &parent), ("replies", replies)], cursor.as_ref());
        self.http.call(Call::get(&format!("/events/{event}/comments{query}"))).await
    }
}

/// A query string for some days.
fn of_days(days: Days, cursor: Option<&Cursor>) -> String {
    let (from, to) = (days.from.to_string(), days.to.to_string());
    query(&[("from", &from), ("to", &to), ("tz", days.tz.name())], cursor)
}

impl ByDays for Server {
    type Error = Refusal;

    async fn starting(&self, days: Days, cursor: Option<Cursor>) -> Result<Page<Occurrence>, Refusal> {
        self.http.call(Call::get(&format!("/occurrences{}", of_days(days, cursor.as_ref())))).await
    }

    async fn lasting(&self, days: Days, cursor: Option<Cursor>) -> Result<Page<Occurrence>, Refusal> {
        let path = format!("/occurrences/lasting{}", of_days(days, cursor.as_ref()));
        match self.http.call(Call::get(&path)).await {
            // An eventd that is older does not know them: then they stand on their first day.
            Err(refusal) if refusal.cause == Cause::Other => Ok(Page::whole(Vec::new())),
            outcome => outcome,
        }
    }

    async fn counts(&self, of: NaiveDate, tz: Tz) -> Result<MonthOfDays, Refusal> {
        let month = of.format("%Y-%m");
        self.http.call(Call::get(&format!("/occurrences/calendar?month={month}&tz={}", tz.name()))).await
    }
}

impl Backend for Server {
    fn place(&self) -> &str {
        let address = self.http.address();
        address.split_once("://").map_or(address, |(_, place)| place)
    }

    fn run(&self, request: Request) -> Work<'_> {
        Box::pin(async move {
            match request {
                Request::Each(requests) => Ok(each(self, requests).await),
                one => self.work(one).await,
            }
        })
    }

    fn close(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async {})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_written_as_addresses_want_them() {
        let cursor = Cursor::from("a+b".to_owned());
        let written = query(&[("title", "Köln & co"), ("from", "")], Some(&cursor));
        assert_eq!(written, "?limit=100&title=K%C3%B6ln+%26+co&cursor=a%2Bb");
    }
}
