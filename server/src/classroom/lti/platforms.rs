//! What admins register.

use app::model::{Deleted, Platform, PlatformDraft};
use sqlx::{Row as _, any::AnyRow};

use super::{
    forget::forget_platform,
    limits::{MAX_DEPLOYMENTS, MAX_ID, MAX_PLATFORM_NAME, MAX_PLATFORMS},
    urls::platform_url,
};
use crate::{
    classroom::{Account, ClassError, Classroom, codes, names},
    clock::now,
};

const COLUMNS: &str =
    "p.id, p.name, p.issuer, p.client_id, p.authorize_url, p.token_url, p.keys_url, p.services_url, p.problem, p.problem_at";

impl Classroom {
    /// Every platform, by name.
    ///
    /// # Errors
    /// Where who asks is no admin, or the database fails.
    pub async fn platforms(&self, who: &Account) -> Result<Vec<Platform>, ClassError> {
        Self::admin(who)?;
        let rows = sqlx::query(&format!("SELECT {COLUMNS} FROM lti_platforms p ORDER BY p.made_at, p.id")).fetch_all(&self.pool).await?;
        let mut platforms = Vec::with_capacity(rows.len());
        for row in rows {
            let mut draft = draft(&row)?;
            draft.deployments = self.deployments(&draft.id).await?.join("\n");
            let links: i64 =
                sqlx::query_scalar("SELECT COUNT(*) FROM lti_links WHERE platform = $1").bind(&draft.id).fetch_one(&self.pool).await?;
            let (problem, at): (String, i64) = (row.try_get(8)?, row.try_get(9)?);
            platforms.push(Platform {
                draft,
                problem: (!problem.is_empty()).then_some((problem, at)),
                links: u32::try_from(links).unwrap_or_default(),
            });
        }
        platforms.sort_by_key(|platform| names::key(&platform.draft.name));
        Ok(platforms)
    }

    /// As they are typed, sorted.
    pub(super) async fn deployments(&self, platform: &str) -> Result<Vec<String>, ClassError> {
        let mut all: Vec<String> =
            sqlx::query_scalar("SELECT deployment FROM lti_deployments WHERE platform = $1").bind(platform).fetch_all(&self.pool).await?;
        all.sort();
        Ok(all)
    }

    /// Registers a platform, or changes one; then looks at its key set, and says what is wrong with it, if anything is.
    ///
    /// # Errors
    /// Where who asks is no admin, what they entered is no good or there already, or the database fails.
    pub async fn keep_platform(&self, who: &Account, draft: PlatformDraft) -> Result<(), ClassError> {
        Self::admin(who)?;
        let draft = fit(draft)?;
        let is_new = draft.id.is_empty();
        let id = if is_new { codes::id() } else { draft.id.clone() };
        let deployments: Vec<&str> = draft.deployments.lines().collect();
        let mut transaction = self.pool.begin().await?;
        if is_new {
            // It writes first; see `rights::alone_with`.
            let made = sqlx::query(
                "INSERT INTO lti_platforms (id, name, issuer, client_id, authorize_url, token_url, keys_url, services_url, problem, problem_at, made_at) \
                 VALUES ($1, $2, $3, $4, '', '', '', '', '', 0, $5) ON CONFLICT (issuer, client_id) DO NOTHING",
            )
            .bind(&id)
            .bind(&draft.name)
            .bind(&draft.issuer)
            .bind(&draft.client_id)
            .bind(now())
            .execute(&mut *transaction)
            .await?;
            if made.rows_affected() == 0 {
                return ClassError::refused(
                    "A platform with that issuer and client ID is registered already. Change that one: further deployments are entered there.",
                );
            }
            let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM lti_platforms").fetch_one(&mut *transaction).await?;
            if count > MAX_PLATFORMS {
                return ClassError::refused(format!("There are {MAX_PLATFORMS} platforms already, which is the most. Remove one first."));
            }
        }
        let changed = sqlx::query(
            "UPDATE lti_platforms SET name = $1, authorize_url = $2, token_url = $3, keys_url = $4, services_url = $5, problem = '' \
             WHERE id = $6 AND issuer = $7 AND client_id = $8",
        )
        .bind(&draft.name)
        .bind(&draft.authorize_url)
        .bind(&draft.token_url)
        .bind(&draft.keys_url)
        .bind(&draft.services_url)
        .bind(&id)
        .bind(&draft.issuer)
        .bind(&draft.client_id)
        .execute(&mut *transaction)
        .await?;
        if changed.rows_affected() == 0 {
            // Whom the other one sends are other people.
            return ClassError::refused(
                "Another issuer or client ID is another platform, with people of its own. Register it beside this one, or remove this one.",
            );
        }
        sqlx::query("DELETE FROM lti_deployments WHERE platform = $1").bind(&id).execute(&mut *transaction).await?;
        for deployment in deployments {
            sqlx::query("INSERT INTO lti_deployments (platform, deployment) VALUES ($1, $2)")
                .bind(&id)
                .bind(deployment)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        self.lti.jwks.forget(&id);
        self.lti.tokens.forget(&id);
        self.send_again(&id, None).await?;
        if let Err(error) = self.lti.key_set(&draft.keys_url).await {
            self.platform_problem(&id, &error.0).await?;
        }
        Ok(())
    }

    /// Removes a platform, and what was stored of its links and people. Classes, places and accounts stay.
    ///
    /// # Errors
    /// Where who asks is no admin, there is no such platform, or the database fails.
    pub async fn remove_platform(&self, who: &Account, platform: &str) -> Result<Deleted, ClassError> {
        Self::admin(who)?;
        let mut transaction = self.pool.begin().await?;
        let removed = sqlx::query("DELETE FROM lti_platforms WHERE id = $1").bind(platform).execute(&mut *transaction).await?;
        if removed.rows_affected() == 0 {
            return Err(ClassError::NotFound);
        }
        let counts = forget_platform(&mut transaction, platform).await?;
        transaction.commit().await?;
        self.lti.jwks.forget(platform);
        self.lti.tokens.forget(platform);
        self.hub.rights_changed();
        Ok(Deleted { counts })
    }

    /// What went wrong, for admins to read.
    pub(super) async fn platform_problem(&self, platform: &str, problem: &str) -> Result<(), ClassError> {
        tracing::warn!(platform, problem, "A learning platform and Lunchbox don't understand each other.");
        sqlx::query("UPDATE lti_platforms SET problem = $1, problem_at = $2 WHERE id = $3")
            .bind(problem)
            .bind(now())
            .bind(platform)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}

pub(super) fn draft(row: &AnyRow) -> Result<PlatformDraft, sqlx::Error> {
    Ok(PlatformDraft {
        id: row.try_get(0)?,
        name: row.try_get(1)?,
        issuer: row.try_get(2)?,
        client_id: row.try_get(3)?,
        deployments: String::new(),
        authorize_url: row.try_get(4)?,
        token_url: row.try_get(5)?,
        keys_url: row.try_get(6)?,
        services_url: row.try_get(7)?,
    })
}

/// As it can be stored.
fn fit(draft: PlatformDraft) -> Result<PlatformDraft, ClassError> {
    let mut deployments: Vec<String> = Vec::new();
    for line in draft.deployments.lines().filter(|line| !line.trim().is_empty()) {
        let deployment = names::line(line, "A deployment ID", MAX_ID)?;
        if !deployments.contains(&deployment) {
            deployments.push(deployment);
        }
    }
    if deployments.is_empty() {
        return ClassError::refused("The deployment ID is missing. The platform shows it beside the client ID; in many it is a number.");
    }
    if deployments.len() > MAX_DEPLOYMENTS {
        return ClassError::refused(format!("That are {} deployments, and {MAX_DEPLOYMENTS} are the most.", deployments.len()));
    }
    // Compared letter by letter with what the platform says: no slash is added or taken away.
    let issuer = draft.issuer.trim().to_owned();
    platform_url(&issuer, "The issuer")?;
    Ok(PlatformDraft {
        id: draft.id,
        name: names::line(&draft.name, "The platform's name", MAX_PLATFORM_NAME)?,
        issuer,
        client_id: names::line(&draft.client_id, "The client ID", MAX_ID)?,
        deployments: deployments.join("\n"),
        authorize_url: platform_url(&draft.authorize_url, "The authorization address")?,
        token_url: platform_url(&draft.token_url, "The token address")?,
        keys_url: platform_url(&draft.keys_url, "The key set's address")?,
        services_url: match draft.services_url.trim() {
            "" => String::new(),
            url => platform_url(url, "The address of grades and members")?,
        },
    })
}
