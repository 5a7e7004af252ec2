//! Logins that somebody has to look after: no longer valid, in doubt, or about to end whatever is refreshed. They are found by indexes of the
//! store, app after app, and of each there is what its own page says.

use askama::Template;
use tokenward_core::{AppName, Grant, GrantId, ProfileName, Standing, visible};
use tokenward_words::Language;
use uuid::Uuid;

use super::super::app_list;
use super::super::caller::Caller;
use super::super::problem::Problem;
use super::super::state::Inner;
use super::frame::{Frame, Here, marked};
use super::login::means;
use super::logins::{address, name};
use super::reply::Reply;
use super::state::{Account, NEAR};
use super::trouble::Trouble;
use super::visit::Visit;

/// A login that needs somebody.
pub(super) struct Needy {
    pub(super) href: String,
    pub(super) name: String,
    pub(super) user: Option<String>,
    pub(super) account: Account,
    pub(super) next: String,
}

/// Where a list goes on: behind a login of an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cursor {
    app: AppName,
    after: GrantId,
}

impl Cursor {
    fn of(text: &str) -> Option<Self> {
        let (app, after) = text.split_once(' ')?;
        Some(Self { app: app.parse().ok()?, after: after.parse::<Uuid>().ok()?.into() })
    }

    fn text(&self) -> String {
        format!("{} {}", self.app, self.after)
    }
}

/// The apps that a caller has anything to do with.
pub(super) fn apps_of(caller: &Caller, server: &Inner) -> Vec<AppName> {
    let known = app_list::known(caller, server.session.settings());
    known.into_iter().filter_map(|app| app.app.parse().ok()).collect()
}

/// Logins in trouble, and where the next ones are. At most so many rows are looked at, so that a key that is for few of them is answered in
/// time.
pub(super) async fn troubled(
    caller: &Caller,
    server: &Inner,
    from: Option<&Cursor>,
    limit: usize,
) -> Result<(Vec<Grant>, Option<Cursor>), Problem> {
    let (mut grants, mut reads) = (Vec::new(), 0);
    for app in apps_of(caller, server) {
        let mut at = match from {
            Some(cursor) if app < cursor.app => continue,
            Some(cursor) if app == cursor.app => Some(cursor.after),
            _ => None,
        };
        loop {
            let page = server.session.store().troubled_after(&app, at, AT_ONCE).await?;
            for grant in page.grants {
                let id = grant.id;
                if caller.has(&grant) {
                    grants.push(grant);
                }
                if grants.len() == limit {
                    return Ok((grants, Some(Cursor { app, after: id })));
                }
            }
            let Some(next) = page.next else { break };
            (at, reads) = (Some(next), reads + 1);
            if reads == READS {
                return Ok((grants, Some(Cursor { app, after: next })));
            }
        }
    }
    Ok((grants, None))
}

/// Logins that end soon whatever is refreshed, the earliest end first.
pub(super) async fn ending(caller: &Caller, server: &Inner, limit: usize) -> Result<Vec<Grant>, Problem> {
    let now = server.session.now();
    let Ok(by) = now.checked_add(NEAR) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for app in apps_of(caller, server) {
        found.extend(server.session.store().ending(&app, by, AT_ONCE).await?);
    }
    found.sort_unstable_by_key(|ending| ending.at);
    let mut grants = Vec::new();
    for ending in found {
        if grants.len() == limit {
            break;
        }
        // It may have been ended, or given a new consent, since somebody looked.
        let Ok(grant) = server.session.keeper().login(ending.grant).await else { continue };
        let is_alive = matches!(grant.standing, Standing::Live);
        if is_alive && caller.has(&grant) && !is_own(grant.profile.as_ref()) {
            grants.push(grant);
        }
    }
    Ok(grants)
}

/// An app's own login is made anew without anybody.
fn is_own(profile: Option<&ProfileName>) -> bool {
    profile.is_some_and(ProfileName::is_of_app)
}

/// What is said of them.
pub(super) fn told(grants: &[Grant], caller: &Caller, server: &Inner, l: Language) -> Vec<Needy> {
    let now = server.session.now();
    let told = grants.iter().map(|grant| {
        let rules = server.session.keeper().rules(grant);
        let account = Account::of(grant, rules, now, means(grant, caller, server), l);
        Needy {
            href: address(grant.id),
            name: name(grant, l),
            user: grant.subject.as_ref().map(|subject| visible(subject.known_as()).into_owned()),
            next: marked(&account.next),
            account,
        }
    });
    told.filter(|needy| needy.account.is_urgent).collect()
}

#[derive(Template)]
#[template(path = "dashboard/attention.html")]
struct Attention {
    frame: Frame,
    l: Language,
    needy: Vec<Needy>,
    next: Option<String>,
    is_first: bool,
}

/// All of those in trouble, a page at a time; those that end soon are on the first one.
pub(super) async fn show(caller: Caller, visit: Visit) -> Result<Reply, Trouble> {
    let (server, l) = (visit.server(), visit.l());
    let bad = || Problem::bad_request("after cannot be used");
    let from = visit.field("after").map(|after| Cursor::of(after).ok_or_else(bad)).transpose()?;
    let (mut grants, next) = troubled(&caller, server, from.as_ref(), A_PAGE).await?;
    if from.is_none() {
        grants.extend(ending(&caller, server, A_PAGE).await?);
    }
    let shown = Attention {
        frame: Frame::known(&visit, &caller, Here::Overview, l.page_needs_attention()),
        l,
        needy: told(&grants, &caller, server, l),
        next: next.map(|next| more(&next)),
        is_first: from.is_none(),
    };
    Ok(Reply::ok(&shown)?)
}

/// Where they go on.
pub(super) fn more(next: &Cursor) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("after", &next.text()).finish();
    format!("/dashboard/attention?{query}")
}

/// Rows that a read takes, and how many reads one page makes.
const AT_ONCE: u32 = 200;
const READS: u32 = 8;
const A_PAGE: usize = 50;
