//! Stub.

use crate::{
    refusal::{Answer, Refusal},
    request::Request,
    serve::Context,
};

pub(crate) async fn search(_context: &Context, _request: Request) -> Answer {
    Err(Refusal::page_not_found())
}

pub(crate) async fn distribution(_context: &Context, _request: Request) -> Answer {
    Err(Refusal::page_not_found())
}
