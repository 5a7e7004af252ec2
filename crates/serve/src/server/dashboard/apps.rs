//! The apps of the settings, with a way to connect a user where a profile permits it.

use askama::Template;
use tokenward_core::{ProfileName, Verb, visible};
use tokenward_words::Language;

use super::super::app_list::known;
use super::super::caller::Caller;
use super::super::web_logins;
use super::frame::{Frame, Here};
use super::reply::Reply;
use super::trouble::Trouble;
use super::visit::Visit;

#[derive(Template)]
#[template(path = "dashboard/apps.html")]
struct AppsPage {
    frame: Frame,
    l: Language,
    rows: Vec<App>,
    /// The profiles under which users can be connected.
    connectable: Vec<String>,
    form: String,
}

struct App {
    name: String,
    provider: String,
    client_id: String,
    profiles: Vec<String>,
    logins: String,
}

pub(super) fn show(caller: &Caller, visit: &Visit) -> Result<Reply, Trouble> {
    let (settings, l) = (visit.server().session.settings(), visit.l());
    let (mut rows, mut connectable) = (Vec::new(), Vec::new());
    for app in known(caller, settings) {
        if caller.may(Verb::Login) {
            let permits = |profile: &&String| {
                let profile = profile.parse::<ProfileName>();
                profile.is_ok_and(|profile| {
                    settings.profile(Some(&profile)).is_ok_and(|it| web_logins::is_for_browsers(&it))
                })
            };
            connectable.extend(app.profiles.iter().filter(permits).cloned());
        }
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("app", &app.app).finish();
        rows.push(App {
            name: app.app,
            provider: app.provider,
            client_id: visible(&app.client_id).into_owned(),
            profiles: app.profiles,
            logins: format!("/dashboard/logins?{query}"),
        });
    }
    let shown = AppsPage {
        frame: Frame::known(visit, caller, Here::Apps, l.page_apps()),
        l,
        rows,
        connectable,
        form: visit.session.form().to_owned(),
    };
    Ok(Reply::ok(&shown)?)
}
