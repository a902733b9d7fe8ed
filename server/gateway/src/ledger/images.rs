//! Images on a sandbox's host: which, under which names, and where they came from.

use sqlx::{Row, any::AnyRow};

use super::{Ledger, kept::Keep, now_ms};
use crate::SandboxId;

/// How an image came to the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ImageOrigin {
    /// Shared with everybody; the engine's copy is never the learner's to remove.
    Pulled,
    Built,
    Committed,
    Loaded,
}

impl ImageOrigin {
    fn as_str(self) -> &'static str {
        match self {
            Self::Pulled => "pulled",
            Self::Built => "built",
            Self::Committed => "committed",
            Self::Loaded => "loaded",
        }
    }

    fn parse(text: &str) -> Self {
        match text {
            "built" => Self::Built,
            "committed" => Self::Committed,
            "loaded" => Self::Loaded,
            _ => Self::Pulled,
        }
    }

    /// Whether the engine has it only because the learner made it.
    pub(crate) fn is_own(self) -> bool {
        self != Self::Pulled
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ImageRow {
    /// `sha256:` and 64 hex digits.
    pub(crate) image_id: String,
    pub(crate) origin: ImageOrigin,
    /// Unix milliseconds.
    pub(crate) added_at: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ImageReferenceRow {
    /// `nginx:latest`.
    pub(crate) reference: String,
    pub(crate) image_id: String,
}

/// `(repository, digest, image ID)`.
pub(crate) type ImageDigest = (String, String, String);

impl Keep for ImageRow {
    fn bytes(&self) -> usize {
        self.image_id.len()
    }
}

impl Keep for ImageReferenceRow {
    fn bytes(&self) -> usize {
        self.reference.len() + self.image_id.len()
    }
}

impl Keep for ImageDigest {
    fn bytes(&self) -> usize {
        self.0.len() + self.1.len() + self.2.len()
    }
}

const SET_DIGEST: &str = "INSERT INTO gateway_image_digests (sandbox, repository, digest, image_id) VALUES ($1, $2, $3, $4) \
    ON CONFLICT (sandbox, repository, digest) DO UPDATE SET image_id = excluded.image_id";

impl Ledger {
    /// All images of a sandbox's, in the order they came.
    pub(crate) async fn images(&self, sandbox: &SandboxId) -> Result<Vec<ImageRow>, sqlx::Error> {
        self.look(sandbox, |kept| &kept.images, self.read_images(sandbox), <[_]>::to_vec).await
    }

    async fn read_images(&self, sandbox: &SandboxId) -> Result<Vec<ImageRow>, sqlx::Error> {
        let rows = sqlx::query("SELECT image_id, origin, added_at FROM gateway_images WHERE sandbox = $1 ORDER BY added_at, image_id")
            .bind(sandbox.as_str())
            .fetch_all(&self.pool)
            .await?;
        rows.iter()
            .map(|row| {
                Ok(ImageRow {
                    image_id: row.try_get("image_id")?,
                    origin: ImageOrigin::parse(&row.try_get::<String, _>("origin")?),
                    added_at: row.try_get("added_at")?,
                })
            })
            .collect()
    }

    /// All names of images, by name.
    pub(crate) async fn image_references(&self, sandbox: &SandboxId) -> Result<Vec<ImageReferenceRow>, sqlx::Error> {
        self.look(sandbox, |kept| &kept.image_references, self.read_image_references(sandbox), <[_]>::to_vec).await
    }

    async fn read_image_references(&self, sandbox: &SandboxId) -> Result<Vec<ImageReferenceRow>, sqlx::Error> {
        let rows = sqlx::query("SELECT reference, image_id FROM gateway_image_references WHERE sandbox = $1")
            .bind(sandbox.as_str())
            .fetch_all(&self.pool)
            .await?;
        let read = |row: &AnyRow| Ok(ImageReferenceRow { reference: row.try_get("reference")?, image_id: row.try_get("image_id")? });
        let mut references = rows.iter().map(read).collect::<Result<Vec<_>, sqlx::Error>>()?;
        // Here, since databases differ in how they order letters.
        references.sort_unstable_by(|one, other| one.reference.cmp(&other.reference));
        Ok(references)
    }

    /// Of all that was pulled or pushed.
    pub(crate) async fn image_digests(&self, sandbox: &SandboxId) -> Result<Vec<ImageDigest>, sqlx::Error> {
        self.look(sandbox, |kept| &kept.image_digests, self.read_image_digests(sandbox), <[_]>::to_vec).await
    }

    async fn read_image_digests(&self, sandbox: &SandboxId) -> Result<Vec<ImageDigest>, sqlx::Error> {
        let rows = sqlx::query("SELECT repository, digest, image_id FROM gateway_image_digests WHERE sandbox = $1")
            .bind(sandbox.as_str())
            .fetch_all(&self.pool)
            .await?;
        let read = |row: &AnyRow| Ok((row.try_get("repository")?, row.try_get("digest")?, row.try_get("image_id")?));
        let mut digests = rows.iter().map(read).collect::<Result<Vec<_>, sqlx::Error>>()?;
        digests.sort_unstable();
        Ok(digests)
    }

    /// Gives an image a name; the name is taken from whichever image had it.
    pub(crate) async fn set_image_reference(&self, sandbox: &SandboxId, reference: &str, image_id: &str) -> Result<(), sqlx::Error> {
        let query = sqlx::query(
            "INSERT INTO gateway_image_references (sandbox, reference, image_id) VALUES ($1, $2, $3) \
             ON CONFLICT (sandbox, reference) DO UPDATE SET image_id = excluded.image_id",
        )
        .bind(sandbox.as_str())
        .bind(reference)
        .bind(image_id);
        self.execute(sandbox, |kept| &kept.image_references, query).await
    }

    /// All that a pull or a build brings, in one transaction: the image, its names and its digest
    /// (`(repository, digest)`). An image that is there keeps its place and its origin. Where all is so already nothing
    /// is written, and so nothing waits for the database or the disk.
    pub(crate) async fn add_image_with(
        &self,
        sandbox: &SandboxId,
        image_id: &str,
        origin: ImageOrigin,
        references: &[String],
        digest: Option<(&str, &str)>,
    ) -> Result<(), sqlx::Error> {
        if self.has_image_with(sandbox, image_id, references, digest).await? {
            return Ok(());
        }
        self.change(sandbox, |kept| vec![&kept.images, &kept.image_references, &kept.image_digests], async {
            let mut transaction = self.pool.begin().await?;
            sqlx::query(
                "INSERT INTO gateway_images (sandbox, image_id, origin, added_at) VALUES ($1, $2, $3, $4) ON CONFLICT (sandbox, image_id) DO NOTHING",
            )
            .bind(sandbox.as_str())
            .bind(image_id)
            .bind(origin.as_str())
            .bind(now_ms())
            .execute(&mut *transaction)
            .await?;
            for reference in references {
                sqlx::query(
                    "INSERT INTO gateway_image_references (sandbox, reference, image_id) VALUES ($1, $2, $3) \
                     ON CONFLICT (sandbox, reference) DO UPDATE SET image_id = excluded.image_id \
                     WHERE gateway_image_references.image_id <> excluded.image_id",
                )
                .bind(sandbox.as_str())
                .bind(reference)
                .bind(image_id)
                .execute(&mut *transaction)
                .await?;
            }
            if let Some((repository, digest)) = digest {
                sqlx::query(SET_DIGEST)
                    .bind(sandbox.as_str())
                    .bind(repository)
                    .bind(digest)
                    .bind(image_id)
                    .execute(&mut *transaction)
                    .await?;
            }
            transaction.commit().await
        })
        .await
    }

    /// Whether all of that is so.
    async fn has_image_with(
        &self,
        sandbox: &SandboxId,
        image_id: &str,
        references: &[String],
        digest: Option<(&str, &str)>,
    ) -> Result<bool, sqlx::Error> {
        let (images, named, digests) = tokio::try_join!(self.images(sandbox), self.image_references(sandbox), self.image_digests(sandbox))?;
        let is_so = |reference: &String| named.iter().any(|row| row.reference == *reference && row.image_id == image_id);
        Ok(images.iter().any(|row| row.image_id == image_id)
            && references.iter().all(is_so)
            && digest.is_none_or(|(repository, digest)| digests.iter().any(|(r, d, id)| r == repository && d == digest && id == image_id)))
    }

    pub(crate) async fn set_image_digest(
        &self,
        sandbox: &SandboxId,
        repository: &str,
        digest: &str,
        image_id: &str,
    ) -> Result<(), sqlx::Error> {
        let query = sqlx::query(SET_DIGEST).bind(sandbox.as_str()).bind(repository).bind(digest).bind(image_id);
        self.execute(sandbox, |kept| &kept.image_digests, query).await
    }

    pub(crate) async fn remove_image_reference(&self, sandbox: &SandboxId, reference: &str) -> Result<(), sqlx::Error> {
        let query = sqlx::query("DELETE FROM gateway_image_references WHERE sandbox = $1 AND reference = $2")
            .bind(sandbox.as_str())
            .bind(reference);
        self.execute(sandbox, |kept| &kept.image_references, query).await
    }

    pub(crate) async fn remove_image_digest(&self, sandbox: &SandboxId, repository: &str, digest: &str) -> Result<(), sqlx::Error> {
        let query = sqlx::query("DELETE FROM gateway_image_digests WHERE sandbox = $1 AND repository = $2 AND digest = $3")
            .bind(sandbox.as_str())
            .bind(repository)
            .bind(digest);
        self.execute(sandbox, |kept| &kept.image_digests, query).await
    }

    /// Takes an image off the host, with all of its names.
    pub(crate) async fn remove_image(&self, sandbox: &SandboxId, image_id: &str) -> Result<(), sqlx::Error> {
        self.change(sandbox, |kept| vec![&kept.images, &kept.image_references, &kept.image_digests], async {
            let mut transaction = self.pool.begin().await?;
            for statement in [
                "DELETE FROM gateway_image_references WHERE sandbox = $1 AND image_id = $2",
                "DELETE FROM gateway_image_digests WHERE sandbox = $1 AND image_id = $2",
                "DELETE FROM gateway_images WHERE sandbox = $1 AND image_id = $2",
            ] {
                sqlx::query(statement).bind(sandbox.as_str()).bind(image_id).execute(&mut *transaction).await?;
            }
            transaction.commit().await
        })
        .await
    }

    /// Names in the sandbox's corner of the registry, with what they stand for.
    pub(crate) async fn pushed(&self, sandbox: &SandboxId) -> Result<Vec<(String, String)>, sqlx::Error> {
        let mut all = self.pushes(sandbox).await?;
        all.retain(|(name, digest)| !digest.is_empty() && !name.contains('@'));
        Ok(all)
    }

    /// The same, with what names stood for before (by `name@digest`), and with names whose push has begun and isn't known
    /// to have ended: those have an empty digest.
    pub(crate) async fn pushes(&self, sandbox: &SandboxId) -> Result<Vec<(String, String)>, sqlx::Error> {
        let rows = sqlx::query("SELECT reference, digest FROM gateway_pushed WHERE sandbox = $1 ORDER BY pushed_at, reference")
            .bind(sandbox.as_str())
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(|row| Ok((row.try_get("reference")?, row.try_get("digest")?))).collect()
    }

    /// Before a push: its name is known, whatever becomes of it. Without a digest until it has ended.
    pub(crate) async fn begin_push(&self, sandbox: &SandboxId, reference: &str) -> Result<(), sqlx::Error> {
        sqlx::query(
            "INSERT INTO gateway_pushed (sandbox, reference, digest, pushed_at) VALUES ($1, $2, '', $3) \
             ON CONFLICT (sandbox, reference) DO NOTHING",
        )
        .bind(sandbox.as_str())
        .bind(reference)
        .bind(now_ms())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Counts layers that were new to the registry with a push, whatever became of that.
    pub(crate) async fn add_pushed_bytes(&self, sandbox: &SandboxId, reference: &str, bytes: i64) -> Result<(), sqlx::Error> {
        sqlx::query("UPDATE gateway_pushed SET bytes = bytes + $3 WHERE sandbox = $1 AND reference = $2")
            .bind(sandbox.as_str())
            .bind(reference)
            .bind(bytes)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Of all the sandbox's pushes together.
    pub(crate) async fn pushed_bytes(&self, sandbox: &SandboxId) -> Result<i64, sqlx::Error> {
        sqlx::query_scalar("SELECT CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM gateway_pushed WHERE sandbox = $1")
            .bind(sandbox.as_str())
            .fetch_one(&self.pool)
            .await
    }

    /// After a push of which the registry has nothing.
    pub(crate) async fn forget_push(&self, sandbox: &SandboxId, reference: &str) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM gateway_pushed WHERE sandbox = $1 AND reference = $2 AND digest = '' AND bytes = 0")
            .bind(sandbox.as_str())
            .bind(reference)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    pub(crate) async fn set_pushed(&self, sandbox: &SandboxId, reference: &str, digest: &str) -> Result<(), sqlx::Error> {
        sqlx::query(
            "INSERT INTO gateway_pushed (sandbox, reference, digest, pushed_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (sandbox, reference) DO UPDATE SET digest = excluded.digest",
        )
        .bind(sandbox.as_str())
        .bind(reference)
        .bind(digest)
        .bind(now_ms())
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}
