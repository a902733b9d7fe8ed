//! What is refused, as browsers get it.

use axum::http::StatusCode;

use super::support::TestServer;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_is_an_answer_and_no_fault_for_the_browsers_console() {
    let server = TestServer::start().await;
    let mut learner = server.learner().await;
    let refused = learner.call("find_class", &[("code", "ZZZZZZ")]).await;
    assert_eq!((refused.status, refused.sent), (StatusCode::CONFLICT, StatusCode::OK), "{}", refused.text);
    assert_eq!(learner.open_page("/join/ZZZZZZ").await.sent, StatusCode::OK);
    let absent = learner.call("progress", &[("lesson", "no-such-lesson")]).await;
    assert_eq!(absent.sent, StatusCode::NOT_FOUND, "what isn't there is no answer");
}
