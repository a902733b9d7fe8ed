//! The engine's own events.
use crate::gateway::Shared;
use std::sync::Arc;
pub(crate) fn start(_shared: Arc<Shared>) {}
