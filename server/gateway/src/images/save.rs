//! Stub.

use crate::{
    refusal::{Answer, Refusal},
    request::Request,
    serve::Context,
};

pub(crate) async fn save(_context: &Context, _request: Request) -> Answer {
    Err(Refusal::page_not_found())
}

pub(crate) async fn load(_context: &Context, _request: Request) -> Answer {
    Err(Refusal::page_not_found())
}
