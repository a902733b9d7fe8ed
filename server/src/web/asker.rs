//! One request's asker: which learner, from where, in which session. What both backends are bound to.

use app::backend::BackendError;
use axum::http::{header, request::Parts};
use tower_sessions::Session;

use super::{access_log::RequestId, client::Client, pace};
use crate::{app_state::AppState, classroom::ClassError, config::WebConfig, learner::LearnerId};

/// Who asks, for one request.
#[derive(Clone)]
pub struct Asker {
    pub learner: LearnerId,
    /// From where they ask.
    pub client: Client,
    pub request: RequestId,
    /// `None` for a page that is nobody's, such as the one that says that there is no such page.
    pub session: Option<Session>,
    /// Where people find this server, as who asks does: `https://lunchbox.example.com`.
    pub base: String,
    pub state: AppState,
}

impl Asker {
    /// As the middleware has found it out.
    pub fn of(parts: &Parts, state: &AppState) -> Option<Self> {
        Some(Self {
            learner: parts.extensions.get::<LearnerId>().cloned()?,
            client: parts.extensions.get::<Client>().copied()?,
            request: parts.extensions.get::<RequestId>().cloned().unwrap_or_else(|| RequestId("unknown".to_owned())),
            session: parts.extensions.get::<Session>().cloned(),
            base: base(parts, &state.web),
            state: state.clone(),
        })
    }

    /// An error of ours; its details go into the log.
    pub fn internal(&self, error: &dyn std::error::Error) -> BackendError {
        tracing::error!(request.id = self.request.0, %error, "A request failed.");
        BackendError::Internal { request_id: self.request.0.clone() }
    }

    pub fn class_error(&self, error: ClassError) -> BackendError {
        match error {
            ClassError::NotFound => BackendError::NotFound,
            ClassError::Refused(message) => BackendError::Refused(message),
            ClassError::Database(error) => self.internal(&error),
        }
    }

    /// Codes are looked up at the pace of people. One that was right does not count: say so by
    /// [`Asker::code_was_right`].
    ///
    /// # Errors
    /// Where there were too many that were wrong.
    pub fn may_look_codes_up(&self) -> Result<(), BackendError> {
        self.state.pace.code(self.client, std::time::Instant::now()).map_err(|wait| BackendError::Refused(pace::too_much(wait)))
    }

    /// What [`Asker::may_look_codes_up`] has counted was no guess.
    pub fn code_was_right(&self) {
        self.state.pace.code_was_right(&self.client);
    }

    /// # Errors
    /// Where there is none.
    pub fn session(&self) -> Result<&Session, BackendError> {
        self.session.as_ref().ok_or(BackendError::NotSignedIn)
    }
}

/// Where people find this server: as it is set, or as who asks does.
pub(super) fn base(parts: &Parts, web: &WebConfig) -> String {
    match &web.public_url {
        Some(url) => url.to_string(),
        None => {
            // Looked at by `origin` already: it is a name that nobody can point elsewhere.
            let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).or_else(|| parts.uri.host());
            format!("http://{}", host.unwrap_or("localhost"))
        }
    }
}
