//! The only error the browser sees.

use std::fmt;

use leptos::{prelude::FromServerFnError, server_fn::error::ServerFnErrorErr};
use serde::{Deserialize, Serialize};

use super::codec::JsonText;

/// Plain text for a person, and the HTTP status that says what kind it is.
///
/// It is sent with that status, except a refusal, which is sent with 200 in the place of the answer: what is expected is no
/// fault for the browser's console.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiError {
    /// What happened, why, and what to do next. Never an internal text.
    pub message: String,
    /// 0 where there was no answer at all.
    pub status: u16,
}

/// Of what was refused.
#[cfg(feature = "ssr")]
const REFUSED: u16 = 409;
/// Said where the server could not be reached at all.
const UNREACHABLE: &str = "Lunchbox can't be reached just now. Check your connection and try again.";
/// Said where the server answered something that the page does not understand.
const MISUNDERSTOOD: &str = "The server's answer could not be read. Reload the page and try again.";

impl ApiError {
    /// An error of ours; `id` finds it in the log.
    #[must_use]
    pub fn internal(id: &str) -> Self {
        Self { message: format!("Something went wrong on our side. Try again; if it stays, tell your instructor this: {id}."), status: 500 }
    }

    /// An instructor has to sign in first.
    #[must_use]
    pub fn is_not_signed_in(&self) -> bool {
        self.status == 401
    }

    #[cfg(feature = "ssr")]
    pub(crate) fn is_refusal(&self) -> bool {
        self.status == REFUSED
    }

    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.status == 404
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for ApiError {}

impl FromServerFnError for ApiError {
    type Encoder = JsonText;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(_) => Self { message: UNREACHABLE.to_owned(), status: 0 },
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => {
                let error = Self { message: "The server did not understand what the page asked. Reload the page.".to_owned(), status: 400 };
                #[cfg(feature = "ssr")]
                let error = super::told(error);
                error
            }
            // What was sent instead of an answer of its type is a refusal, if it is anything.
            ServerFnErrorErr::Deserialization(sent) => {
                serde_json::from_str(&sent).unwrap_or_else(|_| Self { message: MISUNDERSTOOD.to_owned(), status: 500 })
            }
            _ => Self { message: MISUNDERSTOOD.to_owned(), status: 500 },
        }
    }
}

#[cfg(feature = "ssr")]
impl From<crate::backend::BackendError> for ApiError {
    fn from(error: crate::backend::BackendError) -> Self {
        use crate::backend::BackendError;
        match error {
            BackendError::NotFound => Self { message: "There is nothing here by that name, or it is not yours.".to_owned(), status: 404 },
            BackendError::NotSignedIn => Self { message: "Sign in first.".to_owned(), status: 401 },
            BackendError::Refused(message) => Self { message, status: REFUSED },
            BackendError::Internal { request_id } => Self::internal(&request_id),
        }
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use leptos::server_fn::{Bytes, Decodes};
    use serde::de::DeserializeOwned;

    use super::*;
    use crate::{api::lessons::OpenedLesson, backend::BackendError, model::*};

    /// What the page makes of what the server has sent with 200, where it waits for a `T`.
    fn read<T: DeserializeOwned>(sent: &'static str) -> Result<T, ApiError> {
        <JsonText as Decodes<T>>::decode(Bytes::from_static(sent.as_bytes()))
            .map_err(|error| ApiError::from_server_fn_error(ServerFnErrorErr::Deserialization(error)))
    }

    fn is_refusal<T: DeserializeOwned>() -> bool {
        let refused: ApiError = BackendError::Refused("No.".to_owned()).into();
        matches!(read::<T>(r#"{"message":"No.","status":409}"#), Err(error) if error == refused)
    }

    #[test]
    fn a_refusal_is_told_from_every_answer_that_a_page_may_wait_for() {
        assert!(is_refusal::<()>() && is_refusal::<bool>() && is_refusal::<String>() && is_refusal::<u32>());
        assert!(is_refusal::<OpenedLesson>() && is_refusal::<Lesson>() && is_refusal::<Vec<LessonSummary>>());
        assert!(is_refusal::<Progress>() && is_refusal::<SandboxStatus>() && is_refusal::<Vec<Seat>>());
        assert!(is_refusal::<ClassCard>() && is_refusal::<Joined>() && is_refusal::<PlaceCard>());
        assert!(is_refusal::<PersonalLink>() && is_refusal::<Certificate>());
        assert!(is_refusal::<Option<Me>>() && is_refusal::<Me>() && is_refusal::<Invitation>() && is_refusal::<InvitationLink>());
        assert!(is_refusal::<Board>() && is_refusal::<Watched>() && is_refusal::<Timeline>() && is_refusal::<Report>());
        assert!(is_refusal::<ClassDetails>() && is_refusal::<Vec<ClassSummary>>() && is_refusal::<Vec<LessonOutline>>());
        assert!(is_refusal::<RosterPreview>() && is_refusal::<RosterResult>() && is_refusal::<Deleted>());
        assert!(is_refusal::<Machine>() && is_refusal::<Vec<Instructor>>() && is_refusal::<Platforms>() && is_refusal::<FillResult>());
        assert!(is_refusal::<SentNotes>() && is_refusal::<Option<SignedOut>>());
    }

    #[test]
    fn an_answer_that_can_not_be_read_is_no_refusal() {
        assert_eq!(read::<Progress>("<html>"), Err(ApiError { message: MISUNDERSTOOD.to_owned(), status: 500 }));
        assert_eq!(read::<()>("null"), Ok(()));
    }
}
