//! The last step: our own page, with our own session.

use axum::{
    Extension,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
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
    web::{instructor, session},
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
        let next = state.classroom.arrive(&arriving, signed_in.as_ref()).await?;
        shown(&state, &session, &learner, &arriving, signed_in.as_ref(), next).await
    };
    uncached(arrived.await.unwrap_or_else(failed))
}

/// Does what a teacher has chosen, and looks on.
pub(super) async fn choose(
    State(state): State<AppState>,
    session: Session,
    Path(ticket): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let chosen = async {
        let (arriving, signed_in) = who(&state, &session, &ticket, &headers).await?;
        match state.classroom.choose(&arriving, signed_in.as_ref(), read(&body)?).await {
            Ok(()) => Ok(Redirect::to(&format!("{ARRIVE}{ticket}")).into_response()),
            // What was chosen is no good: once more, with why.
            Err(ClassError::Refused(problem)) => match state.classroom.arrive(&arriving, signed_in.as_ref()).await? {
                Next::WhichClass { classes, .. } => {
                    let mut response = page::which_class(&arriving, &classes, &state.classroom.lessons(), &problem);
                    *response.status_mut() = StatusCode::CONFLICT;
                    Ok(response)
                }
                _ => Err(ClassError::Refused(problem)),
            },
            Err(error) => Err(error),
        }
    };
    uncached(chosen.await.unwrap_or_else(failed))
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
        Next::WhichAccount { signed_in } => page::which_account(arriving, &signed_in),
        Next::WhichClass { classes, .. } => page::which_class(arriving, &classes, &state.classroom.lessons(), ""),
        Next::SignInFirst { name } => page::sign_in_first(&name),
    })
}

/// What a form of ours says.
fn read(body: &str) -> Result<Chosen, ClassError> {
    let pairs: Vec<_> = url::form_urlencoded::parse(body.as_bytes()).collect();
    let value = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_ref());
    match (value("account"), value("class")) {
        (Some("signed-in"), _) => Ok(Chosen::SignedIn),
        (Some("own"), _) => Ok(Chosen::OwnAccount),
        (None, Some("new")) => {
            let lessons = pairs.iter().filter(|(key, _)| key == "lesson").map(|(_, value)| value.to_string()).collect();
            Ok(Chosen::NewClass { name: value("name").unwrap_or_default().to_owned(), lessons })
        }
        (None, Some(class)) => Ok(Chosen::Class(class.to_owned())),
        _ => Err(ClassError::Refused("Nothing was chosen. Go back and choose a class.".to_owned())),
    }
}

fn unreadable(error: impl std::fmt::Display) -> ClassError {
    tracing::error!(%error, "A session could not be read or kept.");
    ClassError::Refused("Lunchbox can't keep who you are just now. Go back to your course and click the link again in a moment.".to_owned())
}
