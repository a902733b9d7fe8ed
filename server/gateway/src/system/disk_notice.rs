//! What a workstation says once its host's disk fills: a file beside the sockets, which the shell shows before its
//! next prompt (`server/images/workstation/bash.bashrc`).

use std::{
    collections::{BTreeMap, HashSet},
    fs, io,
    path::PathBuf,
};

use crate::{
    images::{layers, view::View},
    refusal::Refusal,
    serve::Context,
    system::disk::{Image, WARN_AT_PERCENT, megabytes},
};

/// In the folder of the sandbox's sockets, which learners can read and nobody there can write.
const FILE: &str = "notice";

/// Writes, changes or takes away what is said, by what is taken now.
pub(super) async fn update(context: &Context, used: u64, view: &View, images: &[Image<'_>]) -> Result<(), Refusal> {
    let most = context.shared.config.limits.disk_max_bytes;
    let percent = used.saturating_mul(100) / most.max(1);
    let text = if percent >= WARN_AT_PERCENT {
        let (dangling, unused) = prunable(context, view, images).await?;
        format!(
            "lunchbox: {percent} % of this host's disk is taken ({} of {}). `docker image prune` would free {}, `docker image prune --all` {}; `docker system df` shows what takes how much.\n",
            megabytes(used),
            megabytes(most),
            megabytes(dangling),
            megabytes(unused)
        )
    } else {
        String::new()
    };
    let file = context.shared.config.run_dir.join(context.sandbox.id.as_str()).join(FILE);
    if let Err(error) = write(&file, &text) {
        // The sandbox is just being closed, most likely.
        tracing::debug!(sandbox = %context.sandbox.id, %error, "a notice could not be written");
    }
    Ok(())
}

/// Only where it says something else than before: the shell shows what is newer than it has shown.
fn write(file: &PathBuf, text: &str) -> io::Result<()> {
    match fs::read_to_string(file) {
        Ok(before) if before == text => Ok(()),
        Ok(_) if text.is_empty() => fs::remove_file(file),
        Err(error) if text.is_empty() && error.kind() == io::ErrorKind::NotFound => Ok(()),
        _ => fs::write(file, text),
    }
}

/// Bytes of layers that would go with the images without a name, and with all that no container uses.
async fn prunable(context: &Context, view: &View, images: &[Image<'_>]) -> Result<(u64, u64), Refusal> {
    let used: HashSet<String> =
        context.shared.ledger.containers(context.scope.sandbox()).await?.into_iter().map(|container| container.image_id).collect();
    let (mut dangling, mut unused, mut kept, mut named) = (BTreeMap::new(), BTreeMap::new(), HashSet::new(), HashSet::new());
    for (row, facts) in images {
        let chains = layers::chain_ids(facts.diff_ids());
        let sizes = chains.clone().into_iter().zip(facts.layers.iter().map(|layer| layer.size));
        if used.contains(&row.image_id) || !row.origin.is_own() {
            kept.extend(chains);
        } else if view.tags(&row.image_id).is_empty() {
            dangling.extend(sizes);
        } else {
            named.extend(chains);
            unused.extend(sizes);
        }
    }
    unused.extend(dangling.clone());
    let sum = |layers: &BTreeMap<String, u64>, stay: &dyn Fn(&String) -> bool| {
        layers.iter().filter(|(chain, _)| !stay(chain)).map(|(_, bytes)| bytes).sum::<u64>()
    };
    Ok((sum(&dangling, &|chain| kept.contains(chain) || named.contains(chain)), sum(&unused, &|chain| kept.contains(chain))))
}
