//! Rows and what they mean: the only place that knows the columns' types.
//!
//! A value that does not read back is damage, named and never skipped (an unreadable vault is not an empty one).

use jiff::Timestamp;
use rusqlite::params;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokenward_core::{
    Access, AccessToken, AppName, Fence, Fingerprint, Generation, Grant, GrantId, Holder, Intent, IntentId,
    ProfileName, RawAnswer, RefreshToken, Scopes, Standing, Subject, TokenApi, TokenKind, WebLoginId,
};
use uuid::Uuid;

use crate::codec::{answer_from_bytes, instant};
use crate::seal::Label;

use super::run_statement::{Column, Row, Transaction, run};
use super::sealer::Sealer;
use super::statements as sql;
use super::transaction_error::{Failed, Fault, damaged, unopened};

/// A sealed blob with the generation it is bound to.
#[derive(Clone)]
pub(crate) struct Sealed {
    pub(crate) blob: Option<Vec<u8>>,
    pub(crate) generation: Generation,
}

/// A set of which nobody has said yet whose it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Unproven {
    /// The generation in which it was brought.
    pub(crate) since: Generation,
    /// Where it comes from; `None` for a person's own login.
    pub(crate) source: Option<String>,
}

/// What is known of the names of a grant's access tokens, and is to be stored with its row.
#[derive(Clone, Default)]
pub(crate) struct AccessNames {
    /// Whether an earlier version stored the present token, and may have kept no name of it.
    pub(crate) missing: bool,
    /// The name of one that is brought.
    pub(crate) brought: Option<Fingerprint>,
    /// The name and the generation of one without a name that gives way.
    pub(crate) before: Option<(Fingerprint, Generation)>,
}

/// A row of `grants`, sealed as it lies.
#[derive(Clone)]
pub(crate) struct GrantRow {
    pub(crate) id: GrantId,
    pub(crate) app: AppName,
    pub(crate) profile: Option<ProfileName>,
    /// The one that it lost last. Written where a name is taken, and never with the row.
    pub(crate) former: Option<ProfileName>,
    pub(crate) generation: Generation,
    pub(crate) standing: Standing,
    pub(crate) access: Sealed,
    pub(crate) access_names: AccessNames,
    pub(crate) access_obtained: Timestamp,
    pub(crate) access_expires: Timestamp,
    pub(crate) refresh: Sealed,
    pub(crate) refresh_expires: Option<Timestamp>,
    pub(crate) wall: Option<Timestamp>,
    pub(crate) consented: Timestamp,
    pub(crate) rotated_at: Timestamp,
    pub(crate) scopes: Scopes,
    pub(crate) subject: Option<Subject>,
    pub(crate) issued_by: TokenApi,
    pub(crate) intent_open: bool,
    pub(crate) on_trial: bool,
    /// Set as long as nobody has said whose the present set is.
    pub(crate) unproven: Option<Unproven>,
    /// Whether its profile has links.
    pub(crate) linked: bool,
    /// The lease that is held, lapsed or not.
    pub(crate) fence: Option<Fence>,
}

impl GrantRow {
    /// Reads the columns in the order in which the statements name them.
    pub(crate) fn read(row: &Row<'_>) -> Result<Self, Fault> {
        let mut next = in_order();
        Ok(Self {
            id: GrantId::from(uuid(row, next())?),
            app: text(row, next())?,
            profile: optional_name(row, next())?,
            former: optional_name(row, next())?,
            generation: Generation::new(unsigned(row, next())?),
            standing: json(row, next())?,
            access: Sealed { blob: row.get(next())?, generation: Generation::new(unsigned(row, next())?) },
            access_names: AccessNames { missing: row.get(next())?, ..AccessNames::default() },
            access_obtained: time(row, next())?,
            access_expires: time(row, next())?,
            refresh: Sealed { blob: row.get(next())?, generation: Generation::new(unsigned(row, next())?) },
            refresh_expires: optional_time(row, next())?,
            wall: optional_time(row, next())?,
            consented: time(row, next())?,
            rotated_at: time(row, next())?,
            scopes: Scopes::parse(row.get_ref(next())?.as_str()?).map_err(|_| damaged("a grant's scopes"))?.0,
            subject: optional_json(row, next())?,
            issued_by: text(row, next())?,
            unproven: optional_json(row, next())?,
            intent_open: row.get(next())?,
            on_trial: row.get(next())?,
            linked: row.get(next())?,
            fence: optional_unsigned(row, next())?.map(Fence::new),
        })
    }

    /// Writes the row by `INSERT_GRANT` or `UPDATE_GRANT`, and the names of the access tokens that it brings and that it had.
    pub(crate) fn write(&self, tx: &dyn Transaction, statement: &'static str) -> Result<(), Failed> {
        let bound = params![
            grant_bytes(self.id),
            self.app.as_str(),
            self.profile.as_ref().map(ProfileName::as_str),
            signed(self.generation.get()),
            to_json(&self.standing)?,
            self.access.blob,
            signed(self.access.generation.get()),
            self.access_obtained.as_millisecond(),
            self.access_expires.as_millisecond(),
            self.refresh.blob,
            signed(self.refresh.generation.get()),
            self.refresh_expires.map(Timestamp::as_millisecond),
            self.wall.map(Timestamp::as_millisecond),
            self.consented.as_millisecond(),
            self.rotated_at.as_millisecond(),
            self.scopes.to_string(),
            self.subject.as_ref().map(to_json).transpose()?,
            self.issued_by.as_str(),
            self.access_names.missing,
        ];
        run(tx, statement, bound)?;
        if let Some((name, generation)) = self.access_names.before {
            run(tx, sql::REMEMBER_BESIDE, params![name.as_bytes(), grant_bytes(self.id), signed(generation.get())])?;
        }
        if let Some(name) = self.access_names.brought {
            let generation = signed(self.access.generation.get());
            run(tx, sql::REMEMBER_FINGERPRINT, params![name.as_bytes(), grant_bytes(self.id), generation])?;
        }
        Ok(())
    }

    /// Whether its present set can be moved into a grant of its own: one that is refused is dead, and an answer that is on its way has to
    /// find its set where it was sent from.
    pub(crate) fn can_part(&self) -> bool {
        lives(&self.standing) && !self.intent_open && self.refresh.blob.is_some()
    }

    /// Stores an access token, sealed.
    pub(crate) fn set_access(&mut self, sealer: &Sealer, access: &Access, generation: Generation) {
        self.drop_access(sealer);
        self.access_names.brought = Some(sealer.keys().name(TokenKind::Access, access.token.expose()));
        let blob = sealer.seal(&access_label(self.id, generation), access.token.expose().as_bytes());
        self.access = Sealed { blob: Some(blob), generation };
        self.access_obtained = access.obtained;
        self.access_expires = access.expires;
    }

    /// Takes the access token out; its name is kept.
    pub(crate) fn drop_access(&mut self, sealer: &Sealer) {
        if self.access_names.missing
            && let Ok(Some(access)) = self.access(sealer)
        {
            let name = sealer.keys().name(TokenKind::Access, access.token.expose());
            self.access_names.before = Some((name, self.access.generation));
        }
        self.access_names.missing = false;
        self.access.blob = None;
    }

    /// Stores a refresh token, sealed.
    pub(crate) fn set_refresh(&mut self, sealer: &Sealer, token: &RefreshToken, generation: Generation) {
        let blob = sealer.seal(&refresh_label(self.id, generation), token.expose().as_bytes());
        self.refresh = Sealed { blob: Some(blob), generation };
    }

    pub(crate) fn access(&self, sealer: &Sealer) -> Result<Option<Access>, Fault> {
        let Some(blob) = &self.access.blob else { return Ok(None) };
        let plain =
            sealer.open(&access_label(self.id, self.access.generation), blob).map_err(unopened("an access token"))?;
        let token = str::from_utf8(&plain).ok().and_then(|text| AccessToken::parse(text).ok());
        let token = token.ok_or_else(|| damaged("an access token"))?;
        Ok(Some(Access { token, obtained: self.access_obtained, expires: self.access_expires }))
    }

    pub(crate) fn refresh(&self, sealer: &Sealer) -> Result<Option<RefreshToken>, Fault> {
        let Some(blob) = &self.refresh.blob else { return Ok(None) };
        let plain =
            sealer.open(&refresh_label(self.id, self.refresh.generation), blob).map_err(unopened("a refresh token"))?;
        let token = str::from_utf8(&plain).ok().and_then(|text| RefreshToken::parse(text).ok());
        token.map(Some).ok_or_else(|| damaged("a refresh token"))
    }

    pub(crate) fn grant(&self, sealer: &Sealer) -> Result<Grant, Fault> {
        Ok(self.with_access(self.access(sealer)?))
    }

    /// The grant as it reads back once this row is written: `access` is what its blob holds, and times are kept to the millisecond.
    pub(crate) fn written(&self, access: Option<&Access>) -> Option<Grant> {
        let kept = |time: Timestamp| instant(time.as_millisecond());
        let access = match access {
            Some(Access { token, obtained, expires }) => {
                Some(Access { token: token.clone(), obtained: kept(*obtained)?, expires: kept(*expires)? })
            }
            None => None,
        };
        let refresh_expires = match self.refresh_expires {
            Some(expires) => Some(kept(expires)?),
            None => None,
        };
        Some(Grant { refresh_expires, rotated_at: kept(self.rotated_at)?, ..self.with_access(access) })
    }

    fn with_access(&self, access: Option<Access>) -> Grant {
        Grant {
            id: self.id,
            app: self.app.clone(),
            profile: self.profile.clone(),
            former_profile: self.former.clone(),
            generation: self.generation,
            standing: self.standing.clone(),
            access,
            has_refresh: self.refresh.blob.is_some(),
            refresh_expires: self.refresh_expires,
            wall: self.wall,
            consented: self.consented,
            rotated_at: self.rotated_at,
            scopes: self.scopes.clone(),
            subject: self.subject.clone(),
            issued_by: self.issued_by,
            intent_open: self.intent_open,
            on_trial: self.on_trial,
            unproven: self.unproven.is_some(),
            linked: self.linked,
        }
    }

    pub(crate) fn retired(&self) -> bool {
        matches!(self.standing, Standing::Retired { .. })
    }
}

/// Whether a set of that standing may be alive (I6).
pub(crate) const fn lives(standing: &Standing) -> bool {
    matches!(standing, Standing::Live | Standing::InDoubt { .. })
}

/// A row of `intents`, its answer sealed.
pub(crate) struct IntentRow {
    pub(crate) id: IntentId,
    pub(crate) grant: GrantId,
    pub(crate) generation: Generation,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) fence: Fence,
    pub(crate) sender: Holder,
    api: TokenApi,
    pub(crate) begun: Timestamp,
    pub(crate) deadline: Timestamp,
    pub(crate) answer: Option<Vec<u8>>,
    pub(crate) doubted: bool,
    pub(crate) closing: Option<tokenward_core::Closing>,
}

impl IntentRow {
    /// Reads the columns in the order in which the statements name them.
    pub(crate) fn read(row: &Row<'_>) -> Result<Self, Fault> {
        let mut next = in_order();
        Ok(Self {
            id: IntentId::from(uuid(row, next())?),
            grant: GrantId::from(uuid(row, next())?),
            generation: Generation::new(unsigned(row, next())?),
            fingerprint: fingerprint(row, next())?,
            fence: Fence::new(unsigned(row, next())?),
            sender: json(row, next())?,
            api: text(row, next())?,
            begun: time(row, next())?,
            deadline: time(row, next())?,
            answer: row.get(next())?,
            doubted: row.get(next())?,
            closing: match (row.get::<Option<i64>>(next())?, next()) {
                (Some(_), closing) => optional_json(row, closing)?,
                (None, _) => None,
            },
        })
    }

    pub(crate) fn open_answer(&self, sealer: &Sealer) -> Result<Option<RawAnswer>, Fault> {
        let Some(blob) = &self.answer else { return Ok(None) };
        let plain = sealer.open(&answer_label(self.id), blob).map_err(unopened("a journalled answer"))?;
        answer_from_bytes(&plain).map(Some).ok_or_else(|| damaged("a journalled answer"))
    }

    pub(crate) fn intent(self, sealer: &Sealer) -> Result<Intent, Fault> {
        let answer = self.open_answer(sealer)?;
        Ok(Intent {
            id: self.id,
            grant: self.grant,
            generation: self.generation,
            fingerprint: self.fingerprint,
            fence: self.fence,
            sender: self.sender,
            api: self.api,
            begun: self.begun,
            deadline: self.deadline,
            answer,
            doubted: self.doubted,
        })
    }
}

pub(crate) fn access_label(grant: GrantId, generation: Generation) -> Label {
    Label::new("grants.access").with(grant.as_uuid().as_bytes()).number(generation.get())
}

pub(crate) fn refresh_label(grant: GrantId, generation: Generation) -> Label {
    Label::new("grants.refresh").with(grant.as_uuid().as_bytes()).number(generation.get())
}

pub(crate) fn answer_label(intent: IntentId) -> Label {
    Label::new("intents.answer").with(intent.as_uuid().as_bytes())
}

pub(crate) fn parked_label(grant: GrantId, generation: Generation) -> Label {
    Label::new("parked.tokens").with(grant.as_uuid().as_bytes()).number(generation.get())
}

pub(crate) fn login_label(profile: &str, app: &str) -> Label {
    Label::new("login_answers.answer").with(profile.as_bytes()).with(app.as_bytes())
}

pub(crate) fn keepsake_label(kind: &str, app: &str) -> Label {
    Label::new("keepsakes.value").with(kind.as_bytes()).with(app.as_bytes())
}

pub(crate) fn web_login_label(login: WebLoginId) -> Label {
    Label::new("web_logins.sealed").with(login.as_uuid().as_bytes())
}

pub(crate) fn grant_bytes(id: GrantId) -> [u8; 16] {
    id.as_uuid().into_bytes()
}

pub(crate) fn intent_bytes(id: IntentId) -> [u8; 16] {
    id.as_uuid().into_bytes()
}

/// Counters are below 2⁶³ by nature; `SQLite` has no unsigned numbers.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(crate) fn unsigned(row: &Row<'_>, column: impl Column) -> Result<u64, Fault> {
    u64::try_from(row.get::<i64>(column)?).map_err(|_| damaged("a counter"))
}

fn optional_unsigned(row: &Row<'_>, column: usize) -> Result<Option<u64>, Fault> {
    let number: Option<i64> = row.get(column)?;
    number.map(|number| u64::try_from(number).map_err(|_| damaged("a counter"))).transpose()
}

/// The columns of a row, one after the other.
fn in_order() -> impl FnMut() -> usize {
    let mut columns = 0..;
    move || columns.next().unwrap_or(usize::MAX)
}

pub(crate) fn bytes<'r>(row: &'r Row<'_>, column: impl Column) -> Result<&'r [u8], Fault> {
    Ok(row.get_ref(column)?.as_bytes()?)
}

pub(crate) fn uuid(row: &Row<'_>, column: impl Column) -> Result<Uuid, Fault> {
    Uuid::from_slice(bytes(row, column)?).map_err(|_| damaged("an id"))
}

pub(crate) fn fingerprint(row: &Row<'_>, column: impl Column) -> Result<Fingerprint, Fault> {
    bytes(row, column)?.try_into().map(Fingerprint::from_bytes).map_err(|_| damaged("a fingerprint"))
}

pub(crate) fn time(row: &Row<'_>, column: impl Column) -> Result<Timestamp, Fault> {
    instant(row.get(column)?).ok_or_else(|| damaged("a time"))
}

pub(crate) fn optional_time(row: &Row<'_>, column: impl Column) -> Result<Option<Timestamp>, Fault> {
    let millis: Option<i64> = row.get(column)?;
    millis.map(|millis| instant(millis).ok_or_else(|| damaged("a time"))).transpose()
}

pub(crate) fn text<T: std::str::FromStr>(row: &Row<'_>, column: impl Column) -> Result<T, Fault> {
    row.get_ref(column)?.as_str()?.parse().map_err(|_| damaged("a name"))
}

fn optional_name(row: &Row<'_>, column: usize) -> Result<Option<ProfileName>, Fault> {
    let name = row.get_ref(column)?.as_str_or_null()?;
    name.map(|name| name.parse().map_err(|_| damaged("a profile's name"))).transpose()
}

pub(crate) fn json<T: DeserializeOwned>(row: &Row<'_>, column: impl Column) -> Result<T, Fault> {
    from_json(row.get_ref(column)?.as_str()?)
}

pub(crate) fn optional_json<T: DeserializeOwned>(row: &Row<'_>, column: impl Column) -> Result<Option<T>, Fault> {
    row.get_ref(column)?.as_str_or_null()?.map(from_json).transpose()
}

pub(crate) fn to_json<T: Serialize>(value: &T) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|error| Fault::Damaged(error.to_string()))
}

fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, Fault> {
    serde_json::from_str(text).map_err(|error| Fault::Damaged(error.to_string()))
}
