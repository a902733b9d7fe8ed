//! Where a COPY's destination lies.

use std::path::{Path, PathBuf};

use crate::refusal::Refusal;

use super::super::workshop::{Container, Workshop};

/// Where a destination lies in a container.
#[derive(Debug)]
pub(super) struct Destination {
    /// A folder that is there, below the root. The engine follows the links on the way to it.
    pub(super) folder: PathBuf,
    /// What of the destination is not there yet.
    pub(super) below: PathBuf,
    /// The destination is there, and is a folder.
    pub(super) is_folder: bool,
    /// It is there, and is none.
    pub(super) is_file: bool,
    /// Of a file that is there: its name in the folder.
    pub(super) name: PathBuf,
}

impl Destination {
    pub(super) async fn find(workshop: &Workshop, container: &Container, destination: &str) -> Result<Self, Refusal> {
        let mut at = PathBuf::from(destination);
        // The last first.
        let mut below = Vec::new();
        let mut followed = false;
        loop {
            let text = at.to_string_lossy().into_owned();
            let mut place = at.clone();
            let mut stat = if text == "/" { None } else { workshop.stat(container, &text).await? };
            let leads_to = stat.as_ref().map(|stat| stat.link_target.clone()).filter(|target| !target.is_empty());
            if let Some(target) = leads_to {
                stat = workshop.stat(container, &target).await?;
                place = PathBuf::from(target);
                // Nothing is there yet, and there it is made, as BuildKit does it. The engine tells where a link leads at
                // last, so another link on that way would be one that was made meanwhile.
                if stat.is_none() && !followed {
                    followed = true;
                    at = place;
                    continue;
                }
            }
            if text == "/" || stat.as_ref().is_some_and(|stat| stat.is_folder()) {
                let is_folder = below.is_empty();
                let below = below.iter().rev().collect();
                return Ok(Self { folder: below_root(&place), below, is_folder, is_file: false, name: PathBuf::new() });
            }
            if stat.is_some() {
                if !below.is_empty() {
                    return Err(Refusal::invalid(format!("mkdir {text}: not a directory")));
                }
                let name = place.file_name().map(PathBuf::from).unwrap_or_default();
                place.pop();
                return Ok(Self { folder: below_root(&place), below: PathBuf::new(), is_folder: false, is_file: true, name });
            }
            below.push(at.file_name().map(PathBuf::from).unwrap_or_default());
            at.pop();
        }
    }
}

fn below_root(path: &Path) -> PathBuf {
    path.strip_prefix("/").unwrap_or(path).to_owned()
}
