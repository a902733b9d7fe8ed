//! What two do at the same moment.

use futures_util::future::join_all;

use super::{
    classes::class,
    support::{PASSWORD, TestServer},
};
use crate::{
    classroom::{Account, ClassError},
    learner::LearnerId,
};

async fn account(server: &TestServer, name: &str) -> Account {
    server.state().classroom.sign_in(name, PASSWORD).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_class_that_is_deleted_while_people_come_in_leaves_nobody_behind() {
    let server = TestServer::start().await;
    let mut grace = server.instructor("Grace", false).await;
    let who = account(&server, "Grace").await;
    let classroom = &server.state().classroom;
    for round in 0..6 {
        let (class, code) = class(&mut grace, "free").await;
        let comers = join_all((0..20).map(|number| {
            let code = &code;
            async move { classroom.join(&LearnerId::random(), code, &format!("Learner {round} {number}"), false, "").await }
        }));
        let (came, deleted) = tokio::join!(comers, classroom.delete_class(&who, &class));
        deleted.unwrap();
        for error in came.into_iter().filter_map(Result::err) {
            assert!(matches!(error, ClassError::Refused(_)), "{error}");
        }
        let left = server.rows().await;
        assert_eq!((left.get("classes"), left.get("enrolments"), left.get("learners")), (None, None, None), "round {round}: {left:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_admins_who_remove_each_other_one_stays() {
    let server = TestServer::start().await;
    server.instructor("Ada", true).await;
    server.instructor("Grace", true).await;
    let (ada, grace) = (account(&server, "Ada").await, account(&server, "Grace").await);
    let classroom = &server.state().classroom;
    let (one, other) = tokio::join!(classroom.remove_instructor(&ada, &grace.id), classroom.remove_instructor(&grace, &ada.id));
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    let refused = one.err().or(other.err());
    assert!(matches!(refused, Some(ClassError::NotFound)), "{refused:?}");
    assert_eq!(server.rows().await["instructors"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_comes_in_twice_at_once_has_one_place() {
    let server = TestServer::start().await;
    let mut grace = server.instructor("Grace", false).await;
    let (_, code) = class(&mut grace, "free").await;
    let (classroom, ada) = (&server.state().classroom, LearnerId::random());
    let came = join_all((0..8).map(|number| {
        let (ada, code) = (&ada, &code);
        async move { classroom.join(ada, code, &format!("Ada {number}"), false, "").await.unwrap().seat }
    }))
    .await;
    assert!(came.iter().all(|seat| *seat == came[0]), "{came:?}");
    assert_eq!(server.rows().await["enrolments"], 1);
}
