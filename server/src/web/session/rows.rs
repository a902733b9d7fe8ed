//! Where web sessions are kept: a row for each that holds something, and none for the others. A session of
//! any ID is there, empty, so that nothing is stored for who only looks.

use std::collections::HashMap;

use async_trait::async_trait;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use sqlx::{AnyPool, Row as _};
use tower_sessions::{
    SessionStore,
    cookie::time::{Duration, OffsetDateTime},
    session::{Id, Record},
    session_store::{Error, Result},
};

use crate::clock;

/// When the visitor was last here, in days since 1970: all that an empty session holds.
pub(super) const SEEN: &str = "seen";

/// Sessions in the database.
#[derive(Debug, Clone)]
pub struct SessionRows(pub(super) AnyPool);

/// What is stored instead of the secret itself.
fn key(id: &Id) -> String {
    format!("{:x}", Sha256::new().chain_update("session ").chain_update(id.to_string()).finalize())
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::Backend(error.to_string())
}

#[async_trait]
impl SessionStore for SessionRows {
    async fn create(&self, record: &mut Record) -> Result<()> {
        // 128 random bits: two are never the same.
        self.save(record).await
    }

    async fn save(&self, record: &Record) -> Result<()> {
        if record.data.keys().all(|name| name == SEEN) {
            return self.delete(&record.id).await;
        }
        let expires_at = i64::try_from(record.expiry_date.unix_timestamp_nanos() / 1_000_000).map_err(failed)?;
        let data = serde_json::to_string(&record.data).map_err(|error| Error::Encode(error.to_string()))?;
        sqlx::query("DELETE FROM web_sessions WHERE expires_at < $1").bind(clock::now()).execute(&self.0).await.map_err(failed)?;
        sqlx::query(
            "INSERT INTO web_sessions (id, data, expires_at) VALUES ($1, $2, $3) \
             ON CONFLICT (id) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at",
        )
        .bind(key(&record.id))
        .bind(data)
        .bind(expires_at)
        .execute(&self.0)
        .await
        .map_err(failed)?;
        Ok(())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let row = sqlx::query("SELECT data FROM web_sessions WHERE id = $1 AND expires_at >= $2")
            .bind(key(id))
            .bind(clock::now())
            .fetch_optional(&self.0)
            .await
            .map_err(failed)?;
        let data: HashMap<String, Value> = match row {
            Some(row) => {
                let text: String = row.try_get("data").map_err(failed)?;
                serde_json::from_str(&text).map_err(|error| Error::Decode(error.to_string()))?
            }
            None => HashMap::from([(SEEN.to_owned(), Value::from(0))]),
        };
        Ok(Some(Record { id: *id, data, expiry_date: OffsetDateTime::now_utc() + Duration::days(super::DAYS) }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        sqlx::query("DELETE FROM web_sessions WHERE id = $1").bind(key(id)).execute(&self.0).await.map_err(failed)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use test_database::TestDatabase;

    use super::*;
    use crate::database::Database;

    #[tokio::test]
    async fn only_a_session_that_holds_something_is_stored_and_not_under_its_secret() {
        let store = TestDatabase::new().await;
        let database = Database::open(store.url()).await.unwrap();
        let rows = SessionRows(database.pool.clone());
        let stored = async || sqlx::query("SELECT id, data FROM web_sessions").fetch_all(&database.pool).await.unwrap();

        let mut record = rows.load(&Id(7)).await.unwrap().unwrap();
        rows.create(&mut record).await.unwrap();
        assert!(stored().await.is_empty(), "nothing is stored for who only looks");

        record.data.insert("instructor".to_owned(), Value::from("ada"));
        rows.save(&record).await.unwrap();
        assert_eq!(rows.load(&Id(7)).await.unwrap().unwrap().data["instructor"], "ada");
        let all = stored().await;
        let (id, data): (String, String) = (all[0].get("id"), all[0].get("data"));
        assert!(!id.contains(&Id(7).to_string()) && !data.contains(&Id(7).to_string()));
        assert!(!rows.load(&Id(8)).await.unwrap().unwrap().data.contains_key("instructor"), "another's");

        record.expiry_date = OffsetDateTime::now_utc() - Duration::days(1);
        rows.save(&record).await.unwrap();
        assert!(!rows.load(&Id(7)).await.unwrap().unwrap().data.contains_key("instructor"), "over");
        rows.delete(&Id(7)).await.unwrap();
        assert!(stored().await.is_empty());
    }
}
