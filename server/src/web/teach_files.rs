//! What an instructor takes away: a class's progress as CSV, as JSON, and as xAPI statements. Written as it
//! is read, so that no class is too large for it.

use axum::{
    Extension,
    body::Body,
    extract::{Path, State},
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use futures_util::Stream;
use serde::Serialize;
use serde_json::json;
use tower_sessions::Session;

use super::{asker::Asker, teach_stream};
use crate::{
    app_state::AppState,
    classroom::{ClassError, ClassRow, Classroom, export},
};

/// The handler of `GET /teach/classes/{class}/progress.csv`.
pub async fn csv(State(state): State<AppState>, Extension(session): Extension<Session>, Path(class): Path<String>) -> Response {
    file(&state, &session, &class, "text/csv; charset=utf-8; header=present", "progress.csv", async |class, lessons| {
        Ok(csv_body(state.classroom.clone(), class, lessons))
    })
    .await
}

/// The handler of `GET /teach/classes/{class}/progress.json`.
pub async fn json(State(state): State<AppState>, Extension(session): Extension<Session>, Path(class): Path<String>) -> Response {
    file(&state, &session, &class, "application/json", "progress.json", async |class, lessons| {
        let head = json!({ "class": class.name, "class_id": class.id }).to_string();
        let classroom = state.classroom.clone();
        let lines = array(lessons, move |lesson| {
            let (classroom, class) = (classroom.clone(), class.clone());
            async move { classroom.progress_lines(&class, &lesson).await }
        });
        // The head's own brace is closed after the array.
        Ok(Body::from_stream(around(format!("{},\"progress\":", head.trim_end_matches('}')), lines, "}\n")))
    })
    .await
}

/// The handler of `GET /teach/classes/{class}/xapi.json`.
pub async fn xapi(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Path(class): Path<String>,
    parts: Parts,
) -> Response {
    let base = Asker::of(&parts, &state).map(|asker| asker.base).unwrap_or_default();
    file(&state, &session, &class, "application/json", "xapi.json", async |class, lessons| {
        let classroom = state.classroom.clone();
        let learners = classroom.learners_in_turn(&class).await?;
        let parts = lessons.iter().flat_map(|lesson| learners.iter().map(|some| (lesson.clone(), some.clone()))).collect();
        let statements = array(parts, move |(lesson, learners)| {
            let (classroom, class, base) = (classroom.clone(), class.clone(), base.clone());
            async move { classroom.statements(&class, &lesson, &learners, &base).await }
        });
        Ok(Body::from_stream(around(String::new(), statements, "\n")))
    })
    .await
}

/// Looks whether who asks may, and answers with a file to be saved.
async fn file(
    state: &AppState,
    session: &Session,
    class: &str,
    kind: &'static str,
    name: &str,
    body: impl AsyncFnOnce(ClassRow, Vec<String>) -> Result<Body, ClassError>,
) -> Response {
    let class = match teach_stream::class_of(state, session, class).await {
        Ok(class) => class,
        Err(answer) => return answer,
    };
    let lessons = match state.classroom.lessons_to_export(&class).await {
        Ok(lessons) => lessons,
        Err(error) => return teach_stream::refused(error),
    };
    let disposition = format!("attachment; filename=\"{}-{name}\"", plain(&class.name));
    let Ok(disposition) = HeaderValue::from_str(&disposition) else {
        return (StatusCode::INTERNAL_SERVER_ERROR, "The file has no name.\n").into_response();
    };
    let headers = [(header::CONTENT_TYPE, HeaderValue::from_static(kind)), (header::CONTENT_DISPOSITION, disposition)];
    match body(class, lessons).await {
        Ok(body) => (headers, body).into_response(),
        Err(error) => teach_stream::refused(error),
    }
}

/// A name that every file system and header takes.
fn plain(name: &str) -> String {
    let words: Vec<String> =
        name.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_ascii_lowercase).collect();
    if words.is_empty() { "class".to_owned() } else { words.join("-") }
}

fn csv_body(classroom: Classroom, class: ClassRow, lessons: Vec<String>) -> Body {
    Body::from_stream(async_stream::stream! {
        let mut header = true;
        for lesson in lessons {
            let lines = classroom.progress_lines(&class, &lesson).await;
            yield lines.map(|lines| Bytes::from(export::csv(&lines, header)));
            header = false;
        }
    })
}

/// A JSON array of what each part gives.
fn array<P: Send, T: Serialize + Send, F: Future<Output = Result<Vec<T>, ClassError>> + Send>(
    parts: Vec<P>,
    of: impl Fn(P) -> F + Send,
) -> impl Stream<Item = Result<Bytes, ClassError>> + Send {
    async_stream::stream! {
        yield Ok(Bytes::from_static(b"["));
        let mut first = true;
        for part in parts {
            // Where it fails the connection breaks, so that nobody takes half a file for the whole.
            let written = of(part).await.map(|values| written(&values, &mut first));
            let failed = written.is_err();
            yield written;
            if failed {
                return;
            }
        }
        yield Ok(Bytes::from_static(b"\n]"));
    }
}

/// One value a line, after those of other parts.
fn written<T: Serialize>(values: &[T], first: &mut bool) -> Bytes {
    let mut text = Vec::new();
    for value in values {
        text.extend_from_slice(if std::mem::take(first) { b"\n" } else { b",\n" });
        // Memory takes it all, and no key of ours is anything but text.
        let _ = serde_json::to_writer(&mut text, value);
    }
    Bytes::from(text)
}

fn around(
    head: String,
    inner: impl Stream<Item = Result<Bytes, ClassError>> + Send,
    tail: &'static str,
) -> impl Stream<Item = Result<Bytes, ClassError>> + Send {
    async_stream::stream! {
        yield Ok(Bytes::from(head));
        for await piece in inner {
            yield piece;
        }
        yield Ok(Bytes::from_static(tail.as_bytes()));
    }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_file_is_named_after_its_class_in_plain_letters() {
        assert_eq!(plain("Docker 101: \"Mo–Fr\"\r\n/../"), "docker-101-mo-fr");
        assert_eq!(plain("李"), "class");
    }
}
