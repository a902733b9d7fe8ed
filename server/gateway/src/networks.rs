//! Networks: the sandbox's own, each with addresses of the pool; `host` and `none` in name only.

use crate::{
    gateway::{GatewayError, Shared},
    refusal::{Answer, Refusal},
    request::Request,
    scope::Scope,
    serve::Context,
};

pub(crate) async fn make_default(_shared: &Shared, _scope: &Scope) -> Result<(), GatewayError> {
    Ok(())
}
pub(crate) async fn list(_context: &Context, _request: Request) -> Answer {
    Err(Refusal::page_not_found())
}
pub(crate) async fn inspect(_context: &Context, _request: Request) -> Answer {
    Err(Refusal::page_not_found())
}
pub(crate) async fn create(_context: &Context, _request: Request) -> Answer {
    Err(Refusal::page_not_found())
}
pub(crate) async fn remove(_context: &Context, _request: Request) -> Answer {
    Err(Refusal::page_not_found())
}
pub(crate) async fn connect(_context: &Context, _request: Request) -> Answer {
    Err(Refusal::page_not_found())
}
pub(crate) async fn disconnect(_context: &Context, _request: Request) -> Answer {
    Err(Refusal::page_not_found())
}
pub(crate) async fn prune(_context: &Context, _request: Request) -> Answer {
    Err(Refusal::page_not_found())
}
