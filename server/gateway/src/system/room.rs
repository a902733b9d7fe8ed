//! Room on the disk that everybody shares.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::{gateway::Shared, upstream::Ask};

/// Where the engine keeps its things, if that is on this machine.
pub(super) async fn engine_root(shared: &Shared) -> Option<PathBuf> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Info {
        docker_root_dir: PathBuf,
    }
    let info: Info = shared.engine.json(Ask::get(&["info"])).await.ok()?;
    info.docker_root_dir.exists().then_some(info.docker_root_dir)
}

/// Bytes that are free for anybody on the disk of a folder.
pub(super) fn free(folder: &Path) -> Option<u64> {
    rustix::fs::statvfs(folder).ok().map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Bytes that are free on the engine's disk; `None` where that isn't this machine's.
pub(crate) async fn free_on_machine(shared: &Shared) -> Option<u64> {
    free(&engine_root(shared).await?)
}
