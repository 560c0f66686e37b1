//! Crowds: those who come to a date while others are being let in wait in this process, and are let in together, in one transaction.

use std::collections::HashMap;

use tokio::sync::oneshot;

use super::admission::{Admission, By};
use super::locked_occurrence::Hall;
use super::queue::Newcomer;
use super::registration::{Party, Registered};
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::transaction;
use crate::error::{Error, Result};
use crate::id::{OccurrenceId, UserId};

/// Lets people in at a date until nobody waits. If it is given up before that, those who wait are told, and the next begins anew.
struct Door {
    core: EventCore,
    occurrence: OccurrenceId,
    /// Nobody waited any more: the date may be another's by now.
    done: bool,
}

impl Drop for Door {
    fn drop(&mut self) {
        if !self.done {
            self.core.crowds().waiting().remove(&self.occurrence);
        }
    }
}

impl EventCore {
    /// Registers together with whoever else comes to the date in the meantime.
    pub(super) async fn join_crowd(
        &self,
        actor: &Actor,
        user: UserId,
        occurrence: OccurrenceId,
        party: &Party,
    ) -> Result<Registered> {
        let (answer, answered) = oneshot::channel();
        let newcomer = Newcomer { actor: *actor, user, party: party.clone(), answer };
        if self.crowds().join(occurrence, newcomer) {
            let door = Door { core: self.clone(), occurrence, done: false };
            tokio::spawn(async move { door.let_in().await });
        }
        answered.await.map_err(Error::internal)?
    }
}

impl Door {
    async fn let_in(mut self) {
        while !self.done {
            let _turn = self.core.db().turn(self.occurrence.as_uuid()).await;
            let crowd = self.core.crowds().next(self.occurrence);
            match crowd.len() {
                0 => self.done = true,
                1 => self.one_by_one(crowd).await,
                _ => self.together(crowd).await,
            }
        }
    }

    async fn one_by_one(&self, crowd: Vec<Newcomer>) {
        for Newcomer { actor, user, party, answer } in crowd {
            let outcome = self.core.register_alone(&actor, user, self.occurrence, &party).await;
            // Whoever has left is registered all the same.
            let _ = answer.send(outcome);
        }
    }

    async fn together(&self, crowd: Vec<Newcomer>) {
        match self.admit(&crowd).await {
            Ok(outcomes) => {
                let mut others = Vec::new();
                for (newcomer, outcome) in crowd.into_iter().zip(outcomes) {
                    match outcome {
                        Some(outcome) => drop(newcomer.answer.send(outcome)),
                        None => others.push(newcomer),
                    }
                }
                self.one_by_one(others).await;
            }
            Err(Error::Unavailable(why)) => {
                for newcomer in crowd {
                    let _ = newcomer.answer.send(Err(Error::Unavailable(why.clone())));
                }
            }
            // What one of them met is not for the others.
            Err(_) => self.one_by_one(crowd).await,
        }
    }

    /// Lets those in who are new; nothing for whoever has something there already, or could not be found.
    async fn admit(&self, crowd: &[Newcomer]) -> Result<Vec<Option<Result<Registered>>>> {
        let people: Vec<UserId> = crowd.iter().map(|newcomer| newcomer.user).collect();
        let now = self.core.now();
        transaction!(self.core.db(), tx => {
            let mut halls: HashMap<UserId, Hall> =
                Hall::enter_all(tx, self.occurrence, &people, now).await?.into_iter().collect();
            let Some(mut admission) = halls.values().next().map(Admission::of) else {
                return Ok(crowd.iter().map(|_| None).collect());
            };
            let outcomes = crowd.iter().map(|newcomer| {
                // Who asks twice at once is found once.
                let hall = halls.remove(&newcomer.user).filter(|hall| !hall.holds)?;
                Some(newcomer.enter(hall, &mut admission, now))
            });
            let outcomes = outcomes.collect();
            admission.keep(tx, now).await?;
            Ok(outcomes)
        })
    }
}

impl Newcomer {
    fn enter(
        &self,
        hall: Hall,
        admission: &mut Admission,
        now: crate::time::Timestamp,
    ) -> Result<Registered> {
        let hall = hall.visible(&self.actor)?;
        let holder = hall.holder(self.user).ok_or(Error::Unauthenticated)?;
        admission.admit(&hall, holder, &self.party, By::Oneself, now)
    }
}
