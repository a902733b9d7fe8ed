//! The pages that a preview shows where the learner's program shows none.

use axum::response::{Html, IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

use super::headers::{Form, isolate};

/// Seconds after which a page whose reason may pass is loaded again.
const AGAIN_SECONDS: u32 = 2;

pub(super) fn no_such_preview(form: &Form) -> Response {
    page(
        form,
        StatusCode::NOT_FOUND,
        "There is no such sandbox",
        "It was reset or removed, or the address is not complete. Open the preview again from the lesson.",
        None,
    )
}

pub(super) fn not_published(form: &Form, port: u16) -> Response {
    let text = format!(
        "No running container of this sandbox publishes port {port}. <code>docker ps</code> shows what is published, and \
         <code>docker run -p {port}:80 …</code> publishes port 80 of a container here."
    );
    page(form, StatusCode::NOT_FOUND, &format!("Nothing is published on port {port}"), &text, Some(AGAIN_SECONDS))
}

pub(super) fn no_answer(form: &Form, port: u16) -> Response {
    let text = format!(
        "A container publishes port {port}, but the program in it does not answer in HTTP. It may still be starting, or listen on \
         another port than the one published: <code>docker logs</code> and <code>docker ps</code> tell."
    );
    page(form, StatusCode::BAD_GATEWAY, &format!("Nobody answers on port {port}"), &text, Some(AGAIN_SECONDS))
}

pub(super) fn too_many(form: &Form) -> Response {
    let text = "This sandbox's previews have as many connections open as they may. Close a tab or wait a moment.";
    page(form, StatusCode::SERVICE_UNAVAILABLE, "Too many connections", text, Some(AGAIN_SECONDS))
}

pub(super) fn refused() -> Response {
    let text = "A preview can be opened as a page, but not used as a part of Lunchbox's own pages.";
    page(&Form::Path, StatusCode::FORBIDDEN, "Not here", text, None)
}

/// `text` is HTML of ours: nothing of a learner's is in it.
fn page(form: &Form, status: StatusCode, title: &str, text: &str, again: Option<u32>) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><style>\
         :root{{color-scheme:light dark}}body{{font:1rem/1.6 system-ui,sans-serif;max-width:34rem;margin:18vh auto;padding:0 1.5rem}}\
         h1{{font-size:1.4rem}}code{{padding:.1em .35em;border-radius:.3em;background:color-mix(in srgb,currentColor 12%,transparent)}}\
         </style><h1>{title}</h1><p>{text}</p></html>"
    );
    let mut response = (status, Html(html)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(again) = again {
        headers.insert(header::REFRESH, HeaderValue::from(again));
    }
    match form {
        Form::Path => isolate(headers),
        Form::Host { .. } => {
            headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        }
    }
    response
}
