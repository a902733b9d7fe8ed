//! What is stored of platforms goes with what it is about.

use sqlx::{Any, Transaction};

async fn delete(transaction: &mut Transaction<'_, Any>, rows: &str, of: &str) -> Result<u64, sqlx::Error> {
    Ok(sqlx::query(&format!("DELETE FROM {rows} = $1")).bind(of).execute(&mut **transaction).await?.rows_affected())
}

/// With a place, whose it was. Returns how many ties that were.
pub(crate) async fn forget_place(transaction: &mut Transaction<'_, Any>, place: &str) -> Result<u64, sqlx::Error> {
    // Grades of theirs that wait go nowhere.
    sqlx::query(
        "DELETE FROM lti_scores WHERE EXISTS (SELECT 1 FROM lti_places p JOIN lti_links l ON l.class = p.class AND l.platform = p.platform \
         WHERE p.place = $1 AND p.sub = lti_scores.sub AND l.id = lti_scores.link)",
    )
    .bind(place)
    .execute(&mut **transaction)
    .await?;
    delete(transaction, "lti_places WHERE place", place).await
}

/// With a learner, who they were on a platform; what they teach stays.
pub(crate) async fn forget_learner(transaction: &mut Transaction<'_, Any>, learner: &str) -> Result<(), sqlx::Error> {
    delete(transaction, "lti_users WHERE instructor IS NULL AND learner", learner).await?;
    sqlx::query("UPDATE lti_users SET learner = NULL WHERE learner = $1").bind(learner).execute(&mut **transaction).await?;
    Ok(())
}

/// With an account, who it was on a platform; what they learn stays.
pub(crate) async fn forget_instructor(transaction: &mut Transaction<'_, Any>, instructor: &str) -> Result<(), sqlx::Error> {
    delete(transaction, "lti_grants WHERE instructor", instructor).await?;
    delete(transaction, "lti_users WHERE learner IS NULL AND instructor", instructor).await?;
    sqlx::query("UPDATE lti_users SET instructor = NULL WHERE instructor = $1").bind(instructor).execute(&mut **transaction).await?;
    Ok(())
}

/// No platform signs anybody in to the account any more, and what was shared with it because one did is not.
pub(crate) async fn untie_instructor(transaction: &mut Transaction<'_, Any>, instructor: &str) -> Result<(), sqlx::Error> {
    sqlx::query(
        "DELETE FROM class_instructors WHERE instructor = $1 \
         AND EXISTS (SELECT 1 FROM lti_grants g WHERE g.instructor = $1 AND g.class = class_instructors.class)",
    )
    .bind(instructor)
    .execute(&mut **transaction)
    .await?;
    forget_instructor(transaction, instructor).await
}

/// With a class, the links that lead to it: the next teacher who clicks one is asked anew. Returns how many.
pub(crate) async fn forget_class(transaction: &mut Transaction<'_, Any>, class: &str) -> Result<u64, sqlx::Error> {
    delete(transaction, "lti_grants WHERE class", class).await?;
    sqlx::query("DELETE FROM lti_scores WHERE link IN (SELECT id FROM lti_links WHERE class = $1)")
        .bind(class)
        .execute(&mut **transaction)
        .await?;
    delete(transaction, "lti_places WHERE class", class).await?;
    delete(transaction, "lti_links WHERE class", class).await
}

/// With a platform, everything that it said: whom it sent, and what was shared with them because it did.
pub(super) async fn forget_platform(transaction: &mut Transaction<'_, Any>, platform: &str) -> Result<Vec<(String, u64)>, sqlx::Error> {
    sqlx::query(
        "DELETE FROM class_instructors WHERE EXISTS (SELECT 1 FROM lti_grants g WHERE g.platform = $1 \
         AND g.class = class_instructors.class AND g.instructor = class_instructors.instructor)",
    )
    .bind(platform)
    .execute(&mut **transaction)
    .await?;
    for table in ["lti_deployments", "lti_logins", "lti_arrivals", "lti_grants", "lti_scores"] {
        delete(transaction, &format!("{table} WHERE platform"), platform).await?;
    }
    let links = delete(transaction, "lti_links WHERE platform", platform).await?;
    let places = delete(transaction, "lti_places WHERE platform", platform).await?;
    let people = delete(transaction, "lti_users WHERE platform", platform).await?;
    let said =
        [("platforms", 1), ("links from learning platforms", links), ("ties to a learning platform", places), ("people it sent", people)];
    Ok(said.map(|(what, count)| (what.to_owned(), count)).into())
}
