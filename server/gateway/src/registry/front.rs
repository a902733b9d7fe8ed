//! The course registry as one sandbox sees it by HTTP (`egress = registry`): to be read, never written. The
//! course's images are `library/…`, the learner's pushes are what they called them; nobody else's are there.
//! Source: the OCI distribution specification 1.1 ("pull" and "content discovery").
//!
//! As everywhere in this crate, nothing of a request is passed on: the path is taken apart and written anew,
//! and of the registry's answers a few headers and the bytes go back.

use std::{convert::Infallible, sync::Arc};

use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::{
    body::{self, Body},
    gateway::Shared,
    reference::{Reference, is_digest, is_tag},
    registry::is_course_image,
    request::path,
    sandbox::Sandbox,
    scope::{RegistryRepository, Scope},
    serve,
};

const VERSION: HeaderName = HeaderName::from_static("docker-distribution-api-version");
/// Of the registry's headers, what a client needs to check and to read the bytes.
const PASSED_HEADERS: [HeaderName; 4] =
    [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::ETAG, HeaderName::from_static("docker-content-digest")];

/// What is asked for, below `/v2/`.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Asked {
    Version,
    Catalogue,
    Tags(String),
    Manifest(String, String),
    Blob(String, String),
}

/// Why not, in the specification's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    NameUnknown,
    ManifestUnknown,
    BlobUnknown,
    ReadOnly,
    NotFound,
    Busy,
    Away,
}

impl Fault {
    fn into_response(self) -> Response<Body> {
        let (status, code, message) = match self {
            Self::NameUnknown => (StatusCode::NOT_FOUND, "NAME_UNKNOWN", "there is no such repository; /v2/_catalog lists those there are"),
            Self::ManifestUnknown => (StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN", "there is no such tag or digest in this repository"),
            Self::BlobUnknown => (StatusCode::NOT_FOUND, "BLOB_UNKNOWN", "there is no such blob in this repository"),
            Self::ReadOnly => (StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED", "this door is for reading; push with `docker push`"),
            Self::NotFound => (StatusCode::NOT_FOUND, "UNSUPPORTED", "this is a registry: see /v2/_catalog"),
            Self::Busy => (StatusCode::TOO_MANY_REQUESTS, "TOOMANYREQUESTS", "too much is being read at once; try again in a moment"),
            Self::Away => (StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", "the course registry does not answer; try again in a moment"),
        };
        body::json(status, &json!({ "errors": [{ "code": code, "message": message }] }))
    }
}

/// Serves one connection of the sandbox's until it ends.
pub(crate) async fn serve(shared: Arc<Shared>, sandbox: Arc<Sandbox>, stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) {
    let id = sandbox.id.clone();
    let service = service_fn(move |request: http::Request<Incoming>| {
        let (shared, sandbox) = (shared.clone(), sandbox.clone());
        async move {
            let is_head = request.method() == Method::HEAD;
            let mut response = answer(&shared, &sandbox, &request).await.unwrap_or_else(Fault::into_response);
            response.headers_mut().insert(VERSION, HeaderValue::from_static("registry/2.0"));
            if is_head {
                *response.body_mut() = body::empty();
            }
            Ok::<_, Infallible>(response)
        }
    });
    let served = serve::http1().serve_connection(TokioIo::new(stream), service).await;
    if let Err(error) = served {
        tracing::debug!(sandbox = %id, %error, "a connection to the registry's door ended");
    }
}

async fn answer(shared: &Shared, sandbox: &Sandbox, request: &http::Request<Incoming>) -> Result<Response<Body>, Fault> {
    sandbox.touch();
    let asked = read(request.method(), request.uri().path())?;
    let scope = shared.scope(&sandbox.id);
    match asked {
        Asked::Version => Ok(body::json(StatusCode::OK, &json!({}))),
        Asked::Catalogue => {
            let mut repositories = shared.registry.learners_repositories(&sandbox.id).await.map_err(away)?;
            repositories.extend(shared.registry.course_images().await.map_err(away)?.into_iter().map(|name| format!("library/{name}")));
            Ok(body::json(StatusCode::OK, &json!({ "repositories": repositories })))
        }
        Asked::Tags(name) => {
            let repository = find(shared, &scope, &name)?;
            let tags = shared.registry.tags(repository.path()).await.map_err(away)?.ok_or(Fault::NameUnknown)?;
            Ok(body::json(StatusCode::OK, &json!({ "name": name, "tags": tags })))
        }
        Asked::Manifest(name, what) => {
            let path = format!("/v2/{}/manifests/{what}", find(shared, &scope, &name)?.path());
            pass(shared, sandbox, &path, (&name, Fault::ManifestUnknown)).await
        }
        Asked::Blob(name, digest) => {
            let path = format!("/v2/{}/blobs/{digest}", find(shared, &scope, &name)?.path());
            pass(shared, sandbox, &path, (&name, Fault::BlobUnknown)).await
        }
    }
}

fn away(error: super::RegistryError) -> Fault {
    tracing::error!(error = &error as &dyn std::error::Error, "the registry did not answer");
    Fault::Away
}

/// The path, taken apart by the same rules as the Engine API's.
fn read(method: &Method, path: &str) -> Result<Asked, Fault> {
    let segments = path::segments(path.strip_suffix('/').unwrap_or(path)).ok_or(Fault::NotFound)?;
    let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
    let ["v2", rest @ ..] = parts.as_slice() else { return Err(Fault::NotFound) };
    if !matches!(*method, Method::GET | Method::HEAD) {
        return Err(Fault::ReadOnly);
    }
    match rest {
        [] => Ok(Asked::Version),
        ["_catalog"] => Ok(Asked::Catalogue),
        [name @ .., "tags", "list"] if !name.is_empty() => Ok(Asked::Tags(name.join("/"))),
        [name @ .., "manifests", what] if !name.is_empty() && is_tag_or_digest(what) => {
            Ok(Asked::Manifest(name.join("/"), (*what).to_owned()))
        }
        [name @ .., "blobs", digest] if !name.is_empty() && is_digest(digest) => Ok(Asked::Blob(name.join("/"), (*digest).to_owned())),
        [_, .., "manifests", _] => Err(Fault::ManifestUnknown),
        [_, .., "blobs", _] => Err(Fault::BlobUnknown),
        _ => Err(Fault::NotFound),
    }
}

fn is_tag_or_digest(what: &str) -> bool {
    is_digest(what) || is_tag(what)
}

/// Where a name lies: a course's image, or what the learner pushed. Others' corners have no name here.
fn find(shared: &Shared, scope: &Scope, name: &str) -> Result<RegistryRepository, Fault> {
    let image = name.strip_prefix("library/");
    if image.is_some_and(|image| !is_course_image(image)) {
        return Err(Fault::NameUnknown);
    }
    let domain = if image.is_some() { "docker.io" } else { shared.config.registry_alias.as_str() };
    let reference = Reference::parse(&format!("{domain}/{name}")).filter(|reference| reference.tag.is_none() && reference.digest.is_none());
    scope.registry_repository(&reference.ok_or(Fault::NameUnknown)?).map_err(|_| Fault::NameUnknown)
}

/// Why something of a repository isn't there: of the course's, it may be that there is no such image. Only now is
/// the catalogue asked for it.
async fn why_not(shared: &Shared, name: &str, unknown: Fault) -> Result<Fault, Fault> {
    let Some(image) = name.strip_prefix("library/") else { return Ok(unknown) };
    let is_known = shared.registry.course_images().await.map_err(away)?.iter().any(|known| known == image);
    Ok(if is_known { unknown } else { Fault::NameUnknown })
}

/// `missing`: the repository's name, and what is told where the registry has nothing at this path.
async fn pass(shared: &Shared, sandbox: &Sandbox, path: &str, missing: (&str, Fault)) -> Result<Response<Body>, Fault> {
    let permit = sandbox.stream().map_err(|_| Fault::Busy)?;
    let (head, incoming) = shared.registry.open(Method::GET, path).await.map_err(away)?.into_parts();
    match head.status {
        StatusCode::OK => {}
        StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST => return Err(why_not(shared, missing.0, missing.1).await?),
        status => return Err(away(super::RegistryError::Status(status))),
    }
    let mut response = Response::new(body::holding(body::incoming(incoming), permit));
    *response.headers_mut() = passed(&head.headers);
    Ok(response)
}

fn passed(headers: &HeaderMap) -> HeaderMap {
    PASSED_HEADERS.iter().filter_map(|name| Some((name.clone(), headers.get(name)?.clone()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(path: &str) -> Result<Asked, Fault> {
        read(&Method::GET, path)
    }

    #[test]
    fn what_a_registry_is_asked_for_is_understood() {
        let digest = format!("sha256:{}", "a".repeat(64));
        assert_eq!(get("/v2/"), Ok(Asked::Version));
        assert_eq!(get("/v2"), Ok(Asked::Version));
        assert_eq!(get("/v2/_catalog"), Ok(Asked::Catalogue));
        assert_eq!(get("/v2/library/nginx/tags/list"), Ok(Asked::Tags("library/nginx".to_owned())));
        assert_eq!(get("/v2/app/manifests/1.0"), Ok(Asked::Manifest("app".to_owned(), "1.0".to_owned())));
        assert_eq!(get(&format!("/v2/a/b/c/manifests/{digest}")), Ok(Asked::Manifest("a/b/c".to_owned(), digest.clone())));
        assert_eq!(get(&format!("/v2/app/blobs/{digest}")), Ok(Asked::Blob("app".to_owned(), digest)));
    }

    #[test]
    fn what_isnt_reading_or_isnt_clean_is_refused() {
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            assert_eq!(read(&method, "/v2/app/blobs/uploads/"), Err(Fault::ReadOnly), "{method}");
        }
        for path in [
            "/",
            "/v1/search",
            "/debug/health",
            "/v2/app",
            "/v2//manifests/1",
            "/v2/app/../x/manifests/1",
            "/v2/a%2fb/tags/list",
            "/v2/a/_x",
        ] {
            assert_eq!(get(path), Err(Fault::NotFound), "{path}");
        }
        assert_eq!(get("/v2/app/manifests/.hidden"), Err(Fault::ManifestUnknown));
        assert_eq!(get("/v2/app/blobs/uploads"), Err(Fault::BlobUnknown));
    }
}
