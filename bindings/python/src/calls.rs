//! Requests that a program sends itself, and calls that the library sends: [`Calls`], [`Held`].
//!
//! Enters: an address, or what a provider answered. Leaves: a token where one may go, and a newer one where the answer says that it is dead. What
//! counts as such an answer, and which hosts a token may go to, are the library's rules.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use tokenward::{ApiClient, ApiError, Call, CallAnswer, Caller, HeldToken};
use url::Url;

use crate::calling::{OfProcess, PerProcess, run};
use crate::errors::{call_exception, exception, notice_sentences};
use crate::logins::{Profile, spelled};

/// Calls with the token of a profile.
#[pyclass(frozen, module = "tokenward._tokenward")]
pub(crate) struct Calls {
    profile: Py<Profile>,
    client: PerProcess<ApiClient>,
}

/// A token in use. Nothing shows it but `header`.
#[pyclass(frozen, module = "tokenward._tokenward")]
pub(crate) struct Held {
    token: Arc<HeldToken>,
    header: (String, String),
}

#[pymethods]
impl Held {
    /// The header that it goes into, and its value.
    fn header(&self) -> (String, String) {
        self.header.clone()
    }
}

/// Status, headers and body of an answer.
type Answer = (u16, Vec<(String, String)>, Vec<u8>);

#[pymethods]
impl Calls {
    #[new]
    const fn new(profile: Py<Profile>) -> Self {
        Self { profile, client: PerProcess::empty() }
    }

    /// Whether a token may go to an address: it is one of the app's own, and not in clear text over a network.
    fn permits(&self, py: Python<'_>, url: &str) -> PyResult<bool> {
        let Ok(url) = Url::parse(url) else { return Ok(false) };
        Ok(self.client(py)?.get().is_some_and(|client| client.permits(&url)))
    }

    /// A token that is good now.
    fn hold(&self, py: Python<'_>) -> PyResult<Held> {
        let client = self.own(py)?;
        let held = run(py, {
            let client = client.clone();
            async move { client.hold().await }
        })?;
        self.held(py, &client, held)
    }

    /// Whether an answer with these headers has to be read to know what it says.
    #[staticmethod]
    fn may_say_no(status: u16, headers: Vec<(String, String)>) -> bool {
        CallAnswer::may_say_no(status, &header_map(headers))
    }

    /// A newer token in place of one that this answer refuses; nothing where the answer does not speak of the token, or a newer one would be
    /// refused as well.
    #[pyo3(signature = (held, target, status, headers, body))]
    fn newer(
        &self,
        py: Python<'_>,
        held: &Held,
        target: String,
        status: u16,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    ) -> PyResult<Option<Held>> {
        let client = self.own(py)?;
        let answer = CallAnswer { status, headers: header_map(headers), body: body.into() };
        let Some(refusal) = client.judge(&held.token, &answer) else { return Ok(None) };
        let (asked, token) = (client.clone(), Arc::clone(&held.token));
        let newer = run(py, async move { asked.newer(&token, &target, &refusal).await })?;
        newer.transpose().map(|newer| self.held(py, &client, newer)).transpose()
    }

    /// Notes that a token fresh from its refresh was refused too, if this answer says so: it is no reason to refresh that one again.
    #[pyo3(signature = (held, target, status, headers, body))]
    fn answered_again(
        &self,
        py: Python<'_>,
        held: &Held,
        target: &str,
        status: u16,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    ) -> PyResult<()> {
        let client = self.own(py)?;
        let answer = CallAnswer { status, headers: header_map(headers), body: body.into() };
        if let Some(refusal) = client.judge(&held.token, &answer) {
            client.refused_again(&held.token, target, &refusal);
        }
        Ok(())
    }

    /// Makes a call of the provider's API and gives back the answer of one that was done.
    #[pyo3(signature = (method, target, query, headers, body))]
    fn call(
        &self,
        py: Python<'_>,
        method: &str,
        target: String,
        query: Vec<(String, String)>,
        headers: Vec<(String, String)>,
        body: Option<(String, Vec<u8>)>,
    ) -> PyResult<Answer> {
        let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes())
            .map_err(|_| PyValueError::new_err(format!("{method:?} is no HTTP method")))?;
        let mut call = Call::new(method, target);
        call.query = query;
        for (name, value) in headers {
            let read = (HeaderName::try_from(name.as_str()).ok(), HeaderValue::try_from(value.as_str()).ok());
            let (Some(header), Some(value)) = read else {
                return Err(PyValueError::new_err(format!("the header {name:?} cannot be sent")));
            };
            call = call.header(header, value);
        }
        if let Some((content_type, bytes)) = body {
            call = call.bytes(content_type, bytes);
        }
        let client = self.own(py)?;
        let made = run(py, async move { client.call(call).await })?;
        let answer = made.map_err(|error| self.failure(py, &error))?;
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = answer.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
        Ok((answer.status, headers, answer.body.to_vec()))
    }

    /// What a person should know although calls were made, told once.
    fn take_notices(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        Ok(notice_sentences(py, &self.own(py)?.take_notices()))
    }
}

impl Calls {
    /// The client of this process.
    fn client(&self, py: Python<'_>) -> PyResult<Arc<OfProcess<ApiClient>>> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let profile = self.profile.get();
        let opened = profile.in_library(py)?;
        let client = run(py, async move { opened.api().await })?;
        let client = client.map_err(|error| exception(py, &error, Some(profile.name())))?;
        Ok(self.client.put(client).0)
    }

    fn own(&self, py: Python<'_>) -> PyResult<ApiClient> {
        Ok(self.client(py)?.get().expect("it is of this process").clone())
    }

    fn held(&self, py: Python<'_>, client: &ApiClient, held: Result<HeldToken, ApiError>) -> PyResult<Held> {
        let token = held.map_err(|error| self.failure(py, &error))?;
        let header =
            client.credential(&token).ok_or_else(|| PyValueError::new_err("the token cannot stand in a header"))?;
        let value = String::from_utf8_lossy(header.1.as_bytes()).into_owned();
        Ok(Held { token: Arc::new(token), header: (spelled(&header.0), value) })
    }

    fn failure(&self, py: Python<'_>, error: &ApiError) -> PyErr {
        if matches!(error, ApiError::Token(_)) {
            // The login or the app's secret may have been replaced: what is in the vault now is looked up next time.
            self.client.take();
        }
        call_exception(py, error, Some(self.profile.get().name()))
    }
}

/// What of them can stand in a map. A body that Python hands over is unpacked already.
fn header_map(headers: Vec<(String, String)>) -> HeaderMap {
    let read =
        |(name, value): (String, String)| Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?));
    headers.into_iter().filter_map(read).filter(|(name, _)| *name != http::header::CONTENT_ENCODING).collect()
}
