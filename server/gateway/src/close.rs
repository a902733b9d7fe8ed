//! The end of a sandbox.
use crate::{
    SandboxId,
    gateway::{GatewayError, Shared},
};
pub(crate) async fn close(_shared: &Shared, _id: &SandboxId) -> Result<(), GatewayError> {
    Ok(())
}
pub(crate) async fn reconcile(_shared: &Shared) -> Result<usize, GatewayError> {
    Ok(0)
}
