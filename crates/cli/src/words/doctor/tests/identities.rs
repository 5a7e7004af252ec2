//! Whose logins are: kept without a profile, or not told yet.

use tokenward::LoginWithoutProfile;
use tokenward_core::{GrantId, Subject};

use super::facts::{ago, app, grant, login};
use super::stories::{Story, story};

/// Every story.
pub(super) fn all() -> Vec<Story> {
    let kept = |subject: Option<Subject>, source: Option<&str>| {
        let grant = tokenward_core::Grant { id: GrantId::new(2, [0; 10]), profile: None, subject, ..grant() };
        LoginWithoutProfile::new(grant, source.map(str::to_owned), ago(1))
    };
    let ming = || Some(Subject { id: "ou_2".into(), name: Some("Ming".into()), ..Subject::default() });
    vec![
        story("another user's login, brought by a file", |facts| {
            facts.without_profile = vec![kept(ming(), Some("/home/ada/project/.env"))];
        }),
        story("another user who logged in", |facts| facts.without_profile = vec![kept(ming(), None)]),
        story("a login of nobody knows whom, and no profile of its app", |facts| {
            facts.without_profile = vec![kept(None, None)];
            app(facts).name = "other".parse().unwrap();
            login(facts).grant.app = "other".parse().unwrap();
        }),
        story("an ended login, and a profile of its app", |facts| {
            let mut over = kept(None, Some("/home/ada/project/.env"));
            let (since, code) = (ago(1), tokenward_core::Code::RefreshTokenRefused);
            over.grant.standing = tokenward_core::Standing::NeedsConsent { since, code, provider_code: None };
            facts.without_profile = vec![over];
        }),
        story("one user's two logins of one app", |facts| {
            facts.doubled = vec![("default:alice".parse().unwrap(), "demo-app:alice".parse().unwrap())];
        }),
        story("a login whose user is not told yet", |facts| login(facts).grant.unproven = true),
    ]
}
