//! Stub.

use crate::{
    refusal::{Answer, Refusal},
    request::Request,
    serve::Context,
};

pub(crate) async fn start(_context: &Context, _request: Request) -> Answer {
    Err(Refusal::page_not_found())
}

pub(crate) async fn stop(_context: &Context, _request: Request) -> Answer {
    Err(Refusal::page_not_found())
}

pub(crate) async fn restart(_context: &Context, _request: Request) -> Answer {
    Err(Refusal::page_not_found())
}

pub(crate) async fn kill(_context: &Context, _request: Request) -> Answer {
    Err(Refusal::page_not_found())
}

pub(crate) async fn update(_context: &Context, _request: Request) -> Answer {
    Err(Refusal::page_not_found())
}

pub(crate) async fn rename(_context: &Context, _request: Request) -> Answer {
    Err(Refusal::page_not_found())
}

pub(crate) async fn pause(_context: &Context, _request: Request) -> Answer {
    Err(Refusal::page_not_found())
}

pub(crate) async fn unpause(_context: &Context, _request: Request) -> Answer {
    Err(Refusal::page_not_found())
}

pub(crate) async fn wait(_context: &Context, _request: Request) -> Answer {
    Err(Refusal::page_not_found())
}
