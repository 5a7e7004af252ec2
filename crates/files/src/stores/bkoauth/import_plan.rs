//! What would become of each row of a table: everything is read and asked, nothing is changed.
//!
//! Enters: the rows. Leaves: for each a fate, or the step that makes it a grant. The provider is asked about many rows at a time, and for
//! so long in all: a table may have thousands, and a provider that does not answer must not hold the rest up. A row that was not asked
//! about is taken as the table has it, and its access token waits until the provider has named its user.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokenward_core::ports::{CallError, Provider};
use tokenward_core::{
    AccessToken, App, Grant, GrantId, Platform, ProfileName, RefusalClass, Standing, Subject, TokenApi, UserName,
};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::row_outcome::{BkoauthFate, BkoauthOptions, BkoauthTaken, unreadable};
use super::table::{BkoauthRow, BkoauthSource, read_bkoauth};
use tokenward_keeper::{Error, Keeper, TokenHolder};

/// What is to be done about a table.
pub struct BkoauthPlan {
    /// The table's place, as the journal will name it.
    pub(super) source: String,
    /// In the order of the table.
    pub(super) steps: Vec<RowPlan>,
    unasked: usize,
}

/// What is to be done about one row.
pub(super) enum RowPlan {
    Leave(BkoauthTaken),
    Adopt { name: ProfileName, best: Candidate, replaces: bool },
}

/// A row whose owner is known, as far as can be.
pub(super) struct Candidate {
    pub(super) row: BkoauthRow,
    pub(super) subject: Option<Subject>,
    pub(super) standing: TokenStanding,
    /// The grant that holds its refresh token already.
    known: Option<GrantId>,
    /// Whether its access token has passed its end.
    ended: bool,
}

/// What is known of a row's access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum TokenStanding {
    /// The provider knows nothing of it, or it has passed its end.
    Dead,
    /// Nobody was asked, or nobody could tell.
    Unknown,
    /// The provider says that it lives.
    Living,
}

impl BkoauthPlan {
    /// Reads a table and asks, where that is wished, whose its tokens are.
    ///
    /// # Errors
    /// [`Code::StoreUnreadable`](tokenward_core::Code::StoreUnreadable) for a database that cannot be read,
    /// [`Code::StoreEmpty`](tokenward_core::Code::StoreEmpty) for one without the table; the vault's.
    pub async fn of(
        keeper: &Keeper,
        app: &App,
        profile: &ProfileName,
        source: &BkoauthSource,
        options: &BkoauthOptions,
    ) -> Result<Self, Error> {
        let rows = read_bkoauth(source, options.offset).await.map_err(unreadable)?;
        Self::of_rows(keeper, app, profile, rows, source.to_string(), options).await
    }

    /// The same for rows that the program has read itself. `source` is the table's place in words.
    ///
    /// # Errors
    /// The vault's.
    pub async fn of_rows(
        keeper: &Keeper,
        app: &App,
        profile: &ProfileName,
        rows: Vec<BkoauthRow>,
        source: String,
        options: &BkoauthOptions,
    ) -> Result<Self, Error> {
        let grants = keeper.parts().vault.grants().await?;
        let by_id: BTreeMap<GrantId, &Grant> = grants.iter().map(|grant| (grant.id, grant)).collect();
        let mut steps = Vec::with_capacity(rows.len());
        let mut candidates = Vec::with_capacity(rows.len());
        for row in rows {
            if is_elsewhere(app, &row) {
                steps.push(RowPlan::Leave(told(&row, BkoauthFate::OtherEnvironment)));
                continue;
            }
            let known = match &row.refresh {
                Some(token) => keeper.parts().vault.recognise(token).await?.known,
                None => None,
            };
            let serves = |(id, generation)| {
                let found = by_id.get(&id);
                found.is_some_and(|grant| grant.generation == generation && grant.standing == Standing::Live)
            };
            let now = keeper.parts().clock.now();
            let ended = row.expires.is_none_or(|end| end <= now);
            let standing = match (ended, known) {
                (true, _) => TokenStanding::Dead,
                // The vault keeps it alive: the provider need not be asked.
                (false, Some(known)) if serves(known) => TokenStanding::Living,
                (false, _) => TokenStanding::Unknown,
            };
            let known = known.map(|(grant, _)| grant);
            candidates.push(Candidate { row, subject: None, standing, known, ended });
        }
        let unasked = if options.online { ask(keeper, app, options.asking, &mut candidates).await } else { 0 };
        let mut by_owner: BTreeMap<ProfileName, Vec<Candidate>> = BTreeMap::new();
        for candidate in candidates {
            match owner(&candidate) {
                Ok(who) => by_owner.entry(who.name(profile)).or_default().push(candidate),
                Err(fate) => steps.push(RowPlan::Leave(told(&candidate.row, fate))),
            }
        }
        let lasting = grants.into_iter().filter(|grant| !matches!(grant.standing, Standing::Retired { .. }));
        let present: BTreeSet<_> = lasting.filter_map(|grant| grant.profile).collect();
        for (name, candidates) in by_owner {
            choose(name, candidates, &present, &mut steps);
        }
        steps.sort_by_key(RowPlan::row);
        Ok(Self { source, steps, unasked })
    }

    /// What would become of each row, in the order of the table.
    pub fn rows(&self) -> Vec<BkoauthTaken> {
        let row = |step: &RowPlan| match step {
            RowPlan::Leave(row) => row.clone(),
            RowPlan::Adopt { name, best, replaces } => {
                let access = best.standing != TokenStanding::Dead && best.row.access.is_some();
                let fate =
                    BkoauthFate::ToAdopt { name: name.clone(), access, expired: best.ended, replaces: *replaces };
                told(&best.row, fate)
            }
        };
        self.steps.iter().map(row).collect()
    }

    /// How many rows would become grants.
    pub fn to_adopt(&self) -> usize {
        self.steps.iter().filter(|step| matches!(step, RowPlan::Adopt { .. })).count()
    }

    /// How many rows the provider was to be asked about and did not answer for.
    pub const fn unasked(&self) -> usize {
        self.unasked
    }
}

impl RowPlan {
    const fn row(&self) -> i64 {
        match self {
            Self::Leave(row) => row.id,
            Self::Adopt { best, .. } => best.row.id,
        }
    }
}

fn told(row: &BkoauthRow, fate: BkoauthFate) -> BkoauthTaken {
    BkoauthTaken { id: row.id, user: row.user.clone(), environment: row.environment.clone(), fate }
}

/// Of several rows of one owner the one that lives, else the newest: a refresh moves its row's end on.
fn choose(
    name: ProfileName,
    mut candidates: Vec<Candidate>,
    present: &BTreeSet<ProfileName>,
    steps: &mut Vec<RowPlan>,
) {
    candidates.sort_by_key(|one| (one.standing, one.row.refresh.is_some(), one.row.expires, one.row.id));
    let Some(best) = candidates.pop() else { return };
    let by = best.row.id;
    for other in candidates {
        // What the vault has already is not said to be left.
        let fate = other.known.map_or(BkoauthFate::Superseded { by }, |grant| BkoauthFate::Known { grant });
        steps.push(RowPlan::Leave(told(&other.row, fate)));
    }
    steps.push(match best.known {
        Some(grant) => RowPlan::Leave(told(&best.row, BkoauthFate::Known { grant })),
        None if best.row.refresh.is_none() => {
            RowPlan::Leave(told(&best.row, BkoauthFate::NoRefreshToken { expired: best.ended }))
        }
        None => RowPlan::Adopt { replaces: present.contains(&name), name, best },
    });
}

/// Whether a row is of an environment that parts its token from the app's. SSM's dialect never told the service of it.
fn is_elsewhere(app: &App, row: &BkoauthRow) -> bool {
    match &app.platform {
        Platform::BlueKing(blueking) if app.token_api == TokenApi::AuthApi => {
            !row.environment.is_empty() && row.environment != blueking.environment
        }
        Platform::BlueKing(_) | Platform::Feishu(_) | Platform::OAuth2(_) => false,
    }
}

/// Whose a row is: by the provider where it was asked, else by the table.
fn owner(candidate: &Candidate) -> Result<TokenHolder, BkoauthFate> {
    if candidate.row.access.is_none() {
        return Err(BkoauthFate::Malformed);
    }
    let named = candidate.subject.as_ref().and_then(|subject| subject.id.parse::<UserName>().ok());
    match (named, candidate.row.user.as_deref()) {
        (Some(user), _) => Ok(TokenHolder::User(user)),
        (None, None) => Ok(TokenHolder::App),
        (None, Some(name)) if name.trim().is_empty() => Err(BkoauthFate::Anonymous),
        (None, Some(name)) => name.parse().map(TokenHolder::User).map_err(|_| BkoauthFate::Malformed),
    }
}

/// Asks whose the tokens are that are not known, some at a time. Returns for how many there was no answer.
async fn ask(keeper: &Keeper, app: &App, asking_all: Duration, candidates: &mut [Candidate]) -> usize {
    let provider = &keeper.parts().provider;
    let waiting = |one: &Candidate| one.standing == TokenStanding::Unknown && one.row.access.is_some();
    let mut queue: VecDeque<usize> =
        candidates.iter().enumerate().filter(|(_, one)| waiting(one)).map(|(index, _)| index).collect();
    let (app, until) = (Arc::new(app.clone()), Instant::now() + asking_all);
    let (mut asking, mut unasked, mut in_vain) = (JoinSet::new(), 0, 0);
    loop {
        while asking.len() < AT_ONCE && in_vain < IN_VAIN && Instant::now() < until {
            let Some(index) = queue.pop_front() else { break };
            let Some(token) = candidates[index].row.access.take() else { continue };
            asking.spawn(asked(Arc::clone(provider), Arc::clone(&app), index, token));
        }
        let Some(Ok((index, token, answer))) = asking.join_next().await else { break };
        let candidate = &mut candidates[index];
        candidate.row.access = Some(token);
        match answer {
            Answer::Lives(subject) => {
                (candidate.standing, candidate.subject) = (TokenStanding::Living, Some(subject));
                in_vain = 0;
            }
            Answer::Dead => {
                candidate.standing = TokenStanding::Dead;
                in_vain = 0;
            }
            // The app's own token names nobody, and reads so.
            Answer::Unclear if candidate.row.user.is_none() => {}
            Answer::Unclear => {
                unasked += 1;
                in_vain += 1;
            }
        }
    }
    unasked + queue.len()
}

enum Answer {
    Lives(Subject),
    Dead,
    Unclear,
}

async fn asked(
    provider: Arc<dyn Provider>,
    app: Arc<App>,
    index: usize,
    token: AccessToken,
) -> (usize, AccessToken, Answer) {
    let answer = match timeout(ASKING, provider.user_info(&app, &token)).await {
        Ok(Ok(subject)) => Answer::Lives(subject),
        Ok(Err(CallError::Refused(refusal))) if refusal.class != RefusalClass::InDoubt => Answer::Dead,
        Ok(Err(_)) | Err(_) => Answer::Unclear,
    };
    (index, token, answer)
}

/// How long the provider may take to say whose a token is.
const ASKING: Duration = Duration::from_secs(3);
/// How many are asked about at a time: a provider that serves browsers bears it.
const AT_ONCE: usize = 16;
/// After so many answers in a row that say nothing, nothing more is asked.
const IN_VAIN: usize = 32;
