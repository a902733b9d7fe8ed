//! How large volumes are. To know it the engine walks through all that it has, so it is asked now and then only,
//! and for all sandboxes at once.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use serde::Deserialize;
use tokio::sync::Mutex;

use crate::upstream::{Ask, Upstream};

/// How old an answer may be that somebody reads.
pub(crate) const FOR_EYES: Duration = Duration::from_secs(if cfg!(test) { 1 } else { 2 });
/// How long the engine may walk before the sizes count as unknown.
const PATIENCE: Duration = Duration::from_secs(10);

/// `SystemDataUsageResponse`, of volumes.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct DiskUsage {
    volumes: Option<Vec<Volume>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Volume {
    name: String,
    usage_data: Option<UsageData>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct UsageData {
    size: i64,
}

/// Bytes by the engine's name.
pub(crate) type Sizes = Arc<HashMap<String, i64>>;

/// Asks the engine.
pub(crate) struct VolumeSizes {
    engine: Upstream,
    last: Mutex<Option<Walk>>,
}

/// What the engine said last.
struct Walk {
    began: Instant,
    ended: Instant,
    sizes: Sizes,
}

impl VolumeSizes {
    pub(crate) fn new(engine: Upstream) -> Self {
        Self { engine, last: Mutex::new(None) }
    }

    /// As they were so long ago at most. A volume that isn't in it has no known size.
    pub(crate) async fn read(&self, age: Duration) -> Sizes {
        // Whoever comes while the engine walks waits for that answer.
        let came = Instant::now();
        let mut last = self.last.lock().await;
        if let Some(walk) = &*last
            && (walk.ended >= came || walk.ended.elapsed() <= age)
        {
            return walk.sizes.clone();
        }
        self.walk(&mut last).await
    }

    /// As they are now. The engine rests for as long as it has walked, so that who asks in a loop takes half of its
    /// time at most, and all who wait meanwhile get the same answer.
    pub(crate) async fn read_now(&self) -> Sizes {
        let came = Instant::now();
        let mut last = self.last.lock().await;
        if let Some(walk) = &*last {
            if walk.began >= came {
                return walk.sizes.clone();
            }
            let rest = walk.ended.duration_since(walk.began).saturating_sub(walk.ended.elapsed());
            tokio::time::sleep(rest).await;
        }
        self.walk(&mut last).await
    }

    async fn walk(&self, last: &mut Option<Walk>) -> Sizes {
        let began = Instant::now();
        let ask = Ask::get(&["system", "df"]).parameter("type", "volume").patient();
        let usage = match tokio::time::timeout(PATIENCE, self.engine.list::<DiskUsage>(ask)).await {
            Ok(Ok(usage)) => usage,
            Ok(Err(said)) => {
                tracing::warn!(error = said.message(), "the sizes of volumes could not be asked");
                DiskUsage::default()
            }
            Err(_) => DiskUsage::default(),
        };
        let known = usage.volumes.into_iter().flatten().filter_map(|volume| Some((volume.name, volume.usage_data?.size)));
        let sizes: Sizes = Arc::new(known.filter(|(_, size)| *size >= 0).collect());
        *last = Some(Walk { began, ended: Instant::now(), sizes: sizes.clone() });
        sizes
    }
}
