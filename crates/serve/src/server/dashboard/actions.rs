//! What can be done with a login: refreshed now, and ended once somebody has confirmed it. Each is what the route of the API does.

use askama::Template;
use tokenward_words::Language;

use super::super::caller::Caller;
use super::super::grants::retired;
use super::super::tokens::renewed;
use super::frame::{Frame, Here};
use super::logins::{address, name};
use super::reply::Reply;
use super::trouble::Trouble;
use super::visit::Visit;

/// Refreshes it. The token that comes of it goes nowhere.
pub(super) async fn refresh(caller: Caller, visit: Visit) -> Result<Reply, Trouble> {
    let (grant, _) = renewed(&caller, &visit.ask).await?;
    Ok(Reply::see(format!("{}?told=refreshed", address(grant.id))))
}

#[derive(Template)]
#[template(path = "dashboard/end.html")]
struct End {
    frame: Frame,
    l: Language,
    title: String,
    here: String,
    form: String,
    can_revoke: bool,
}

/// Asks whether it is meant.
pub(super) async fn ask_to_end(caller: Caller, visit: Visit) -> Result<Reply, Trouble> {
    let l = visit.l();
    let grant = visit.ask.grant(&caller).await?;
    let title = l.page_end_title(name(&grant, l));
    let shown = End {
        frame: Frame::known(&visit, &caller, Here::Logins, title.clone()),
        l,
        title,
        here: address(grant.id),
        form: visit.session.form().to_owned(),
        can_revoke: grant.profile.is_some(),
    };
    Ok(Reply::ok(&shown)?)
}

/// Ends it.
pub(super) async fn end(caller: Caller, visit: Visit) -> Result<Reply, Trouble> {
    let revoke = visit.field("revoke").is_some();
    let (grant, revoked) = retired(&caller, &visit.ask, revoke).await?;
    Ok(Reply::see(format!("{}?told={}", address(grant.id), if revoked { "revoked" } else { "ended" })))
}
