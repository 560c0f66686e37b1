//! The library itself, on a database.

use std::pin::Pin;
use std::sync::Mutex;

use chrono::NaiveDate;
use chrono_tz::Tz;
use eventcore::accounts::{Credentials, NewPassword, NewUser, User};
use eventcore::comments::{Comment, CommentFilter, CommentInput};
use eventcore::events::{AgendaFilter, Bound, EventInput, MonthOfDays, Occurrence, start_of_day};
use eventcore::feedback::{Answer as OrganizersAnswer, FeedbackInput};
use eventcore::registrations::{NewAttendee, Party, ShownTicket};
use eventcore::{
    Actor, CommentId, Cursor, Error, EventCore, EventId, OccurrenceId, Order, Page, PageRequest, Timestamp,
};
use serde_json::{Value, json};

use super::days::{ByDays, Days};
use super::talk::Talk;
use super::{
    Answer, Backend, CHANGED, Cause, Detail, MOST, PAGE, Refusal, Request, Work, client, each, held,
};
use crate::failure::Failure;
use crate::search_filter::SearchFilter;

pub(crate) struct Library {
    core: EventCore,
    place: String,
    actor: Mutex<Actor>,
}

impl Library {
    pub(crate) async fn open(url: &str, user: Option<&str>) -> Result<Self, Failure> {
        let core = EventCore::open(url).await?;
        let actor = match user {
            None => Actor::Anonymous,
            Some(name) => {
                let profile = core.profile_by_username(name).await;
                let profile = profile.map_err(|_| format!("the database has no user {name:?}"))?;
                let user = core.user(&Actor::System, profile.id).await?;
                Actor::user(user.id, user.role)
            }
        };
        let path = url.split('?').next().unwrap_or(url);
        let place = path.rsplit('/').next().unwrap_or(path).to_owned();
        Ok(Self { core, place, actor: Mutex::new(actor) })
    }

    fn actor(&self) -> Actor {
        *self.actor.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn act_as(&self, actor: Actor) {
        *self.actor.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = actor;
    }

    async fn me(&self) -> Result<Option<Box<User>>, Error> {
        let actor = self.actor();
        match actor.user_id() {
            Some(id) => Ok(Some(Box::new(self.core.user(&actor, id).await?))),
            None => Ok(None),
        }
    }

    async fn sign_in(&self, login: String, password: String) -> Result<Answer, Error> {
        let credentials = Credentials { login, password, ..Credentials::default() };
        let pair = self.core.sign_in(&credentials, Some(&client())).await?;
        self.act_as(self.core.authenticate(&pair.access_token).await?);
        Ok(Answer::Me(self.me().await?))
    }

    async fn agenda(&self, wish: SearchFilter, tz: Tz, cursor: Option<Cursor>) -> Result<Answer, Error> {
        let filter = AgendaFilter {
            q: Some(wish.words).filter(|words| !words.is_empty()),
            location: Some(wish.place).filter(|place| !place.is_empty()),
            from: wish.from.map(|day| Bound::Day(day, tz)),
            to: wish.to.and_then(|day| day.succ_opt()).map(|day| Bound::Day(day, tz)),
            categories: wish.categories,
            tags: wish.tags,
            available: wish.free,
            registered: if wish.mine { Some(self.actor().signed_in()?.id) } else { None },
            ..AgendaFilter::default()
        };
        let page = PageRequest::first(PAGE).at(cursor);
        Ok(Answer::Dates(self.core.occurrences(&self.actor(), &filter, &page).await?))
    }

    async fn detail(&self, id: OccurrenceId) -> Result<Answer, Error> {
        let actor = self.actor();
        let date = self.core.occurrence(&actor, id).await?;
        let event = self.core.event(&actor, date.event_id).await?;
        let place = match self.core.my_registration(&actor, id).await {
            Ok(place) => Some(place),
            Err(Error::NotFound(_) | Error::Unauthenticated) => None,
            Err(error) => return Err(error),
        };
        let mine = match &place {
            Some(place) if held(place) => match self.core.my_feedback(&actor, id).await {
                Ok(mine) => Some(mine),
                Err(Error::NotFound(_)) => None,
                Err(error) => return Err(error),
            },
            _ => None,
        };
        let page = PageRequest::first(PAGE);
        let feedback = self.core.feedback(&actor, event.id, &page).await?;
        let filter = AgendaFilter { event: Some(event.id), ..AgendaFilter::default() };
        let dates = self.core.occurrences(&actor, &filter, &page).await?.items;
        let counted = PageRequest { count: true, ..PageRequest::first(1) };
        let comments = self.core.comments(&actor, event.id, &CommentFilter::default(), &counted).await;
        let comments = comments.ok().and_then(|page| page.total);
        Ok(Answer::Date(Box::new(Detail { date, event, place, dates, feedback, comments, mine })))
    }

    async fn work(&self, request: Request) -> Result<Answer, Error> {
        let (core, actor) = (&self.core, self.actor());
        let page = |cursor| PageRequest::first(PAGE).at(cursor);
        Ok(match request {
            Request::Agenda { wish, tz, cursor } => self.agenda(wish, tz, cursor).await?,
            Request::Days { days, most } => Answer::Days(self.on_days(days, most).await?),
            Request::Month { of, tz } => Answer::Month(self.month(of, tz, MOST).await?),
            Request::Date(id) => self.detail(id).await?,
            Request::Mine { cursor } => {
                Answer::Mine(core.my_registrations(&actor, None, &page(cursor)).await?)
            }
            Request::Organized { cursor } => {
                let organizer = actor.signed_in()?.id;
                let filter = AgendaFilter { organizer: Some(organizer), ..AgendaFilter::default() };
                Answer::Events(core.events(&actor, &filter, &page(cursor)).await?)
            }
            Request::Over { until, tz, cursor } => {
                let filter = AgendaFilter {
                    organizer: Some(actor.signed_in()?.id),
                    from: Some(Bound::At(Timestamp::MIN)),
                    to: until.succ_opt().map(|day| Bound::Day(day, tz)),
                    order: Order::Descending,
                    ..AgendaFilter::default()
                };
                Answer::Dates(core.occurrences(&actor, &filter, &page(cursor)).await?)
            }
            Request::Attendees { occurrence, cursor } => {
                let date = Box::new(core.occurrence(&actor, occurrence).await?);
                let page = core.registrations(&actor, occurrence, None, &page(cursor)).await?;
                Answer::Attendees { date, page }
            }
            Request::Rate { occurrence, rating, text } => {
                let input = FeedbackInput { rating: Some(rating), text, ..FeedbackInput::default() };
                core.give_feedback(&actor, occurrence, &input, None).await?;
                Answer::Done
            }
            Request::Due(dates) => {
                let mut due = Vec::new();
                for date in dates {
                    match core.my_feedback(&actor, date).await {
                        Ok(_) => {}
                        Err(Error::NotFound(_)) => due.push(date),
                        Err(error) => return Err(error),
                    }
                }
                Answer::Due(due)
            }
            Request::Comments(event) => Answer::Comments(self.conversations(event).await?),
            Request::Say { event, reply_to, body } => {
                let input = CommentInput { body, parent_id: reply_to, ..CommentInput::default() };
                core.add_comment(&actor, event, &input).await?;
                Answer::Done
            }
            Request::SayAgain { comment, version, body } => {
                core.change_comment(&actor, comment, &json!({"body": body}), Some(version)).await?;
                Answer::Done
            }
            Request::DeleteComment(comment) => {
                core.delete_comment(&actor, comment, None).await?;
                Answer::Done
            }
            Request::HideComment { comment, hidden } => {
                core.hide_comment(&actor, comment, hidden, None).await?;
                Answer::Done
            }
            Request::Feedback { event, cursor } => {
                Answer::Feedback(Box::new(core.feedback(&actor, event, &page(cursor)).await?))
            }
            Request::Answer { feedback, text } => {
                let answer = text.map(|text| OrganizersAnswer { text, ..OrganizersAnswer::default() });
                core.answer_feedback(&actor, feedback, answer.as_ref(), None).await?;
                Answer::Done
            }
            Request::Insights(event) => Answer::Insights(Box::new(core.insights(&actor, event).await?)),
            Request::EventCalendar(id) => Answer::Calendar(core.event_calendar(&actor, id).await?.text),
            Request::DateCalendar(id) => Answer::Calendar(core.occurrence_calendar(&actor, id).await?.text),
            other => self.come(other).await?,
        })
    }

    /// Places at dates: mine, and those of whoever comes to what I organize.
    async fn come(&self, request: Request) -> Result<Answer, Error> {
        let (core, actor) = (&self.core, self.actor());
        Ok(match request {
            Request::Register { occurrence, party } => {
                let place = core.register(&actor, occurrence, &Party::of(party)).await?;
                Answer::Place(Box::new(place.registration))
            }
            Request::Unregister(id) => {
                core.cancel_registration(&actor, id).await?;
                Answer::Done
            }
            Request::Enlist { occurrence, username, party } => {
                let attendee = NewAttendee {
                    username: Some(username),
                    party_size: Some(party),
                    ..NewAttendee::default()
                };
                let place = core.add_registration(&actor, occurrence, &attendee).await?;
                Answer::Place(Box::new(place.registration))
            }
            Request::Remove { occurrence, registration } => {
                core.remove_registration(&actor, occurrence, registration).await?;
                Answer::Done
            }
            Request::PassOver { occurrence, version, over } => {
                let party = Party { auto_promote: Some(!over), expected: Some(version), ..Party::default() };
                let place = core.register(&actor, occurrence, &party).await?;
                Answer::Place(Box::new(place.registration))
            }
            Request::CheckIn(id) => checked_in(core.check_in(&actor, id).await?),
            Request::UndoCheckIn(id) => Answer::Place(Box::new(core.undo_check_in(&actor, id).await?)),
            Request::CheckInCode { occurrence, code } => {
                let ticket = ShownTicket {
                    code: Some(code),
                    occurrence_id: Some(occurrence),
                    ..ShownTicket::default()
                };
                checked_in(core.check_in_by_code(&actor, &ticket).await?)
            }
            other => self.account(other).await?,
        })
    }

    async fn account(&self, request: Request) -> Result<Answer, Error> {
        let (core, actor) = (&self.core, self.actor());
        Ok(match request {
            Request::Me => Answer::Me(self.me().await?),
            Request::SignIn { login, password } => self.sign_in(login, password).await?,
            Request::SignUp { username, email, password, timezone } => {
                let user = NewUser {
                    username: username.clone(),
                    email,
                    password: Some(password.clone()),
                    timezone: Some(timezone),
                    ..NewUser::default()
                };
                core.create_user(&Actor::Anonymous, &user).await?;
                self.sign_in(username, password).await?
            }
            Request::SignOut => {
                if let Actor::User(user) = actor
                    && let Some(session) = user.session
                {
                    core.end_session(&actor, session).await?;
                }
                self.act_as(Actor::Anonymous);
                Answer::Me(None)
            }
            Request::Account => {
                let me = core.user(&actor, actor.signed_in()?.id).await?;
                Answer::Account { me: Box::new(me), sessions: core.sessions(&actor).await? }
            }
            Request::ChangeMe { user, version, patch } => {
                let me = core.change_user(&actor, user, &patch, Some(version)).await?;
                Answer::Me(Some(Box::new(me)))
            }
            Request::ChangePassword { current, new } => {
                let input =
                    NewPassword { current_password: current, new_password: new, ..NewPassword::default() };
                core.change_password(&actor, &input).await?;
                Answer::Done
            }
            Request::EndSession(id) => {
                core.end_session(&actor, id).await?;
                Answer::Done
            }
            other => self.organize(other).await?,
        })
    }

    async fn organize(&self, request: Request) -> Result<Answer, Error> {
        let (core, actor) = (&self.core, self.actor());
        let event = |event| Answer::Event(Box::new(event));
        let changed = |date: Occurrence| Answer::Changed(Box::new(date));
        Ok(match request {
            Request::Create(body) => event(core.create_event(&actor, &read(body)?).await?),
            Request::Change { event: id, version, patch } => {
                event(core.change_event(&actor, id, &patch, Some(version)).await?)
            }
            Request::ChangeDate { occurrence, version, patch } => {
                changed(core.change_occurrence(&actor, occurrence, &patch, Some(version)).await?)
            }
            Request::Split { occurrence, patch } => {
                event(core.split_event(&actor, occurrence, &patch, None).await?)
            }
            Request::Publish(id) => event(core.publish_event(&actor, id, None).await?),
            Request::CancelEvent(id) => event(core.cancel_event(&actor, id, None).await?),
            Request::CancelDate(id) => changed(core.cancel_occurrence(&actor, id, None).await?),
            Request::RestoreDate(id) => changed(core.restore_occurrence(&actor, id, None).await?),
            _ => Answer::Done,
        })
    }
}

fn read(body: Value) -> Result<EventInput, Error> {
    serde_json::from_value(body).map_err(Error::internal)
}

fn checked_in(check_in: eventcore::registrations::CheckIn) -> Answer {
    Answer::CheckedIn { already: check_in.already, registration: Box::new(check_in.registration) }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let cause = match &error {
            Error::Unauthenticated | Error::TokenExpired => Cause::SignedOut,
            error if error.is_unavailable() => Cause::Away,
            _ => Cause::Other,
        };
        let message = match &error {
            Error::VersionMismatch { .. } => CHANGED.to_owned(),
            error => error.to_string(),
        };
        let fields = match error {
            Error::Invalid(wrong) => wrong.as_slice().to_vec(),
            _ => Vec::new(),
        };
        Self { message, fields, cause }
    }
}

impl Talk for Library {
    type Error = Error;

    async fn page(
        &self,
        event: EventId,
        parent: Option<CommentId>,
        cursor: Option<Cursor>,
    ) -> Result<Page<Comment>, Error> {
        let filter = CommentFilter { parent, replies: parent.is_none(), html: false };
        self.core.comments(&self.actor(), event, &filter, &PageRequest::first(PAGE).at(cursor)).await
    }
}

/// When the first day begins, and when the last is over.
fn bounds(days: Days) -> (Timestamp, Timestamp) {
    let end = days.to.succ_opt().map_or(Timestamp::MAX, |day| start_of_day(day, days.tz));
    (start_of_day(days.from, days.tz), end)
}

impl ByDays for Library {
    type Error = Error;

    async fn starting(&self, days: Days, cursor: Option<Cursor>) -> Result<Page<Occurrence>, Error> {
        let filter = AgendaFilter {
            from: Some(Bound::Day(days.from, days.tz)),
            to: days.to.succ_opt().map(|end| Bound::Day(end, days.tz)),
            ..AgendaFilter::default()
        };
        self.core.occurrences(&self.actor(), &filter, &PageRequest::first(PAGE).at(cursor)).await
    }

    async fn lasting(&self, days: Days, cursor: Option<Cursor>) -> Result<Page<Occurrence>, Error> {
        let (from, to) = bounds(days);
        self.core.lasting(from, to, &PageRequest::first(PAGE).at(cursor)).await
    }

    async fn counts(&self, of: NaiveDate, tz: Tz) -> Result<MonthOfDays, Error> {
        let month = of.format("%Y-%m").to_string().parse();
        let month = month.map_err(|why| Error::invalid("/month", "invalid", why))?;
        self.core.calendar(&self.actor(), &AgendaFilter::default(), month, tz).await
    }
}

impl Backend for Library {
    fn place(&self) -> &str {
        &self.place
    }

    fn run(&self, request: Request) -> Work<'_> {
        Box::pin(async move {
            match request {
                Request::Each(requests) => Ok(each(self, requests).await),
                one => Ok(self.work(one).await?),
            }
        })
    }

    fn close(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(self.core.close())
    }
}
