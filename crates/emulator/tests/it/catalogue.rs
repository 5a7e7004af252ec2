//! Every code of the catalogue can be produced, with the status it promises and in its endpoint's shape.

use std::collections::BTreeSet;

use tokenward_emulator::{
    CatalogueEntry, Door, Endpoint, Fault, FaultKind, Operation, catalogue, catalogue_beyond, catalogue_calls,
};

use crate::world::{Answer, World, send};

/// A request that gets as far as its endpoint, with the operation the entry names.
async fn provoke(world: &World, entry: &CatalogueEntry) -> Answer {
    let (door, method, path) = entry.endpoint.address();
    let url = if door == Door::Open { world.open(path) } else { world.accounts(path) };
    let grant_type = match entry.operation {
        Operation::ClientCredentials => "client_credentials",
        Operation::DevicePoll => "urn:ietf:params:oauth:grant-type:device_code",
        Operation::Refresh => "refresh_token",
        _ => "authorization_code",
    };
    let request = world.http.request(method.clone(), url);
    let request = if method == "POST" { request.form(&[("grant_type", grant_type)]) } else { request };
    send(request).await
}

#[tokio::test]
async fn every_code_can_be_produced() {
    let world = World::new().await;
    let entries: Vec<_> = catalogue().into_iter().chain(catalogue_beyond()).chain(catalogue_calls()).collect();
    assert!(entries.len() > 350, "{} entries", entries.len());
    for entry in &entries {
        world.sandbox.inject(Fault::code(entry.code).on(entry.endpoint).when(entry.operation));
        let answer = provoke(&world, entry).await;
        assert_eq!((answer.status, answer.code()), (entry.status, u64::from(entry.code)), "{entry:?}");
        let body = answer.json();
        match entry.endpoint {
            Endpoint::V2Token | Endpoint::V3Token | Endpoint::Revoke | Endpoint::DeviceAuthorization => {
                assert!(body["error"].is_string() && body["error_description"].is_string(), "{body}");
            }
            _ => assert!(body["msg"].is_string(), "{body}"),
        }
        assert!(world.sandbox.faults().is_empty(), "used up");
    }
    let codes = world.sandbox.history().into_iter().filter_map(|record| record.visit().and_then(|visit| visit.code));
    let produced: BTreeSet<u32> = codes.collect();
    assert_eq!(produced, entries.iter().map(|entry| entry.code).collect());
}

/// The tables of the reference, spelled out here once more so that a row cannot vanish unnoticed.
#[test]
fn no_row_of_the_reference_is_missing() {
    let has = |endpoint, operation, codes: &[u32]| {
        let listed: BTreeSet<u32> = catalogue()
            .into_iter()
            .filter(|entry| entry.endpoint == endpoint && entry.operation == operation)
            .map(|entry| entry.code)
            .collect();
        for code in codes {
            assert!(listed.contains(code), "{endpoint:?} {operation:?} lacks {code}");
        }
    };
    let both = [
        20001, 20002, 20008, 20009, 20010, 20024, 20036, 20046, 20048, 20050, 20063, 20066, 20067, 20068, 20069, 20070,
        20072, 21000, 21001,
    ];
    for endpoint in [Endpoint::V2Token, Endpoint::V3Token] {
        has(endpoint, Operation::Exchange, &both);
        has(endpoint, Operation::Exchange, &[20003, 20004, 20049, 20065, 20071]);
        has(endpoint, Operation::Refresh, &both);
        has(endpoint, Operation::Refresh, &[20026, 20037, 20064, 20073, 20074]);
    }
    let oidc =
        [20001, 20002, 20007, 20008, 20013, 20014, 20021, 20022, 20023, 20024, 20028, 20029, 20036, 20042, 20046];
    has(Endpoint::OidcExchange, Operation::Exchange, &oidc);
    has(Endpoint::OidcExchange, Operation::Exchange, &[20003, 20004, 20025, 20035, 20039]);
    has(Endpoint::OidcRefresh, Operation::Refresh, &oidc);
    has(Endpoint::OidcRefresh, Operation::Refresh, &[20026, 20037, 20038]);
    let legacy = [20001, 20007, 20008, 20009, 20021, 20022, 20023, 20024, 20025, 20028, 20050];
    has(Endpoint::LegacyExchange, Operation::Exchange, &legacy);
    has(Endpoint::LegacyRefresh, Operation::Refresh, &legacy);
    let tokens = [10003, 10005, 10014, 10015, 99_991_543, 99_991_401, 99_991_403];
    for endpoint in [Endpoint::AppTokenInternal, Endpoint::AppTokenStore] {
        has(endpoint, Operation::AppToken, &tokens);
        has(endpoint, Operation::AppToken, &[10012, 11207, 11209, 11210]);
    }
    for endpoint in [Endpoint::TenantTokenInternal, Endpoint::TenantTokenStore] {
        has(endpoint, Operation::TenantToken, &tokens);
        has(endpoint, Operation::TenantToken, &[10013, 11207, 11209, 11210]);
    }
    has(Endpoint::AppTicketResend, Operation::Ticket, &tokens);
    has(Endpoint::AppTicketResend, Operation::Ticket, &[10016]);
    has(Endpoint::UserInfo, Operation::Call, &[20001, 20005, 20006, 20008, 20021, 20022, 20023, 20050]);
    has(Endpoint::Api, Operation::Call, &(99_991_661..=99_991_665).collect::<Vec<_>>());
    has(Endpoint::Api, Operation::Call, &(99_991_668..=99_991_677).collect::<Vec<_>>());
    has(
        Endpoint::Api,
        Operation::Call,
        &[99_991_679, 99_991_543, 99_991_400, 99_991_401, 99_991_403, 20005, 20006, 4001, 230_027],
    );
}

/// reference/feishu.md §12.5, spelled out once more.
#[test]
fn no_code_of_a_call_is_missing() {
    let listed: BTreeSet<(u16, u32)> = catalogue_calls().into_iter().map(|entry| (entry.status, entry.code)).collect();
    let mut missing = Vec::new();
    let mut has = |status: u16, codes: &[u32]| {
        missing.extend(codes.iter().filter(|code| !listed.contains(&(status, **code))).copied());
    };
    has(400, &[131_001, 131_002, 131_003, 131_004, 131_005, 131_006, 131_007, 131_009, 131_010]);
    has(400, &[1_770_001, 1_770_003, 1_770_004, 1_770_005, 1_770_006, 1_770_007, 1_770_008, 1_770_010, 1_770_011]);
    has(400, &[1_770_012, 1_770_013, 1_770_014, 1_770_015, 1_770_019, 1_770_020, 1_770_021, 1_770_022, 1_770_024]);
    has(400, &(1_770_025..=1_770_031).collect::<Vec<_>>());
    has(400, &[1_770_033, 1_770_034, 1_770_035, 1_770_036, 1_770_037, 1_770_038, 1_770_039, 1_770_041]);
    has(403, &[1_770_032, 1_061_004, 1_061_073, 1_062_014, 1_069_902, 1_069_906, 1_069_908]);
    has(404, &[1_770_002, 1_061_003, 1_061_007, 1_069_907]);
    has(500, &[1_771_001, 1_771_002, 1_771_003, 1_771_004, 1_771_006, 1_069_901, 1_069_903, 1_069_905]);
    has(503, &[1_771_005]);
    has(200, &[1_061_001, 1_061_006, 1_061_045]);
    has(202, &[1_062_004, 1_062_005, 1_062_006]);
    has(400, &[1_061_002, 1_061_008, 1_061_021, 1_061_041, 1_061_042, 1_061_043, 1_061_044, 1_061_061, 1_061_101]);
    has(400, &[1_061_109, 1_061_113, 1_061_547, 1_062_007, 1_062_008, 1_062_009, 1_062_010, 1_062_011, 1_062_012]);
    has(400, &[1_062_013, 1_062_051, 1_062_505, 1_062_506, 1_062_507]);
    has(401, &[1_061_005]);
    has(400, &[1_069_904, 1_069_909, 1_069_910, 1_069_911, 1_069_912, 1_069_913, 1_069_914]);
    has(429, &[1_069_923]);
    assert_eq!(missing, Vec::<u32>::new());
}

#[tokio::test]
async fn a_code_outside_the_catalogue_takes_the_status_it_is_given() {
    let world = World::new().await;
    world.sandbox.inject(Fault::new(FaultKind::Code { code: 12345, status: Some(418) }));
    world.refresh(Endpoint::V3Token, "eyJ").await.is(418, 12345);
}

/// What the sandbox answers on its own is listed too: the client's table is checked against the catalogue.
#[tokio::test]
async fn natural_refusals_are_in_the_catalogue() {
    let world = World::new().await;
    let lark = |endpoint: Endpoint| {
        let (door, _, path) = endpoint.address();
        let urls = world.sandbox.urls(tokenward_emulator::Brand::Lark);
        format!("{}{path}", if door == Door::Open { urls.open } else { urls.accounts })
    };
    let bearer = world.app_token().await;
    let grants = ["authorization_code", "refresh_token", "client_credentials", "nonsense", ""];
    let platform = |endpoint: &Endpoint| endpoint.is_machine() && endpoint.address().0.brand().is_none();
    for endpoint in Endpoint::ALL.into_iter().filter(platform) {
        let method = endpoint.address().1;
        for url in [world.url(endpoint), lark(endpoint)] {
            for (grant_type, id) in grants.iter().flat_map(|grant| [(grant, "cli_main"), (grant, "cli_nobody")]) {
                for secret in ["main-secret", "wrong", ""] {
                    let mut body = world.body(grant_type, &[("app_id", id), ("app_secret", secret), ("code", "x")]);
                    body["refresh_token"] = "ur-x".into();
                    body["client_id"] = id.into();
                    body["client_secret"] = secret.into();
                    let request = world.http.request(method.clone(), &url).bearer_auth(&bearer);
                    let request = request.header("content-type", "application/json");
                    send(if method == "POST" { request.body(body.to_string()) } else { request }).await;
                }
            }
        }
    }
    let listed = catalogue().into_iter().chain(catalogue_beyond()).chain(catalogue_calls());
    let listed: BTreeSet<_> = listed.map(|entry| (entry.endpoint, entry.code, Some(entry.status))).collect();
    let mut refusals = BTreeSet::new();
    for visit in world.sandbox.history().iter().filter_map(|record| record.visit()) {
        if let Some(code) = visit.code.filter(|code| *code != 0) {
            assert!(listed.contains(&(visit.endpoint, code, visit.status)), "not listed: {visit:?}");
            refusals.insert((visit.endpoint, code));
        }
    }
    assert!(refusals.len() > 30, "{refusals:?}");
}
