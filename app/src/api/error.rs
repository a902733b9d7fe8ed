//! The only error the browser sees.

use std::fmt;

use leptos::{prelude::FromServerFnError, server_fn::error::ServerFnErrorErr};
use serde::{Deserialize, Serialize};

use super::codec::JsonText;

/// Plain text for a person, and the HTTP status it was sent with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiError {
    /// What happened, why, and what to do next. Never an internal text.
    pub message: String,
    /// 0 where there was no answer at all.
    pub status: u16,
}

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
            BackendError::Refused(message) => Self { message, status: 409 },
            BackendError::Internal { request_id } => Self::internal(&request_id),
        }
    }
}
