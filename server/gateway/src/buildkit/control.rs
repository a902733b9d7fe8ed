//! `POST /grpc`: BuildKit's API as this host serves it. Each call is read, decided on and answered here;
//! what isn't on the list is not implemented, as a client expects of an older BuildKit.

use std::{
    collections::HashMap,
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{self, Poll},
};

use bytes::Bytes;
use futures_util::Stream;
use http::{HeaderMap, Response};
use http_body_util::Full;
use hyper::{body::Incoming, upgrade::OnUpgrade};
use hyper_util::rt::TokioTimer;
use prost::Message;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;
use tonic::{Request, Status, body::Body as GrpcBody, server::Grpc};
use tonic_prost::ProstCodec;

use super::{
    jobs::{Ending, Job},
    solve,
    wire::{
        BridgeResult, BridgeSolveRequest, BridgeSolveResponse, Capability, DiskUsageRequest, DiskUsageResponse, InfoResponse,
        ListWorkersResponse, Nothing, Platform, PongResponse, PruneRequest, Reference, ReturnRequest, SolveRequest, SolveResponse,
        StatusRequest, StatusResponse, Timestamp, UsageRecord, Version, Worker,
    },
};
use crate::{
    body,
    images::build::records::{self, Record, Wish},
    ledger::now_ms,
    limits, registry,
    serve::Context,
};

/// Of Docker Engine 26.1, which this host says it is.
const BUILDKIT_VERSION: &str = "v0.13.2";
/// What the names of all that is served begin with.
const SERVICES: &str = "/moby.buildkit.v1.";
/// In which build a frontend's call belongs.
const BUILD_HEADER: &str = "buildkit-controlapi-buildid";
/// What a client may ask of the frontend's side, in BuildKit's words (`frontend/gateway/pb/caps.go`).
const FRONTEND_CAPABILITIES: [&str; 5] = ["solve.base", "solve.inlinereturn", "return", "proto.refarray", "frontend.caps"];
/// And of a build's parts (`solver/pb/caps.go`): what clients look for before they begin.
const LLB_CAPABILITIES: [&str; 6] = [
    "source.image",
    "source.local",
    "source.local.sessionid",
    "source.local.includepatterns",
    "source.local.followpaths",
    "source.local.excludepatterns",
];

/// Calls go on in tasks for which the sandbox's end waits: a build clears away behind it.
#[derive(Clone)]
struct Tracked(TaskTracker);

impl<F: Future<Output: Send + 'static> + Send + 'static> hyper::rt::Executor<F> for Tracked {
    fn execute(&self, call: F) {
        self.0.spawn(call);
    }
}

/// Speaks with the client until it goes.
pub(super) async fn serve(context: Context, upgrade: OnUpgrade) {
    let upgraded = match upgrade.await {
        Ok(upgraded) => upgraded,
        Err(error) => return tracing::debug!(%error, "a BuildKit connection did not come about"),
    };
    let tasks = Tracked(context.sandbox.answering.clone());
    let service = hyper::service::service_fn(move |request| {
        let context = context.clone();
        async move {
            // Counted until the client has its answer, which it may be slow to read.
            let Some(place) = context.sandbox.buildkit.calls.take() else { return Ok::<_, Infallible>(too_many_calls().into_http()) };
            Ok(call(context, request).await.map(|body| GrpcBody::new(body::Holding::new(body, place))))
        }
    });
    let served = hyper::server::conn::http2::Builder::new(tasks)
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits::MAX_BUILD_CALLS as u32)
        .max_header_list_size(limits::MAX_BUILD_CALL_HEADER_BYTES)
        .initial_stream_window_size(limits::BUILD_CALL_WINDOW_BYTES)
        .initial_connection_window_size(limits::BUILD_CALL_WINDOW_BYTES)
        .serve_connection(upgraded, service)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "a BuildKit connection ended");
    }
}

/// The whole of the API, on one page.
async fn call(context: Context, request: http::Request<Incoming>) -> Response<GrpcBody> {
    let path = request.uri().path().to_owned();
    tracing::debug!(sandbox = %context.sandbox.id, path, "buildkit asked");
    context.sandbox.touch();
    let request = if path.starts_with(SERVICES) { whole(&context, request).await } else { Err(unknown(&path)) };
    let request = match request {
        Ok(request) => request,
        Err(status) => return status.into_http(),
    };
    match path.as_str() {
        "/moby.buildkit.v1.Control/Solve" => unary(request, |asked, _| solve_build(context, asked)).await,
        "/moby.buildkit.v1.Control/Status" => streaming(request, |asked| status(context, asked)).await,
        "/moby.buildkit.v1.Control/ListWorkers" => unary(request, |_: Nothing, _| list_workers(context)).await,
        "/moby.buildkit.v1.Control/Info" => unary(request, |_: Nothing, _| info()).await,
        "/moby.buildkit.v1.Control/DiskUsage" => unary(request, |asked, _| disk_usage(context, asked)).await,
        "/moby.buildkit.v1.Control/Prune" => streaming(request, |asked| prune(context, asked)).await,
        // Builds are not remembered: the history is empty, and stays so.
        "/moby.buildkit.v1.Control/ListenBuildHistory" => streaming(request, |_: Nothing| no_history()).await,
        "/moby.buildkit.v1.Control/UpdateBuildHistory" => unary(request, |_: Nothing, _| async { Ok(Nothing {}) }).await,
        "/moby.buildkit.v1.frontend.LLBBridge/Ping" => unary(request, |_: Nothing, _| ping(context)).await,
        "/moby.buildkit.v1.frontend.LLBBridge/Solve" => unary(request, |asked, headers| bridge_solve(context, asked, headers)).await,
        "/moby.buildkit.v1.frontend.LLBBridge/Return" => unary(request, |asked, headers| bridge_return(context, asked, headers)).await,
        _ => unknown(&path).into_http(),
    }
}

fn too_many_calls() -> Status {
    Status::resource_exhausted(format!(
        "lunchbox: {} calls of BuildKit's API are under way on this host, as many as may be at once. Let some builds end, then try again.",
        limits::MAX_BUILD_CALLS
    ))
}

fn unknown(path: &str) -> Status {
    Status::unimplemented(format!("lunchbox: {path} is not part of this classroom's BuildKit"))
}

/// A call with all that its client has to say, which comes in time or not at all.
async fn whole(context: &Context, request: http::Request<Incoming>) -> Result<http::Request<Full<Bytes>>, Status> {
    let _place = context.sandbox.buildkit.reading.0.acquire().await;
    let (head, body) = request.into_parts();
    let bytes = body::read(body, limits::MAX_BUILD_MESSAGE_BYTES, "the request").await.map_err(solve::status)?;
    Ok(http::Request::from_parts(head, Full::new(bytes)))
}

/// A call with one message each way.
async fn unary<A, B, F>(
    request: http::Request<Full<Bytes>>,
    work: impl FnOnce(A, HeaderMap) -> F + Clone + Send + Sync + 'static,
) -> Response<GrpcBody>
where
    A: Message + Default + Send + 'static,
    B: Message + Default + Send + 'static,
    F: Future<Output = Result<B, Status>> + Send + 'static,
{
    let service = tower::service_fn(move |request: Request<A>| {
        let (metadata, _, message) = request.into_parts();
        let work = work.clone()(message, metadata.into_headers());
        let work: Pin<Box<dyn Future<Output = _> + Send>> = Box::pin(async move { work.await.map(tonic::Response::new) });
        work
    });
    grpc::<A, B>().unary(service, request).await
}

/// What one call is answered with, one by one.
struct Messages<B>(mpsc::Receiver<B>);

impl<B> Messages<B> {
    /// All are there already.
    fn of(all: Vec<B>) -> Self {
        let (to, from) = mpsc::channel(all.len().max(1));
        for message in all {
            // There is room for every one.
            _ = to.try_send(message);
        }
        Self(from)
    }
}

impl<B> Stream for Messages<B> {
    type Item = Result<B, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(cx).map(|message| message.map(Ok))
    }
}

/// A call that is answered with many messages.
async fn streaming<A, B, F>(
    request: http::Request<Full<Bytes>>,
    work: impl FnOnce(A) -> F + Clone + Send + Sync + 'static,
) -> Response<GrpcBody>
where
    A: Message + Default + Send + 'static,
    B: Message + Default + Send + 'static,
    F: Future<Output = Result<Messages<B>, Status>> + Send + 'static,
{
    let service = tower::service_fn(move |request: Request<A>| {
        let work = work.clone()(request.into_inner());
        let work: Pin<Box<dyn Future<Output = _> + Send>> = Box::pin(async move { work.await.map(tonic::Response::new) });
        work
    });
    grpc::<A, B>().server_streaming(Streams(service), request).await
}

/// tonic asks for the stream's type by name.
#[derive(Clone)]
struct Streams<S>(S);

impl<S, A, B> tonic::server::ServerStreamingService<A> for Streams<S>
where
    A: Message + Default + Send + 'static,
    B: Message + Default + Send + 'static,
    S: tower::Service<Request<A>, Response = tonic::Response<Messages<B>>, Error = Status>,
{
    type Response = B;
    type ResponseStream = Messages<B>;
    type Future = S::Future;

    fn call(&mut self, request: Request<A>) -> Self::Future {
        self.0.call(request)
    }
}

fn grpc<A, B>() -> Grpc<ProstCodec<B, A>>
where
    A: Message + Default + Send + 'static,
    B: Message + Default + Send + 'static,
{
    Grpc::new(ProstCodec::default()).apply_max_message_size_config(Some(limits::MAX_BUILD_MESSAGE_BYTES), None)
}

/// `Control.Solve`: a whole build. With a frontend named, it is built here; without, the client runs the
/// frontend's side by calls of its own and then returns.
async fn solve_build(context: Context, request: SolveRequest) -> Result<SolveResponse, Status> {
    solve::check(&request)?;
    let jobs = context.sandbox.buildkit.jobs.clone();
    let job = jobs.get(&request.r#ref)?;
    let request = job.ask(request)?;
    let _ending = Ending { jobs, job: job.clone() };
    let exporter_response = if request.frontend.is_empty() {
        job.outcome().await?
    } else {
        solve::build(&context, &job, &request, &request.frontend, &request.frontend_attributes).await?
    };
    Ok(SolveResponse { exporter_response })
}

async fn status(context: Context, request: StatusRequest) -> Result<Messages<StatusResponse>, Status> {
    let job = context.sandbox.buildkit.jobs.get(&request.r#ref)?;
    Ok(Messages(job.read()?))
}

/// The job that a frontend's call belongs to.
fn job_of(context: &Context, headers: &HeaderMap) -> Result<Arc<Job>, Status> {
    let name = headers.get(BUILD_HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    context.sandbox.buildkit.jobs.get(name)
}

async fn ping(context: Context) -> Result<PongResponse, Status> {
    let capability = |id: &&str| Capability { id: (*id).to_owned(), enabled: true };
    Ok(PongResponse {
        frontend_capabilities: FRONTEND_CAPABILITIES.iter().map(capability).collect(),
        llb_capabilities: LLB_CAPABILITIES.iter().map(capability).collect(),
        workers: vec![worker(&context)],
    })
}

async fn bridge_solve(context: Context, request: BridgeSolveRequest, headers: HeaderMap) -> Result<BridgeSolveResponse, Status> {
    let job = job_of(&context, &headers)?;
    let asked = job.asked().await?;
    if request.definition.is_some_and(|definition| !definition.operations.is_empty()) || !request.inputs.is_empty() {
        return Err(solve::only_dockerfiles());
    }
    let built = solve::build(&context, &job, &asked, &request.frontend, &request.options).await;
    job.set_built(built.clone());
    built?;
    let result = BridgeResult { r#ref: Some(Reference { id: job.name.clone() }), metadata: HashMap::new() };
    Ok(BridgeSolveResponse { result: Some(result) })
}

async fn bridge_return(context: Context, request: ReturnRequest, headers: HeaderMap) -> Result<Nothing, Status> {
    let error = request.error.map(|error| Status::new(tonic::Code::from_i32(error.code), error.message));
    job_of(&context, &headers)?.returned(error);
    Ok(Nothing {})
}

async fn list_workers(context: Context) -> Result<ListWorkersResponse, Status> {
    Ok(ListWorkersResponse { workers: vec![worker(&context)] })
}

fn worker(context: &Context) -> Worker {
    Worker {
        id: format!("lunchbox-{}", context.sandbox.id),
        labels: HashMap::new(),
        platforms: vec![Platform { architecture: registry::architecture().to_owned(), os: "linux".to_owned() }],
        version: Some(version()),
    }
}

fn version() -> Version {
    Version { package: "github.com/moby/buildkit".to_owned(), version: BUILDKIT_VERSION.to_owned(), revision: String::new() }
}

async fn info() -> Result<InfoResponse, Status> {
    Ok(InfoResponse { version: Some(version()) })
}

async fn disk_usage(context: Context, request: DiskUsageRequest) -> Result<DiskUsageResponse, Status> {
    let ids = ids(&request.filters)?;
    let records = records::read(&context).await.map_err(solve::status)?;
    let wanted = records.iter().filter(|record| ids.is_empty() || ids.iter().any(|id| record.id.starts_with(id)));
    Ok(DiskUsageResponse { records: wanted.map(usage).collect() })
}

async fn prune(context: Context, request: PruneRequest) -> Result<Messages<UsageRecord>, Status> {
    let unused_since = (request.keep_duration > 0).then(|| now_ms().saturating_sub(request.keep_duration / 1_000_000));
    let wish = Wish { all: request.all, unused_since, keep_bytes: request.keep_bytes.max(0), ids: ids(&request.filters)? };
    let gone = records::remove(&context, &wish).await.map_err(solve::status)?;
    Ok(Messages::of(gone.iter().map(usage).collect()))
}

/// Filters in containerd's language: `id==…` and `id~=…` are understood. A client that has none sends an empty one.
fn ids(filters: &[String]) -> Result<Vec<String>, Status> {
    let id = |filter: &str| {
        let id = filter.strip_prefix("id")?.trim_start_matches(['=', '~', '^', '"']).trim_end_matches(['$', '"']);
        Some(id.to_owned()).filter(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    };
    let unknown = || Status::unknown("lunchbox: build cache can be filtered by id and until in this classroom.");
    let each = filters.iter().flat_map(|filters| filters.split(',')).filter(|filter| !filter.is_empty());
    each.map(|filter| id(filter).ok_or_else(unknown)).collect()
}

fn usage(record: &Record) -> UsageRecord {
    let created = OffsetDateTime::parse(&record.created_at, &Rfc3339).map_or(0, OffsetDateTime::unix_timestamp_nanos);
    let at = |nanoseconds: i128| Timestamp {
        seconds: i64::try_from(nanoseconds / 1_000_000_000).unwrap_or(0),
        nanos: i32::try_from(nanoseconds % 1_000_000_000).unwrap_or(0),
    };
    UsageRecord {
        id: record.id.clone(),
        in_use: record.in_use,
        size: record.bytes,
        created_at: Some(at(created)),
        last_used_at: Some(at(i128::from(record.used_at) * 1_000_000)),
        usage_count: record.uses,
        description: record.description.clone(),
        record_type: record.kind().to_owned(),
        shared: record.shared,
    }
}

async fn no_history() -> Result<Messages<Nothing>, Status> {
    Ok(Messages::of(Vec::new()))
}
