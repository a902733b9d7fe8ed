use super::*;

fn asks(place: &str, name: &str) -> Assist {
    Assist { place: place.to_owned(), account: name.to_lowercase(), name: name.to_owned(), granted: true, typed: false }
}

#[test]
fn a_learner_is_here_while_a_page_of_theirs_is_open() {
    let (hub, ada) = (Hub::default(), LearnerId::random());
    let (first, second) = (hub.came(&ada), hub.came(&ada));
    drop(first);
    assert!(hub.is_present(&ada));
    drop(second);
    assert!(!hub.is_present(&ada));
}

#[test]
fn one_types_only_after_the_learner_agreed_and_until_either_ends_it() {
    let (hub, ada) = (Hub::default(), LearnerId::random());
    assert!(!hub.grant_assist(&ada, "Grace"), "nobody asks");
    let view = hub.watches("p", &ada, "grace", "Grace");
    hub.ask_assist(&ada, asks("p", "Grace"));
    assert!(!hub.may_type(&ada, "p", "grace"), "asking grants nothing, whatever it says");
    assert!(hub.grant_assist(&ada, "Grace"));
    assert!(hub.may_type(&ada, "p", "grace") && !hub.may_type(&ada, "p", "other") && !hub.may_type(&ada, "q", "grace"));
    hub.end_assist(&ada, |assist| assist.name == "Grace");
    assert!(!hub.may_type(&ada, "p", "grace"));

    hub.ask_assist(&ada, asks("p", "Grace"));
    hub.grant_assist(&ada, "Grace");
    assert_eq!(hub.watched_by(&ada), ["Grace"]);
    drop(view);
    assert!(!hub.may_type(&ada, "p", "grace"), "it ends with the view");
    assert!(hub.watched_by(&ada).is_empty());
}

#[test]
fn leave_is_given_to_whom_the_learner_was_asked_about_and_to_nobody_who_asked_since() {
    let (hub, ada) = (Hub::default(), LearnerId::random());
    hub.ask_assist(&ada, asks("p", "Grace"));
    hub.ask_assist(&ada, asks("p", "Edsger"));
    assert!(!hub.grant_assist(&ada, "Grace"), "Edsger has asked since");
    assert!(!hub.may_type(&ada, "p", "edsger") && !hub.may_type(&ada, "p", "grace"));
    assert_eq!(hub.assist(&ada).map(|assist| (assist.name, assist.granted)), Some(("Edsger".to_owned(), false)));
}

#[test]
fn who_is_signed_out_types_no_more_nor_does_anybody_in_a_place_that_is_gone() {
    let (hub, ada) = (Hub::default(), LearnerId::random());
    for is_account in [true, false] {
        hub.ask_assist(&ada, asks("p", "Grace"));
        hub.grant_assist(&ada, "Grace");
        let (rights, mut news) = (hub.rights(), hub.listen());
        if is_account {
            hub.account_ended("grace");
        } else {
            hub.places_ended(&["p".to_owned()]);
        }
        assert!(!hub.may_type(&ada, "p", "grace"));
        assert!(matches!(rights.has_changed(), Ok(true)));
        assert_eq!(news.try_recv(), Ok(Event::Seat(ada.clone())), "the learner's page is told");
    }
}

#[test]
fn what_one_command_asks_in_vain_counts_once() {
    let (hub, ada) = (Hub::default(), LearnerId::random());
    let _page = hub.came(&ada);
    let fails = |at| Activity {
        seq: 1,
        at,
        kind: gateway::ActivityKind::ImagePullFailed { reference: "ngnix:latest".to_owned(), message: "not found".to_owned() },
    };
    hub.did(&ada, &[fails(1_000), fails(1_200), fails(5_000)], 3);
    assert_eq!(hub.doing(&ada).errors, 2);
    let kind = gateway::ActivityKind::NetworkCreated { name: "n".to_owned() };
    hub.did(&ada, &[Activity { seq: 2, at: 5_100, kind }, fails(5_200)], 2);
    assert_eq!(hub.doing(&ada).errors, 1, "it went well in between");
}

#[test]
fn who_only_looks_has_done_it_last_and_is_as_stuck_as_before() {
    let (hub, ada) = (Hub::default(), LearnerId::random());
    let _page = hub.came(&ada);
    let did = |at, kind| Activity { seq: at, at, kind };
    let fails = |at| {
        let (reference, message) = ("ngnix:latest".to_owned(), "not found".to_owned());
        did(at, gateway::ActivityKind::ImagePullFailed { reference, message })
    };
    let looks = |at| did(at, gateway::ActivityKind::ImagesListed { references: Vec::new() });
    hub.did(&ada, &[fails(1_000), looks(3_000), fails(5_000), looks(7_000)], 4);
    let doing = hub.doing(&ada);
    assert_eq!((doing.errors, doing.wrong.map(|wrong| wrong.at)), (2, Some(5_000)));
    assert_eq!(doing.last.map(|last| last.text).as_deref(), Some("docker images"));
}

#[test]
fn a_container_that_ends_well_hides_no_command() {
    let (hub, ada) = (Hub::default(), LearnerId::random());
    let did = |at, kind| Activity { seq: at, at, kind };
    let pulled = did(1, gateway::ActivityKind::ImagePulled { reference: "nginx:latest".to_owned(), image_id: "sha256:1".to_owned() });
    let ended = |exit_code| did(2, gateway::ActivityKind::ContainerDied { id: "1".to_owned(), name: "web".to_owned(), exit_code });
    let last = |hub: &Hub| hub.doing(&ada).last.map(|last| last.text);
    hub.did(&ada, &[pulled, ended(0)], 2);
    assert_eq!(last(&hub).as_deref(), Some("docker pull nginx:latest"));
    hub.did(&ada, &[ended(1)], 1);
    assert_eq!(last(&hub).as_deref(), Some("web ended"), "what went wrong is said");
}
