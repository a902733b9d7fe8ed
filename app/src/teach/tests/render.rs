//! What the server sends for each address.

use std::{
    sync::{Arc, Once},
    time::Duration,
};

use axum::{
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
};
use leptos::prelude::*;
use leptos_axum::{generate_route_list, render_app_async_with_context};
use tokio::time::timeout;

use super::fake::{Fake, board, fake};
use crate::{
    TeachApp,
    backend::Teaching,
    model::{Board, ClassState, Pace},
    shell::document,
};

/// More than any page, in bytes.
const LARGEST: usize = 4 << 20;

struct Sent {
    status: StatusCode,
    location: String,
    policy: String,
    html: String,
}

async fn page(path: &str, teaching: Arc<dyn Teaching>) -> Sent {
    // As the server does first, and once: a list of routes that is made beside a page keeps the page from its
    // end. It settles, too, that tasks are run by tokio.
    static ROUTES: Once = Once::new();
    ROUTES.call_once(|| drop(generate_route_list(TeachApp)));
    let options = LeptosOptions::builder().output_name("lunchbox").site_pkg_dir("pkg").build();
    let render = render_app_async_with_context(move || provide_context(teaching.clone()), move || document(options.clone()));
    let request = Request::builder().uri(path).header(header::ACCEPT, "text/html").body(Body::empty()).expect("a path makes a request");
    let response = render(request).await;
    let (head, body) = response.into_parts();
    let text = |name| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let (status, location, policy) = (head.status, text(header::LOCATION), text(header::CONTENT_SECURITY_POLICY));
    let bytes = to_bytes(body, LARGEST).await.expect("the page has an end");
    Sent { status, location, policy, html: String::from_utf8(bytes.to_vec()).expect("a page is UTF-8") }
}

async fn seen(path: &str) -> String {
    let sent = page(path, fake(3)).await;
    assert_eq!(sent.status, StatusCode::OK, "{path}: {}", sent.html);
    sent.html
}

/// What is shown under the bar.
fn main(html: &str) -> &str {
    let from = html.find("<main").unwrap_or(0);
    let to = html.find("</main>").unwrap_or(html.len());
    &html[from..to]
}

#[tokio::test]
async fn the_board_shows_who_needs_help_first_and_why() {
    let html = seen("/teach/classes/c1").await;
    let (mara, other) = (html.find("title=\"Mara\"").expect("Mara has a row"), html.find("title=\"Learner 0\"").expect("so have others"));
    assert!(mara < other, "Mara needs help, and comes first");
    for expected in
        ["Four tries, and the port is still taken.", "port is already allocated", "3. Publish a port: stuck", "3 · 6 min", "role=\"grid\""]
    {
        assert!(html.contains(expected), "{expected}");
    }
}

#[tokio::test]
async fn an_empty_board_says_how_to_fill_it() {
    let sent = page("/teach/classes/c1", fake(0)).await;
    assert!(sent.html.contains("Nobody is here yet"), "{}", sent.html);
    assert!(sent.html.contains("/teach/classes/c1/join"), "{}", sent.html);
    assert_eq!(sent.html.matches("<p class=\"legend").count(), 1, "signs are explained once: {}", sent.html);
}

#[tokio::test]
async fn the_projected_board_draws_no_name() {
    let html = seen("/teach/classes/c1/projector").await;
    assert!(!main(&html).contains("Mara"), "{html}");
    assert!(!main(&html).contains("docker run"), "{html}");
    assert_eq!(main(&html).matches("projector__row\"").count(), 3, "{html}");
}

#[tokio::test]
async fn the_projected_board_says_where_a_led_class_is() {
    let html = seen("/teach/classes/c1/projector").await;
    assert!(html.contains("Led: step 2 — Run it"), "{html}");
    assert_eq!(html.matches("aria-current=\"step\"").count(), 1, "{html}");
    let free: Arc<dyn Teaching> = Arc::new(Fake { is_signed_in: true, board: Board { pace: Pace::Free, led: None, ..board(3) } });
    let html = page("/teach/classes/c1/projector", free).await.html;
    assert!(!html.contains("Led:"), "{html}");
}

#[tokio::test]
async fn the_board_of_a_class_that_is_over_offers_no_note_and_says_why() {
    assert!(seen("/teach/classes/c1").await.contains("Note to all…"));
    let over: Arc<dyn Teaching> = Arc::new(Fake { is_signed_in: true, board: Board { state: ClassState::Closed, ..board(3) } });
    let html = page("/teach/classes/c1", over).await.html;
    assert!(!html.contains("Note to all…") && html.contains("Closed: notes have ended"), "{html}");
}

#[tokio::test]
async fn an_empty_board_to_which_a_course_leads_sends_nobody_to_the_code_first() {
    let course = Board { platforms: vec!["School Moodle".to_owned()], ..board(0) };
    let html = page("/teach/classes/c1", Arc::new(Fake { is_signed_in: true, board: course })).await.html;
    assert!(html.contains("Learners click the link in their course on School Moodle"), "{html}");
    assert!(!html.contains("upload a list of names"), "{html}");
}

#[tokio::test]
async fn settings_say_what_led_pace_does_and_does_not() {
    let html = seen("/teach/classes/c1/setup").await;
    assert!(html.contains("they can still look at any step"), "{html}");
}

#[tokio::test]
async fn who_has_no_class_yet_is_told_how_to_make_one() {
    let sent = page("/teach", fake(0)).await;
    assert!(sent.html.contains("Make your first class"), "{}", sent.html);
    assert!(seen("/teach").await.contains("href=\"/teach/classes/c1\""));
}

#[tokio::test]
async fn settings_have_all_parts() {
    let html = seen("/teach/classes/c1/setup").await;
    let parts = [
        "How learners come in",
        "K7Q-F2M",
        "Pace",
        "Opens",
        "Names, one a line",
        "Who else teaches it",
        "progress.csv",
        "Delete the class",
    ];
    for expected in parts {
        assert!(html.contains(expected), "{expected}");
    }
}

#[tokio::test]
async fn platforms_are_shown_with_what_to_paste_there_and_what_is_wrong() {
    let html = seen("/teach/platforms").await;
    for expected in [
        "https://box.example/lti/login",
        "https://box.example/lti/keys",
        "School Moodle",
        "The key set can't be reached.",
        "Deployment IDs",
    ] {
        assert!(html.contains(expected) || html.contains(&expected.replace('\'', "&#x27;")), "{expected}: {html}");
    }
}

#[tokio::test]
async fn the_way_in_is_projected_without_any_bundle() {
    let html = seen("/teach/classes/c1/join").await;
    assert!(html.contains("K7Q-F2M") && html.contains("M4 4h7v7h-7z"), "{html}");
    assert!(!html.contains("/pkg/teach.js"), "nothing runs in it: {html}");
    assert!(html.contains("data-every-ms=\"5000\"") && html.contains("role=\"status\""), "but it follows a new code: {html}");
}

#[tokio::test]
async fn the_report_draws_its_plots_and_what_learners_were_told_stays_text() {
    let html = seen("/teach/classes/c1/report").await;
    assert_eq!(html.matches("class=\"plot\"").count(), 3, "{html}");
    assert!(html.contains("2 of 3 learners have passed all steps."), "{html}");
    assert!(!main(&html).contains("<script"), "{html}");
    let (header, board) =
        (html.find("<header class=\"report-tools").expect("a landmark"), html.find("To the board").expect("the way back"));
    assert!(header < board && html[header..board].find("</header>").is_none(), "{html}");
}

#[tokio::test]
async fn the_machine_and_instructors_are_on_one_page() {
    let html = seen("/teach/admin").await;
    assert!(html.contains("About 40 more learners fit; memory ends first."), "{html}");
    assert!(html.contains("20.0 GiB free of 24.0 GiB"), "{html}");
    let (mara, disk, memory) = (html.find("Mara").expect("who has a host"), html.find(">300 MiB<"), html.find(">—<"));
    assert!(Some(mara) < disk && disk < memory, "{html}");
}

#[tokio::test]
async fn a_one_time_link_makes_an_account_or_says_that_it_is_used_up() {
    assert!(seen("/teach/welcome/good").await.contains("Welcome to your Lunchbox"));
    let used = page("/teach/welcome/used", fake(3)).await;
    assert!(used.html.contains("This link is no longer good"), "{}", used.html);
}

#[tokio::test]
async fn every_password_can_be_looked_at_while_it_is_typed_and_none_has_to_be_typed_twice() {
    for (path, passwords) in [("/teach/sign-in", 1), ("/teach/welcome/good", 1), ("/teach/account", 2)] {
        let html = seen(path).await;
        let count = |what: &str| main(&html).matches(what).count();
        assert_eq!((count("type=\"password\""), count("aria-pressed=\"false\"")), (passwords, passwords), "{path}: {html}");
    }
}

#[tokio::test]
async fn who_was_signed_out_elsewhere_is_told_so_where_they_sign_in_again() {
    let signed_out: Arc<dyn Teaching> = Arc::new(Fake { is_signed_in: false, board: board(1) });
    let html = page("/teach/sign-in?next=/teach", signed_out).await.html;
    assert!(main(&html).contains("this account was signed out everywhere, or its password was changed"), "{html}");
    assert!(!main(&seen("/teach/sign-in").await).contains("signed out"));
}

#[tokio::test]
async fn who_is_not_signed_in_is_sent_to_sign_in_and_comes_back() {
    let stranger: Arc<dyn Teaching> = Arc::new(Fake { is_signed_in: false, board: board(1) });
    for (path, next) in [
        ("/teach", "/teach"),
        ("/teach/classes/c1?lesson=images", "/teach/classes/c1%3Flesson%3Dimages"),
        ("/teach/classes/c1/setup", "/teach/classes/c1/setup"),
        ("/teach/classes/c1/report", "/teach/classes/c1/report"),
        ("/teach/admin", "/teach/admin"),
        ("/teach/account", "/teach/account"),
    ] {
        let sent = page(path, stranger.clone()).await;
        assert_eq!(sent.status, StatusCode::FOUND, "{path}");
        assert_eq!(sent.location, format!("/teach/sign-in?next={next}"), "{path}");
        assert!(!sent.html.contains("Mara"), "{path}: {}", sent.html);
    }
}

#[tokio::test]
async fn a_class_that_is_not_ones_own_is_as_good_as_none() {
    for path in ["/teach/classes/other", "/teach/classes/other/setup", "/teach/classes/other/join", "/teach/classes/other/projector"] {
        let sent = page(path, fake(3)).await;
        assert_eq!(sent.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn instructors_pages_load_their_own_bundles_under_the_same_policy() {
    let sent = page("/teach/sign-in", fake(3)).await;
    assert!(sent.html.contains("/pkg/desk.js") && !sent.html.contains("/pkg/lunchbox.js"), "{}", sent.html);
    for (path, bundle) in [("/teach/classes/c1", "teach"), ("/teach/classes/c1/projector", "teach"), ("/teach/classes/c1/setup", "desk")] {
        let html = seen(path).await;
        assert!(html.contains(&format!("/pkg/{bundle}.js")), "{path}: {html}");
    }
    assert!(sent.policy.contains("script-src 'self' 'wasm-unsafe-eval' 'nonce-"), "{}", sent.policy);
}

#[test]
fn pages_asked_for_at_once_are_all_drawn() {
    const AT_ONCE: usize = 40;
    const LONGEST: Duration = Duration::from_secs(30);
    let paths = ["/teach/classes/c1/setup", "/teach/classes/c1/report", "/teach/admin", "/teach/classes/c1", "/teach/classes/c1/join"];
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().expect("a runtime starts");
    runtime.block_on(async {
        let pages: Vec<_> = (0..AT_ONCE).map(|number| tokio::spawn(timeout(LONGEST, seen(paths[number % paths.len()])))).collect();
        for page in pages {
            page.await.expect("no page panics").expect("each page has an end");
        }
    });
}
