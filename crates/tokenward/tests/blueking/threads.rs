//! R5: eight threads, eight users, 160,000 grants and more over one client (reference/blueking.md §1.6). `bkoauth` puts what a
//! request carries into one dictionary for all threads, and hands bob's token to alice.

use std::collections::HashMap;
use std::sync::{Arc, Barrier, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use tokenward::blueking::RequestParts;
use tokenward::core::UserName;
use tokenward_emulator::{Fingerprint, Sandbox};

use crate::world::{Kind, World, log_in_at_blueking, request, with_cookies_of};

const USERS: [&str; 8] = ["u0", "u1", "u2", "u3", "u4", "u5", "u6", "u7"];
/// By each thread at least; a call is so quick that more are needed until tokens have been rotated.
const CALLS: usize = 20_000;
/// How many tokens have to be handed out in all.
const TOKENS: usize = USERS.len() * 2 + 1;

/// Tokens that live four seconds, so that each user's is rotated many times under the callers' hands. Every token handed out is that
/// user's, and lived when its call began.
#[test]
fn r5_eight_threads_eight_users_and_160_000_calls() {
    let world = World::blocking(Kind::SSM);
    for user in USERS {
        log_in_at_blueking(&world.sandbox, user);
    }
    world.sandbox.rules(|rules| rules.blueking.ssm.tokens.access_seconds = 4);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let client = runtime.block_on(world.stand.client());
    let start = Arc::new(Barrier::new(USERS.len()));
    let owners: Mutex<HashMap<String, &str>> = Mutex::default();
    std::thread::scope(|scope| {
        for thread in 0..USERS.len() {
            let (client, start, owners) = (client.clone(), Arc::clone(&start), &owners);
            let (handle, sandbox) = (runtime.handle().clone(), &world.sandbox);
            scope.spawn(move || {
                start.wait();
                for call in 0.. {
                    if call >= CALLS && owners.lock().unwrap().len() >= TOKENS {
                        break;
                    }
                    // Every thread goes through all users, each beginning with another.
                    let user = USERS[(thread + call) % USERS.len()];
                    let begun = now();
                    let token = handle.block_on(client.get_access_token(&request(user))).unwrap();
                    assert_eq!(token.user.as_ref().map(UserName::as_str), Some(user));
                    let text = token.access_token.expose();
                    let known = owners.lock().unwrap().insert(text.to_owned(), user);
                    assert!(known.is_none_or(|known| known == user), "{user} was handed a token of {known:?}");
                    assert!(
                        sandbox.is_good(text) || lived(sandbox, text, user, begun),
                        "{user} was handed a dead token"
                    );
                }
            });
        }
    });
    // Whose each token is, the service knows.
    let issued: HashMap<_, _> = world
        .sandbox
        .history()
        .iter()
        .filter_map(|record| record.visit())
        .filter_map(|visit| visit.issued_access.clone().zip(visit.user.clone()))
        .collect();
    let owners = owners.into_inner().unwrap();
    assert!(owners.len() >= TOKENS, "only {} tokens were handed out", owners.len());
    for (token, user) in &owners {
        assert_eq!(issued.get(&Fingerprint::of(token)).map(String::as_str), Some(*user), "a foreign token");
    }
    let counters = world.counters();
    assert_eq!(counters.cookie_grants, 8, "{counters:?}");
    assert_eq!(runtime.block_on(world.grants()), 8);
    world.assert_clean();
}

/// What a request carries is its own also where two fields make a ticket, and where users change from call to call.
#[test]
fn r5_two_fields_of_a_ticket_are_never_of_two_users() {
    let world = World::blocking(Kind::AuthApi { refresh: tokenward_emulator::RefreshFate::Rotates });
    for user in USERS {
        log_in_at_blueking(&world.sandbox, user);
    }
    world.sandbox.rules(|rules| {
        // Each call asks the service: nothing that is issued lasts.
        rules.blueking.auth_api.tokens.access_seconds = 1;
        rules.blueking.auth_api.tokens.refreshable = false;
        rules.keep_requests = true;
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let client = runtime.block_on(world.stand.client());
    std::thread::scope(|scope| {
        for thread in 0..USERS.len() {
            let (client, handle) = (client.clone(), runtime.handle().clone());
            scope.spawn(move || {
                for call in 0..12 {
                    let user = USERS[(thread + call) % USERS.len()];
                    let request = with_cookies_of(RequestParts::of_user(user), user);
                    // A token that lives a second may have ended by the time that it is looked at; a foreign one must not come.
                    match handle.block_on(client.get_access_token(&request)) {
                        Ok(token) => assert_eq!(token.user.as_ref().map(UserName::as_str), Some(user)),
                        Err(error) => assert_ne!(error.code(), tokenward::core::Code::WrongUser, "{error:?}"),
                    }
                }
            });
        }
    });
    for request in world.sandbox.requests().iter().filter(|request| request.line.contains("/auth_api/token/")) {
        let body: serde_json::Value = serde_json::from_str(&request.body).unwrap();
        let (ticket, rtx) = (body["bk_ticket"].as_str().unwrap(), body["rtx"].as_str().unwrap());
        assert_eq!(ticket, crate::world::cookie(rtx), "two users in one request");
    }
}

/// Whether a token that is dead now was alive when a call began: what ended it came later.
fn lived(sandbox: &Sandbox, token: &str, user: &str, begun: i64) -> bool {
    let fingerprint = Fingerprint::of(token);
    let history = sandbox.history();
    let own = || {
        history
            .iter()
            .filter(|record| record.visit().is_some_and(|visit| visit.issued && visit.user.as_deref() == Some(user)))
    };
    let mut after = own()
        .skip_while(|record| record.visit().is_some_and(|visit| visit.issued_access.as_ref() != Some(&fingerprint)));
    let Some(birth) = after.next() else { return false };
    match after.next() {
        Some(end) => end.real.milliseconds() >= begun,
        // Nothing came after it: it has passed its own end.
        None => birth.real.milliseconds() + 4000 >= begun,
    }
}

#[expect(clippy::disallowed_methods, reason = "compared with the sandbox's real time")]
fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}
