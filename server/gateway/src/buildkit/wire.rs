//! The messages of BuildKit's API that the gateway understands, field by field. What a client sends
//! beyond these is not read, and so never done.
//!
//! Sources: moby/buildkit's `control.proto`, `gateway.proto`, `worker.proto`, `caps.proto`, and fsutil's
//! `wire.proto` and `stat.proto`.

use std::collections::HashMap;

pub(super) use prost_types::Timestamp;

/// `moby.buildkit.v1.SolveRequest`
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct SolveRequest {
    /// The client's name for this build.
    #[prost(string, tag = "1")]
    pub(super) r#ref: String,
    #[prost(message, optional, tag = "2")]
    pub(super) definition: Option<Definition>,
    /// Up to BuildKit 0.13; newer clients send both.
    #[prost(string, tag = "3")]
    pub(super) exporter: String,
    #[prost(map = "string, string", tag = "4")]
    pub(super) exporter_attributes: HashMap<String, String>,
    #[prost(string, tag = "5")]
    pub(super) session: String,
    #[prost(string, tag = "6")]
    pub(super) frontend: String,
    #[prost(map = "string, string", tag = "7")]
    pub(super) frontend_attributes: HashMap<String, String>,
    #[prost(string, repeated, tag = "9")]
    pub(super) entitlements: Vec<String>,
    #[prost(message, repeated, tag = "13")]
    pub(super) exporters: Vec<Exporter>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Exporter {
    #[prost(string, tag = "1")]
    pub(super) kind: String,
    #[prost(map = "string, string", tag = "2")]
    pub(super) attributes: HashMap<String, String>,
}

/// `pb.Definition`: a graph of operations. None is ever run here: only whether there is one counts.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Definition {
    #[prost(bytes = "vec", repeated, tag = "1")]
    pub(super) operations: Vec<Vec<u8>>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct SolveResponse {
    #[prost(map = "string, string", tag = "1")]
    pub(super) exporter_response: HashMap<String, String>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct StatusRequest {
    #[prost(string, tag = "1")]
    pub(super) r#ref: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct StatusResponse {
    #[prost(message, repeated, tag = "1")]
    pub(super) vertexes: Vec<Vertex>,
    #[prost(message, repeated, tag = "2")]
    pub(super) statuses: Vec<VertexStatus>,
    #[prost(message, repeated, tag = "3")]
    pub(super) logs: Vec<VertexLog>,
}

/// One line of what a build does.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Vertex {
    #[prost(string, tag = "1")]
    pub(super) digest: String,
    #[prost(string, repeated, tag = "2")]
    pub(super) inputs: Vec<String>,
    #[prost(string, tag = "3")]
    pub(super) name: String,
    #[prost(bool, tag = "4")]
    pub(super) cached: bool,
    #[prost(message, optional, tag = "5")]
    pub(super) started: Option<Timestamp>,
    #[prost(message, optional, tag = "6")]
    pub(super) completed: Option<Timestamp>,
    #[prost(string, tag = "7")]
    pub(super) error: String,
}

/// One thing of several that a line does.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct VertexStatus {
    #[prost(string, tag = "1")]
    pub(super) id: String,
    #[prost(string, tag = "2")]
    pub(super) vertex: String,
    #[prost(string, tag = "3")]
    pub(super) name: String,
    #[prost(int64, tag = "4")]
    pub(super) current: i64,
    #[prost(int64, tag = "5")]
    pub(super) total: i64,
    #[prost(message, optional, tag = "6")]
    pub(super) timestamp: Option<Timestamp>,
    #[prost(message, optional, tag = "7")]
    pub(super) started: Option<Timestamp>,
    #[prost(message, optional, tag = "8")]
    pub(super) completed: Option<Timestamp>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct VertexLog {
    #[prost(string, tag = "1")]
    pub(super) vertex: String,
    #[prost(message, optional, tag = "2")]
    pub(super) timestamp: Option<Timestamp>,
    /// 1: standard output, 2: standard error.
    #[prost(int64, tag = "3")]
    pub(super) stream: i64,
    #[prost(bytes = "vec", tag = "4")]
    pub(super) message: Vec<u8>,
}

/// A message without fields that count here.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(super) struct Nothing {}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ListWorkersResponse {
    #[prost(message, repeated, tag = "1")]
    pub(super) workers: Vec<Worker>,
}

/// `WorkerRecord`
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Worker {
    #[prost(string, tag = "1")]
    pub(super) id: String,
    #[prost(map = "string, string", tag = "2")]
    pub(super) labels: HashMap<String, String>,
    #[prost(message, repeated, tag = "3")]
    pub(super) platforms: Vec<Platform>,
    #[prost(message, optional, tag = "5")]
    pub(super) version: Option<Version>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Platform {
    #[prost(string, tag = "1")]
    pub(super) architecture: String,
    #[prost(string, tag = "2")]
    pub(super) os: String,
}

/// `BuildkitVersion`
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Version {
    #[prost(string, tag = "1")]
    pub(super) package: String,
    #[prost(string, tag = "2")]
    pub(super) version: String,
    #[prost(string, tag = "3")]
    pub(super) revision: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct InfoResponse {
    #[prost(message, optional, tag = "1")]
    pub(super) version: Option<Version>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct DiskUsageResponse {
    #[prost(message, repeated, tag = "1")]
    pub(super) records: Vec<UsageRecord>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct UsageRecord {
    #[prost(string, tag = "1")]
    pub(super) id: String,
    #[prost(bool, tag = "3")]
    pub(super) in_use: bool,
    #[prost(int64, tag = "4")]
    pub(super) size: i64,
    #[prost(message, optional, tag = "6")]
    pub(super) created_at: Option<Timestamp>,
    #[prost(message, optional, tag = "7")]
    pub(super) last_used_at: Option<Timestamp>,
    #[prost(int64, tag = "8")]
    pub(super) usage_count: i64,
    #[prost(string, tag = "9")]
    pub(super) description: String,
    #[prost(string, tag = "10")]
    pub(super) record_type: String,
    #[prost(bool, tag = "11")]
    pub(super) shared: bool,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct DiskUsageRequest {
    #[prost(string, repeated, tag = "1")]
    pub(super) filters: Vec<String>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct PruneRequest {
    #[prost(string, repeated, tag = "1")]
    pub(super) filters: Vec<String>,
    #[prost(bool, tag = "2")]
    pub(super) all: bool,
    /// Nanoseconds since the last use.
    #[prost(int64, tag = "3")]
    pub(super) keep_duration: i64,
    #[prost(int64, tag = "4")]
    pub(super) keep_bytes: i64,
}

/// `moby.buildkit.v1.frontend.SolveRequest`
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct BridgeSolveRequest {
    #[prost(message, optional, tag = "1")]
    pub(super) definition: Option<Definition>,
    #[prost(string, tag = "2")]
    pub(super) frontend: String,
    #[prost(map = "string, string", tag = "3")]
    pub(super) options: HashMap<String, String>,
    #[prost(map = "string, message", tag = "13")]
    pub(super) inputs: HashMap<String, Definition>,
}

/// `moby.buildkit.v1.frontend.SolveResponse`
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct BridgeSolveResponse {
    #[prost(message, optional, tag = "3")]
    pub(super) result: Option<BridgeResult>,
}

/// `Result`, with the one result of its several that is ever given.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct BridgeResult {
    #[prost(message, optional, tag = "3")]
    pub(super) r#ref: Option<Reference>,
    #[prost(map = "string, bytes", tag = "10")]
    pub(super) metadata: HashMap<String, Vec<u8>>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Reference {
    #[prost(string, tag = "1")]
    pub(super) id: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ReturnRequest {
    #[prost(message, optional, tag = "2")]
    pub(super) error: Option<RpcStatus>,
}

/// `google.rpc.Status`
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct RpcStatus {
    #[prost(int32, tag = "1")]
    pub(super) code: i32,
    #[prost(string, tag = "2")]
    pub(super) message: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct PongResponse {
    #[prost(message, repeated, tag = "1")]
    pub(super) frontend_capabilities: Vec<Capability>,
    #[prost(message, repeated, tag = "2")]
    pub(super) llb_capabilities: Vec<Capability>,
    #[prost(message, repeated, tag = "3")]
    pub(super) workers: Vec<Worker>,
}

/// `APICap`
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Capability {
    #[prost(string, tag = "1")]
    pub(super) id: String,
    #[prost(bool, tag = "2")]
    pub(super) enabled: bool,
}

/// fsutil's `Packet`: how a client hands a folder over.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Packet {
    #[prost(enumeration = "PacketKind", tag = "1")]
    pub(super) kind: i32,
    #[prost(message, optional, tag = "2")]
    pub(super) stat: Option<Stat>,
    /// Of a file: its place among all that were told of, from 0.
    #[prost(uint32, tag = "3")]
    pub(super) id: u32,
    #[prost(bytes = "bytes", tag = "4")]
    pub(super) data: bytes::Bytes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, prost::Enumeration)]
#[repr(i32)]
pub(super) enum PacketKind {
    Stat = 0,
    Request = 1,
    Data = 2,
    Finish = 3,
    Error = 4,
}

/// fsutil's `Stat`. Owners and extended attributes are not read: a build's files are root's.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Stat {
    #[prost(string, tag = "1")]
    pub(super) path: String,
    /// Go's `os.FileMode`.
    #[prost(uint32, tag = "2")]
    pub(super) mode: u32,
    /// Bytes.
    #[prost(int64, tag = "5")]
    pub(super) size: i64,
    /// Unix nanoseconds.
    #[prost(int64, tag = "6")]
    pub(super) modified: i64,
    #[prost(string, tag = "7")]
    pub(super) link_name: String,
}

/// `moby.upload.v1.BytesMessage`: a piece of a context that came on the client's standard input.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Piece {
    #[prost(bytes = "bytes", tag = "1")]
    pub(super) data: bytes::Bytes,
}

/// `moby.buildkit.secrets.v1.GetSecretRequest`
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct SecretRequest {
    #[prost(string, tag = "1")]
    pub(super) id: String,
}

/// `moby.buildkit.secrets.v1.GetSecretResponse`
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct SecretResponse {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) data: Vec<u8>,
}
