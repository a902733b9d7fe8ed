//! Stub.
use crate::{
    refusal::{Answer, Refusal},
    serve::Context,
};

pub(crate) async fn version(_context: &Context) -> Answer {
    Err(Refusal::page_not_found())
}
