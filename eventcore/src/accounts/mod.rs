//! Accounts: users, passwords, sessions and personal access tokens.

pub(crate) mod access_token;
mod account_link;
mod calendar_owner;
mod caller;
mod change;
mod confirm;
mod create;
mod demo_claim;
mod external;
mod fair_queue;
mod forgotten_password;
mod guessing;
mod hs256;
mod identify;
mod input;
mod kept;
mod known_client;
mod lock;
mod login;
mod operator;
mod password;
mod read;
mod refresh;
pub(crate) mod session;
mod sign_in;
mod signing;
mod signing_keys;
pub(crate) mod token;
pub(crate) mod user;
mod verify_email;

pub use access_token::{AccessToken, NewAccessToken, NewSecret};
pub use account_link::LinkPurpose;
pub(crate) use account_link::{forget_links, prune_links};
pub use calendar_owner::CalendarOwner;
pub use caller::Caller;
pub(crate) use caller::{FoundSession, SessionClaim};
pub(crate) use change::{must_be_self_or_admin, must_not_be_last_admin};
pub use demo_claim::DemoClaim;
pub use external::ExternalUser;
pub(crate) use forgotten_password::send_reset_link;
pub(crate) use guessing::{Attempt, Guesses, Origin};
pub(crate) use identify::{CallerRow, identify, valid_session};
pub use input::{
    Confirmation, Credentials, ForgottenPassword, LinkToken, NewPassword, NewUser, PasswordReset,
    RefreshToken,
};
pub use kept::{KnownClient, MailedLink};
pub(crate) use known_client::forget_clients;
pub(crate) use lock::{keep_account, lock_account};
pub use login::{Email, Username};
pub(crate) use password::{PasswordHashing, Passwords};
pub use read::{OperatorAccount, UserFilter};
pub use refresh::TokenPair;
pub use session::Session;
pub(crate) use signing_keys::SigningKeys;
pub use user::{PublicProfile, User};
