//! The Docker Engine API as one sandbox sees it.
//!
//! The gateway stands between a learner's `docker` command and the one engine that everybody
//! shares. It decides what may be asked, renames what is asked for, hides what belongs to others,
//! and tells what was done as a stream of [`Activity`]. It knows sandboxes and Docker; it knows
//! nothing of lessons, people or pages.
//!
//! The security argument, in one paragraph: a request is classified against one table of
//! operations (`operation`) and refused when no row matches; its path, query and body are decoded
//! into typed values (`request`) and a new request is built from those (`upstream`), so that not one
//! byte of the learner's reaches the engine's HTTP or JSON parser; and a name becomes an engine name
//! only through the sandbox's `scope`, which looks into the ledger in the database and nowhere else.

pub mod activity;
pub mod config;
pub mod host;
pub mod ports;
pub mod sandbox_id;

mod gateway;

// In the order in which a request meets them.
mod body;
mod hijack;
mod ledger;
mod limits;
mod lines;
mod model;
mod operation;
mod plain_tar;
mod reference;
mod refusal;
mod registry;
mod request;
mod scope;
mod serve;
mod upstream;

// What differs by Docker's noun.
mod buildkit;
mod containers;
mod images;
mod networks;
mod system;
mod volumes;

// What a sandbox looks like, and what becomes of it.
mod admission;
mod close;
mod host_state;
mod sandbox;
mod watch;

#[cfg(test)]
mod tests;

pub use crate::{
    activity::{Activity, ActivityKind, ContainerAsked, RefusedContainer},
    config::{Egress, GatewayConfig, SandboxLimits},
    gateway::{Gateway, GatewayError, SandboxHandle},
    host::HostState,
    ledger::migrations,
    ports::{BindError, HostPorts, NoHostPorts},
    sandbox_id::SandboxId,
    system::costs::{AllCosts, Cost},
};
