use test_database::TestDatabase;

use super::*;
use crate::database::Database;

async fn store_in(database: &TestDatabase) -> Store {
    let database = Database::open(database.url()).await.expect("it can be opened");
    Store::new(database.pool)
}

fn some_progress() -> Record {
    let step = StepRecord {
        passed_at: Some(5),
        tries: 2,
        hints: 1,
        solution: true,
        checks: BTreeMap::from([("there".to_owned(), Outcome { passed: false, message: "nginx is gone".to_owned(), undone: true })]),
        answers: BTreeMap::from([("port".to_owned(), Answered { answer: "80".to_owned(), right: true, feedback: "Yes".to_owned() })]),
    };
    Record { current_step: Some("pull".to_owned()), steps: BTreeMap::from([("pull".to_owned(), step)]) }
}

#[tokio::test]
async fn progress_is_there_after_a_restart_and_is_nobody_elses() {
    let database = TestDatabase::new().await;
    let (alice, bob) = (LearnerId::random(), LearnerId::random());
    assert!(!store_in(&database).await.is_known(&alice).await.expect("it is read"));
    store_in(&database).await.write(&alice, "images", &Record::default(), &some_progress()).await.expect("it is written");

    let store = store_in(&database).await;
    assert!(store.is_known(&alice).await.expect("it is read") && !store.is_known(&bob).await.expect("it is read"));
    assert_eq!(store.read(&alice, "images").await.expect("it is read"), some_progress());
    assert_eq!(store.read(&alice, "networks").await.expect("it is read"), Record::default());
    assert_eq!(store.read(&bob, "images").await.expect("it is read"), Record::default());
    assert_eq!(store.passed(&alice).await.expect("it is read"), HashMap::from([("images".to_owned(), vec!["pull".to_owned()])]));
    assert!(store.passed(&bob).await.expect("it is read").is_empty());
}

/// When each of the steps was looked at first: 0, never.
async fn first_looks(store: &Store, learner: &LearnerId, steps: [&str; 2]) -> [i64; 2] {
    let mut all = [0; 2];
    for (at, step) in all.iter_mut().zip(steps) {
        let first = sqlx::query_scalar("SELECT first_at FROM progress_steps WHERE learner = $1 AND lesson = 'images' AND step = $2");
        *at = first.bind(learner.as_str()).bind(step).fetch_one(&store.pool).await.expect("it is known");
    }
    all
}

#[tokio::test]
async fn a_step_that_is_passed_on_the_way_to_another_was_not_looked_at_until_it_is() {
    let database = TestDatabase::new().await;
    let store = store_in(&database).await;
    let learner = LearnerId::random();
    let passed = StepRecord { passed_at: Some(5), ..StepRecord::default() };
    let steps = BTreeMap::from([("pull".to_owned(), StepRecord::default()), ("list".to_owned(), passed)]);
    let first = Record { current_step: Some("pull".to_owned()), steps };
    store.write(&learner, "images", &Record::default(), &first).await.expect("it is written");
    let looks = first_looks(&store, &learner, ["pull", "list"]).await;
    assert!(looks[0] > 0 && looks[1] == 0, "{looks:?}");

    let second = Record { current_step: Some("list".to_owned()), ..first.clone() };
    store.write(&learner, "images", &first, &second).await.expect("it is written");
    let later = first_looks(&store, &learner, ["pull", "list"]).await;
    assert!(later[0] == looks[0] && later[1] >= looks[0], "{later:?}");
    store.write(&learner, "images", &second, &first).await.expect("it is written");
    store.write(&learner, "images", &first, &second).await.expect("it is written");
    assert_eq!(first_looks(&store, &learner, ["pull", "list"]).await, later, "the first look stays the first");
}

#[tokio::test]
async fn what_changes_is_written_over() {
    let database = TestDatabase::new().await;
    let store = store_in(&database).await;
    let learner = LearnerId::random();
    let first = some_progress();
    store.write(&learner, "images", &Record::default(), &first).await.expect("it is written");
    let mut second = first.clone();
    let step = second.steps.get_mut("pull").expect("it has the step");
    step.tries = 3;
    step.checks.insert("there".to_owned(), Outcome { passed: true, message: "nginx is there".to_owned(), undone: false });
    second.current_step = Some("list".to_owned());
    store.write(&learner, "images", &first, &second).await.expect("it is written");
    assert_eq!(store.read(&learner, "images").await.expect("it is read"), second);
}
