//! The machine, as admins see it.

use serde_json::Value;

use super::support::{TestServer, docker};

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_sees_since_when_a_host_is_somebodys_and_what_it_takes() {
    let server = TestServer::start().await;
    let mut grace = server.instructor("Grace", true).await;
    let mut ada = server.learner().await;
    let began = crate::clock::now();
    let sandbox = ada.start_sandbox().await;
    let pool = &server.state().needs.database.pool;
    sqlx::query("UPDATE learner_sandboxes SET made_at = 1").execute(pool).await.unwrap();
    docker(&server, &sandbox, &["pull", "-q", "busybox"]).await;
    docker(&server, &sandbox, &["run", "-v", "data:/data", "busybox", "sh", "-c", "head -c 5000000 /dev/zero > /data/file"]).await;

    // The first look begins the measurement, and waits for none.
    let first = grace.call("teach/machine", &[]).await.json()["open"][0].clone();
    assert_eq!((&first["id"], &first["disk_bytes"]), (&Value::from(sandbox), &Value::Null), "{first}");
    assert!(first["given_at"].as_i64().unwrap() >= began, "{first}");
    let until = tokio::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        let now = grace.call("teach/machine", &[]).await.json()["open"][0].clone();
        if let (Some(disk), Some(memory)) = (now["disk_bytes"].as_u64(), now["memory_bytes"].as_u64()) {
            assert!(disk >= 5_000_000 && memory > 0, "{now}");
            break;
        }
        assert!(tokio::time::Instant::now() < until, "{now}");
    }
}
