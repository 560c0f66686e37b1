//! Searches for an order of the requests for one occurrence in which every response is right: a check of
//! linearizability by the algorithm of Wing and Gong.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::model::{ModelOccurrence, Request, Response};

/// A request and its response, with the times of both.
#[derive(Debug, Clone)]
pub(super) struct Exchange {
    pub(super) ask: Request,
    /// Nanoseconds since the test began.
    pub(super) from: u128,
    /// The time and content of the response; `None` if the client did not wait and the final state shows
    /// that the request took effect.
    pub(super) response: Option<(u128, Response)>,
    /// The number in the waitlist, if one was assigned: lower numbers are first.
    pub(super) number: Option<i64>,
    /// Whether the final state shows that it made a registration that never waited.
    pub(super) at_once: bool,
}

impl Exchange {
    /// Whether the final state contradicts this response: a registration keeps its number in the waitlist.
    fn contradicts(&self, response: &Response) -> bool {
        let Response::Place { new: true, seated, .. } = response else { return false };
        (self.number.is_some() && *seated) || (self.at_once && !*seated)
    }
}

/// Steps after which the search gives up.
const PATIENCE: usize = 3_000_000;

struct Search<'a> {
    asked: &'a [Exchange],
    done: Vec<bool>,
    seen: HashSet<u64>,
    steps: usize,
    longest: usize,
    /// The end of the longest order: the state, and the candidates for the next step.
    stuck: String,
    end: &'a dyn Fn(&ModelOccurrence) -> bool,
}

/// An order in which all responses are right and whose final state satisfies `end`; or why there is none.
pub(super) fn explain(
    start: &ModelOccurrence,
    mut asked: Vec<Exchange>,
    end: impl Fn(&ModelOccurrence) -> bool,
) -> Result<(), String> {
    asked.sort_by_key(|asked| asked.from);
    let mut search = Search {
        asked: &asked,
        done: vec![false; asked.len()],
        seen: HashSet::new(),
        steps: 0,
        longest: 0,
        stuck: String::new(),
        end: &end,
    };
    if search.goes_on(start, 0) {
        return Ok(());
    }
    let gave_up = if search.steps >= PATIENCE { "gave up: " } else { "" };
    Err(format!(
        "{gave_up}of {} asked, at most {} can be put in order, by {} steps; then {}\n\nall:\n{}",
        asked.len(),
        search.longest,
        search.steps,
        search.stuck,
        asked.iter().map(|asked| format!("{asked:?}")).collect::<Vec<_>>().join("\n")
    ))
}

impl Search<'_> {
    fn goes_on(&mut self, occurrence: &ModelOccurrence, count: usize) -> bool {
        if count > self.longest {
            self.longest = count;
            let next = self.candidates().into_iter().map(|i| format!("\n{:?}", self.asked[i]));
            self.stuck = format!("{occurrence:?}{}", next.collect::<Vec<_>>().concat());
        }
        if count == self.asked.len() {
            return (self.end)(occurrence);
        }
        self.steps += 1;
        if self.steps >= PATIENCE || !self.is_new(occurrence) {
            return false;
        }
        let candidates = self.candidates();
        // A request that is right and changes nothing can be placed at once, without backtracking.
        let idle = candidates.iter().copied().find(|next| {
            let mut after = occurrence.clone();
            let response = after.answer(self.asked[*next].ask);
            after == *occurrence
                && self.asked[*next].response.as_ref().is_some_and(|(_, answer)| *answer == response)
        });
        if let Some(idle) = idle {
            self.done[idle] = true;
            let found = self.goes_on(occurrence, count + 1);
            self.done[idle] = false;
            return found;
        }
        for next in candidates {
            let mut after = occurrence.clone();
            let response = after.answer(self.asked[next].ask);
            let fits = match &self.asked[next].response {
                Some((_, answer)) => *answer == response,
                // It took effect, so it must have changed something.
                None => after != *occurrence && !self.asked[next].contradicts(&response),
            };
            if fits {
                self.done[next] = true;
                if self.goes_on(&after, count + 1) {
                    return true;
                }
                self.done[next] = false;
            }
        }
        false
    }

    fn is_new(&mut self, occurrence: &ModelOccurrence) -> bool {
        let mut hasher = DefaultHasher::new();
        (&self.done, occurrence).hash(&mut hasher);
        self.seen.insert(hasher.finish())
    }

    /// The candidates for the next step: all requests sent before the earliest outstanding response, in the
    /// order of their responses.
    fn candidates(&self) -> Vec<usize> {
        let open = || self.asked.iter().enumerate().filter(|(i, _)| !self.done[*i]);
        let returned = |asked: &Exchange| asked.response.as_ref().map_or(u128::MAX, |(at, _)| *at);
        let first_answer = open().map(|(_, asked)| returned(asked)).min().unwrap_or(u128::MAX);
        let number = open().filter_map(|(_, asked)| asked.number).min();
        let may_come = |asked: &Exchange| {
            asked.from <= first_answer && (asked.number.is_none() || asked.number == number)
        };
        let mut candidates: Vec<usize> =
            open().filter(|(_, asked)| may_come(asked)).map(|(i, _)| i).collect();
        candidates.sort_by_key(|i| returned(&self.asked[*i]));
        candidates
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(ask: Request, from: u128, to: u128, response: Response) -> Exchange {
        Exchange { ask, from, response: Some((to, response)), number: None, at_once: false }
    }

    fn seated(party: i64) -> Response {
        Response::Place { new: true, seated: true, party, position: None }
    }

    fn waits(party: i64, position: usize) -> Response {
        Response::Place { new: true, seated: false, party, position: Some(position) }
    }

    fn one(who: usize) -> Request {
        Request::Register { who, party: 1 }
    }

    #[test]
    fn a_valid_history_has_an_order() {
        let history = vec![
            asked(one(1), 0, 9, waits(1, 1)),
            asked(one(2), 1, 8, seated(1)),
            asked(Request::Cancel { who: 2 }, 10, 12, Response::Nothing),
        ];
        let end =
            |occurrence: &ModelOccurrence| occurrence.seated.keys().eq([&1]) && occurrence.waiting.is_empty();
        explain(&ModelOccurrence::new(1), history, end).unwrap();
    }

    #[test]
    fn double_booking_and_overtaking_are_found() {
        let twice = vec![asked(one(1), 0, 9, seated(1)), asked(one(2), 1, 8, seated(1))];
        assert!(explain(&ModelOccurrence::new(1), twice, |_| true).is_err());
        let overtaken = vec![
            asked(one(0), 0, 1, seated(1)),
            asked(one(1), 2, 3, waits(1, 2)),
            asked(one(2), 4, 5, waits(1, 1)),
        ];
        assert!(explain(&ModelOccurrence::new(1), overtaken, |_| true).is_err());
    }

    #[test]
    fn an_unanswered_request_counts_if_it_took_effect() {
        let silent = Exchange { ask: one(1), from: 0, response: None, number: None, at_once: false };
        let history = vec![silent, asked(one(2), 5, 6, waits(1, 1))];
        explain(&ModelOccurrence::new(1), history.clone(), |_| true).unwrap();
        assert!(explain(&ModelOccurrence::new(1), history[1..].to_vec(), |_| true).is_err());
    }
}
