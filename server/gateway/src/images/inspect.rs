//! Stub.

use crate::{
    refusal::{Answer, Refusal},
    request::Request,
    serve::Context,
};

pub(crate) async fn inspect(_context: &Context, _request: Request) -> Answer {
    Err(Refusal::page_not_found())
}

pub(crate) async fn history(_context: &Context, _request: Request) -> Answer {
    Err(Refusal::page_not_found())
}
