//! What a step writes, weighed against what the sandbox may still take of the disk before any of it is written: one
//! instruction can name the same files as often as it likes.

use std::path::Path;

use crate::{
    images::upload::Failed,
    refusal::Refusal,
    serve::Context,
    system::disk::{self, Room},
};

use super::{
    copy::Taken,
    tree::{self, Found, Tree},
};

/// What is left while a step's files are written.
pub(super) struct Left {
    room: Room,
    bytes: u64,
}

impl Left {
    /// Fails where all that is taken is more than there is room for. `times`: what its bytes may become.
    pub(super) async fn find(context: &Context, taken: impl IntoIterator<Item = &Taken>, times: u64) -> Result<Self, Refusal> {
        let things: Vec<(Tree, Found)> = taken.into_iter().flat_map(Taken::things).cloned().collect();
        let most = context.shared.config.limits.disk_max_bytes;
        let weighing = tokio::task::spawn_blocking(move || {
            let mut weight = 0_u64;
            for (tree, found) in things {
                weight = weight.saturating_add(tree.weight(&found, most));
                if weight > most {
                    break;
                }
            }
            weight
        });
        let weight = weighing.await.map_err(|_| Refusal::internal())?;
        let room = disk::room(context, weight.saturating_mul(times)).await?;
        if weight > room.left() {
            return Err(room.too_little());
        }
        Ok(Self { bytes: room.left(), room })
    }

    /// Before one more is written. What it is isn't always known before: an archive is read as it is unpacked.
    pub(super) fn take(&mut self, name: &Path, bytes: u64) -> Result<(), Failed> {
        self.take_weight(tree::weight_of(name, bytes))
    }

    pub(super) fn take_thing(&mut self, tree: &Tree, found: &Found) -> Result<(), Failed> {
        self.take_weight(tree.weight(found, self.bytes))
    }

    fn take_weight(&mut self, weight: u64) -> Result<(), Failed> {
        self.bytes = self.bytes.checked_sub(weight).ok_or_else(|| self.room.too_little())?;
        Ok(())
    }
}
