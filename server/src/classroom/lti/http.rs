//! Asking a platform: with a limit on everything, and no step further than the address that was asked.
//!
//! An answer that sends on elsewhere is not followed: it would lead where no admin has.

use std::sync::OnceLock;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::time::timeout;
use url::Url;

use super::{
    limits::{ANSWER_WITHIN, MAX_ANSWER},
    urls,
};

type Https = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// Who asks, for a platform's log.
const USER_AGENT: &str = concat!("Lunchbox/", env!("CARGO_PKG_VERSION"));

/// Lines to platforms, made when the first one is asked.
#[derive(Default)]
pub(super) struct Http(OnceLock<Result<Https, String>>);

/// What a platform answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// Why a platform could not be asked, or what it answered is no good: a sentence for who looks after it.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub(super) struct PlatformError(pub(super) String);

impl PlatformError {
    pub(super) fn new<T>(sentence: impl Into<String>) -> Result<T, Self> {
        Err(Self(sentence.into()))
    }
}

impl Http {
    /// Sends the request, whose address must be whole, and waits for all of the answer.
    ///
    /// # Errors
    /// Where it isn't one of the addresses that may be asked, nothing comes in time, too much does, or it is an answer
    /// that sends on elsewhere.
    pub(super) async fn ask(&self, request: Request<Full<Bytes>>) -> Result<Answer, PlatformError> {
        self.ask_within(request, ANSWER_WITHIN).await
    }

    async fn ask_within(&self, mut request: Request<Full<Bytes>>, limit: std::time::Duration) -> Result<Answer, PlatformError> {
        request.headers_mut().insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        let uri = request.uri().clone();
        let url = Url::parse(&uri.to_string()).ok().filter(urls::is_fit);
        let Some(url) = url else { return PlatformError::new(format!("{uri} is not asked: it is neither https:// nor on this machine.")) };
        // Without its query, where a secret may be.
        let shown = format!("{}{}", url.origin().ascii_serialization(), url.path());
        let client = self.0.get_or_init(client).as_ref().map_err(|error| PlatformError(error.clone()))?;
        let asked = async {
            let answer = client.request(request).await.map_err(|error| {
                PlatformError(format!("{shown} can't be reached: {}. See whether this machine gets there.", causes(&error)))
            })?;
            let (parts, body) = answer.into_parts();
            if parts.status.is_redirection() {
                let to = parts.headers.get(header::LOCATION).and_then(|to| to.to_str().ok()).unwrap_or("elsewhere");
                return PlatformError::new(format!(
                    "{shown} answers that it is to be found at {to}. Lunchbox goes nowhere but where an admin sends it: enter the address that it has now."
                ));
            }
            match Limited::new(body, MAX_ANSWER).collect().await {
                Ok(body) => Ok(Answer { status: parts.status, headers: parts.headers, body: body.to_bytes() }),
                Err(error) if error.is::<http_body_util::LengthLimitError>() => {
                    PlatformError::new(format!("{shown} answers with more than {} KiB, and is read no further.", MAX_ANSWER / 1024))
                }
                Err(error) => PlatformError::new(format!("{shown} broke off its answer: {}.", causes(&*error))),
            }
        };
        match timeout(limit, asked).await {
            Ok(answer) => answer,
            Err(_) => PlatformError::new(format!("{shown} did not answer within {} s.", limit.as_secs_f32())),
        }
    }
}

fn client() -> Result<Https, String> {
    let connector = HttpsConnectorBuilder::new()
        .with_native_roots()
        .map_err(|error| format!("This machine has no list of certificate authorities ({error}). Install the package ca-certificates."))?
        .https_or_http()
        .enable_http1()
        .build();
    Ok(Client::builder(TokioExecutor::new()).build(connector))
}

/// An error with those it comes from: what went wrong is in the last.
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    std::iter::successors(Some(error), |error| error.source()).last().map_or_else(String::new, ToString::to_string)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use std::time::Duration;

    use axum::{Router, body::Body, response::Redirect, routing::get};
    use futures_util::stream;

    use super::*;

    async fn served(router: Router) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }

    async fn asked(url: &str) -> Result<Answer, PlatformError> {
        let request = Request::get(url).body(Full::default()).unwrap();
        Http::default().ask_within(request, Duration::from_millis(300)).await
    }

    #[tokio::test]
    async fn what_is_slow_or_huge_or_leads_elsewhere_is_an_error_in_words() {
        let router = Router::new()
            .route("/fine", get(|| async { "{}" }))
            .route("/who", get(|headers: HeaderMap| async move { headers[header::USER_AGENT].clone().as_bytes().to_vec() }))
            .route("/slow", get(|| async { Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>()) }))
            .route("/huge", get(|| async { vec![b' '; MAX_ANSWER + 1] }))
            .route("/elsewhere", get(|| async { Redirect::temporary("/fine") }));
        let url = served(router).await;
        assert_eq!(asked(&format!("{url}/fine")).await.unwrap().body, "{}");
        assert_eq!(asked(&format!("{url}/who")).await.unwrap().body, USER_AGENT);
        for (path, words) in [("slow", "did not answer within"), ("huge", "more than 512 KiB"), ("elsewhere", "to be found at /fine")] {
            let error = asked(&format!("{url}/{path}?secret=7")).await.unwrap_err().0;
            assert!(error.contains(words) && !error.contains("secret"), "{path}: {error}");
        }
        let gone = asked("http://127.0.0.1:1/").await.unwrap_err().0;
        assert!(gone.contains("can't be reached") && gone.to_lowercase().contains("refused"), "{gone}");
    }

    #[tokio::test]
    async fn only_encrypted_addresses_and_this_machine_are_asked() {
        for url in ["http://platform.example/", "http://169.254.169.254/latest"] {
            let error = asked(url).await.unwrap_err().0;
            assert!(error.contains("is not asked"), "{error}");
        }
    }
}
