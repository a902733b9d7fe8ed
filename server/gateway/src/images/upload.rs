//! A tar that a client sends, of images or of a build's context: stored first, and read from there.

use std::{
    fs::File,
    io::{self, Seek},
};

use tokio::io::AsyncWriteExt;

use crate::{body::Upload, refusal::Refusal};

/// What ends the reading, or the writing anew.
#[derive(Debug)]
pub(crate) enum Failed {
    Refused(Refusal),
    Io(io::Error),
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<io::ErrorKind> for Failed {
    fn from(kind: io::ErrorKind) -> Self {
        Self::Io(kind.into())
    }
}

impl From<Refusal> for Failed {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Failed {
    /// In a sentence; what isn't the client's fault is logged.
    pub(crate) fn into_refusal(self, what: &str) -> Refusal {
        match self {
            Self::Refused(refusal) => refusal,
            Self::Io(error) => {
                tracing::debug!(%error, what, "an archive could not be read");
                Refusal::invalid(format!("lunchbox: {what} is no tar that can be read"))
            }
        }
    }
}

/// Stores what a client sends in a file without a name, which goes with its last handle. What is refused because it
/// is `too_large` is read on for a while, so that its sender reads why.
pub(crate) async fn store(mut upload: Upload, most_bytes: u64, too_large: impl FnOnce() -> Refusal) -> Result<File, Refusal> {
    let lost = |error: io::Error| {
        tracing::error!(%error, "an upload could not be stored");
        Refusal::internal()
    };
    let mut file = tokio::fs::File::from_std(tempfile::tempfile().map_err(lost)?);
    let mut stored = 0;
    while let Some(data) = upload.next().await {
        let data = data?;
        stored += data.len() as u64;
        if stored > most_bytes {
            upload.drain(most_bytes).await;
            return Err(too_large());
        }
        file.write_all(&data).await.map_err(lost)?;
    }
    file.flush().await.map_err(lost)?;
    let mut file = file.into_std().await;
    file.rewind().map_err(lost)?;
    Ok(file)
}
