#![allow(clippy::unwrap_used, reason = "a test may fail")]
use test_database::TestDatabase;

use super::*;
use crate::SandboxId;

async fn ledger(database: &TestDatabase) -> Ledger {
    Ledger::open(database.pool().await).await.unwrap()
}

/// By its bytes; PostgreSQL's own order is that of a language (`a`, `B`, `c`).
#[tokio::test]
async fn names_come_in_one_order_whatever_the_database() {
    let database = TestDatabase::new().await;
    let (ledger, sandbox) = (ledger(&database).await, SandboxId::random());
    for name in ["c", "a", "B", "a-b", "a_b"] {
        let engine_name = format!("engine-{name}");
        let row = VolumeRow { name: name.to_owned(), engine_name, anonymous: false, labels: "{}".to_owned(), created_at: 0 };
        ledger.add_volume(&sandbox, &row).await.unwrap();
        ledger.set_image_reference(&sandbox, name, "sha256:0").await.unwrap();
        ledger.set_image_digest(&sandbox, name, "sha256:1", "sha256:0").await.unwrap();
    }
    let wanted = ["B", "a", "a-b", "a_b", "c"];
    assert_eq!(ledger.volumes(&sandbox).await.unwrap().into_iter().map(|row| row.name).collect::<Vec<_>>(), wanted);
    assert_eq!(ledger.image_references(&sandbox).await.unwrap().into_iter().map(|row| row.reference).collect::<Vec<_>>(), wanted);
    assert_eq!(ledger.image_digests(&sandbox).await.unwrap().into_iter().map(|row| row.0).collect::<Vec<_>>(), wanted);
}

#[tokio::test]
async fn a_key_that_is_taken_is_told_from_any_other_failure() {
    let database = TestDatabase::new().await;
    let (ledger, sandbox) = (ledger(&database).await, SandboxId::random());
    let row =
        VolumeRow { name: "x".to_owned(), engine_name: "y".to_owned(), anonymous: true, labels: "{}".to_owned(), created_at: i64::MAX };
    ledger.add_volume(&sandbox, &row).await.unwrap();
    assert!(is_taken(&ledger.add_volume(&sandbox, &row).await.unwrap_err()));
    assert_eq!(ledger.volumes(&sandbox).await.unwrap(), [row]);
    ledger.pool.close().await;
    assert!(!is_taken(&ledger.volumes(&sandbox).await.unwrap_err()));
}

#[tokio::test]
async fn a_sandbox_that_is_forgotten_leaves_no_row() {
    let database = TestDatabase::new().await;
    let (ledger, sandbox) = (ledger(&database).await, SandboxId::random());
    let counts = async || -> Vec<(String, i64)> {
        let mut counts = Vec::new();
        for table in database.tables(&ledger.pool).await {
            if table != "_sqlx_migrations" {
                let count = sqlx::query_scalar(&format!("SELECT COUNT(*) FROM {table}")).fetch_one(&ledger.pool).await.unwrap();
                counts.push((table, count));
            }
        }
        counts.retain(|(_, count)| *count > 0);
        counts
    };
    ledger.add_sandbox(&sandbox).await.unwrap();
    ledger.add_sandbox(&sandbox).await.unwrap();
    let references = ["nginx:latest".to_owned()];
    ledger.add_image_with(&sandbox, "sha256:0", ImageOrigin::Pulled, &references, Some(("nginx", "sha256:1"))).await.unwrap();
    ledger.add_image_with(&sandbox, "sha256:0", ImageOrigin::Built, &references, None).await.unwrap();
    assert_eq!(ledger.images(&sandbox).await.unwrap()[0].origin, ImageOrigin::Pulled, "it keeps its origin");
    let nothing = String::new;
    let step = BuildStepRow {
        key: "k".to_owned(),
        holder: nothing(),
        diff_id: nothing(),
        made_at: nothing(),
        bytes: 1,
        description: nothing(),
        used_at: 1,
        uses: 1,
    };
    ledger.set_build_step(&sandbox, &step).await.unwrap();
    ledger.set_build_step(&sandbox, &BuildStepRow { bytes: 2, ..step }).await.unwrap();
    assert_eq!(ledger.build_step(&sandbox, "k").await.unwrap().map(|step| step.bytes), Some(2));
    ledger.set_pushed(&sandbox, "mine", "sha256:2").await.unwrap();
    assert_eq!(ledger.last_activity(&sandbox).await.unwrap(), 0);
    assert_eq!(ledger.sandboxes("open").await.unwrap(), std::slice::from_ref(&sandbox));
    assert_eq!(counts().await.len(), 6);

    ledger.mark_closing(&sandbox).await.unwrap();
    assert_eq!(ledger.sandboxes("closing").await.unwrap(), std::slice::from_ref(&sandbox));
    ledger.forget_sandbox(&sandbox).await.unwrap();
    assert!(counts().await.is_empty());
}

/// A request that ended after its sandbox may have left a row, and with it addresses that nobody else gets.
#[tokio::test]
async fn rows_of_a_sandbox_that_there_is_no_longer_are_forgotten_and_others_stay() {
    let database = TestDatabase::new().await;
    let (ledger, gone, open) = (ledger(&database).await, SandboxId::random(), SandboxId::random());
    ledger.add_sandbox(&open).await.unwrap();
    for (sandbox, slot) in [(&gone, 1), (&open, 2)] {
        let row = NetworkRow { name: "n".to_owned(), engine_id: slot.to_string(), slot, asked: String::new(), created_at: 0 };
        ledger.add_network(sandbox, &row).await.unwrap();
        ledger.set_image_reference(sandbox, "nginx:latest", "sha256:0").await.unwrap();
    }
    ledger.forget_strays().await.unwrap();
    assert_eq!(ledger.network_slots().await.unwrap(), [2]);
    assert_eq!((ledger.image_references(&gone).await.unwrap().len(), ledger.image_references(&open).await.unwrap().len()), (0, 1));
}
