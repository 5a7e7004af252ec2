//! The logins that a Django program keeps with `bkoauth`, taken over (reference/blueking.md §1.4, §1.6).
//!
//! Enters: the program's database, an app, a profile. Leaves, first, a [`BkoauthPlan`]: what would become of each row; nothing is changed
//! and nothing spent for it (I8). Then, if it is wished, a grant for each user under `profile:user` and one for the app under
//! `profile:~app`, each on trial until its first refresh, and a word about every row. The database is only read. A crash in the middle
//! leaves some of the grants; the next run knows them and goes on with the rest (I5).
//!
//! What the table says is not believed in two things. Whose a token is, the provider says: a row of alice's may hold bob's (D4),
//! and a row of nobody in particular is not the app's (D5). And which of several rows of one user lives: the provider ended all
//! but one, and the table does not know which (R1, R4). Where the provider may not be asked, the newest is taken, and its access
//! token is handed out only once the provider has named its user.
//!
//! Two owners of one refresh token end each other's access tokens: the program has to let go. It rotates
//! a refresh token by itself within a day of the access token's end (`EXPIRES_SECONDS`), which at SSM is always.

use tokenward_core::ports::{Adopted, Adoption, Claim};
use tokenward_core::{Access, App, GrantId, ProfileName, TokenSet};

use import_plan::{Candidate, RowPlan, TokenStanding};
use tokenward_keeper::{Error, Keeper};

pub use import_plan::BkoauthPlan;
pub use row_outcome::{BkoauthFate, BkoauthOptions, BkoauthTaken};
pub use table::{BkoauthError, BkoauthRow, BkoauthSource, ServerKind, read_bkoauth};

mod import_plan;
mod row_outcome;
mod table;

/// What became of a table.
#[derive(Debug)]
#[non_exhaustive]
pub struct BkoauthReport {
    /// Each row, in the order of the table.
    pub rows: Vec<BkoauthTaken>,
}

/// Takes a table over. What cannot be taken over is told in the report; only what concerns the whole table is an error.
///
/// # Errors
/// [`Code::StoreUnreadable`](tokenward_core::Code::StoreUnreadable) for a database that cannot be read, [`Code::StoreEmpty`](tokenward_core::Code::StoreEmpty) for one without the table; the vault's.
pub async fn adopt_bkoauth(
    keeper: &Keeper,
    app: &App,
    profile: &ProfileName,
    source: &BkoauthSource,
    options: &BkoauthOptions,
) -> Result<BkoauthReport, Error> {
    BkoauthPlan::of(keeper, app, profile, source, options).await?.carry_out(keeper, app).await
}

/// What is wrong with another program's database, if that is what failed.
pub fn database_error(error: &Error) -> Option<&BkoauthError> {
    std::error::Error::source(error).and_then(|source| source.downcast_ref())
}

impl BkoauthPlan {
    /// Does what was planned. A row that somebody else has taken over meanwhile is known then.
    ///
    /// # Errors
    /// The vault's. What was taken over until then is; a second run goes on.
    pub async fn carry_out(self, keeper: &Keeper, app: &App) -> Result<BkoauthReport, Error> {
        let source = self.source;
        let mut rows = Vec::with_capacity(self.steps.len());
        for step in self.steps {
            rows.push(match step {
                RowPlan::Leave(row) => row,
                RowPlan::Adopt { name, best, .. } => adopt(keeper, app, &source, name, best).await?,
            });
        }
        Ok(BkoauthReport { rows })
    }
}

async fn adopt(
    keeper: &Keeper,
    app: &App,
    source: &str,
    name: ProfileName,
    best: Candidate,
) -> Result<BkoauthTaken, Error> {
    let Candidate { row, subject, standing, .. } = best;
    let parts = keeper.parts();
    let obtained = parts.clock.now();
    let expired = row.expires.is_none_or(|end| end <= obtained);
    let BkoauthRow { id: number, access, refresh, expires, environment, user } = row;
    let told = |fate| BkoauthTaken { id: number, user, environment, fate };
    let Some(refresh) = refresh else { return Ok(told(BkoauthFate::NoRefreshToken { expired })) };
    let latest = parts.provider.rules(&app.name, app.token_api).assumed_access;
    let latest = obtained.checked_add(latest).unwrap_or(obtained);
    let access = match (standing, access, expires) {
        // A table may name any end; the shortest life that is documented is believed where nobody was asked.
        (TokenStanding::Living, Some(token), Some(end)) => Some(Access { token, obtained, expires: end }),
        (TokenStanding::Unknown, Some(token), Some(end)) => Some(Access { token, obtained, expires: end.min(latest) }),
        _ => None,
    };
    let lives = access.is_some();
    let mut random = [0; 10];
    parts.entropy.fill(&mut random);
    let adoption = Adoption {
        id: GrantId::new(u64::try_from(obtained.as_millisecond()).unwrap_or(0), random),
        profile: name.clone(),
        app: app.name.clone(),
        set: TokenSet {
            access,
            refresh: Some(refresh),
            refresh_expires: None,
            scopes: None,
            subject,
            issued_by: app.token_api,
            obtained,
        },
        beside: None,
        source: format!("bkoauth, {source}, row {number}"),
        claim: Claim::OfAnyUser,
        by: parts.witness.myself().clone(),
    };
    let fate = match parts.vault.adopt(adoption).await? {
        Adopted::Known { grant, .. } => BkoauthFate::Known { grant },
        adopted => BkoauthFate::Adopted { name, grant: adopted.id(), access: lives, expired },
    };
    Ok(told(fate))
}
