//! Every dialect against the sandbox, which was written from the protocol alone: what is sent is accepted, what comes is
//! read, and what is refused is refused for the right reason.

use std::sync::Arc;
use std::time::Duration;

use tokenward_core::ports::{
    Account, AppTokenKind, AuthorizationRequest, CallError, CodeExchange, Consent, Prepared, Sent, TokenEndpoint,
};
use tokenward_core::{
    AccessToken, App, AppSecret, AppToken, AuthorizationCode, ClientAuthentication, CodeVerifier, DirectGrant,
    Endpoints, Hosts, Issued, LoginCookie, Outcome, Refusal, RefusalClass, Remedy, Scopes, TokenApi, UserTicket,
};
use tokenward_emulator::{AppSpec, Brand, Door, Sandbox, SandboxOptions, UserSpec};
use tokenward_wire::{Bearer, Call, CallOptions, CallTrouble, Calls, Providers};
use url::Url;

use crate::support::{Noon, SECRET, answered, blueking, oauth2, providers, spend_of};

const TIMEOUT: Duration = Duration::from_secs(5);
const CALLBACK: &str = "http://127.0.0.1:9000/callback";
/// RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

async fn sandbox() -> Sandbox {
    let sandbox = Sandbox::start(SandboxOptions { seed: Some(7), ..SandboxOptions::default() }).await.unwrap();
    sandbox.app(AppSpec::new(Brand::BlueKing).credentials("demo-app", SECRET).redirect(CALLBACK));
    sandbox.app(AppSpec::new(Brand::OAuth2).credentials("the client", SECRET).redirect(CALLBACK));
    let alice = UserSpec::new("Alice").id("alice").cookie("bk_token", "bk-token-alice");
    sandbox.add_user(alice.cookie("bk_ticket", "ticket-alice"));
    sandbox.consent_auto();
    sandbox
}

fn issued(providers: &Providers, app: &App, sent: Sent) -> Issued {
    match providers.read(&app.name, app.token_api, &answered(sent)) {
        Outcome::Rotated { issued, oddities } => {
            assert!(oddities.is_empty(), "{oddities:?}");
            issued
        }
        other => panic!("{other:?}"),
    }
}

fn refused(providers: &Providers, app: &App, sent: Sent) -> Refusal {
    match providers.read(&app.name, app.token_api, &answered(sent)) {
        Outcome::Refused(refusal) => refusal,
        other => panic!("{other:?}"),
    }
}

async fn refreshed(providers: &Providers, app: &App, token: &str) -> Sent {
    let prepared = Prepared { api: app.token_api, app_token: None };
    providers.refresh(app, &prepared, spend_of(token), TIMEOUT).await
}

fn ticket(name: &str, value: &str) -> DirectGrant {
    let fields = vec![(name.to_owned(), LoginCookie::parse(value).unwrap())];
    DirectGrant::Ticket(UserTicket { fields, client_ip: None, renew: false })
}

fn with_a_wrong_secret(app: &App) -> App {
    App { secret: Some(AppSecret::parse("another-secret").unwrap()), ..app.clone() }
}

async fn through_the_gateway(sandbox: &Sandbox, bearer: &Bearer, path: &str) -> Result<(), CallTrouble> {
    let base = Url::parse(&sandbox.door_url(Door::Gateway)).unwrap();
    let hosts = Hosts { open: base.clone(), accounts: base };
    let calls = Calls::blueking(Arc::new(Noon), CallOptions::default());
    let answer = calls.send(&hosts, bearer, &Call::get(path)).await.unwrap();
    calls.judge(bearer, &answer).map_err(|refusal| refusal.trouble)
}

#[tokio::test]
async fn the_dialects_of_login_cookies() {
    let sandbox = sandbox().await;
    let (ssm, auth_api) = ((Door::Ssm, "bk_token", "bk-token-alice"), (Door::AuthApi, "bk_ticket", "ticket-alice"));
    for (api, (door, name, value)) in [(TokenApi::Ssm, ssm), (TokenApi::AuthApi, auth_api)] {
        let providers = providers();
        let app = blueking(&sandbox.door_url(door), api);
        let first = issued(&providers, &app, providers.grant(&app, &ticket(name, value), TIMEOUT).await);
        assert_eq!(first.subject.unwrap().id, "alice");
        let old = first.access.unwrap().token;
        assert_eq!(providers.user_info(&app, &old).await.unwrap().id, "alice");

        let refresh = first.refresh.unwrap();
        let second = issued(&providers, &app, refreshed(&providers, &app, refresh.expose()).await);
        let present = second.access.unwrap().token;
        assert_eq!(second.refresh.unwrap() == refresh, api == TokenApi::Ssm, "SSM gives the same one back");
        let user = Bearer::User(present.clone());
        assert_eq!(through_the_gateway(&sandbox, &user, "/api/demo/prod/users/").await, Ok(()));
        assert!(providers.user_info(&app, &old).await.is_err(), "{api}: the old one ended");
        let dead = Bearer::User(old);
        assert_eq!(through_the_gateway(&sandbox, &dead, "/api/x/").await, Err(CallTrouble::UserTokenDead));

        let own = issued(&providers, &app, providers.grant(&app, &DirectGrant::ClientCredentials, TIMEOUT).await);
        assert_eq!(own.subject, None);
        let own = Bearer::App(AppToken::parse(own.access.unwrap().token.expose()).unwrap());
        assert_eq!(through_the_gateway(&sandbox, &own, "/app/x/").await, Ok(()));
        assert_eq!(through_the_gateway(&sandbox, &own, "/api/x/").await, Err(CallTrouble::NotTaken));

        providers.check_up(&app).await.accepted.unwrap();
        assert!(providers.check_up(&with_a_wrong_secret(&app)).await.accepted.is_err());
        for bearer in [user, own] {
            assert_eq!(through_the_gateway(&sandbox, &bearer, "/app/x/").await, Ok(()), "a check-up ends nothing");
        }
        let cookie = refused(&providers, &app, providers.grant(&app, &ticket(name, "nobodys"), TIMEOUT).await);
        assert_ne!(cookie.class, RefusalClass::NeedsConsent);
    }
    let app = blueking(&sandbox.door_url(Door::Ssm), TokenApi::Ssm);
    let providers = providers();
    let told = refused(&providers, &app, refreshed(&providers, &app, "nobodys0refresh0token000000000").await);
    assert_eq!((told.class, told.provider_code), (RefusalClass::NeedsConsent, Some(1_901_403)));
}

/// Follows the authorization page, which consents by itself, to the code.
async fn code(url: Url) -> AuthorizationCode {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let answer = client.get(url).send().await.unwrap();
    let location = Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap();
    let code = location.query_pairs().find(|(name, _)| name == "code").expect("a code").1.into_owned();
    AuthorizationCode::parse(code).unwrap()
}

async fn login(providers: &Providers, app: &App) -> Issued {
    let redirect_uri = Url::parse(CALLBACK).unwrap();
    let request = AuthorizationRequest {
        redirect_uri: redirect_uri.clone().into(),
        scopes: Scopes::parse("read offline_access").unwrap().0,
        state: "st+ate".to_owned(),
        code_challenge: Some(CHALLENGE.to_owned()),
        force_consent: false,
    };
    let code = code(providers.authorization_url(app, &request).await.unwrap()).await;
    let exchange =
        CodeExchange { code, verifier: CodeVerifier::parse(VERIFIER).unwrap(), redirect_uri: redirect_uri.into() };
    let prepared = providers.prepare(app, app.token_api).await.unwrap();
    issued(providers, app, providers.exchange(app, &prepared, &exchange, TIMEOUT).await)
}

#[tokio::test]
async fn the_dialects_of_the_rfcs() {
    let sandbox = sandbox().await;
    let plain = |way| oauth2(&sandbox.door_url(Door::Plain), Endpoints::default(), way);
    for app in [
        blueking(&sandbox.door_url(Door::Bkauth), TokenApi::BkAuth),
        plain(ClientAuthentication::Basic),
        plain(ClientAuthentication::Body),
    ] {
        let providers = providers();
        let first = login(&providers, &app).await;
        let access = first.access.unwrap().token;
        assert_eq!(providers.user_info(&app, &access).await.unwrap().id, "alice");

        let spent = first.refresh.unwrap();
        let second = issued(&providers, &app, refreshed(&providers, &app, spent.expose()).await);
        assert!(second.refresh.unwrap() != spent, "it rotates");
        let replayed = refused(&providers, &app, refreshed(&providers, &app, spent.expose()).await);
        assert_eq!(replayed.class, RefusalClass::NeedsConsent);
        let wrong = with_a_wrong_secret(&app);
        let told = refused(&providers, &wrong, refreshed(&providers, &wrong, "nobodys").await);
        // Nobody knows at which server a client of plain OAuth is registered.
        let remedy =
            if app.token_api == TokenApi::BkAuth { Remedy::CheckSecretAtBlueKing } else { Remedy::CheckClient };
        assert_eq!(told.remedy, remedy);

        let third = login(&providers, &app).await;
        let access: AccessToken = third.access.unwrap().token;
        providers.check_up(&app).await.accepted.unwrap();
        assert!(providers.check_up(&wrong).await.accepted.is_err());
        assert!(providers.user_info(&app, &access).await.is_ok(), "a check-up ends nothing");
        providers.revoke(&app, third.refresh.as_ref(), Some(&access)).await.unwrap();
        match providers.user_info(&app, &access).await {
            Err(CallError::Refused(refusal)) => assert_eq!(refusal.class, RefusalClass::AccessDead),
            other => panic!("{other:?}"),
        }

        let device = providers.device_begin(&app, &Scopes::parse("read offline_access").unwrap().0).await.unwrap();
        assert!(device.verification_uri.path().ends_with("/device"));
        issued(&providers, &app, providers.device_poll(&app, &device.device_code, TIMEOUT).await);
        let own = providers.app_token(&app, AppTokenKind::App).await;
        assert_eq!(own.is_ok(), app.token_api == TokenApi::Rfc6749, "{own:?}");
    }
}
