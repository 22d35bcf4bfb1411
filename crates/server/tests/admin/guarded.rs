//! Every route for operators, taken from the reference of the API: nobody gets in without a credential that is good
//! for it.

use licentia_model::Scope;
use licentia_model::operator::Role;
use licentia_server::openapi::reference;
use serde_json::{Value, json};

use crate::support::{Served, send};

/// A route for operators, and the scope that it needs; `None`: it is how one gets in.
struct Route {
    method: String,
    path: String,
    scope: Option<Scope>,
}

fn routes() -> Vec<Route> {
    let document: Value = serde_json::from_str(&reference()).unwrap();
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        if !path.starts_with("/v1/admin/") {
            continue;
        }
        for (method, operation) in item.as_object().unwrap() {
            let security = operation["security"].as_array();
            let scope = security.and_then(|list| list[0]["operator_token"][0].as_str());
            all.push(Route {
                method: method.to_uppercase(),
                path: path
                    .replace("{id}", "00000000-0000-4000-8000-000000000000")
                    .replace("{kid}", "no-kid"),
                scope: scope.map(|scope| scope.parse().unwrap()),
            });
        }
    }
    assert!(all.len() > 3);
    all
}

#[tokio::test]
async fn t5_no_route_answers_without_a_credential_but_the_way_in() {
    let served = Served::new().await;
    for route in routes() {
        let Some(_) = route.scope else {
            assert_eq!((&*route.method, &*route.path), ("POST", "/v1/admin/sessions"));
            continue;
        };
        let request = || served.request(&route.method, &route.path).json(&json!({}));
        send(request()).await.refused(401, "unauthenticated");
        for wrong in ["", "lap_", "las_x", "lat_x", "é", &format!("{}x", served.owner())] {
            send(request().bearer_auth(wrong)).await.refused(401, "unauthenticated");
        }
        let basic = request().basic_auth("owner", Some(served.owner()));
        send(basic).await.refused(401, "unauthenticated");
    }
    served.end().await;
}

#[tokio::test]
async fn t5_a_token_opens_the_routes_of_its_scopes_and_no_others() {
    let served = Served::new().await;
    for given in Scope::all() {
        let token = served.token(&[&given.to_string()]).await;
        for route in routes() {
            let Some(needed) = route.scope else { continue };
            // A body that no endpoint takes: nothing is changed, wherever one gets in.
            let request = served.by(&token, &route.method, &route.path).json(&json!([]));
            let reply = send(request).await;
            if given.covers(needed) {
                assert!(![401, 403].contains(&reply.status), "{given} {}: {reply:?}", route.path);
                assert!(reply.status < 500, "{given} {}: {reply:?}", route.path);
            } else {
                let problem = reply.refused(403, "forbidden");
                assert!(problem["detail"].as_str().unwrap().contains(&needed.to_string()));
            }
        }
    }
    served.end().await;
}

/// What each role may write, told here once more and not read from the program; all may read.
fn may(role: Role, scope: &Scope) -> bool {
    let (resource, write) = match scope.to_string().split_once(':') {
        Some((resource, access)) => (resource.to_owned(), access == "write"),
        None => return role == Role::Owner,
    };
    let own = ["tokens", "sessions"];
    match role {
        Role::Owner => true,
        _ if !write || own.contains(&resource.as_str()) => true,
        Role::Operator => !["operators", "keys", "audit"].contains(&resource.as_str()),
        Role::Support => resource == "activations",
        Role::ReadOnly => false,
    }
}

/// Every role, on every route, by a token for all that it may and by a session.
#[tokio::test]
async fn t5_a_role_opens_its_routes_and_no_others() {
    let served = Served::new().await;
    let (mut opened, mut refused) = (0, 0);
    for role in Role::ALL {
        let name = format!("a-{role}");
        served.operator(&name, role.as_str()).await;
        let body = json!({ "name": "all", "operator": name, "scopes": ["admin"] });
        let token = served.post("/v1/admin/tokens", &body).await.done();
        let token = token["token"].as_str().unwrap().to_owned();
        for credential in [token, served.session(&name).await] {
            for route in routes() {
                let Some(needed) = route.scope else { continue };
                // A body that no endpoint takes: nothing is changed, wherever one gets in.
                let request = served.by(&credential, &route.method, &route.path).json(&json!([]));
                let reply = send(request).await;
                let what = format!("{role} {} {}", route.method, route.path);
                if may(*role, &needed) {
                    opened += 1;
                    assert!(![401, 403].contains(&reply.status), "{what}: {reply:?}");
                    assert!(reply.status < 500, "{what}: {reply:?}");
                } else {
                    refused += 1;
                    let problem = reply.refused(403, "forbidden");
                    let detail = problem["detail"].as_str().unwrap();
                    assert!(detail.contains(&needed.to_string()), "{what}: {detail}");
                    assert!(detail.contains(role.as_str()), "{what}: {detail}");
                }
            }
        }
    }
    assert!(opened > refused && refused > 100, "{opened} opened, {refused} refused");
    served.end().await;
}

/// What an operator may is asked of the database each time: nobody keeps what he had.
#[tokio::test]
async fn t5_a_demotion_and_a_removal_count_from_the_next_request_on() {
    let served = Served::new().await;
    let id = served.operator("ada", "owner").await;
    let session = served.session("ada").await;
    let body = json!({ "name": "all", "operator": "ada", "scopes": ["admin"] });
    let token = served.post("/v1/admin/tokens", &body).await.done();
    let token = token["token"].as_str().unwrap().to_owned();
    let rotate = |by: &str| send(served.by(by, "POST", "/v1/admin/keys/rotate").json(&json!([])));
    for by in [&token, &session] {
        rotate(by).await.refused(422, "malformed");
    }
    let path = format!("/v1/admin/operators/{id}");
    let change = |method: &str| served.by(&served.owner(), method, &path).header("if-match", "*");
    send(change("PATCH").json(&json!({ "role": "support" }))).await.done();
    for by in [&token, &session] {
        rotate(by).await.refused(403, "forbidden");
        send(served.by(by, "GET", "/v1/admin/licenses")).await.done();
    }
    send(change("DELETE")).await.done();
    for by in [&token, &session] {
        send(served.by(by, "GET", "/v1/admin/licenses")).await.refused(401, "unauthenticated");
    }
    served.end().await;
}
