//! What an archive that is made a customer's own is put together from, by what the store has of the original.

use licentia_authority::distribution::archive::{
    HEAD_BYTES, Segment, TAIL_BYTES, Unfit, end_of, tape, zip,
};
use licentia_model::Artifact;

use super::Artifacts;
use crate::objects::ObjectsError;

pub(super) async fn segments(
    artifacts: &Artifacts,
    artifact: &Artifact,
    path: &str,
    content: &str,
) -> Result<Result<Vec<Segment>, Unfit>, ObjectsError> {
    let (name, size) = (artifact.name.as_str(), artifact.size);
    if !name.ends_with(".zip") {
        let head = artifacts.read_whole(artifact, 0..size.min(HEAD_BYTES)).await?;
        let modified = artifact.stored_at.unwrap_or(artifact.created_at);
        return Ok(tape((name, size), &head, path, content.as_bytes(), modified));
    }
    let tail = artifacts.read_whole(artifact, size.saturating_sub(TAIL_BYTES)..size).await?;
    let end = match end_of(&tail, size) {
        Ok(end) => end,
        Err(unfit) => return Ok(Err(unfit)),
    };
    // Also where it is only handed out: another file at that path would be the one that is unpacked last.
    let directory = artifacts.read_whole(artifact, end.directory.clone()).await?;
    Ok(zip(&end, &directory, path, content.as_bytes()))
}
