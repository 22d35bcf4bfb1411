//! A node without a licence gets one: from a page, or from the command line.

use axum::Router;
use licentia::Guard;
use licentia::setup::{Entry, SetUp, SetUpError, router};
use serde_json::json;
use tokio::net::TcpListener;

use crate::{HowToSetUp, show};

/// Why the node has no licence still.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{0}")]
    Entered(#[from] SetUpError),
    #[error("the set-up page cannot be served at {0}: {1}")]
    Page(String, std::io::Error),
}

impl Failure {
    pub(crate) fn advice(&self) -> &str {
        match self {
            Self::Entered(SetUpError::Refused(_)) => {
                "Correct it and enter it again; nothing was written."
            }
            Self::Entered(_) => {
                "Enter KEY EMAIL ORGANIZATION --accept-terms; the terms are in terms.txt."
            }
            Self::Page(..) => "Choose another address for --set-up.",
        }
    }
}

/// Returns once a licence is in force; at once where one is already.
pub(crate) async fn carry_out(
    guard: &Guard,
    set_up: SetUp,
    how: HowToSetUp,
) -> Result<(), Failure> {
    match how {
        HowToSetUp::NotAtAll => Ok(()),
        HowToSetUp::Entered(entry) => enter(guard, &set_up, &entry).await,
        HowToSetUp::Page(address) => {
            serve(guard, set_up, &address).await.map_err(|error| Failure::Page(address, error))
        }
    }
}

async fn enter(guard: &Guard, set_up: &SetUp, entry: &Entry) -> Result<(), Failure> {
    match set_up.enter(guard, entry).await {
        Ok(done) => {
            let unsaved = done.unsaved.map(|error| error.to_string());
            show(&json!({ "event": "set_up", "unsaved": unsaved }));
            Ok(())
        }
        // Run again with the same command line.
        Err(SetUpError::Licensed) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn serve(guard: &Guard, set_up: SetUp, address: &str) -> std::io::Result<()> {
    let listener = TcpListener::bind(address).await?;
    let url = format!("http://{}/setup", listener.local_addr()?);
    show(&json!({ "event": "set_up_page", "url": url }));
    let app = Router::new().nest("/setup", router(guard, set_up));
    // It stays where it is: whoever comes again sees that the node is licensed.
    tokio::spawn(async move { axum::serve(listener, app).await });
    let mut watch = guard.watch();
    while let Some(current) = watch.changed().await {
        if current.standing().is_full() {
            break;
        }
    }
    Ok(())
}
