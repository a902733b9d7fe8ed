//! What somebody sees on their way from a course to a class, where it must be said or asked: pages without any of the app,
//! that work without scripts.

use app::{
    Framed,
    model::{ClassSummary, LessonOutline},
    plain_page,
};
use axum::{
    http::{StatusCode, header},
    response::{Html, IntoResponse as _, Response},
};

use crate::classroom::{
    Account,
    lti::{ARRIVAL_MINUTES, Arriving},
};

/// A title and a sentence.
pub(super) fn said(status: StatusCode, title: &str, words: &str) -> Response {
    page(status, title, &format!("<p>{}</p>", text(words)), Framed::Never)
}

/// In a frame of the platform's: one click leads out of it.
pub(super) fn in_a_frame(again: &str) -> Response {
    let main = format!(
        "<p>Lunchbox has a terminal and a page of its own.</p><p><a class=\"button button--primary\" href=\"{}\" target=\"_blank\" \
         rel=\"noopener\">Open Lunchbox in a new tab</a></p>",
        text(again)
    );
    page(StatusCode::OK, "Lunchbox opens in a new tab", &main, Framed::Anywhere)
}

/// The browser has not brought its cookie back.
pub(super) fn no_cookie(again: &str) -> Response {
    let main = format!(
        "<p>Your browser did not bring back the cookie that Lunchbox gave it, so that nobody can be let in on your behalf. In a frame \
         many browsers don't; in a tab of its own they do.</p><p><a class=\"button button--primary\" href=\"{}\" target=\"_blank\" \
         rel=\"noopener\">Open Lunchbox in a new tab</a></p><p class=\"soft\">If that leads here again, allow cookies for this site, go \
         back to your course and click the link again.</p>",
        text(again)
    );
    page(StatusCode::FORBIDDEN, "One more click", &main, Framed::Anywhere)
}

/// A learner is before their teacher.
pub(super) fn not_opened(arriving: &Arriving) -> Response {
    let main = format!(
        "<p>Your teacher hasn’t opened {} here yet. That takes them one click on the same link.</p>\
         <p><a class=\"button button--primary\" href=\"\">Look again</a></p>",
        named(arriving)
    );
    page(StatusCode::OK, "Almost there", &main, Framed::Never)
}

/// Whether somebody is the account that is signed in here.
pub(super) fn which_account(arriving: &Arriving, account: &Account, problem: &str) -> Response {
    let (name, signed_in, id) = (text(shown(&arriving.name)), text(&account.name), text(&account.id));
    let problem = notice(problem);
    let main = format!(
        "<p>You come from your course as <strong>{name}</strong>, and are signed in to Lunchbox as <strong>{signed_in}</strong>. Are \
         these both you? Then your classes here can be opened from your course, \
         and whoever comes from there as {name} is signed in as {signed_in}.</p>{problem}\
         <form class=\"form\" method=\"post\"><input type=\"hidden\" name=\"account\" value=\"signed-in\"><input type=\"hidden\" name=\"id\" value=\"{id}\">\
         <label class=\"form__label\">Password of {signed_in} in Lunchbox<input class=\"field\" type=\"password\" name=\"password\" required autocomplete=\"current-password\"></label>\
         <div><button class=\"button button--primary\">Yes, I am {signed_in}</button></div></form>\
         <form class=\"form\" method=\"post\"><div><button class=\"button\" name=\"account\" value=\"own\">No, make an account for {name}</button></div></form>"
    );
    page(StatusCode::OK, "Is this you?", &main, Framed::Never)
}

/// Whether the browser, which is somebody's, shall be somebody else's. `stay`: where they go on who say no.
pub(super) fn replaces(here: &str, there: &str, confirms: &str, stay: &str) -> Response {
    let (here, there, confirms) = (text(here), text(there), text(confirms));
    let main = format!(
        "<p>In this browser you are <strong>{here}</strong> until now. Your course sends you as <strong>{there}</strong>. If you are not \
         {there}, or did not click a link in a course, stay as you are: nothing has changed.</p>\
         <form class=\"form\" method=\"post\"><div><button class=\"button button--primary\" name=\"go-on\" value=\"{confirms}\">Go on as {there}</button></div></form>\
         <p><a class=\"button\" href=\"{stay}\">Stay as I am</a></p>"
    );
    page(StatusCode::OK, "Go on as somebody else?", &main, Framed::Never)
}

fn notice(problem: &str) -> String {
    if problem.is_empty() { String::new() } else { format!("<p class=\"notice\" role=\"alert\">{}</p>", text(problem)) }
}

/// An admin's account.
pub(super) fn sign_in_first(name: &str) -> Response {
    let main = format!(
        "<p>You are {} here, who is an admin. No platform signs an admin in: sign in with your password, then click the link in your course again.</p>\
         <p><a class=\"button button--primary\" href=\"/teach/sign-in\">Sign in</a></p>",
        text(name)
    );
    page(StatusCode::OK, "Sign in first", &main, Framed::Never)
}

/// A class as it is to be made.
pub(super) struct NewClass {
    pub(super) name: String,
    /// Their slugs.
    pub(super) lessons: Vec<String>,
}

/// What a link leads to. `made`: what a new class was to be, where that was no good.
pub(super) fn which_class(
    arriving: &Arriving,
    classes: &[ClassSummary],
    lessons: &[LessonOutline],
    made: Option<NewClass>,
    problem: &str,
) -> Response {
    let title = if arriving.course.is_empty() { &arriving.title } else { &arriving.course };
    let made =
        made.unwrap_or_else(|| NewClass { name: title.clone(), lessons: lessons.iter().map(|lesson| lesson.slug.clone()).collect() });
    let problem = notice(problem);
    let choices: String = classes
        .iter()
        .map(|class| {
            format!(
                "<label class=\"choice\"><input type=\"radio\" name=\"class\" value=\"{}\" required><span class=\"choice__text\">{}</span></label>",
                text(&class.id),
                text(&class.name)
            )
        })
        .collect();
    let own = if classes.is_empty() {
        String::new()
    } else {
        format!(
            "<section><h2>A class that you have</h2><form class=\"form\" method=\"post\"><fieldset class=\"choices\"><legend class=\"unseen\">Class</legend>{choices}\
             </fieldset><div><button class=\"button button--primary\">Use this class</button></div></form></section>"
        )
    };
    let lessons: String = lessons
        .iter()
        .map(|lesson| {
            format!(
                "<label class=\"choice\"><input type=\"checkbox\" name=\"lesson\" value=\"{}\"{}><span class=\"choice__text\">{}</span></label>",
                text(&lesson.slug),
                if made.lessons.contains(&lesson.slug) { " checked" } else { "" },
                text(&lesson.title)
            )
        })
        .collect();
    let main = format!(
        "<p>You are the first to teach {}. Whoever clicks the link from now on is in the class that you choose; this is asked once.</p>{problem}{own}\
         <section><h2>A new class</h2><form class=\"form\" method=\"post\"><input type=\"hidden\" name=\"class\" value=\"new\">\
         <label class=\"form__label\">Name<input class=\"field\" name=\"name\" value=\"{}\" required maxlength=\"100\"></label>\
         <fieldset class=\"choices\"><legend class=\"form__legend\">Lessons</legend>{lessons}</fieldset>\
         <div><button class=\"button button--primary\">Make this class</button></div></form></section>\
         <p class=\"soft\">You have {ARRIVAL_MINUTES} minutes to choose; then click the link in your course again.</p>",
        named(arriving),
        text(&made.name)
    );
    page(StatusCode::OK, "Which class is this link for?", &main, Framed::Never)
}

/// What somebody came by.
fn named(arriving: &Arriving) -> String {
    match (arriving.title.as_str(), arriving.course.as_str()) {
        ("", "") => "this link".to_owned(),
        ("", course) => format!("“{}”", text(course)),
        (title, "") => format!("“{}”", text(title)),
        (title, course) => format!("“{}” in “{}”", text(title), text(course)),
    }
}

fn shown(name: &str) -> &str {
    if name.trim().is_empty() { "a teacher without a name" } else { name }
}

fn page(status: StatusCode, title: &str, main: &str, framed: Framed) -> Response {
    let nonce = format!("{:032x}", rand::random::<u128>());
    let (page, policy) = plain_page(title, &format!("<h1>{}</h1>{main}", text(title)), &nonce, framed);
    (status, [(header::CONTENT_SECURITY_POLICY, policy.as_str()), (header::CACHE_CONTROL, "no-store")], Html(page)).into_response()
}

/// As it stands in HTML, in a quoted attribute too.
fn text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}
