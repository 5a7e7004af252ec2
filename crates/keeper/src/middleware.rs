//! A token in every request of a program's own `reqwest` client.
//!
//! Enters: a request. Leaves: its response, as the provider gave it. A request to one of the app's own hosts gets a
//! token that is good; any other passes untouched. Where the response says that the token is dead, it is rotated once
//! and the request sent once more, if its body can be cloned (a stream cannot). Limits and lost answers are not this
//! step's business: other middleware waits and repeats. `reqwest` itself drops the token where it follows a redirect
//! to another host.

use std::fmt;

use async_trait::async_trait;
use http::Extensions;
use reqwest::{Request, Response, ResponseBuilderExt};
use reqwest_middleware::{Error, Middleware, Next};
use tokenward_wire::{CallAnswer, CallRefusal};

use crate::{ApiClient, HeldToken};

/// Puts a token that is always good into requests.
///
/// ```no_run
/// # fn build(client: tokenward_keeper::ApiClient) {
/// let http = reqwest_middleware::ClientBuilder::new(reqwest::Client::new())
///     .with(tokenward_keeper::TokenMiddleware::new(client))
///     .build();
/// # let _ = http;
/// # }
/// ```
pub struct TokenMiddleware {
    client: ApiClient,
}

impl TokenMiddleware {
    /// With the tokens of a client.
    pub fn new(client: ApiClient) -> Self {
        Self { client }
    }

    /// What a response says, and the response again: one that may hold a refusal is read for it.
    async fn judged(
        &self,
        held: &HeldToken,
        response: Response,
    ) -> Result<(Response, Option<Box<CallRefusal>>), Error> {
        if !CallAnswer::may_say_no(response.status().as_u16(), response.headers()) {
            return Ok((response, None));
        }
        let (status, version, url) = (response.status(), response.version(), response.url().clone());
        let headers = response.headers().clone();
        let body = response.bytes().await?;
        let answer = CallAnswer { status: status.as_u16(), headers: headers.clone(), body: body.clone() };
        let refusal = self.client.judge(held, &answer);
        let mut again = http::Response::builder().status(status).version(version).url(url);
        if let Some(fields) = again.headers_mut() {
            *fields = headers;
        }
        let again = again.body(body).map_err(Error::middleware)?;
        Ok((Response::from(again), refusal))
    }
}

#[async_trait]
impl Middleware for TokenMiddleware {
    async fn handle(
        &self,
        mut request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response, Error> {
        if !self.client.permits(request.url()) {
            return next.run(request, extensions).await;
        }
        let target = request.url().path().to_owned();
        let held = self.client.hold().await.map_err(Error::middleware)?;
        let again = request.try_clone();
        self.client.authorize(&held, request.headers_mut());
        let response = next.clone().run(request, extensions).await?;
        let (response, refusal) = self.judged(&held, response).await?;
        let (Some(refusal), Some(mut again)) = (refusal, again) else { return Ok(response) };
        let Some(newer) = self.client.newer(&held, &target, &refusal).await.map_err(Error::middleware)? else {
            return Ok(response);
        };
        self.client.authorize(&newer, again.headers_mut());
        let response = next.run(again, extensions).await?;
        let (response, refusal) = self.judged(&newer, response).await?;
        if let Some(refusal) = refusal {
            self.client.refused_again(&newer, &target, &refusal);
        }
        Ok(response)
    }
}

impl fmt::Debug for TokenMiddleware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenMiddleware").field("client", &self.client).finish()
    }
}
