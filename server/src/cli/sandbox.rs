//! `lunchbox sandbox`: one throwaway sandbox without the web, for any Docker client.

use std::{
    ffi::OsString,
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use gateway::{Gateway, GatewayConfig, GatewayError, SandboxHandle, SandboxId, ports::NoHostPorts};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::{
    database::{Database, DatabaseError},
    engine::{Engine, EngineError},
    throwaway::{self, Throwaway},
};

/// Exit code of a command that a signal has ended, as shells have it: this and the signal.
const SIGNAL_EXIT_BASE: u8 = 128;

/// How long the end of a sandbox may take, and how soon it is tried again.
const CLOSE_PATIENCE: Duration = Duration::from_secs(60);
const CLOSE_PAUSE: Duration = Duration::from_millis(500);

/// Arguments of `lunchbox sandbox`; flatten them into the command.
#[derive(Debug, Clone, clap::Args)]
pub struct SandboxArgs {
    /// Run this with DOCKER_HOST set, and end with its exit code
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

/// Why there was no sandbox.
#[derive(Debug, thiserror::Error)]
pub enum SandboxCommandError {
    #[error("the gateway could not open a sandbox")]
    Gateway(#[from] GatewayError),
    #[error("the sandbox could not be removed. The next `lunchbox sandbox` clears away what it left")]
    Close(#[source] GatewayError),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error("{what}")]
    Io { what: String, source: std::io::Error },
}

/// Opens the sandbox, prints `export DOCKER_HOST=unix://…`, waits for Ctrl-C or SIGTERM (or runs
/// the command), and removes it. `gateway_config` as for `serve`: instance and run_dir are
/// replaced by its own, so that a server beside it is not disturbed; it has its own database.
pub async fn run(args: SandboxArgs, gateway_config: GatewayConfig) -> Result<ExitCode, SandboxCommandError> {
    throwaway::sweep(&Engine::new(&gateway_config.engine_socket)?, &gateway_config).await;
    let throwaway = Throwaway::new()
        .map_err(|source| SandboxCommandError::Io { what: "no name could be had for the sandbox's things".to_owned(), source })?;
    let folder = Folder::new(throwaway.folder())?;
    let config = GatewayConfig { instance: throwaway.instance().to_owned(), run_dir: folder.path.join("run"), ..gateway_config };
    make_dir(&config.run_dir)?;
    let mut ends = Ends::listen()?;
    // As a served sandbox's: whoever measures one measures the other.
    let database = Database::connect(&format!("sqlite://{}", folder.path.join("sandbox.db").display())).await?.ledger;
    let gateway = Gateway::start(config, database.clone(), Arc::new(NoHostPorts)).await?;
    let id = SandboxId::random();
    let used = match gateway.open(id.clone()).await {
        Ok(handle) => serve(&args, &handle, &mut ends).await,
        Err(error) => Err(error.into()),
    };
    // Whatever happened: what was made goes.
    let closed = close(&gateway, &id).await;
    database.close().await;
    let code = used?;
    closed?;
    Ok(code)
}

/// Removes the sandbox, and what it was in the middle of: an engine that still fills a volume says that it is in use.
async fn close(gateway: &Gateway, id: &SandboxId) -> Result<(), SandboxCommandError> {
    let patience = tokio::time::Instant::now() + CLOSE_PATIENCE;
    loop {
        match gateway.close(id).await {
            Ok(()) | Err(GatewayError::NoSuchSandbox(_)) => break,
            Err(error) if tokio::time::Instant::now() > patience => return Err(SandboxCommandError::Close(error)),
            Err(_) => tokio::time::sleep(CLOSE_PAUSE).await,
        }
    }
    gateway.reconcile().await.map(drop).map_err(SandboxCommandError::Close)
}

async fn serve(args: &SandboxArgs, handle: &SandboxHandle, ends: &mut Ends) -> Result<ExitCode, SandboxCommandError> {
    let docker_host = format!("unix://{}", handle.socket_dir.join("docker.sock").display());
    let Some((program, arguments)) = args.command.split_first() else {
        say(&docker_host).map_err(|source| SandboxCommandError::Io { what: "the address could not be printed".to_owned(), source })?;
        ends.next().await;
        return Ok(ExitCode::SUCCESS);
    };
    let failed = |source| SandboxCommandError::Io { what: format!("{} could not be run", program.display()), source };
    let mut child = tokio::process::Command::new(program)
        .args(arguments)
        .env("DOCKER_HOST", &docker_host)
        // Or it would overrule the host.
        .env_remove("DOCKER_CONTEXT")
        .kill_on_drop(true)
        .spawn()
        .map_err(failed)?;
    let status = loop {
        tokio::select! {
            status = child.wait() => break status.map_err(failed)?,
            // Ctrl-C reaches it by itself, from the terminal; the rest is passed on.
            end = ends.next() => if end == End::Terminate && let Some(pid) = pid(&child) {
                let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
            },
        }
    };
    use std::os::unix::process::ExitStatusExt;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    let signal = status.signal().and_then(|signal| u8::try_from(signal).ok());
    Ok(ExitCode::from(code.or(signal.map(|signal| SIGNAL_EXIT_BASE.saturating_add(signal))).unwrap_or(1)))
}

/// On stdout what a shell can read (`eval "$(…)"`, or copy it); on stderr the rest.
fn say(docker_host: &str) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "export DOCKER_HOST={docker_host}")?;
    stdout.flush()?;
    writeln!(std::io::stderr(), "A sandbox is open. Use any Docker client with that; Ctrl-C removes it and all that was made in it.")
}

fn pid(child: &tokio::process::Child) -> Option<rustix::process::Pid> {
    rustix::process::Pid::from_raw(i32::try_from(child.id()?).ok()?)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Interrupt,
    Terminate,
}

struct Ends {
    interrupt: Signal,
    terminate: Signal,
}

impl Ends {
    fn listen() -> Result<Self, SandboxCommandError> {
        let listen =
            |kind| signal(kind).map_err(|source| SandboxCommandError::Io { what: "signals could not be listened for".to_owned(), source });
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    async fn next(&mut self) -> End {
        tokio::select! {
            _ = self.interrupt.recv() => End::Interrupt,
            _ = self.terminate.recv() => End::Terminate,
        }
    }
}

/// A folder that goes when this does.
struct Folder {
    path: PathBuf,
}

impl Folder {
    fn new(path: PathBuf) -> Result<Self, SandboxCommandError> {
        make_dir(&path)?;
        Ok(Self { path })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// For this user alone: the socket in it is a Docker host.
fn make_dir(path: &Path) -> Result<(), SandboxCommandError> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .mode(0o700)
        .create(path)
        .map_err(|source| SandboxCommandError::Io { what: format!("the folder {} could not be made", path.display()), source })
}
