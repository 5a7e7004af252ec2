//! The description of the routes in OpenAPI 3.1, made from their table and from the very types that are read and answered.

use http::Method;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::problem::ProblemBody;
use super::routes::{Handler, ROUTES, Route};

/// The description.
pub fn document() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut shapes = SchemaGenerator::new(settings);
    shapes.subschema_for::<ProblemBody<'static>>();
    let mut paths: Map<String, Value> = Map::new();
    for route in ROUTES {
        let described = operation(route, &mut shapes);
        if let Value::Object(methods) = paths.entry(route.path).or_insert_with(|| json!({})) {
            methods.insert(route.method.as_str().to_ascii_lowercase(), described);
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Tokenward",
            "version": "1",
            "description": "Logins that are kept alive: read a token that is good now, see how each login stands, bring and end logins.",
        },
        "components": {
            "schemas": shapes.take_definitions(true),
            "securitySchemes": { "key": { "type": "http", "scheme": "bearer", "description": "An API key: tw_ and 64 digits" } },
        },
        "paths": paths,
    })
}

fn operation(route: &Route, shapes: &mut SchemaGenerator) -> Value {
    let mut described = json!({
        "operationId": route.name,
        "summary": route.summary,
        "parameters": parameters(route, shapes),
        "responses": responses(route, shapes),
    });
    if let Handler::Known(verb, _) = route.handler {
        described["security"] = json!([{ "key": [] }]);
        described["description"] = json!(format!("The key must permit {verb}."));
    }
    if let Some(body) = route.body {
        let schema = body(shapes);
        described["requestBody"] = json!({ "required": true, "content": { "application/json": { "schema": schema } } });
    }
    described
}

fn parameters(route: &Route, shapes: &mut SchemaGenerator) -> Vec<Value> {
    let mut found = Vec::new();
    for (name, meaning) in NAMED {
        if route.path.contains(&format!("{{{name}}}")) {
            found.push(json!({
                "name": name, "in": "path", "required": true, "schema": { "type": "string" }, "description": meaning,
            }));
        }
    }
    if route.name == "read-token" {
        found.push(json!({
            "name": "If-None-Match", "in": "header", "required": false, "schema": { "type": "string" },
            "description": "ETag of the token that the caller has: 304 where that is still the one to use",
        }));
    }
    if route.name == "list-events" {
        found.push(json!({
            "name": "Last-Event-ID", "in": "header", "required": false, "schema": { "type": "integer", "minimum": 0 },
            "description": "Of a stream: the number of the last event that the caller has",
        }));
    }
    let query = route.query.map(|query| query(shapes).to_value()).unwrap_or_default();
    for (name, schema) in query["properties"].as_object().into_iter().flatten() {
        let mut schema = schema.clone();
        let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
        found.push(json!({
            "name": name, "in": "query", "required": false, "schema": schema, "description": description,
        }));
    }
    found
}

fn responses(route: &Route, shapes: &mut SchemaGenerator) -> Map<String, Value> {
    let mut found = Map::new();
    for status in route.good {
        let mut answer = json!({ "description": description(*status) });
        if let Some(shape) = route.answer.filter(|_| *status != 304) {
            answer["content"] = json!({ "application/json": { "schema": shape(shapes) } });
        }
        if route.name == "read-metrics" {
            answer["content"] = json!({ "text/plain": { "schema": { "type": "string" } } });
        }
        if route.name == "list-events" {
            let kind = super::events::views::STREAM;
            answer["content"][kind] = json!({ "schema": { "type": "string" } });
        }
        found.insert(status.to_string(), answer);
    }
    let known = matches!(route.handler, Handler::Known(..));
    let of_all: &[u16] = if known { &[401, 403, 429, 500, 503] } else { &[500] };
    // What only a browser asks for has pages.
    let is_for_browsers = route.good == [302];
    for status in route.bad.iter().chain(of_all) {
        let schema = shapes.subschema_for::<ProblemBody<'static>>();
        let content = if is_for_browsers {
            json!({ "text/html": { "schema": { "type": "string" } } })
        } else {
            json!({ "application/problem+json": { "schema": schema } })
        };
        found.insert(status.to_string(), json!({ "description": description(*status), "content": content }));
    }
    debug_assert!(route.method != Method::GET || route.body.is_none(), "a GET has no body");
    found
}

/// What may stand in a path.
const NAMED: [(&str, &str); 4] = [
    ("delivery", "The id of a delivery that failed"),
    ("grant", "The id of a login, or the name of the profile that points at it"),
    ("login", "The id of a login that was opened for a browser"),
    ("ticket", "What the address of such a login ends with"),
];

const fn description(status: u16) -> &'static str {
    match status {
        200 => "Done",
        201 => "Made",
        302 => "The browser goes on",
        304 => "The caller has it",
        400 => "The request is not as it should be",
        401 => "The key is missing, unknown, ended or revoked",
        403 => "The key does not permit this",
        404 => "No such login, or not one of the key's",
        409 => "A person is needed",
        410 => "It has expired, or was used",
        413 => "The body is too long",
        429 => "The key is used too often; Retry-After says when to try again",
        502 => "The provider refuses the app",
        503 => "Not now; nothing is lost",
        _ => "The server's fault",
    }
}
