//! The screens, a file each: state, actions, responses and drawing of one tab or layer.

pub(crate) mod account;
pub(crate) mod agenda;
pub(crate) mod attendees;
pub(crate) mod categories;
pub(crate) mod co_organizers;
pub(crate) mod comments;
pub(crate) mod compose;
pub(crate) mod deliveries;
pub(crate) mod entries;
pub(crate) mod event;
pub(crate) mod event_actions;
pub(crate) mod feedback;
pub(crate) mod form;
pub(crate) mod form_drafts;
pub(crate) mod help;
pub(crate) mod import_form;
pub(crate) mod import_report;
pub(crate) mod inbox;
pub(crate) mod inbox_words;
pub(crate) mod insights;
mod list_frame;
pub(crate) mod mine;
pub(crate) mod month;
mod month_titles;
pub(crate) mod new_token;
mod notices;
pub(crate) mod notification_settings;
pub(crate) mod occurrence_list;
pub(crate) mod organize;
pub(crate) mod owner;
pub(crate) mod palette;
pub(crate) mod prompt;
pub(crate) mod ratings;
mod registering;
pub(crate) mod reminders;
pub(crate) mod row;
pub(crate) mod screen;
pub(crate) mod search;
pub(crate) mod settings;
pub(crate) mod sign_in;
pub(crate) mod subscription_form;
pub(crate) mod subscriptions;
pub(crate) mod ticket;
pub(crate) mod tokens;
mod visibility;
pub(crate) mod webhook_form;
mod webhook_words;
pub(crate) mod webhooks;
pub(crate) mod week;

#[cfg(test)]
pub(crate) mod account_tests;
#[cfg(test)]
pub(crate) mod attendees_tests;
#[cfg(test)]
pub(crate) mod categories_tests;
#[cfg(test)]
pub(crate) mod co_organizers_tests;
#[cfg(test)]
pub(crate) mod comments_tests;
#[cfg(test)]
pub(crate) mod feedback_tests;
#[cfg(test)]
mod form_copy_tests;
#[cfg(test)]
pub(crate) mod form_tests;
#[cfg(test)]
mod form_times_tests;
#[cfg(test)]
pub(crate) mod import_tests;
#[cfg(test)]
pub(crate) mod inbox_tests;
#[cfg(test)]
pub(crate) mod insights_tests;
#[cfg(test)]
pub(crate) mod month_tests;
#[cfg(test)]
pub(crate) mod notification_settings_tests;
#[cfg(test)]
mod now_tests;
#[cfg(test)]
mod organize_tests;
#[cfg(test)]
pub(crate) mod ratings_tests;
#[cfg(test)]
pub(crate) mod subscriptions_tests;
#[cfg(test)]
pub(crate) mod tokens_tests;
#[cfg(test)]
pub(crate) mod webhooks_tests;
#[cfg(test)]
pub(crate) mod week_tests;
