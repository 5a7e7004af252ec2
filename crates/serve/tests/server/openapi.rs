//! The description of the routes: read by a person when it changes, and true of what is answered.

use tokenward_serve::server::{openapi, route_facts};

use crate::world::{Told, World};

#[test]
fn the_description_is_as_it_was_read() {
    insta::assert_json_snapshot!("openapi", openapi());
}

#[test]
fn every_route_is_described_and_every_reference_leads_somewhere() {
    let document = openapi();
    for route in route_facts() {
        let described = &document["paths"][route.path][route.method.as_str().to_ascii_lowercase()];
        assert_eq!(described["operationId"], route.name);
        assert_eq!(described["security"].is_array(), route.verb.is_some(), "{}", route.name);
    }
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1) {
        let path = reference.split('"').next().unwrap();
        assert!(document.pointer(path).is_some(), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_what_the_server_says_of_itself() {
    let world = World::new().await;
    let told = Told::of(world.http.get(world.url("/v1/openapi.json"))).await;
    assert_eq!(told.json(), openapi());
}
