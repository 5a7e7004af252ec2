//! Words about whose a login is: one that no profile points at, and one of which nobody has said yet.

use jiff::tz::TimeZone;
use tokenward::LoginWithoutProfile;
use tokenward_core::{Generation, GrantId, ProfileName, Subject};

use super::Lang;
super::sentences! {
    kept_login(user, app, since, source) { "the login of {user} (app {app}) has no profile; it was added {since} by {source}" "{user} 的登录（应用 {app}）已保留，但不属于任何配置档；添加于 {since}，来源：{source}" }
    kept_login_over(user, app, since, source) { "a login of {user} (app {app}) that is no longer valid has no profile; it was added at {since} by {source}" "{user} 已失效的登录（应用 {app}）仍有记录，不属于任何配置档；添加于 {since}，来源：{source}" }
    kept_login_name(id) { "`tokenward adopt --login {id} -p NAME` gives it a profile of its own" "`tokenward adopt --login {id} -p 新名称` 可为其单独建一个配置档" }
    unproven_login(user) { "the provider has not said yet which user this login belongs to; the profile belongs to {user}. Tokenward asks the provider again on each call. Until it answers, no token of this login is handed out. If the login belongs to another user, it is kept without a profile and the previous login is used again" "平台尚未说明当前登录属于谁，而配置档属于 {user}。在此之前不提供此登录的令牌；每次调用时会询问平台。若属于另一位用户，则该登录保留但不属于任何配置档，并恢复之前的登录" }
    outcome_replaced_kept(user, id, generation) { "held the login of {user}, which is kept without a profile (`tokenward adopt --login {id} -p NAME` gives it one); now holds the current tokens, token set {generation}. None of {user}'s tokens was sent" "原为 {user} 的登录，已保存但不属于任何配置档（`tokenward adopt --login {id} -p 新名称` 可指定配置档）；现已写入当前令牌（第 {generation} 版），没有发送其刷新令牌" }
    outcome_replaced_over(user, generation) { "held a login of {user} that is no longer valid; now holds the current tokens, token set {generation}" "原为 {user} 已失效的登录；现已写入当前令牌（第 {generation} 版）" }
    state_of_former_user(user) { "login of {user}, who logged out" "属于 {user}，已退出登录" }
    state_unproven() { "user not known yet" "尚不清楚属于谁" }
    state_before_unproven() { "still the previous login: the user of the new one is not known yet" "仍是之前的登录：尚不清楚新登录属于谁" }
    state_ended_of_user(user) { "invalid login of {user}" "{user} 的登录，已失效" }
    state_ended_of_nobody() { "invalid login of an unknown user" "已失效的登录，无法得知属于谁" }
    outcome_given_its_own(user, id) { "holds the login of {user}, which was refreshed to find out its user; the file now holds the new tokens. That login is kept without a profile (`tokenward adopt --login {id} -p NAME` gives it one)" "其中是 {user} 的登录；为得知属于谁，已将其刷新一次，现已写入它自己的新令牌；该登录已保存，但不属于任何配置档（`tokenward adopt --login {id} -p 新名称` 可指定配置档）" }
    stop_following(file) { "`tokenward unlink {file}` removes the link" "`tokenward unlink {file}` 可解除关联" }
    token_of_another_user(file, them, profile) { "the access token in {file} belongs to {them}, not to the user of profile {profile}; without its refresh token it could not be kept" "{file} 中的访问令牌属于 {them}，而不是配置档 {profile} 的用户；其中没有刷新令牌，无法保留" }
    token_of_its_own_user(app, them, link) { "`tokenward login -p NEW --app {app}` logs {them} in with a separate profile, and `{link}` then keeps the file in sync with it" "`tokenward login -p 新名称 --app {app}` 可让 {them} 登录到自己的配置档，随后 `{link}` 可让文件与之同步" }
    token_of_nobody_knows(file) { "it is not known which user the access token in {file} belongs to; without its refresh token it could not be kept" "无法得知 {file} 中的访问令牌属于谁；其中没有刷新令牌，无法保留" }
    login_of_nobody_named(profile, us) { "the provider does not say which user this login belongs to, and profile {profile} belongs to {us}" "平台没有说明这是谁的登录，而配置档 {profile} 属于 {us}" }
    login_left_unnamed(profile) { "the provider has not said which user an earlier login belongs to, so that login is still pending; `tokenward login --replace-user` logs in again and switches profile {profile} to the new login" "之前的一条登录记录尚待决定：平台没有说明它属于谁。请先处理；`tokenward login --replace-user` 会重新登录，并把配置档 {profile} 改为该登录" }
    tokens_crosswise(access, refresh) { "there is a refresh token at {access}, and an access token at {refresh}" "{access} 处是刷新令牌，而 {refresh} 处是访问令牌" }
    tokens_crosswise_next() { "swap the two in the file; neither was sent or overwritten" "请在文件中对调两者；两个令牌都没有发送，也没有被覆盖" }
    write_over_login(way, profile) { "`{way}` writes the login of profile {profile} to the file; the other login is kept in the vault if it is still valid" "`{way}` 可把配置档 {profile} 的登录写入该文件；原登录若仍有效，会保留在保险库中" }
    ask_write_over(file, profile) { "Write the login of profile {profile} to {file} from now on?" "要从现在起把配置档 {profile} 的登录写入 {file} 吗？" }
    logged_in_left(file) { "you are logged in, and the login is safe in the vault; {file} is left as it was" "登录成功，已保存在保险库中；{file} 保持原样" }
    write_over_token(way, profile) { "`{way}` overwrites it with the token of profile {profile}" "`{way}` 会用配置档 {profile} 的令牌覆盖它" }
}

impl Lang {
    /// What became of a file that held another login.
    pub(crate) fn replaced(self, user: Option<&str>, id: GrantId, is_kept: bool, generation: Generation) -> String {
        let user = user.map_or_else(|| self.said().someone_unknown(), ToOwned::to_owned);
        if is_kept {
            self.outcome_replaced_kept(user, id, generation)
        } else {
            self.outcome_replaced_over(user, generation)
        }
    }

    /// What a file shows whose login is over.
    pub(crate) fn state_of_ended_login(self, user: Option<&str>) -> String {
        user.map_or_else(|| self.state_ended_of_nobody(), |user| self.state_ended_of_user(user))
    }

    /// What became of a file that was given the new tokens of its own login.
    pub(crate) fn given_its_own(self, user: Option<&str>, id: GrantId) -> String {
        self.outcome_given_its_own(user.map_or_else(|| self.said().someone_unknown(), ToOwned::to_owned), id)
    }

    /// What there is to do about a file that is another profile's. `way` is the command that links it.
    pub(crate) fn file_is_anothers_next(self, way: &str, owner: impl std::fmt::Display) -> [String; 2] {
        [self.file_is_anothers_next_its_own(way, owner), self.file_is_anothers_next_empty()]
    }

    /// Who a user is, in a word.
    pub(crate) fn user_or_untold(self, subject: Option<&Subject>) -> String {
        subject.map_or_else(|| self.said().someone_unknown(), |subject| subject.known_as().to_owned())
    }

    /// A login that no profile points at: whose, since when, and from where.
    pub(crate) fn without_profile(self, login: &LoginWithoutProfile, now: jiff::Timestamp, zone: &TimeZone) -> String {
        let user = self.user_or_untold(login.grant.subject.as_ref());
        let source = login.source.clone().unwrap_or_else(|| self.source_login());
        let (app, since) = (&login.grant.app, self.moment(login.since, now, zone));
        if login.is_over(now) {
            self.kept_login_over(user, app, since, source)
        } else {
            self.kept_login(user, app, since, source)
        }
    }

    /// What can be done with such a login: a profile of its own, the one that is there, or none. One that is over would take the
    /// profile from a login that serves, so it can only be removed.
    pub(crate) fn without_profile_ways(
        self,
        id: tokenward_core::GrantId,
        subject: Option<&Subject>,
        profile: Option<&ProfileName>,
        is_over: bool,
    ) -> Vec<String> {
        let user = self.user_or_untold(subject);
        if is_over {
            return vec![self.drop_login(id, &user)];
        }
        let way = format!("tokenward adopt --login {id}");
        let replace = profile.map(|profile| self.replace_user_as(way, profile, &user));
        [Some(self.kept_login_name(id)), replace, Some(self.drop_login(id, &user))].into_iter().flatten().collect()
    }
}
