//! How the server ends: asked once, it says goodbye and finishes what it does; asked twice, it goes.

use std::{process, time::Duration};

use tokio::signal::unix::{SignalKind, signal};

/// How long requests under way may take to finish.
pub const DRAIN_LIMIT: Duration = Duration::from_secs(8);
/// What a shell says of a program that was interrupted.
const INTERRUPTED: i32 = 130;

/// Waits for SIGTERM or SIGINT; from then on another one ends the process at once.
///
/// # Errors
/// Where the system gives no signals.
pub async fn asked() -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::warn!("Asked a second time to end: ending at once.");
        process::exit(INTERRUPTED);
    });
    Ok(())
}
