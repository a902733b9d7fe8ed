//! Published ports: never bound on the real host, but on the `localhost` of the sandbox's
//! workstation. The gateway decides which; whoever runs the workstation binds them.

use std::{future::Future, pin::Pin};

use crate::SandboxId;

/// Why a port could not be bound in the workstation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BindError {
    /// A process of the learner's own already listens there.
    #[error("address already in use")]
    InUse,
    /// The workstation isn't there or did not answer in time.
    #[error("the workstation did not answer")]
    NoWorkstation,
}

/// The workstation's `localhost`, as the gateway needs it. Implemented by the server; a sandbox
/// without a workstation (`lunchbox sandbox`, tests) uses [`NoHostPorts`].
pub trait HostPorts: Send + Sync + 'static {
    /// Starts to accept TCP connections on `port` of the workstation; returns when it does.
    /// Called before the engine's start of the container is answered, so that `curl` right after
    /// `docker run` works. Binding what is bound already is success.
    fn bind<'a>(&'a self, sandbox: &'a SandboxId, port: u16) -> Pin<Box<dyn Future<Output = Result<(), BindError>> + Send + 'a>>;

    /// Stops to accept connections on `port`. Releasing what is not bound is not an error.
    fn release<'a>(&'a self, sandbox: &'a SandboxId, port: u16) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>;
}

/// No workstation: every port is bound in name only, and is reached by [`crate::Gateway::dial`].
#[derive(Debug, Clone, Copy)]
pub struct NoHostPorts;

impl HostPorts for NoHostPorts {
    fn bind<'a>(&'a self, _: &'a SandboxId, _: u16) -> Pin<Box<dyn Future<Output = Result<(), BindError>> + Send + 'a>> {
        Box::pin(async { Ok(()) })
    }

    fn release<'a>(&'a self, _: &'a SandboxId, _: u16) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async {})
    }
}
