//! Answers to code exchanges and device polls, kept before they are read (I3).
//!
//! Enters: the raw answer. Leaves: the same, until a login was made of it. A crash leaves it for the next caller.

use async_trait::async_trait;

use super::StoreError;
use crate::{AppName, GrantId, ProfileName, RawAnswer, TokenApi, TokenSet};

/// Answers that a login is to be made of.
#[async_trait]
pub trait LoginAnswers: Send + Sync {
    /// Proves that the store can be written and has room, and that this node's last resort for an answer is in place, before something is
    /// sent that is good once and that no intent stands for: a code.
    async fn prove(&self) -> Result<(), StoreError>;

    /// Keeps the raw answer to a code exchange or device poll, durably, before it is read (I3).
    async fn keep_login_answer(
        &self,
        profile: &ProfileName,
        app: &AppName,
        api: TokenApi,
        answer: &RawAnswer,
    ) -> Result<LoginAnswerId, StoreError>;

    /// Login answers that no login was made of.
    async fn login_answers(&self) -> Result<Vec<LoginAnswer>, StoreError>;

    /// Closes a kept login answer that holds no login.
    async fn drop_login_answer(&self, id: LoginAnswerId) -> Result<(), StoreError>;

    /// Keeps a set aside that was issued before the present one of a grant (I3), and closes the kept answer it was read from, in
    /// one transaction. Nothing happens when the answer is closed already.
    async fn set_aside(&self, answer: LoginAnswerId, id: GrantId, set: TokenSet) -> Result<(), StoreError>;
}

/// Identifies a kept answer to a code exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoginAnswerId(pub i64);

/// An answer to a code exchange that was kept and not yet made into a login (its process died).
#[derive(Debug)]
pub struct LoginAnswer {
    /// Its id.
    pub id: LoginAnswerId,
    /// The profile that was logging in.
    pub profile: ProfileName,
    /// The app.
    pub app: AppName,
    /// The endpoint family that answered.
    pub api: TokenApi,
    /// The answer.
    pub answer: RawAnswer,
}
