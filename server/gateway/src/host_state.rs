//! The learner's host.
use crate::{
    HostState,
    gateway::{GatewayError, Shared},
    sandbox::Sandbox,
};
pub(crate) async fn read(_shared: &Shared, _sandbox: &Sandbox) -> Result<HostState, GatewayError> {
    Ok(HostState::default())
}
