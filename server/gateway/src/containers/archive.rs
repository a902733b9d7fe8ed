//! Stub.

use crate::{
    refusal::{Answer, Refusal},
    request::Request,
    serve::Context,
};

pub(crate) async fn export(_context: &Context, _request: Request) -> Answer {
    Err(Refusal::page_not_found())
}

pub(crate) async fn info(_context: &Context, _request: Request) -> Answer {
    Err(Refusal::page_not_found())
}

pub(crate) async fn get(_context: &Context, _request: Request) -> Answer {
    Err(Refusal::page_not_found())
}

pub(crate) async fn put(_context: &Context, _request: Request) -> Answer {
    Err(Refusal::page_not_found())
}
