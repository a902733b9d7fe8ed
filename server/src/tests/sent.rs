//! What instructors sent, as they read it again.

use serde_json::{Value, json};

use super::{
    classes::{InTwoClasses, class, seat},
    support::{TestServer, Visitor},
};

async fn sent(instructor: &mut Visitor, class: &str, place: &str) -> Value {
    instructor.call("teach/sent_notes", &[("class", class), ("place", place)]).await.json()
}

async fn send(instructor: &mut Visitor, class: &str, place: &str, text: &str) {
    instructor.call("teach/send_note", &[("class", class), ("place", place), ("text", text)]).await;
}

/// To whom, by whom, and the words of each.
fn read(list: &Value) -> Vec<[&str; 3]> {
    let notes = list["notes"].as_array().unwrap().iter();
    notes.map(|note| [note["to"].as_str().unwrap_or("all"), note["from"].as_str().unwrap(), note["text"].as_str().unwrap()]).collect()
}

#[tokio::test]
async fn what_was_sent_is_listed_newest_first_with_to_whom_and_by_whom() {
    let server = TestServer::start().await;
    let (mut grace, mut edsger) = (server.instructor("Grace", false).await, server.instructor("Edsger", false).await);
    let ((first, code), (second, _)) = (class(&mut grace, "free").await, class(&mut grace, "free").await);
    let ada = seat(&mut server.learner().await, &code, "Ada").await;
    seat(&mut server.learner().await, &code, "Bob").await;
    assert_eq!(sent(&mut grace, &first, "").await, json!({ "notes": [], "has_older": false, "is_mine_alone": true }));

    send(&mut grace, &first, "", "Five minutes left.").await;
    send(&mut grace, &first, &ada, "Look at the port.").await;
    let list = sent(&mut grace, &first, "").await;
    assert_eq!(read(&list), [["Ada", "Grace", "Look at the port."], ["all", "Grace", "Five minutes left."]]);
    assert_eq!(list["is_mine_alone"], true);
    assert!(list["notes"][0]["at"].as_i64() >= list["notes"][1]["at"].as_i64(), "{list}");
    assert_eq!(read(&sent(&mut grace, &second, "").await), [[""; 3]; 0], "each class has its own");

    grace.call("teach/share_class", &[("class", &first), ("with", "Edsger")]).await;
    send(&mut edsger, &first, &ada, "And at the name.").await;
    let list = sent(&mut grace, &first, &ada).await;
    assert_eq!(read(&list), [["Ada", "Edsger", "And at the name."], ["Ada", "Grace", "Look at the port."]], "those to Ada alone");
    assert_eq!(list["is_mine_alone"], false);

    grace.call("teach/remove_place", &[("place", &ada)]).await;
    assert_eq!(read(&sent(&mut edsger, &first, "").await), [["all", "Grace", "Five minutes left."]], "hers go with her place");
}

#[tokio::test]
async fn what_lunchbox_tells_a_learner_by_itself_is_in_no_instructors_list() {
    let server = TestServer::start().await;
    let InTwoClasses { mut grace, mut ada, class, place, .. } = InTwoClasses::of(&server).await;
    grace.call("teach/new_link", &[("place", &place)]).await;
    let notes = ada.call("seats", &[]).await.json();
    assert!(notes.to_string().contains("Grace made a new way back for you."), "{notes}");
    assert_eq!(read(&sent(&mut grace, &class, "").await), [[""; 3]; 0]);
}

#[tokio::test]
async fn no_more_notes_are_listed_than_are_read_and_that_there_are_older_ones_is_said() {
    // As docs/classroom.md has it.
    const LISTED: usize = 100;
    let server = TestServer::start().await;
    let mut grace = server.instructor("Grace", false).await;
    let (class, _) = class(&mut grace, "free").await;
    for number in 0..=LISTED {
        send(&mut grace, &class, "", &format!("Note {number}")).await;
        if number + 1 == LISTED {
            assert_eq!(sent(&mut grace, &class, "").await["has_older"], false, "exactly as many as are listed");
        }
    }
    let list = sent(&mut grace, &class, "").await;
    assert_eq!((list["notes"].as_array().unwrap().len(), &list["has_older"]), (LISTED, &json!(true)));
    assert_eq!(list["notes"][0]["text"], format!("Note {LISTED}"), "the newest first");
}
