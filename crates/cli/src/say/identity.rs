//! Words about whose a login is: one that no profile points at, and one of which nobody has said yet.

use tokenward::LoginWithoutProfile;
use tokenward_core::{Code, ProfileName, Subject, Words};

use super::{Lang, stories, w};

stories! {
        Code::LoginWithoutProfile => (
            w("a login is kept that no profile points at", "保留了一个不属于任何配置档的登录"),
            w(
                "give it a profile with `tokenward adopt --login ID -p NAME`, or remove it with `tokenward logout --login ID`",
                "请用 `tokenward adopt --login ID -p 名称` 指定配置档，或用 `tokenward logout --login ID` 删除",
            ),
        ),
        Code::UserUnproven => (
            w("it is not known yet whose login this is", "尚不清楚当前登录属于谁"),
            w("run `tokenward token`: the provider is asked", "请运行 `tokenward token`：届时会询问服务方"),
        ),
}

super::sentences! {
    kept_login(user, app, since, source) { "the login of {user} (app {app}) is kept without a profile; it came {since} from {source}" "{user} 的登录（应用 {app}）已保留，但不属于任何配置档；于 {since} 来自 {source}" }
    kept_login_name(id) { "`tokenward adopt --login {id} -p NEW` gives it a profile of its own" "`tokenward adopt --login {id} -p 新名称` 可为其单独建一个配置档" }
    unproven_login(user) { "the provider has not said yet whose login this is; the profile belongs to {user}. The provider is asked before any token is handed out. If the login is another user's, it is kept without a profile, and the login before it is used again" "服务方尚未说明当前登录属于谁，而配置档属于 {user}。在给出令牌之前会先询问；若属于另一位用户，则该登录保留但不属于任何配置档，并换回之前的登录" }
}

impl Lang {
    /// Who a user is, in a word.
    pub(crate) fn user_or_untold(self, subject: Option<&Subject>) -> String {
        subject.map_or_else(|| self.someone_unknown(), |subject| subject.known_as().to_owned())
    }

    /// A login that no profile points at: whose, since when, and from where.
    pub(crate) fn without_profile(self, login: &LoginWithoutProfile, now: jiff::Timestamp) -> String {
        let user = self.user_or_untold(login.grant.subject.as_ref());
        let source = login.source.clone().unwrap_or_else(|| self.source_login());
        self.kept_login(user, &login.grant.app, self.moment(login.since, now), source)
    }

    /// What can be done with such a login: a profile of its own, the one that is there, or none.
    pub(crate) fn without_profile_ways(
        self,
        id: tokenward_core::GrantId,
        subject: Option<&Subject>,
        profile: Option<&ProfileName>,
    ) -> Vec<String> {
        let user = self.user_or_untold(subject);
        let way = format!("tokenward adopt --login {id}");
        let replace = profile.map(|profile| self.replace_user_as(way, profile, &user));
        [Some(self.kept_login_name(id)), replace, Some(self.drop_login(id, &user))].into_iter().flatten().collect()
    }
}
