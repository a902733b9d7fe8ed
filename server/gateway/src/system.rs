//! The host itself, as the learner believes it to be.

pub(crate) mod auth;
pub(crate) mod costs;
pub(crate) mod disk;
mod disk_notice;
pub(crate) mod disk_usage;
pub(crate) mod disk_watch;
pub(crate) mod events;
pub(crate) mod info;
pub(crate) mod ping;
pub(crate) mod room;
pub(crate) mod version;
pub(crate) mod volume_sizes;

use http::StatusCode;

use crate::{
    body,
    refusal::{Answer, Refusal},
};

/// `docker plugin ls`: none.
pub(crate) fn plugins() -> Answer {
    Ok(body::json(StatusCode::OK, &serde_json::json!([])))
}

/// Whatever is asked of a swarm, in the words of an engine that is in none.
pub(crate) fn swarm() -> Answer {
    Err(Refusal::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "This node is not a swarm manager. Use \"docker swarm init\" or \"docker swarm join\" to connect this node to swarm and try again.",
    ))
}
