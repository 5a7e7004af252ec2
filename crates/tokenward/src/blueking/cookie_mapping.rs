//! Which cookies of a user's browser the token service takes, and under which names.

use tokenward_core::{DirectGrant, LoginCookie, UserTicket};

use super::web_request_trait::Request;

/// One field of the ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Field {
    /// Its name at the token service.
    pub name: String,
    /// The cookie it comes from, also looked for in the session.
    pub cookie: String,
    /// A request header it may come from, where the cookie is not there.
    pub header: Option<String>,
    /// Whether a ticket without it is one.
    pub optional: bool,
}

impl Field {
    /// A field and its cookie.
    pub fn new(name: &str, cookie: &str) -> Self {
        Self { name: name.to_owned(), cookie: cookie.to_owned(), header: None, optional: false }
    }

    /// The same, for a field that goes with the ticket where the request has it.
    #[must_use]
    pub fn or_without(self) -> Self {
        Self { optional: true, ..self }
    }
}

/// Where a user's ticket stands in a request (`OAUTH_COOKIES_PARAMS`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cookies {
    fields: Vec<Field>,
    constants: Vec<(String, LoginCookie)>,
    query: bool,
    uin: bool,
}

impl Cookies {
    /// Fields and the cookies they come from.
    pub fn new(fields: impl IntoIterator<Item = Field>) -> Self {
        Self { fields: fields.into_iter().collect(), constants: Vec::new(), query: false, uin: false }
    }

    /// A field with the same value for every user (`OAUTH_PARAMS`). What a request carries under that name goes before it.
    #[must_use]
    pub fn with_constant(mut self, field: &str, value: LoginCookie) -> Self {
        self.constants.push((field.to_owned(), value));
        self
    }

    /// `bk_token`: the enterprise and community editions.
    pub fn bk_token() -> Self {
        Self::new([Field::new("bk_token", "bk_token")])
    }

    /// `bk_ticket`, and `rtx` from the cookie `bk_uid`: the internal edition.
    pub fn bk_ticket() -> Self {
        Self::new([Field::new("bk_ticket", "bk_ticket"), Field::new("rtx", "bk_uid")])
    }

    /// `skey` and `uin`, from the cookies `p_skey` and `p_uin`: the edition with QQ logins. Numbers are rewritten
    /// ([`Cookies::rewriting_uin`]).
    pub fn skey() -> Self {
        Self::new([Field::new("skey", "p_skey"), Field::new("uin", "p_uin")]).rewriting_uin()
    }

    /// A header that a field may come from.
    #[must_use]
    pub fn or_header(mut self, field: &str, header: &str) -> Self {
        for known in self.fields.iter_mut().filter(|known| known.name == field) {
            known.header = Some(header.to_owned());
        }
        self
    }

    /// Looks into the query of the request's address too, last. An address is logged and shared: do this only where nothing else
    /// is possible.
    #[must_use]
    pub fn or_query(mut self) -> Self {
        self.query = true;
        self
    }

    /// Reads a QQ number as such where it is written with an `o` before it (`o0123456`), in the fields `uin` and `rtx` and in users'
    /// names. No other field is touched.
    #[must_use]
    pub fn rewriting_uin(mut self) -> Self {
        self.uin = true;
        self
    }

    /// The fields.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// What a request's browser carries, if all of it is there.
    pub(super) fn ticket(&self, request: &dyn Request) -> Option<DirectGrant> {
        let mut fields = Vec::with_capacity(self.fields.len());
        for field in &self.fields {
            let value =
                |found: Option<std::borrow::Cow<'_, str>>| found.and_then(|text| self.value(&field.name, &text));
            let found = value(request.cookie(&field.cookie))
                .or_else(|| value(request.session(&field.cookie)))
                .or_else(|| field.header.as_ref().and_then(|header| value(request.header(header))))
                .or_else(|| if self.query { value(request.query(&field.cookie)) } else { None });
            match found {
                Some(found) => fields.push((field.name.clone(), found)),
                None if field.optional => {}
                None => return None,
            }
        }
        if fields.is_empty() {
            return None;
        }
        let known: Vec<_> = fields.iter().map(|(name, _)| name.clone()).collect();
        fields.extend(self.constants.iter().filter(|(name, _)| !known.contains(name)).cloned());
        Some(DirectGrant::Ticket(UserTicket { fields, client_ip: request.client_ip(), renew: false }))
    }

    fn value(&self, field: &str, text: &str) -> Option<LoginCookie> {
        let is_uin = self.uin && matches!(field, "uin" | "rtx");
        let text = if is_uin { without_o(text.trim()) } else { text };
        LoginCookie::parse(text).ok()
    }

    /// A user's name, as the token service writes it.
    pub(super) fn user<'n>(&self, name: &'n str) -> &'n str {
        if self.uin { without_o(name.trim()) } else { name }
    }
}

/// The number in `o` and 3 to 32 digits (`^o\d{3,32}$`), without leading zeros; any other text as it is.
fn without_o(text: &str) -> &str {
    match text.strip_prefix('o') {
        Some(digits) if (3..=32).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            let number = digits.trim_start_matches('0');
            if number.is_empty() { "0" } else { number }
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blueking::RequestParts;

    fn shown(cookies: &Cookies, request: &RequestParts) -> Option<Vec<(String, String)>> {
        match cookies.ticket(request)? {
            DirectGrant::Ticket(ticket) => {
                Some(ticket.fields.iter().map(|(name, value)| (name.clone(), value.expose().to_owned())).collect())
            }
            DirectGrant::ClientCredentials => None,
        }
    }

    #[test]
    fn a_number_is_rewritten_in_two_fields_alone() {
        assert_eq!(without_o("o0123"), "123");
        for kept in ["o12", "o12a", "123", "x0123", "oo123", &format!("o{}", "1".repeat(33))] {
            assert_eq!(without_o(kept), kept);
        }
        let request = RequestParts::of_user("a").with_cookie("p_skey", "o0123").with_cookie("p_uin", "o0123");
        let fields = shown(&Cookies::skey(), &request).unwrap();
        assert_eq!(fields, [("skey".to_owned(), "o0123".to_owned()), ("uin".to_owned(), "123".to_owned())]);
        let request = RequestParts::of_user("a").with_cookie("bk_ticket", "t").with_cookie("bk_uid", "o0123");
        assert_eq!(shown(&Cookies::bk_ticket(), &request).unwrap()[1].1, "o0123");
        assert_eq!(shown(&Cookies::bk_ticket().rewriting_uin(), &request).unwrap()[1].1, "123");
    }

    #[test]
    fn cookie_then_session_then_header_and_the_query_only_when_asked() {
        let cookies = Cookies::bk_token().or_header("bk_token", "X-Bk-Token");
        let request = RequestParts::of_user("a").with_query("bk_token", "query");
        assert_eq!(shown(&cookies, &request), None);
        let asked = cookies.clone().or_query();
        assert_eq!(shown(&asked, &request).unwrap()[0].1, "query");
        let request = request.with_header("x-bk-token", "header");
        assert_eq!(shown(&asked, &request).unwrap()[0].1, "header");
        let request = request.with_session("bk_token", "session");
        assert_eq!(shown(&asked, &request).unwrap()[0].1, "session");
        let request = request.with_cookie("bk_token", "cookie");
        assert_eq!(shown(&asked, &request).unwrap()[0].1, "cookie");
        // Half a ticket is none.
        assert_eq!(shown(&Cookies::bk_ticket(), &RequestParts::of_user("a").with_cookie("bk_ticket", "t")), None);
    }

    #[test]
    fn what_goes_with_a_ticket_makes_none() {
        let constant = |text| LoginCookie::parse(text).unwrap();
        let fields = [Field::new("bk_token", "bk_token"), Field::new("bk_uid", "bk_uid").or_without()];
        let cookies = Cookies::new(fields).with_constant("bk_env", constant("tencent"));
        let cookies = cookies.with_constant("bk_uid", constant("nobody"));
        let names = |request: &RequestParts| {
            let pairs = shown(&cookies, request)?;
            Some(pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" "))
        };
        let request = RequestParts::of_user("a").with_cookie("bk_token", "t");
        assert_eq!(names(&request).unwrap(), "bk_token=t bk_env=tencent bk_uid=nobody");
        let request = request.with_cookie("bk_uid", "a");
        assert_eq!(names(&request).unwrap(), "bk_token=t bk_uid=a bk_env=tencent");
        assert_eq!(names(&RequestParts::of_user("a").with_cookie("bk_uid", "a")), None);
    }
}
