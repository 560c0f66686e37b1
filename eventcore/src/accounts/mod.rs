//! Accounts: who people are, how they prove it, and what becomes of them when they leave.

mod access_token;
mod address;
mod change;
mod create;
mod delete;
mod export;
mod input;
mod operator;
mod password;
mod read;
mod session;
mod sign_in;
mod token;
mod user;

pub use access_token::{AccessToken, NewAccessToken, NewSecret};
pub use address::{Email, Username};
pub use export::Export;
pub use input::{Credentials, NewPassword, NewUser, RefreshToken};
pub(crate) use password::Passwords;
pub use read::UserFilter;
pub use session::Session;
pub use sign_in::TokenPair;
pub(crate) use token::{Signer, random};
pub use user::{PublicProfile, User};
