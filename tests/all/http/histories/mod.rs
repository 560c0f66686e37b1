//! Histories of concurrent requests: many clients and occurrences, clients that disconnect, and servers that
//! are killed. Afterwards there must be an order of the requests in which every response was right.

mod checker;
mod killer;
mod model;
mod wire;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use eventcore::db::{Queries, Sql};
use eventcore::{Actor, OccurrenceId, RegistrationId};
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Daemon, Kind, TestDb, eventd_check, id_of, new_event_in_2031};
use tokio::sync::watch;

use self::checker::Exchange;
use self::model::{ModelOccurrence, Request, Response};
use self::wire::Ended;

const CLIENTS: usize = 300;
const OCCURRENCES: usize = 20;
const CAPACITY: i64 = 8;
/// The capacities that an organizer sets, one after another.
const CAPACITIES: [i64; 8] = [12, 5, 9, 3, 15, 4, 10, 6];

/// Enough connections that none waits five seconds on a busy machine, after which a request is refused.
const CONNECTIONS: &[&str] = &["--database-connections", "50"];

/// What a server says that waited too long for a connection. No other 503 is right here: transactions that
/// lost against others must have been run again.
const BUSY: &str = "the database is unavailable: try again shortly";

/// An occurrence, and who may change it.
struct Place {
    occurrence: OccurrenceId,
    event: String,
    token: String,
}

/// The shared state of a test.
struct Shared {
    db: TestDb,
    places: Vec<Place>,
    tokens: Vec<String>,
    /// The current addresses of the servers.
    servers: watch::Receiver<Vec<String>>,
    began: Instant,
    /// The history of each occurrence.
    asked: Vec<Mutex<Vec<Line>>>,
    /// The number of requests so far.
    progress: Vec<watch::Sender<usize>>,
    /// Requests of each client.
    rounds: usize,
    /// One in so many requests disconnects; 0 for none.
    rude: u64,
}

/// A record: the request, the response, and whether the final state must show its effect.
#[derive(Debug, Clone)]
struct Line {
    asked: Exchange,
    open: bool,
    /// The registration in the response.
    id: Option<RegistrationId>,
}

/// Pseudo-random numbers, the same in each run.
struct Generator(u64);

impl Generator {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[usize::try_from(self.roll(from.len() as u64)).unwrap()].clone()
    }
}

impl Shared {
    fn now(&self) -> u128 {
        self.began.elapsed().as_nanos()
    }

    /// The address of a server; waits until one listens.
    async fn server(&self, random: &mut Generator) -> String {
        let mut servers = self.servers.clone();
        let servers = servers.wait_for(|servers| !servers.is_empty()).await.unwrap();
        random.pick(&servers)
    }

    fn record(
        &self,
        place: usize,
        ask: Request,
        from: u128,
        response: Option<(u128, Response)>,
        body: &Value,
    ) {
        let open = response.is_none();
        let id = body["id"].as_str().and_then(|id| id.parse().ok());
        let asked = Exchange { ask, from, response, number: None, at_once: false };
        self.asked[place].lock().unwrap().push(Line { asked, open, id });
        self.progress[place].send_modify(|asked| *asked = asked.saturating_add(1));
    }

    /// Sends a request. Returns false if there was no response: the client must then leave the occurrence
    /// alone.
    async fn ask(&self, place: usize, ask: Request, token: &str, random: &mut Generator) -> bool {
        let request = self.request(place, ask, token);
        loop {
            let server = self.server(random).await;
            let from = self.now();
            match wire::exchange(&server, &request).await {
                Ended::Answered(status, body) if body["detail"] != BUSY => {
                    assert!(status < 500, "{ask:?}: {status} {body}");
                    self.record(place, ask, from, Some((self.now(), response(status, &body))), &body);
                    return true;
                }
                // A busy server has refused it, or does not know that it is done: nobody can tell.
                Ended::Answered(..) | Ended::Broken => {
                    self.record(place, ask, from, None, &Value::Null);
                    return false;
                }
                Ended::Unsent => tokio::task::yield_now().await,
            }
        }
    }

    fn request(&self, place: usize, ask: Request, token: &str) -> Vec<u8> {
        let Place { occurrence, event, .. } = &self.places[place];
        let mine = format!("/occurrences/{occurrence}/registration");
        match ask {
            Request::Register { party, .. } => {
                wire::request("PUT", &mine, token, Some(&json!({"party_size": party})))
            }
            Request::Cancel { .. } => wire::request("DELETE", &mine, token, None),
            Request::Mine { .. } => wire::request("GET", &mine, token, None),
            Request::Look => wire::request("GET", &format!("/occurrences/{occurrence}"), token, None),
            Request::Capacity(capacity) => wire::request(
                "PATCH",
                &format!("/events/{event}"),
                token,
                Some(&json!({"capacity": capacity})),
            ),
        }
    }

    /// The requests of one user.
    async fn person(self: Arc<Self>, who: usize) {
        let mut random =
            Generator(0x9e37_79b9_7f4a_7c15 ^ (who as u64 + 1).wrapping_mul(0xff51_afd7_ed55_8ccd));
        let mut places: Vec<usize> = (0..OCCURRENCES).collect();
        for _ in 0..self.rounds {
            if places.is_empty() {
                return;
            }
            let place = random.pick(&places);
            let ask = match random.roll(20) {
                0..10 => Request::Register { who, party: i64::try_from(random.roll(4)).unwrap() + 1 },
                10..15 => Request::Cancel { who },
                15..18 => Request::Mine { who },
                _ => Request::Look,
            };
            let token = &self.tokens[who];
            let writes = matches!(ask, Request::Register { .. } | Request::Cancel { .. });
            let answered = if writes && self.rude > 0 && random.roll(self.rude) == 0 {
                let request = self.request(place, ask, token);
                // Half of them send the whole request.
                let length = if random.roll(2) == 0 {
                    request.len()
                } else {
                    usize::try_from(random.roll(300)).unwrap()
                };
                let (from, server) = (self.now(), self.server(&mut random).await);
                wire::hang_up(&server, &request, length).await;
                self.record(place, ask, from, None, &Value::Null);
                false
            } else {
                self.ask(place, ask, token, &mut random).await
            };
            if !answered {
                places.retain(|other| *other != place);
            }
        }
    }

    /// The requests of an organizer.
    async fn organizer(self: Arc<Self>, place: usize) {
        let mut random = Generator(place as u64 + 77);
        let asks = self.rounds * CLIENTS / OCCURRENCES;
        for (change, capacity) in CAPACITIES.into_iter().enumerate() {
            // Spreads the changes over the requests of the users, however fast either side is.
            let due = asks * change / CAPACITIES.len();
            self.progress[place].subscribe().wait_for(|asked| *asked >= due).await.unwrap();
            if !self.ask(place, Request::Capacity(capacity), &self.places[place].token, &mut random).await {
                return;
            }
        }
    }

    async fn play(self: &Arc<Self>) {
        let (mut people, mut organizers) = (tokio::task::JoinSet::new(), tokio::task::JoinSet::new());
        for place in 0..OCCURRENCES {
            organizers.spawn(self.clone().organizer(place));
        }
        for who in 0..CLIENTS {
            people.spawn(self.clone().person(who));
        }
        people.join_all().await;
        for asked in &self.progress {
            asked.send_replace(usize::MAX);
        }
        organizers.join_all().await;
    }

    /// Finds an order for the requests for each occurrence. Returns the numbers of registrations and of
    /// requests without a response.
    async fn explain(&self) -> (usize, usize) {
        let (mut made, mut open) = (0, 0);
        for (place, asked) in self.asked.iter().enumerate() {
            let end = self.end(place).await;
            let asked = std::mem::take(&mut *asked.lock().unwrap());
            open += asked.iter().filter(|response| response.open).count();
            let history: Vec<Exchange> = asked
                .iter()
                .filter(|response| !response.open || end.shows(response, &asked))
                .map(|line| {
                    let row = end.row(line, &asked);
                    let number = row.and_then(|row| row.number);
                    let at_once = line.open && row.is_some() && number.is_none();
                    Exchange { number, at_once, ..line.asked.clone() }
                })
                .collect();
            let new = history
                .iter()
                .filter(|asked| matches!(asked.ask, Request::Register { .. }) && made_one(asked));
            let new = new.count();
            made += new;
            let silent = history
                .iter()
                .filter(|asked| asked.response.is_none() && matches!(asked.ask, Request::Register { .. }))
                .count();
            assert!(
                end.rows.len() >= new && end.rows.len() <= new + silent,
                "{place}: {} rows, {new} answered",
                end.rows.len()
            );
            if let Err(why) =
                checker::explain(&ModelOccurrence::new(CAPACITY), history, |occurrence| end.is(occurrence))
            {
                panic!("date {place}: {why}\nends as {end:?}");
            }
        }
        (made, open)
    }

    async fn end(&self, place: usize) -> End {
        let names: Vec<(RegistrationId, String, String, i64, Option<i64>)> = {
            let mut db = self.db.core.db().read().await.unwrap();
            let sql = "SELECT r.id, u.username, r.status, r.party_size, r.waitlist_number \
                       FROM registrations r JOIN users u ON u.id = r.user_id
                WHERE r.occurrence_id = $1 ORDER BY r.waitlist_number";
            db.query(Sql::portable(sql)).bind(self.places[place].occurrence).all().await.unwrap()
        };
        let rows = names.into_iter().map(|(id, name, status, party, number)| Row {
            id,
            who: name.trim_start_matches("person").parse().unwrap(),
            status,
            party,
            number,
        });
        let rows = rows.collect();
        let capacity =
            self.db.core.occurrence(&Actor::System, self.places[place].occurrence).await.unwrap().capacity;
        End { capacity, rows }
    }
}

fn made_one(asked: &Exchange) -> bool {
    matches!(asked.response, Some((_, Response::Place { new: true, .. })))
}

#[derive(Debug)]
struct Row {
    id: RegistrationId,
    who: usize,
    status: String,
    party: i64,
    number: Option<i64>,
}

/// The final state of an occurrence in the database.
#[derive(Debug)]
struct End {
    capacity: i64,
    rows: Vec<Row>,
}

impl End {
    /// Whether the model of an occurrence equals the database.
    fn is(&self, occurrence: &ModelOccurrence) -> bool {
        let of = |status: &'static str| {
            let rows = self.rows.iter().filter(move |row| row.status == status);
            rows.map(|row| (row.who, row.party))
        };
        occurrence.capacity == self.capacity
            && of("confirmed").collect::<BTreeMap<_, _>>() == occurrence.seated
            && of("waitlisted").eq(occurrence.waiting.iter().copied())
    }

    /// The registration that this request created, if any.
    fn row(&self, line: &Line, all: &[Line]) -> Option<&Row> {
        let Request::Register { who, .. } = line.asked.ask else { return None };
        if line.open {
            let known = |row: &Row| all.iter().any(|line| line.id == Some(row.id));
            self.rows.iter().find(|row| row.who == who && !known(row))
        } else {
            self.rows.iter().find(|row| Some(row.id) == line.id && made_one(&line.asked))
        }
    }

    /// Whether a request without a response took effect. Its client left the occurrence alone afterwards, so
    /// the final state shows it.
    fn shows(&self, response: &Line, all: &[Line]) -> bool {
        let live = |who: usize| self.rows.iter().find(|row| row.who == who && row.status != "cancelled");
        match response.asked.ask {
            Request::Register { who, party } => {
                let rows = self.rows.iter().filter(|row| row.who == who).count();
                let by_this =
                    |other: &&Line| matches!(other.asked.ask, Request::Register { who: w, .. } if w == who);
                let made = all.iter().filter(by_this).filter(|other| made_one(&other.asked)).count();
                let last = all.iter().filter(|other| is_of(other, who)).filter_map(|other| {
                    match &other.asked.response {
                        Some((at, Response::Place { party, .. })) => Some((*at, *party)),
                        Some((at, Response::Nothing)) => Some((*at, 0)),
                        _ => None,
                    }
                });
                let before = last.max().map_or(0, |(_, party)| party);
                rows > made
                    || (before > 0 && before != party && live(who).is_some_and(|row| row.party == party))
            }
            Request::Cancel { who } => {
                let rows = self.rows.iter().any(|row| row.who == who);
                rows && live(who).is_none() && was_live(all, who)
            }
            Request::Capacity(capacity) => self.capacity == capacity,
            Request::Mine { .. } | Request::Look => false,
        }
    }
}

fn is_of(response: &Line, who: usize) -> bool {
    let (Request::Register { who: other, .. }
    | Request::Cancel { who: other }
    | Request::Mine { who: other }) = response.asked.ask
    else {
        return false;
    };
    other == who
}

/// Whether a user was registered according to the last response.
fn was_live(all: &[Line], who: usize) -> bool {
    let answers = all.iter().filter(|response| is_of(response, who)).filter_map(|response| {
        match &response.asked.response {
            Some((at, Response::Place { .. })) => Some((*at, true)),
            Some((at, Response::Nothing)) => Some((*at, false)),
            _ => None,
        }
    });
    answers.max_by_key(|(at, _)| *at).is_some_and(|(_, live)| live)
}

/// A response in the terms of the model.
fn response(status: u16, body: &Value) -> Response {
    match status {
        200 | 201 if body["party_size"].is_number() => Response::Place {
            new: status == 201,
            seated: body["status"] == "confirmed",
            party: body["party_size"].as_i64().unwrap(),
            position: body["position"].as_u64().map(|position| usize::try_from(position).unwrap()),
        },
        200 if body["seats_taken"].is_number() => Response::Numbers {
            capacity: body["capacity"].as_i64().unwrap(),
            taken: body["seats_taken"].as_i64().unwrap(),
            waiting: usize::try_from(body["waitlist_length"].as_u64().unwrap()).unwrap(),
        },
        200 | 204 => Response::Nothing,
        _ => Response::Refused(
            body["type"].as_str().unwrap_or_default().trim_start_matches("/problems/").to_owned(),
        ),
    }
}

async fn sign_in(db: &TestDb, name: String) -> String {
    let actor = db.user(&name).await;
    db.core.open_session(&Actor::System, id_of(&actor)).await.unwrap().access_token
}

async fn stage(db: &TestDb, servers: watch::Receiver<Vec<String>>, rounds: usize, rude: u64) -> Arc<Shared> {
    let mut places = Vec::new();
    for number in 0..OCCURRENCES {
        let name = format!("organizer{number}");
        let actor = db.user(&name).await;
        let input = new_event_in_2031().title(name).capacity(CAPACITY).json();
        let event = db.core.create_event(&actor, &serde_json::from_value(input).unwrap()).await.unwrap();
        let token = db.core.open_session(&Actor::System, id_of(&actor)).await.unwrap().access_token;
        places.push(Place {
            occurrence: event.next_occurrence.unwrap().id,
            event: event.id.to_string(),
            token,
        });
    }
    let mut signing_in = tokio::task::JoinSet::new();
    for who in 0..CLIENTS {
        let db = db.clone();
        signing_in.spawn(async move { (who, sign_in(&db, format!("person{who}")).await) });
    }
    let mut tokens = signing_in.join_all().await;
    tokens.sort_unstable_by_key(|(who, _)| *who);
    let tokens = tokens.into_iter().map(|(_, token)| token).collect();
    let asked = (0..OCCURRENCES).map(|_| Mutex::default()).collect();
    let progress = (0..OCCURRENCES).map(|_| watch::channel(0).0).collect();
    Arc::new(Shared {
        db: db.clone(),
        places,
        tokens,
        servers,
        began: Instant::now(),
        asked,
        progress,
        rounds,
        rude,
    })
}

async fn must_be_consistent(db: &TestDb) {
    eventd_check(db).await;
    db.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_registrations_are_linearizable(#[case] kind: Kind) {
    let db = TestDb::in_real_time(kind).await;
    let daemons = Daemon::several(&db, CONNECTIONS).await;
    let (_all, servers) = watch::channel(daemons.iter().map(|daemon| daemon.address().to_owned()).collect());
    let stage = stage(&db, servers, 20, 25).await;
    stage.play().await;
    // Requests without a response may still be running until the servers have ended.
    for daemon in daemons {
        assert!(!daemon.log().contains("ERROR"), "{}", daemon.log());
        daemon.stop().await;
    }
    let (made, open) = stage.explain().await;
    assert!(made > 500 && open > 50, "{made} made, {open} not waited for");
    must_be_consistent(&db).await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn registrations_are_linearizable_while_servers_are_killed(#[case] kind: Kind) {
    let db = TestDb::in_real_time(kind).await;
    let daemons = Daemon::several(&db, CONNECTIONS).await;
    let (all, servers) = watch::channel(daemons.iter().map(|daemon| daemon.address().to_owned()).collect());
    let stage = stage(&db, servers, 25, 0).await;
    let over = Arc::new(AtomicBool::new(false));
    let answered = {
        let stage = stage.clone();
        move || {
            let of_place =
                |asked: &Mutex<Vec<Line>>| asked.lock().unwrap().iter().filter(|line| !line.open).count();
            stage.asked.iter().map(of_place).sum()
        }
    };
    let servers = killer::Servers { daemons, addresses: all, options: CONNECTIONS };
    let killing = tokio::spawn(killer::run(servers, answered, 2 * CLIENTS, over.clone()));
    stage.play().await;
    over.store(true, Ordering::SeqCst);
    let killed = killing.await.unwrap();
    let (made, open) = stage.explain().await;
    assert!(made > 500 && killed > 0, "{made} made, {open} unanswered, {killed} killed");
    must_be_consistent(&db).await;
}
