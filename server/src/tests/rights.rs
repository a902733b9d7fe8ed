//! The rights matrix: everything that instructors' pages can ask, by everybody who might ask it. A function
//! or a route that has no row here fails the test.

use std::collections::{BTreeMap, BTreeSet};

use app::model::ClassDraft;
use axum::http::{Method, StatusCode};

use super::support::{TestServer, Visitor};
use crate::classroom::Account;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Anonymous,
    /// In the class.
    Learner,
    /// Another class's instructor.
    Stranger,
    /// With whom the class is shared.
    Colleague,
    Owner,
    Admin,
}

const ROLES: [Role; 6] = [Role::Anonymous, Role::Learner, Role::Stranger, Role::Colleague, Role::Owner, Role::Admin];

/// Who may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum May {
    Anybody,
    /// Each for themselves.
    SignedIn,
    /// Whose class it is, with whom it is shared, and admins.
    Class,
    /// Whose class it is, and admins.
    Owner,
    Admin,
}

/// What is asked: `{class}`, `{place}`, `{link}` and `{instructor}` stand for the class, a learner's place in it, a platform's
/// link to it, and a fourth instructor.
type Fields = &'static [(&'static str, &'static str)];

const FUNCTIONS: &[(&str, May, Fields)] = &[
    ("me", May::Anybody, &[]),
    ("signed_out", May::Anybody, &[]),
    ("sign_in", May::Anybody, &[("name", "Nobody"), ("password", "wrong, and long enough")]),
    ("sign_out", May::Anybody, &[]),
    ("invitation", May::Anybody, &[("token", "none")]),
    ("accept_invitation", May::Anybody, &[("token", "none"), ("name", "x"), ("password", "long enough it is")]),
    ("sign_out_everywhere", May::SignedIn, &[]),
    ("change_password", May::SignedIn, &[("old", "wrong, and long enough"), ("new", "also long enough")]),
    ("lessons", May::SignedIn, &[]),
    ("classes", May::SignedIn, &[]),
    ("make_class", May::SignedIn, &[("draft[name]", "New"), ("draft[lessons][0]", "docker-images"), ("draft[pace]", "free")]),
    ("class", May::Class, &[("class", "{class}")]),
    (
        "change_class",
        May::Class,
        &[("class", "{class}"), ("draft[name]", "Changed"), ("draft[lessons][0]", "docker-images"), ("draft[pace]", "led")],
    ),
    ("new_code", May::Class, &[("class", "{class}")]),
    ("look_at_roster", May::Class, &[("class", "{class}"), ("csv", "Zoe")]),
    ("add_roster", May::Class, &[("class", "{class}"), ("csv", "Zoe")]),
    ("new_link", May::Class, &[("place", "{place}")]),
    ("fill_from_platform", May::Class, &[("link", "{link}")]),
    ("remove_place", May::Class, &[("place", "{place}")]),
    ("board", May::Class, &[("class", "{class}"), ("lesson", "")]),
    ("send_note", May::Class, &[("class", "{class}"), ("place", "{place}"), ("text", "Look at the port.")]),
    ("sent_notes", May::Class, &[("class", "{class}"), ("place", "")]),
    ("lead", May::Class, &[("class", "{class}"), ("to[lesson]", "docker-images"), ("to[step]", "pull-an-image")]),
    ("lower_hand", May::Class, &[("place", "{place}")]),
    ("watched", May::Class, &[("place", "{place}"), ("lesson", "")]),
    ("timeline", May::Class, &[("place", "{place}"), ("before", "0")]),
    ("ask_assist", May::Class, &[("place", "{place}")]),
    ("end_assist", May::Class, &[("place", "{place}")]),
    ("report", May::Class, &[("class", "{class}"), ("lesson", "")]),
    ("delete_class", May::Owner, &[("class", "{class}")]),
    ("unlink", May::Owner, &[("link", "{link}")]),
    ("share_class", May::Owner, &[("class", "{class}"), ("with", "Fourth")]),
    ("unshare_class", May::Owner, &[("class", "{class}"), ("with", "Colleague")]),
    ("instructors", May::Admin, &[]),
    ("invite", May::Admin, &[]),
    ("reset_password", May::Admin, &[("instructor", "{instructor}")]),
    ("remove_instructor", May::Admin, &[("instructor", "{instructor}")]),
    ("platforms", May::Admin, &[]),
    (
        "keep_platform",
        May::Admin,
        &[
            ("draft[id]", ""),
            ("draft[name]", "M"),
            ("draft[issuer]", "x"),
            ("draft[client_id]", "x"),
            ("draft[deployments]", "1"),
            ("draft[authorize_url]", "x"),
            ("draft[token_url]", "x"),
            ("draft[keys_url]", "x"),
        ],
    ),
    ("remove_platform", May::Admin, &[("platform", "none")]),
    ("machine", May::Admin, &[]),
    ("close_sandbox", May::Admin, &[("sandbox", "none")]),
];

/// By address. A stream's status is known with its first byte.
const STREAMS: &[(&str, May)] = &[
    ("/api/teach/board?class={class}", May::Class),
    ("/api/teach/watch?place={place}", May::Class),
    ("/teach/classes/{class}/progress.csv", May::Class),
    ("/teach/classes/{class}/progress.json", May::Class),
    ("/teach/classes/{class}/xapi.json", May::Class),
];

/// A class with somebody in it, as it was before anybody asked.
struct Class {
    id: String,
    place: String,
    learner: Visitor,
}

struct World {
    server: TestServer,
    people: BTreeMap<Role, Visitor>,
    owner: Account,
    fourth: String,
}

impl World {
    async fn new() -> Self {
        let server = TestServer::start().await;
        let mut people = BTreeMap::from([
            (Role::Anonymous, server.visitor()),
            (Role::Stranger, server.instructor("Stranger", false).await),
            (Role::Colleague, server.instructor("Colleague", false).await),
            (Role::Owner, server.instructor("Owner", false).await),
            (Role::Admin, server.instructor("Admin", true).await),
        ]);
        server.instructor("Fourth", false).await;
        let all = people.get_mut(&Role::Admin).unwrap().call("teach/instructors", &[]).await.json();
        let id = |name: &str| {
            let one = all.as_array().unwrap().iter().find(|one| one["name"] == name).unwrap();
            one["id"].as_str().unwrap().to_owned()
        };
        let owner = Account { id: id("Owner"), name: "Owner".to_owned(), is_admin: false };
        let fourth = id("Fourth");
        Self { people, owner, fourth, server }
    }

    async fn class(&self) -> Class {
        let classroom = &self.server.state().classroom;
        let draft = ClassDraft {
            name: "Docker 101".to_owned(),
            lessons: vec!["docker-images".to_owned()],
            pace: app::model::Pace::Led,
            ..ClassDraft::default()
        };
        let id = classroom.make_class(&self.owner, draft).await.unwrap();
        classroom.share_class(&self.owner, &id, "Colleague").await.unwrap();
        let code = classroom.class_details(&self.owner, &id, "").await.unwrap().way_in.code;
        let mut learner = self.server.learner().await;
        let joined = learner.call("join_class", &[("code", &code), ("name", "Ada"), ("someone_else", "false")]).await.json();
        sqlx::query(
            "INSERT INTO lti_links (id, platform, deployment, context, resource, course, title, class, grades_url, members_url, made_at) \
             VALUES ($1, 'p', '1', '', $2, '', '', $2, '', '', 0)",
        )
        .bind(format!("link-{id}"))
        .bind(&id)
        .execute(&self.server.state().needs.database.pool)
        .await
        .unwrap();
        Class { id, place: joined["seat"]["id"].as_str().unwrap().to_owned(), learner }
    }

    fn filled(&self, class: &Class, text: &str) -> String {
        text.replace("{class}", &class.id)
            .replace("{place}", &class.place)
            .replace("{link}", &format!("link-{}", class.id))
            .replace("{instructor}", &self.fourth)
    }

    fn asker(&self, class: &Class, role: Role) -> Visitor {
        if role == Role::Learner { class.learner.clone() } else { self.people[&role].clone() }
    }
}

/// Whether the answer is that of a wall: who isn't signed in is told so, and for all others what isn't theirs
/// is not there.
fn expected(may: May, role: Role) -> Option<StatusCode> {
    use Role::{Admin, Anonymous, Colleague, Learner, Owner, Stranger};
    match (may, role) {
        (May::Anybody, _) => None,
        (_, Anonymous | Learner) => Some(StatusCode::UNAUTHORIZED),
        (May::SignedIn, _) => None,
        (May::Class, Stranger) | (May::Owner, Stranger) => Some(StatusCode::NOT_FOUND),
        (May::Owner, Colleague) => Some(StatusCode::CONFLICT),
        (May::Admin, Stranger | Colleague | Owner) => Some(StatusCode::NOT_FOUND),
        (May::Class, Colleague | Owner | Admin) | (May::Owner, Owner | Admin) | (May::Admin, Admin) => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_instructors_pages_ask_is_answered_to_those_who_may_and_nobody_else() {
    let world = World::new().await;
    let mut asked = 0;
    for (function, may, fields) in FUNCTIONS {
        for role in ROLES {
            // Each on a class of its own: some of them delete it.
            let class = world.class().await;
            let mut asker = world.asker(&class, role);
            let filled: Vec<(&str, String)> = fields.iter().map(|(name, value)| (*name, world.filled(&class, value))).collect();
            let fields: Vec<(&str, &str)> = filled.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let ends_sessions = matches!(*function, "sign_out" | "sign_out_everywhere" | "remove_instructor");
            if ends_sessions && expected(*may, role).is_none() {
                continue;
            }
            let answer = asker.call(&format!("teach/{function}"), &fields).await;
            match expected(*may, role) {
                Some(status) => assert_eq!(answer.status, status, "{function} by {role:?}: {}", answer.text),
                None => assert!(
                    !matches!(answer.status, StatusCode::UNAUTHORIZED | StatusCode::INTERNAL_SERVER_ERROR | StatusCode::BAD_REQUEST)
                        && (answer.status != StatusCode::NOT_FOUND || matches!(*function, "close_sandbox" | "remove_platform")),
                    "{function} by {role:?}: {} {}",
                    answer.status,
                    answer.text
                ),
            }
            asked += 1;
        }
    }
    for (path, may) in STREAMS {
        for role in ROLES {
            let class = world.class().await;
            let asker = world.asker(&class, role);
            let status = asker.status(Method::GET, &world.filled(&class, path)).await;
            assert_eq!(status, expected(*may, role).unwrap_or(StatusCode::OK), "{path} by {role:?}");
            asked += 1;
        }
    }
    for role in ROLES {
        let class = world.class().await;
        let answer = world.asker(&class, role).socket(&format!("/api/teach/terminal?place={}", class.place)).await;
        let status = answer.err().unwrap_or(StatusCode::SWITCHING_PROTOCOLS);
        assert_eq!(status, expected(May::Class, role).unwrap_or(StatusCode::SWITCHING_PROTOCOLS), "the terminal by {role:?}");
        asked += 1;
    }
    // Functions that end sessions are not asked by those who may (11 times): the tests of accounts do.
    let routes = FUNCTIONS.len() + STREAMS.len() + 1;
    assert_eq!((routes, asked), (48, 48 * ROLES.len() - 11), "docs/classroom.md counts them, too");
}

#[test]
fn every_function_of_instructors_pages_has_a_row() {
    let all: BTreeSet<String> = leptos::server_fn::axum::server_fn_paths()
        .filter_map(|(path, _)| path.strip_prefix("/api/fn/teach/").map(ToOwned::to_owned))
        .collect();
    let rows: BTreeSet<String> = FUNCTIONS.iter().map(|(name, ..)| (*name).to_owned()).collect();
    assert!(!all.is_empty());
    assert_eq!(all, rows);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_learner_does_nothing_in_a_place_that_is_anothers() {
    let world = World::new().await;
    let (class, other) = (world.class().await, world.class().await);
    for (function, fields) in [
        ("raise_hand", &[("seat", "{place}"), ("up", "true")][..]),
        ("put_note_away", &[("seat", "{place}"), ("note", "x")]),
        ("allow_assist", &[("seat", "{place}"), ("who", "Owner"), ("allow", "true")]),
        ("new_way_back", &[("seat", "{place}")]),
    ] {
        let filled: Vec<(&str, String)> = fields.iter().map(|(name, value)| (*name, world.filled(&class, value))).collect();
        let fields: Vec<(&str, &str)> = filled.iter().map(|(name, value)| (*name, value.as_str())).collect();
        for mut asker in [other.learner.clone(), world.server.learner().await, world.people[&Role::Owner].clone()] {
            let answer = asker.call(function, &fields).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{function}: {}", answer.text);
        }
    }
}
