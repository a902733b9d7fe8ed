//! What people call themselves and their classes is text wherever it stands in a page.

use axum::http::Method;

use super::support::TestServer;

const LESSON: &str = "docker-images";

/// Ends what may be around it, and would lead the browser elsewhere.
const NAME: &str = "</title><meta http-equiv=refresh content='0;url=//x'>";

#[tokio::test]
async fn a_class_name_ends_no_title_on_any_page_that_has_it() {
    let server = TestServer::start().await;
    let mut grace = server.instructor("Grace", false).await;
    let fields = [("draft[name]", NAME), ("draft[lessons][0]", LESSON), ("draft[pace]", "free")];
    let made = grace.call("teach/make_class", &fields).await.json();
    let class = made.as_str().unwrap();
    for page in ["", "/setup", "/report", "/projector", "/join"] {
        let html = grace.ask(Method::GET, &format!("/teach/classes/{class}{page}"), &[], "").await.text;
        assert!(html.contains("<title>&lt;/title>"), "{page}: {html}");
        assert!(!html.contains("<meta http-equiv=refresh"), "{page}: {html}");
    }
}

#[tokio::test]
async fn a_certificates_name_ends_no_title() {
    let server = TestServer::start().await;
    sqlx::query("INSERT INTO certificates (id, learner, lesson, name, passed, passed_at, issued_at) VALUES ('c', 'l', 'x', $1, $2, 1, 1)")
        .bind(NAME)
        .bind(r#"{"title":"Images","steps":["Pull an image"]}"#)
        .execute(&server.state().needs.database.pool)
        .await
        .unwrap();
    let html = server.learner().await.ask(Method::GET, "/certificates/c", &[], "").await.text;
    assert!(html.contains("&lt;/title>"), "{html}");
    assert!(!html.contains("<meta http-equiv=refresh"), "{html}");
}
