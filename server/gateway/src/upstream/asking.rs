//! How much one sandbox asks the engine at once. A question has a connection to the engine for as long as it is open, and
//! one request may put many: of each image, of each container. Those that are too many wait here, within the places of
//! their own sandbox's requests, and never at the engine, where everybody would wait with them.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

tokio::task_local! {
    static QUESTIONS: Arc<Semaphore>;
}

/// Does what a sandbox's request asks for. All that this very task asks the engine meanwhile counts; so no handler can
/// forget to.
pub(crate) async fn counted<T>(questions: Arc<Semaphore>, work: impl Future<Output = T>) -> T {
    QUESTIONS.scope(questions, work).await
}

/// The place of one question, where it is put for a sandbox.
pub(super) async fn place() -> Option<OwnedSemaphorePermit> {
    let questions = QUESTIONS.try_with(Arc::clone).ok()?;
    // It is never closed.
    questions.acquire_owned().await.ok()
}
