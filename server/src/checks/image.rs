//! Checks of images.
use super::{Facts, Reference, TagCheck, Verdict};
pub(super) fn present(_: &Reference, _: &Facts<'_>) -> Verdict { Verdict::failed("") }
pub(super) fn all_present(_: &[Reference], _: &Facts<'_>) -> Verdict { Verdict::failed("") }
pub(super) fn pulled(_: &Reference, _: &Facts<'_>) -> Verdict { Verdict::failed("") }
pub(super) fn listed(_: &[Reference], _: &Facts<'_>) -> Verdict { Verdict::failed("") }
pub(super) fn inspected(_: &Reference, _: &Facts<'_>) -> Verdict { Verdict::failed("") }
pub(super) fn history_viewed(_: &Reference, _: &Facts<'_>) -> Verdict { Verdict::failed("") }
pub(super) fn tagged(_: &TagCheck, _: &Facts<'_>) -> Verdict { Verdict::failed("") }
pub(super) fn built(_: &Reference, _: bool, _: &Facts<'_>) -> Verdict { Verdict::failed("") }
pub(super) fn pushed(_: &TagCheck, _: &Facts<'_>) -> Verdict { Verdict::failed("") }
pub(super) fn removed(_: &Reference, _: &Facts<'_>) -> Verdict { Verdict::failed("") }
