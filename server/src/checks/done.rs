//! Checks of what was done with a container.
use super::{ContainerOf, Facts, Verdict};
pub(super) fn logs_read(_: &ContainerOf, _: &Facts<'_>) -> Verdict { Verdict::failed("") }
pub(super) fn exec_used(_: &ContainerOf, _: &Facts<'_>) -> Verdict { Verdict::failed("") }
pub(super) fn diffed(_: &ContainerOf, _: &Facts<'_>) -> Verdict { Verdict::failed("") }
