#![allow(clippy::unwrap_used, reason = "a test may fail")]

use super::*;

#[tokio::test]
async fn patterns_take_no_more_files_than_a_context_has() {
    let files: Vec<(String, String)> = (0..1000).map(|number| (number.to_string(), String::new())).collect();
    let context = Tree::of_texts(&files).unwrap();
    let take = |times: usize| {
        let copy = Copy { sources: vec!["*".to_owned(); times], ..Copy::of_one(String::new()) };
        let context = context.clone();
        async move { Taken::find(&copy, &context, |_| Refusal::internal()).await }
    };
    let most = limits::MAX_COPIED_FILES / 1000;
    assert_eq!(take(most).await.unwrap().0.len(), limits::MAX_COPIED_FILES);
    assert!(take(most + 1).await.unwrap_err().message.contains("more than 100000 files"));
}
