//! The last step: our own page, with our own session.

use std::time::Instant;

use axum::{
    Extension,
    extract::{Path, State},
    http::HeaderMap,
    response::{IntoResponse as _, Redirect, Response},
};
use tower_sessions::Session;

use super::{ARRIVE, cookie, failed, page, uncached};
use crate::{
    app_state::AppState,
    classroom::{
        Account, ClassError,
        lti::{Arriving, Chosen, Next},
    },
    clock,
    learner::LearnerId,
    web::{
        instructor,
        pace::passwords::{Guesser, too_many_wrong},
        session,
    },
};

/// Goes as far as it goes; asks a teacher what must be asked.
pub(super) async fn look(
    State(state): State<AppState>,
    Extension(learner): Extension<LearnerId>,
    session: Session,
    Path(ticket): Path<String>,
    headers: HeaderMap,
) -> Response {
    let arrived = async {
        let (arriving, signed_in) = who(&state, &session, &ticket, &headers).await?;
        let next = state.classroom.arrive(&arriving, &learner, signed_in.as_ref(), None).await?;
        shown(&state, &session, &learner, &arriving, signed_in.as_ref(), next).await
    };
    uncached(arrived.await.unwrap_or_else(failed))
}

/// Does what was chosen, and looks on.
pub(super) async fn choose(
    State(state): State<AppState>,
    Extension(learner): Extension<LearnerId>,
    session: Session,
    Path(ticket): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let chosen = async {
        let (arriving, signed_in) = who(&state, &session, &ticket, &headers).await?;
        if let Some(confirmed) = value(&body, "go-on") {
            let next = state.classroom.arrive(&arriving, &learner, signed_in.as_ref(), Some(&confirmed)).await?;
            return shown(&state, &session, &learner, &arriving, signed_in.as_ref(), next).await;
        }
        let chosen = read(&body)?;
        let made = match &chosen {
            Chosen::NewClass { name, lessons } => Some(page::NewClass { name: name.clone(), lessons: lessons.clone() }),
            _ => None,
        };
        let problem = match settle(&state, &arriving, signed_in.as_ref(), chosen).await {
            Ok(()) => return Ok(Redirect::to(&format!("{ARRIVE}{ticket}")).into_response()),
            Err(ClassError::Refused(problem)) => problem,
            Err(error) => return Err(error),
        };
        // What was chosen is no good: once more, with why. Only what a question was asked about is asked again. It is a page
        // as any other: browsers write whatever isn't 200 into their console, as a fault.
        let is_account = value(&body, "account").is_some();
        let response = match (signed_in, is_account) {
            (Some(signed_in), true) if value(&body, "id").as_deref() == Some(&signed_in.id) => {
                page::which_account(&arriving, &signed_in, &problem)
            }
            (_, true) => return Err(ClassError::Refused(problem)),
            (signed_in, false) => match state.classroom.arrive(&arriving, &learner, signed_in.as_ref(), None).await? {
                Next::WhichClass { classes, .. } => page::which_class(&arriving, &classes, &state.classroom.lessons(), made, &problem),
                _ => return Err(ClassError::Refused(problem)),
            },
        };
        Ok(response)
    };
    uncached(chosen.await.unwrap_or_else(failed))
}

/// Does what a teacher has chosen. A password is tried as seldom as one is changed.
async fn settle(state: &AppState, arriving: &Arriving, signed_in: Option<&Account>, chosen: Chosen) -> Result<(), ClassError> {
    let guesser = match (&chosen, signed_in) {
        (Chosen::SignedIn { .. }, Some(account)) => Some(Guesser::IsIn { account: account.id.clone() }),
        _ => None,
    };
    if let Some(guesser) = &guesser {
        state.pace.password(guesser, Instant::now()).map_err(|wait| ClassError::Refused(too_many_wrong(wait)))?;
    }
    state.classroom.choose(arriving, signed_in, chosen).await?;
    if let Some(guesser) = &guesser {
        state.pace.password_was_not_wrong(guesser);
    }
    Ok(())
}

async fn who(state: &AppState, session: &Session, ticket: &str, headers: &HeaderMap) -> Result<(Arriving, Option<Account>), ClassError> {
    // A browser without one has come by somebody else's link: as with another's.
    let browser = cookie::read(headers, cookie::is_secure(&state.web)).unwrap_or_default();
    let arriving = state.classroom.arriving(ticket, &browser).await?;
    let signed_in = instructor::signed_in(session, &state.classroom).await.map_err(unreadable)?;
    Ok((arriving, signed_in))
}

async fn shown(
    state: &AppState,
    session: &Session,
    learner: &LearnerId,
    arriving: &Arriving,
    signed_in: Option<&Account>,
    next: Next,
) -> Result<Response, ClassError> {
    Ok(match next {
        Next::In { learner: theirs, to } => {
            if theirs != *learner {
                session::becomes(session, &theirs).await.map_err(unreadable)?;
            }
            Redirect::to(&to).into_response()
        }
        Next::Board { account, to } => {
            if signed_in != Some(&account) {
                instructor::sign_in(session, learner, &account, clock::now()).await.map_err(unreadable)?;
                if let Some(before) = signed_in {
                    state.classroom.hub().account_ended(&before.id);
                }
            }
            Redirect::to(&to).into_response()
        }
        Next::NotOpened => page::not_opened(arriving),
        Next::WhichAccount { signed_in } => page::which_account(arriving, &signed_in, ""),
        Next::Replaces { here, there, confirms, stay } => page::replaces(&here, &there, &confirms, stay),
        Next::WhichClass { classes, .. } => page::which_class(arriving, &classes, &state.classroom.lessons(), None, ""),
        Next::SignInFirst { name } => page::sign_in_first(&name),
    })
}

/// What a form of ours says in one of its fields.
fn value(body: &str, name: &str) -> Option<String> {
    url::form_urlencoded::parse(body.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// What a teacher has chosen in it.
fn read(body: &str) -> Result<Chosen, ClassError> {
    let value = |name: &str| value(body, name);
    match (value("account").as_deref(), value("class").as_deref()) {
        (Some("signed-in"), _) => {
            Ok(Chosen::SignedIn { account: value("id").unwrap_or_default(), password: value("password").unwrap_or_default() })
        }
        (Some("own"), _) => Ok(Chosen::OwnAccount),
        (None, Some("new")) => {
            let pairs = url::form_urlencoded::parse(body.as_bytes());
            let lessons = pairs.filter(|(key, _)| key == "lesson").map(|(_, value)| value.into_owned()).collect();
            Ok(Chosen::NewClass { name: value("name").unwrap_or_default(), lessons })
        }
        (None, Some(class)) => Ok(Chosen::Class(class.to_owned())),
        _ => Err(ClassError::Refused("Nothing was chosen. Go back and choose a class.".to_owned())),
    }
}

fn unreadable(error: impl std::fmt::Display) -> ClassError {
    tracing::error!(%error, "A session could not be read or kept.");
    ClassError::Refused("Lunchbox can't keep who you are just now. Go back to your course and click the link again in a moment.".to_owned())
}
