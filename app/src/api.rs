//! The server functions: what the browser may ask, one file a noun.
//!
//! Each takes the [`Backend`](crate::backend::Backend) of the learner who asks from the context,
//! calls one method of it and turns its error into an [`ApiError`]. Nothing else happens here.

pub mod codec;
pub mod error;
pub mod lessons;
pub mod progress;
pub mod sandbox;
pub mod seats;
pub mod teach;

pub use error::ApiError;

#[cfg(feature = "ssr")]
mod bound {
    use std::sync::Arc;

    use leptos::prelude::*;

    use super::ApiError;
    use crate::backend::{Backend, BackendError, Teaching};

    /// The backend of the learner who asks, as the server put it into the context.
    pub(super) fn backend() -> Result<Arc<dyn Backend>, ApiError> {
        use_context::<Arc<dyn Backend>>().ok_or_else(|| told(ApiError::internal("no backend in context")))
    }

    /// What an instructor's pages ask, bound to whoever asks.
    pub(super) fn teaching() -> Result<Arc<dyn Teaching>, ApiError> {
        use_context::<Arc<dyn Teaching>>().ok_or_else(|| told(ApiError::internal("no teaching in context")))
    }

    /// A backend's answer, with its error as the browser may see it.
    pub(super) fn answer<T>(result: Result<T, BackendError>) -> Result<T, ApiError> {
        result.map_err(|error| told(error.into()))
    }

    /// Sets the error's status on the response: leptos 0.8 sends every error as 500 by itself. A refusal is an answer
    /// as any other, which the page shows; browsers write whatever isn't 200 into their console, as a fault.
    pub(super) fn told(error: ApiError) -> ApiError {
        let status = if error.is_refusal() { http::StatusCode::OK.as_u16() } else { error.status };
        if let Some(response) = use_context::<leptos_axum::ResponseOptions>()
            && let Ok(status) = http::StatusCode::from_u16(status)
        {
            response.set_status(status);
        }
        error
    }
}

#[cfg(feature = "ssr")]
use bound::{answer, backend, teaching, told};
