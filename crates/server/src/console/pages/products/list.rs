//! `/console/products`: all of them, one more, or a whole catalogue.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect};
use licentia_authority::{Authority, AuthorityError, catalog};
use licentia_protocol::catalog::{NewProduct, ProductFields};
use serde_json::{Value, json};

use crate::console::form::Form;
use crate::console::trouble::{OrTrouble, Shown, as_told, shown};
use crate::console::view::encoded;
use crate::console::visitor::Visitor;
use crate::problem::Failure;

pub(crate) async fn show(State(authority): State<Authority>, visitor: Visitor) -> Shown {
    listed(&authority, visitor, json!({})).await
}

async fn listed(authority: &Authority, visitor: Visitor, more: Value) -> Shown {
    let (visitor, products) = authority.list_products().await.or_trouble(visitor)?;
    let (visitor, plans) = authority.list_plans(None).await.or_trouble(visitor)?;
    let all = json!({ "section": "products", "products": products, "plans": plans, "entered": {} });
    Ok(visitor.page_with("products.html", all, more))
}

pub(crate) async fn create(State(authority): State<Authority>, form: Form) -> Shown {
    let fields = &form.fields;
    let request = NewProduct {
        code: fields.text("code"),
        fields: ProductFields {
            name: fields.some("name"),
            enforcement: fields.some("enforcement"),
            scheme: fields.some("scheme"),
            default_plan: fields.some("default_plan"),
            ..ProductFields::default()
        },
    };
    let made = authority.create_product(request, form.ask()).await;
    to_product(&authority, form, made.map(|product| product.code), "product_made").await
}

pub(crate) async fn import(State(authority): State<Authority>, form: Form) -> Shown {
    let read = catalog::parse(form.fields.raw("catalog")).map_err(AuthorityError::from);
    let imported = match read {
        Ok(catalog) => authority.import_catalog(catalog, form.visitor.actor()).await,
        Err(error) => Err(error),
    };
    to_product(&authority, form, imported.map(|done| done.product.code), "imported").await
}

async fn to_product(
    authority: &Authority,
    form: Form,
    made: Result<String, AuthorityError>,
    done: &str,
) -> Shown {
    match made {
        Ok(code) => {
            let to = format!("/console/products/{}?done={done}", encoded(&code));
            Ok(Redirect::to(&to).into_response())
        }
        Err(error) => {
            let failure = Failure::from(error);
            let more = json!({ "error": shown(&failure), "entered": form.fields.every() });
            let page = listed(authority, form.visitor, more).await?;
            Ok(as_told(page, failure))
        }
    }
}
