//! The Docker Engine API as one sandbox sees it.
//!
//! The gateway stands between a learner's `docker` command and the one engine that everybody
//! shares. It decides what may be asked, renames what is asked for, hides what belongs to others,
//! and tells what was done as a stream of [`Activity`]. It knows sandboxes and Docker; it knows
//! nothing of lessons, people or pages.
//!
//! The security argument, in one paragraph: a request is classified against one table of
//! operations ([`operation`]) and refused when no row matches; its path, query and body are decoded
//! into typed values and a new request is built from those, so that not one byte of the learner's
//! reaches the engine's HTTP or JSON parser; and a name becomes an engine name only through the
//! sandbox's [`scope`], which looks into the ledger in the database and nowhere else.

pub mod activity;
pub mod config;
pub mod host;
pub mod ports;
pub mod sandbox_id;

mod gateway;

pub use crate::{
    activity::{Activity, ActivityKind},
    config::{GatewayConfig, SandboxLimits},
    gateway::{Gateway, GatewayError, SandboxHandle},
    host::HostState,
    ports::{BindError, HostPorts},
    sandbox_id::SandboxId,
};
