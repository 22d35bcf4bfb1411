//! `POST /console/activations/{id}/release`.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect};
use licentia_authority::Authority;
use uuid::Uuid;

use crate::api::admin::query::Path;
use crate::console::form::Form;
use crate::console::trouble::{OrTrouble, Shown};

pub(crate) async fn handler(
    State(authority): State<Authority>,
    Path(id): Path<Uuid>,
    form: Form,
) -> Shown {
    let ask = form.ask();
    let released = authority.release(id, ask).await;
    let (_, seat) = released.or_trouble(form.visitor)?;
    let to = format!("/console/licenses/{}?done=released", seat.license_id);
    Ok(Redirect::to(&to).into_response())
}
