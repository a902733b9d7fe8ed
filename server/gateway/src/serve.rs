//! A sandbox's socket: connections in, requests classified, answers out. Who asks is known from the
//! socket alone.

mod dispatch;
mod quiet;
mod wide;

use self::wide::Wide;
pub(crate) use self::wide::{Width, widen};

use std::{io, os::unix::fs::PermissionsExt, path::Path, sync::Arc, time::Duration};

use http::{Method, Response, header};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{UnixListener, UnixStream},
    sync::OwnedSemaphorePermit,
};

use crate::{
    body::Body,
    gateway::Shared,
    limits,
    operation::{self, Disposition, Operation},
    refusal::{Answer, Refusal},
    request::{Request, path, query::Query},
    sandbox::Sandbox,
    scope::Scope,
    upstream::{self, EngineSaid},
};

/// What a handler works with: one request's sandbox, and what all share. Cheap to clone, for answers
/// that go on after the handler has returned.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) shared: Arc<Shared>,
    pub(crate) sandbox: Arc<Sandbox>,
    pub(crate) scope: Scope,
}

impl Context {
    /// The engine's no, in the learner's names and with the engine's status.
    pub(crate) fn engine_said(&self, said: EngineSaid) -> Refusal {
        match said {
            EngineSaid::Error { status, message } => Refusal::new(status, self.scope.scrub(&message)),
            EngineSaid::Away(refusal) => refusal,
        }
    }
}

/// How long to wait after the kernel refused a connection (too many open files), before the next try.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Makes the folder (0755, ours) and listens on `docker.sock` in it. The folder is mounted as a whole,
/// so that a new socket after a restart is seen in the workstation.
pub(crate) fn listen(folder: &Path) -> io::Result<UnixListener> {
    std::fs::create_dir_all(folder)?;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755))?;
    let socket = folder.join("docker.sock");
    match std::fs::remove_file(&socket) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&socket)?;
    // Everybody in the workstation may use it; the folder is in no other place that others can reach.
    std::fs::set_permissions(&socket, std::fs::Permissions::from_mode(0o666))?;
    Ok(listener)
}

/// Serves until aborted.
pub(crate) async fn accept(shared: Arc<Shared>, sandbox: Arc<Sandbox>, listener: UnixListener) {
    loop {
        // A place first: whoever opens too many waits in the kernel's queue, and nobody else does.
        let Ok(place) = sandbox.connections.clone().acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let (shared, sandbox) = (shared.clone(), sandbox.clone());
                tokio::spawn(connection(shared, sandbox, stream, Arc::new(place)));
            }
            Err(error) => {
                tracing::warn!(sandbox = %sandbox.id, %error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// HTTP as it is spoken with what is in a sandbox: heads have bounds, and are not waited for for ever.
pub(crate) fn http1() -> hyper::server::conn::http1::Builder {
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits::HEADER_TIME)
        .max_buf_size(limits::MAX_HEAD_BYTES)
        .max_headers(limits::MAX_HEADERS);
    builder
}

/// A connection's place, shared with the request that is answered on it: free when both have ended.
type Place = Arc<OwnedSemaphorePermit>;

async fn connection(shared: Arc<Shared>, sandbox: Arc<Sandbox>, stream: UnixStream, place: Place) {
    let (id, closed) = (sandbox.id.clone(), sandbox.closed.clone());
    let width = Width::default();
    let stream = TokioIo::new(Wide::new(stream, width.clone()));
    let service = service_fn(move |request| {
        let (shared, sandbox, place, width) = (shared.clone(), sandbox.clone(), place.clone(), width.clone());
        async move { Ok::<_, std::convert::Infallible>(answer(shared, sandbox, request, place, width).await) }
    });
    let serving = quiet::Quiet::new(http1().serve_connection(stream, service).with_upgrades());
    let served = tokio::select! {
        served = serving => served,
        () = closed.cancelled() => return,
    };
    if let Err(error) = served {
        tracing::debug!(sandbox = %id, %error, "a connection ended");
    }
}

async fn answer(
    shared: Arc<Shared>,
    sandbox: Arc<Sandbox>,
    request: http::Request<Incoming>,
    place: Place,
    width: Width,
) -> Response<Body> {
    sandbox.touch();
    let method = request.method().clone();
    let began = std::time::Instant::now();
    let scope = shared.scope(&sandbox.id);
    let context = Context { shared, sandbox, scope };
    let mut response = match read(request, width) {
        Err(refusal) => refusal.into_response(),
        Ok(request) => {
            let operation = request.operation;
            let response = finish(context.clone(), request, place).await.unwrap_or_else(Refusal::into_response);
            tracing::debug!(
                sandbox = %context.sandbox.id,
                ?operation,
                status = response.status().as_u16(),
                duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
                "docker asked"
            );
            response
        }
    };
    let headers = response.headers_mut();
    headers.insert("Api-Version", http::HeaderValue::from_static("1.53"));
    headers.insert("Docker-Experimental", http::HeaderValue::from_static("false"));
    headers.insert("Ostype", http::HeaderValue::from_static("linux"));
    headers.insert(header::SERVER, http::HeaderValue::from_static("Docker/26.1.5 (linux)"));
    if method == Method::HEAD {
        *response.body_mut() = crate::body::empty();
    }
    response
}

/// Answers in a task of its own, which goes on though the client goes away in the middle: what the engine
/// has made by then comes into the ledger, and counts. So does the request: it keeps the connection's place until it
/// has ended, or whoever hangs up at once could have any number under way. An upload into a container makes nothing
/// that counts, and ends with its client; so its pieces need not change hands between tasks.
async fn finish(context: Context, request: Request, place: Place) -> Answer {
    let questions = context.sandbox.questions.clone();
    if request.operation == Operation::ContainerArchivePut {
        // In a box, which goes with the answer: hyper keeps room for all that is here for as long as the connection is
        // open, and what an answer may need while it is made was half of what a silent stream took.
        return upstream::counted(questions, Box::pin(noted(&context, request))).await;
    }
    let answering = context.sandbox.answering.clone();
    let task = answering.spawn(upstream::counted(questions, async move {
        // Who closes the sandbox waits for all that had begun by then.
        if context.sandbox.closed.is_cancelled() {
            return Err(Refusal::closed());
        }
        let answered = noted(&context, request).await;
        drop(place);
        answered
    }));
    match task.await {
        Ok(answered) => answered,
        Err(error) => {
            tracing::error!(%error, "an answer broke off");
            Err(Refusal::internal())
        }
    }
}

/// The answer; a refusal is in the sandbox's activity by then.
async fn noted(context: &Context, request: Request) -> Answer {
    let operation = request.operation;
    let answered = dispatch::dispatch(context, request).await;
    if let Err(refusal) = &answered {
        dispatch::note_refusal(context, operation, refusal).await;
    }
    answered
}

/// Classifies; what the table doesn't have goes no further.
fn read(mut request: http::Request<Incoming>, width: Width) -> Result<Request, Refusal> {
    let uri = request.uri().clone();
    if uri.authority().is_some() || uri.path_and_query().is_none_or(|text| text.as_str().len() > limits::MAX_URI_BYTES) {
        return Err(Refusal::invalid("lunchbox: this path is not understood; paths look like /v1.45/containers/json"));
    }
    let path = path::Path::parse(uri.path())?;
    let (row, parameters) = operation::classify(request.method(), &path.segments).ok_or_else(Refusal::page_not_found)?;
    if row.disposition == Disposition::Refused {
        return Err(Refusal::new(http::StatusCode::FORBIDDEN, format!("lunchbox: {}", row.why)));
    }
    let query = Query::parse(uri.query())?;
    let protocol: Option<&[u8]> = match row.operation {
        Operation::ContainerAttach | Operation::ExecStart => Some(b"tcp"),
        Operation::BuildSession | Operation::BuildControl => Some(b"h2c"),
        _ => None,
    };
    let asked = request.headers().get(header::UPGRADE).map(http::HeaderValue::as_bytes);
    let wants_upgrade = protocol.is_some_and(|protocol| asked.is_some_and(|asked| asked.eq_ignore_ascii_case(protocol)));
    let upgrade = wants_upgrade.then(|| hyper::upgrade::on(&mut request));
    let (head, body) = request.into_parts();
    Ok(Request {
        operation: row.operation,
        reads: row.reads,
        version: path.version,
        parameters,
        query,
        headers: head.headers,
        body,
        upgrade,
        width,
    })
}
