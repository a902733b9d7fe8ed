//! Checks of containers.
use gateway::HostState;
use super::{ContainerCheck, ContainerOf, Facts, Verdict};
pub(super) fn ports_to_probe(_: &ContainerCheck, _: &HostState) -> Vec<u16> { Vec::new() }
pub(super) fn evaluate(_: &ContainerCheck, _: &Facts<'_>) -> Verdict { Verdict::failed("") }
pub(super) fn was_run(_: &ContainerOf, _: &Facts<'_>) -> Verdict { Verdict::failed("") }
pub(super) fn removed(_: &ContainerOf, _: &Facts<'_>) -> Verdict { Verdict::failed("") }
