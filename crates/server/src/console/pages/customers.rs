//! `/console/customers`.

use axum::Router;
use axum::extract::{Query, RawQuery, State};
use axum::response::{IntoResponse, Redirect};
use axum::routing::get;
use licentia_authority::customers::list::Filter;
use licentia_authority::licenses::list::Filter as LicenseFilter;
use licentia_authority::{Authority, version};
use licentia_model::scope::Resource as R;
use licentia_protocol::licenses::{EditCustomer, NewCustomer};
use serde_json::{Value, json};

use super::{change, see};
use crate::api::admin::query::Path;
use crate::console::form::{Fields, Form};
use crate::console::trouble::{OrTrouble, Shown, as_told, shown};
use crate::console::view::{Done, encoded};
use crate::console::visitor::Visitor;
use crate::problem::Failure;
use crate::router::Shared;

const ROWS: u32 = 50;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route(
            "/console/customers",
            see(R::Customers, get(list)).merge(change(R::Customers, axum::routing::post(create))),
        )
        .route(
            "/console/customers/{name}",
            see(R::Customers, get(show)).merge(change(R::Customers, axum::routing::post(update))),
        )
}

async fn list(
    State(authority): State<Authority>,
    RawQuery(query): RawQuery,
    visitor: Visitor,
) -> Shown {
    let fields = Fields::read(query.unwrap_or_default().as_bytes());
    listed(&authority, &fields, visitor, json!({})).await
}

async fn listed(authority: &Authority, fields: &Fields, visitor: Visitor, more: Value) -> Shown {
    let filter = Filter {
        search: fields.some("search"),
        ascending: fields.raw("sort") == "created_at",
        after: fields.some("after"),
        limit: ROWS,
    };
    let (visitor, page) = authority.list_customers(filter).await.or_trouble(visitor)?;
    let all = json!({
        "section": "customers",
        "fields": fields.of(&["search", "sort", "after"]),
        "customers": page.items,
        "next": page.next,
        "entered": {},
    });
    Ok(visitor.page_with("customers.html", all, more))
}

async fn create(State(authority): State<Authority>, form: Form) -> Shown {
    let request = NewCustomer {
        email: form.fields.text("email"),
        name: form.fields.some("name"),
        organization: form.fields.some("organization"),
    };
    match authority.create_customer(request, form.ask()).await {
        Ok(made) => {
            let to = format!("/console/customers/{}?done=customer_made", made.id);
            Ok(Redirect::to(&to).into_response())
        }
        Err(error) => {
            let failure = Failure::from(error);
            let more = json!({ "error": shown(&failure), "entered": form.fields.every() });
            let page = listed(&authority, &Fields::default(), form.visitor, more).await?;
            Ok(as_told(page, failure))
        }
    }
}

async fn show(
    State(authority): State<Authority>,
    Path(name): Path<String>,
    Query(done): Query<Done>,
    visitor: Visitor,
) -> Shown {
    let more = json!({ "done": done.word() });
    shown_one(&authority, name, visitor, more).await
}

async fn shown_one(authority: &Authority, name: String, visitor: Visitor, more: Value) -> Shown {
    let (visitor, customer) = authority.show_customer(name).await.or_trouble(visitor)?;
    let of = LicenseFilter {
        customer: Some(customer.id.to_string()),
        limit: ROWS,
        ..LicenseFilter::default()
    };
    let (visitor, licenses) = authority.list_licenses(of).await.or_trouble(visitor)?;
    let all = json!({
        "section": "customers",
        "version": version(&customer),
        "customer": customer,
        "licenses": licenses.items,
        "more": licenses.next.is_some(),
        "entered": {},
    });
    Ok(visitor.page_with("customer.html", all, more))
}

async fn update(State(authority): State<Authority>, Path(name): Path<String>, form: Form) -> Shown {
    let (ask, fields) = (form.ask(), form.fields);
    let (visitor, customer) = authority.show_customer(name).await.or_trouble(form.visitor)?;
    let request = EditCustomer {
        email: Some(fields.text("email")),
        name: Some(fields.some("name")),
        organization: Some(fields.some("organization")),
    };
    match authority.update_customer(customer.id, request, ask).await {
        Ok(changed) => {
            let id = encoded(&changed.id.to_string());
            Ok(Redirect::to(&format!("/console/customers/{id}?done=customer")).into_response())
        }
        Err(error) => {
            let failure = Failure::from(error);
            let more = json!({ "error": shown(&failure), "entered": fields.every() });
            let page = shown_one(&authority, customer.id.to_string(), visitor, more).await?;
            Ok(as_told(page, failure))
        }
    }
}
