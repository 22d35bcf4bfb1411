//! Every route for operators, taken from the reference of the API: nobody gets in without a credential that is good
//! for it.

use licentia_model::Scope;
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
