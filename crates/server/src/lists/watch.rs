//! Hears of a change of a file in a folder at once. It may miss one, so whoever waits also looks from time to time.

use notify::{RecursiveMode, Watcher};
use tokio::sync::mpsc;

use crate::objects::Objects;

/// Tells when something in a folder changed; in a bucket nothing is heard.
pub struct Watch {
    changes: mpsc::Receiver<()>,
    _watcher: Option<Box<dyn Watcher + Send>>,
}

impl Watch {
    /// Watches the file of this name.
    #[must_use]
    pub fn of(place: &Objects, name: &'static str) -> Self {
        let (sender, changes) = mpsc::channel(1);
        let watcher = place.as_folder().and_then(|folder| {
            let told = move |event: notify::Result<notify::Event>| {
                let ours = |event: &notify::Event| {
                    !event.kind.is_access()
                        && event.paths.iter().any(|path| path.file_name().is_some_and(|n| n == name))
                };
                if event.as_ref().map_or(true, ours) {
                    let _ = sender.try_send(());
                }
            };
            // The folder and not the file, which editors replace.
            let watching = notify::recommended_watcher(told).and_then(|mut watcher| {
                watcher.watch(folder, RecursiveMode::NonRecursive)?;
                Ok(watcher)
            });
            watching
                .inspect_err(|error| {
                    tracing::warn!(%error, folder = %folder.display(), "changes in the folder are not heard; it is looked at from time to time");
                })
                .ok()
        });
        Self { changes, _watcher: watcher.map(|watcher| Box::new(watcher) as _) }
    }

    /// Waits for a change; for ever where none can be heard.
    pub async fn changed(&mut self) {
        if self.changes.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }
}
