//! The logins that a Django program keeps with `bkoauth`, taken over (BlueKing reference §1.4, §1.6).
//!
//! Enters: the program's database, an app, a profile. Leaves: a grant for each user under `profile:user` and one for the app under
//! `profile:~app`, each on trial until it has turned once, and a word about every row. The database is only read.
//!
//! What the table says is not believed in two things. Whose a token is, the provider says: a row of alice's may hold bob's (D4),
//! and a row of nobody in particular is not the app's (D5). And which of several rows of one user lives: the provider ended all
//! but one, and the table does not know which (R1, R4). Where the provider may not be asked, the newest is taken, and its access
//! token is handed out only once the provider has named its user.
//!
//! Two owners of one refresh token end each other's access tokens: the program has to let go ([`BkoauthReport::RENEWAL`]).

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::tz::Offset;
use tokenward_core::ports::{Adopted, Adoption, CallError};
use tokenward_core::{
    Access, App, Code, GrantId, Platform, ProfileName, RefusalClass, Subject, TokenApi, TokenSet, UserName,
};
use tokenward_vault::{BkoauthError, BkoauthRow, read_bkoauth};

use super::tool::Renewal;
use crate::{Error, Kept, Session, Who};

pub use tokenward_vault::{BkoauthSource, ServerKind};

/// How a table is read.
#[derive(Debug, Clone)]
pub struct BkoauthOptions {
    /// Whether the provider is asked whose each token is and whether it lives. Spends nothing.
    pub online: bool,
    /// What naive times are written in: UTC where Django's `USE_TZ` is on.
    pub offset: Offset,
}

impl Default for BkoauthOptions {
    fn default() -> Self {
        Self { online: true, offset: Offset::UTC }
    }
}

/// What became of a table.
#[derive(Debug)]
pub struct BkoauthReport {
    /// Each row, in the order of the table.
    pub rows: Vec<BkoauthTaken>,
}

impl BkoauthReport {
    /// When the program turns a refresh token by itself: within a day of the access token's end (`EXPIRES_SECONDS`), which at SSM is
    /// always.
    pub const RENEWAL: Renewal = Renewal::Ahead(86_400);
}

/// A row, and what became of it.
#[derive(Debug)]
pub struct BkoauthTaken {
    /// Its number.
    pub id: i64,
    /// Whose the table says it is; an empty name for an anonymous user, `None` for the app.
    pub user: Option<String>,
    /// Its environment.
    pub environment: String,
    /// What became of it.
    pub fate: BkoauthFate,
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum BkoauthFate {
    /// It is a grant now, on trial.
    Adopted {
        /// The name it is kept under: that of the user whom the provider names.
        name: ProfileName,
        /// The grant.
        grant: GrantId,
        /// Whether its access token lives; otherwise the first call turns it.
        access: bool,
        /// Whether its access token had passed its end.
        expired: bool,
    },
    /// The vault knew its refresh token already.
    Known {
        /// The grant that holds it.
        grant: GrantId,
    },
    /// Another row of the same user is the one that lives, or the newer one.
    Superseded {
        /// That row.
        by: i64,
    },
    /// It is of another environment than the app's.
    OtherEnvironment,
    /// It is of a user without a name, and nobody says whose its token is.
    Anonymous,
    /// It has no refresh token, so that there is nothing to keep alive.
    NoRefreshToken {
        /// Whether its access token had passed its end.
        expired: bool,
    },
    /// Its user's name, or its token, can be none.
    Malformed,
}

/// Takes a table over. What cannot be taken over is told in the report; only what concerns the whole table is an error.
///
/// # Errors
/// [`Code::StoreUnreadable`] for a database that cannot be read, [`Code::StoreEmpty`] for one without the table; the vault's.
pub async fn adopt_bkoauth(
    session: &Session,
    app: &App,
    profile: &ProfileName,
    source: &BkoauthSource,
    options: &BkoauthOptions,
) -> Result<BkoauthReport, Error> {
    let rows = read_bkoauth(source, options.offset).await.map_err(|error| unreadable(&error))?;
    let taking = Taking { session, app, profile, source, online: options.online };
    taking.take(rows).await
}

fn unreadable(error: &BkoauthError) -> Error {
    let code = match error {
        BkoauthError::NoTable(_) => Code::StoreEmpty,
        BkoauthError::UnknownScheme(_) | BkoauthError::NotBuiltIn(_) => Code::Usage,
        _ => Code::StoreUnreadable,
    };
    Error::with_detail(code, Kept::Everything, error.to_string())
}

struct Taking<'a> {
    session: &'a Session,
    app: &'a App,
    profile: &'a ProfileName,
    source: &'a BkoauthSource,
    online: bool,
}

/// A row whose owner is known, as far as can be.
struct Candidate {
    row: BkoauthRow,
    who: Who,
    subject: Option<Subject>,
    standing: TokenStanding,
}

/// What is known of a row's access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum TokenStanding {
    /// The provider knows nothing of it, or it has passed its end.
    Dead,
    /// Nobody was asked, or nobody could tell.
    Unknown,
    /// The provider says that it lives.
    Living,
}

impl Taking<'_> {
    async fn take(&self, rows: Vec<BkoauthRow>) -> Result<BkoauthReport, Error> {
        let mut taken = Vec::with_capacity(rows.len());
        let mut by_owner: BTreeMap<ProfileName, Vec<Candidate>> = BTreeMap::new();
        for row in rows {
            let told = |fate, row: &BkoauthRow| BkoauthTaken {
                id: row.id,
                user: row.user.clone(),
                environment: row.environment.clone(),
                fate,
            };
            if self.is_elsewhere(&row) {
                taken.push(told(BkoauthFate::OtherEnvironment, &row));
                continue;
            }
            match self.candidate(row).await {
                Ok(candidate) => by_owner.entry(candidate.who.name(self.profile)).or_default().push(candidate),
                Err((fate, row)) => taken.push(told(fate, &row)),
            }
        }
        for (name, mut candidates) in by_owner {
            // The one that lives, else the newest: a refresh moves its row's end on.
            candidates.sort_by_key(|one| (one.standing, one.row.refresh.is_some(), one.row.expires, one.row.id));
            let Some(best) = candidates.pop() else { continue };
            let by = best.row.id;
            for other in candidates {
                taken.push(BkoauthTaken {
                    id: other.row.id,
                    user: other.row.user,
                    environment: other.row.environment,
                    fate: BkoauthFate::Superseded { by },
                });
            }
            taken.push(self.adopt(name, best).await?);
        }
        taken.sort_by_key(|row| row.id);
        Ok(BkoauthReport { rows: taken })
    }

    /// Whether a row is of an environment that parts its token from the app's. SSM's dialect never told the service of it.
    fn is_elsewhere(&self, row: &BkoauthRow) -> bool {
        match &self.app.platform {
            Platform::BlueKing(blueking) if self.app.token_api == TokenApi::AuthApi => {
                !row.environment.is_empty() && row.environment != blueking.environment
            }
            _ => false,
        }
    }

    /// Whose a row is: by the provider where it was asked, else by the table.
    async fn candidate(&self, row: BkoauthRow) -> Result<Candidate, (BkoauthFate, BkoauthRow)> {
        let Some(token) = &row.access else { return Err((BkoauthFate::Malformed, row)) };
        let now = self.session.parts().clock.now();
        let ended = row.expires.is_none_or(|end| end <= now);
        let (standing, subject) = match (ended, self.online) {
            (true, _) => (TokenStanding::Dead, None),
            (false, false) => (TokenStanding::Unknown, None),
            (false, true) => {
                let asking = self.session.parts().provider.user_info(self.app, token);
                match tokio::time::timeout(ASKING, asking).await {
                    Ok(Ok(subject)) => (TokenStanding::Living, Some(subject)),
                    Ok(Err(CallError::Refused(refusal))) if refusal.class != RefusalClass::InDoubt => {
                        (TokenStanding::Dead, None)
                    }
                    // The app's own token names nobody, and reads so.
                    Ok(Err(_)) | Err(_) => (TokenStanding::Unknown, None),
                }
            }
        };
        let named = subject.as_ref().and_then(|subject| subject.id.parse::<UserName>().ok());
        let who = match (named, row.user.as_deref()) {
            (Some(user), _) => Who::User(user),
            (None, None) => Who::App,
            (None, Some(name)) if name.trim().is_empty() => return Err((BkoauthFate::Anonymous, row)),
            (None, Some(name)) => match name.parse() {
                Ok(user) => Who::User(user),
                Err(_) => return Err((BkoauthFate::Malformed, row)),
            },
        };
        Ok(Candidate { row, who, subject, standing })
    }

    async fn adopt(&self, name: ProfileName, best: Candidate) -> Result<BkoauthTaken, Error> {
        let Candidate { row, subject, standing, .. } = best;
        let parts = self.session.parts();
        let obtained = parts.clock.now();
        let expired = row.expires.is_none_or(|end| end <= obtained);
        let BkoauthRow { id: number, access, refresh, expires, environment, user } = row;
        let told = |fate| BkoauthTaken { id: number, user, environment, fate };
        let Some(refresh) = refresh else { return Ok(told(BkoauthFate::NoRefreshToken { expired })) };
        let latest = parts.provider.rules(&self.app.name, self.app.token_api).assumed_access;
        let latest = obtained.checked_add(latest).unwrap_or(obtained);
        let access = match (standing, access, expires) {
            // A table may name any end; the shortest life that is documented is believed where nobody was asked.
            (TokenStanding::Living, Some(token), Some(end)) => Some(Access { token, obtained, expires: end }),
            (TokenStanding::Unknown, Some(token), Some(end)) => {
                Some(Access { token, obtained, expires: end.min(latest) })
            }
            _ => None,
        };
        let lives = access.is_some();
        let mut random = [0; 10];
        parts.entropy.fill(&mut random);
        let adoption = Adoption {
            id: GrantId::new(u64::try_from(obtained.as_millisecond()).unwrap_or(0), random),
            profile: name.clone(),
            app: self.app.name.clone(),
            set: TokenSet {
                access,
                refresh: Some(refresh),
                refresh_expires: None,
                scopes: None,
                subject,
                issued_by: self.app.token_api,
                obtained,
            },
            beside: None,
            source: format!("bkoauth, {}, row {number}", self.source),
            replace_user: true,
            by: parts.processes.myself().clone(),
        };
        let fate = match parts.vault.adopt(adoption).await? {
            Adopted::Known { grant, .. } => BkoauthFate::Known { grant },
            adopted => BkoauthFate::Adopted { name, grant: adopted.id(), access: lives, expired },
        };
        Ok(told(fate))
    }
}

/// How long the provider may take to say whose a token is.
const ASKING: Duration = Duration::from_secs(3);
