//! Releases and their artifacts.

use licentia_model::{Artifact, Release, ReleaseState};
use licentia_storage::StorageError;

use crate::Backend;
use crate::fixtures::{NOW, change, id, product};

fn release(n: u32, version: &str) -> Release {
    Release {
        id: id(n),
        product_id: id(1),
        version: version.into(),
        channel: "stable".into(),
        state: ReleaseState::Draft,
        notes: Some("what is new".into()),
        reason: None,
        created_at: NOW,
        published_at: None,
        updated_at: NOW,
    }
}

fn artifact(n: u8, release: u32, name: &str) -> Artifact {
    Artifact {
        id: id(n.into()),
        release_id: id(release),
        name: name.into(),
        platform: "linux-x86_64".into(),
        size: i64::MAX as u64,
        sha256: [n; 32],
        signature: None,
        personalize: Some("app/license.lic".into()),
        requires_python: Some(">=3.9".into()),
        created_at: NOW,
        stored_at: None,
    }
}

/// Found by id and by its very version; an update keeps product and version.
pub async fn a_release_is_found_and_replaced_but_for_its_name(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        tx.insert_product(&product(1)).await?;
        let mut one = release(1, "1.0.0-RC.1");
        tx.insert_release(&one).await?;
        assert_eq!(tx.release_by_id(id(1)).await?, Some(one.clone()));
        assert_eq!(tx.release_by_version(id(1), "1.0.0-RC.1").await?, Some(one.clone()));
        assert_eq!(tx.release_by_version(id(1), "1.0.0-rc.1").await?, None);
        assert_eq!(tx.release_by_version(id(2), "1.0.0-RC.1").await?, None);
        assert_eq!(tx.release_by_id(id(2)).await?, None);
        one.state = ReleaseState::Yanked;
        one.channel = "beta".into();
        one.notes = None;
        one.reason = Some("broken".into());
        one.published_at = Some(NOW + 1);
        one.updated_at = NOW + 2;
        let changed = Release { version: "9.9.9".into(), ..one.clone() };
        tx.update_release(&changed).await?;
        assert_eq!(tx.release_by_id(id(1)).await?, Some(one));
        Ok(())
    })
    .unwrap();
    let refused = change!(store, |tx| tx.update_release(&release(9, "1.0.0")).await);
    assert_eq!(refused, Err(StorageError::Stale("release")));
}

/// Versions are unique within a product.
pub async fn a_version_is_taken_once_in_a_product(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        tx.insert_product(&product(1)).await?;
        tx.insert_product(&product(2)).await?;
        tx.insert_release(&release(1, "1.0.0")).await?;
        let other = Release { product_id: id(2), ..release(2, "1.0.0") };
        tx.insert_release(&other).await
    })
    .unwrap();
    let refused = change!(store, |tx| tx.insert_release(&release(3, "1.0.0")).await);
    assert_eq!(refused, Err(StorageError::Conflict("release version".into())));
}

/// Newest first, of one product or of all, in pages; those that are out by when they came out.
pub async fn releases_are_listed_in_pages(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        tx.insert_product(&product(1)).await?;
        tx.insert_product(&product(2)).await?;
        let mut all: Vec<Release> = (1..=5).map(|n| release(n, &format!("{n}.0.0"))).collect();
        all[1].product_id = id(2);
        all[4].created_at += 1;
        for (place, at) in [(0, 9), (1, 5), (3, 8), (4, 3)] {
            all[place].state = ReleaseState::Published;
            all[place].published_at = Some(NOW + at);
        }
        for release in &all {
            tx.insert_release(release).await?;
        }
        let out = [all[0].clone(), all[3].clone(), all[4].clone()];
        all.reverse();
        assert_eq!(tx.releases(None, None, 100).await?, all);
        assert_eq!(tx.releases(None, Some(id(4)), 2).await?, all[2..4]);
        assert_eq!(tx.releases(Some(id(2)), None, 2).await?, all[3..4]);
        assert_eq!(tx.releases(Some(id(1)), Some(id(3)), 9).await?, all[4..]);
        assert_eq!(tx.releases(None, Some(id(99)), 9).await?, []);
        assert_eq!(tx.published_releases(id(1), 9).await?, out);
        assert_eq!(tx.published_releases(id(1), 1).await?, out[..1]);
        Ok(())
    })
    .unwrap();
}

/// By name, each release's own; signed and stored once, removed, and no name twice.
pub async fn artifacts_belong_to_their_release(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        tx.insert_product(&product(1)).await?;
        tx.insert_release(&release(1, "1.0.0")).await?;
        tx.insert_release(&release(2, "2.0.0")).await?;
        let (b, a, other) =
            (artifact(1, 1, "b.whl"), artifact(2, 1, "B.whl"), artifact(3, 2, "b.whl"));
        for artifact in [&b, &a, &other] {
            tx.insert_artifact(artifact).await?;
        }
        assert_eq!(tx.artifacts(id(1)).await?, [a.clone(), b.clone()]);
        assert_eq!(tx.artifact(id(3)).await?, Some(other));
        assert_eq!(tx.artifact(id(9)).await?, None);
        let stored = Artifact { signature: Some("eyJ".into()), stored_at: Some(NOW), ..b.clone() };
        tx.update_artifact(&Artifact { name: "not stored".into(), ..stored.clone() }).await?;
        assert_eq!(tx.artifact(id(1)).await?, Some(stored));
        tx.delete_artifact(id(1)).await?;
        assert_eq!(tx.artifacts(id(1)).await?, [a]);
        Ok(())
    })
    .unwrap();
    let refused = change!(store, |tx| tx.insert_artifact(&artifact(5, 1, "B.whl")).await);
    assert_eq!(refused, Err(StorageError::Conflict("artifact name".into())));
    let refused = change!(store, |tx| tx.delete_artifact(id(1)).await);
    assert_eq!(refused, Err(StorageError::Stale("artifact")));
}
