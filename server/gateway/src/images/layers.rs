//! Layers as the engine stores them: a layer is on a host when it and all below it are, which its
//! chain ID stands for.

use std::collections::{BTreeMap, HashSet};

use sha2::{Digest, Sha256};

use crate::{images::catalogue::ImageFacts, ledger::ImageRow, refusal::Refusal, serve::Context};

/// The chain IDs of a stack of diff IDs, base first. Source: the OCI image specification, "Layer ChainID".
pub(crate) fn chain_ids(diff_ids: &[String]) -> Vec<String> {
    let mut chain: Vec<String> = Vec::with_capacity(diff_ids.len());
    for diff_id in diff_ids {
        let next = match chain.last() {
            None => diff_id.clone(),
            Some(below) => format!("sha256:{:x}", Sha256::digest(format!("{below} {diff_id}"))),
        };
        chain.push(next);
    }
    chain
}

/// Each layer of some images once, by its chain ID, with its size in bytes. Images that tell differently of the same
/// layer can't make it less.
pub(crate) fn distinct<'a>(images: impl Iterator<Item = &'a ImageFacts>) -> BTreeMap<String, u64> {
    let mut distinct = BTreeMap::new();
    for (chain, bytes) in images.flat_map(ImageFacts::chains) {
        let known = distinct.entry(chain).or_insert(bytes);
        *known = bytes.max(*known);
    }
    distinct
}

/// The chain IDs of all layers of some images of a host. An image that the engine has lost has none.
pub(crate) async fn on_host<'a>(context: &Context, images: impl Iterator<Item = &'a ImageRow>) -> Result<HashSet<String>, Refusal> {
    let mut chains = HashSet::new();
    for row in images {
        match context.shared.catalogue.get(&row.image_id).await {
            Ok(facts) => chains.extend(chain_ids(facts.diff_ids())),
            Err(said) if said.is_not_found() => {}
            Err(said) => return Err(context.engine_said(said)),
        }
    }
    Ok(chains)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_layer_is_its_own_chain_and_the_next_hangs_on_it() {
        let layers = ["sha256:a".to_owned(), "sha256:b".to_owned()];
        let chain = chain_ids(&layers);
        assert_eq!(chain[0], "sha256:a");
        assert_eq!(chain[1], format!("sha256:{:x}", Sha256::digest("sha256:a sha256:b")));
    }
}
