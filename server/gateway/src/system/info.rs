//! Stub.
use crate::{
    refusal::{Answer, Refusal},
    serve::Context,
};

pub(crate) async fn info(_context: &Context) -> Answer {
    Err(Refusal::page_not_found())
}
