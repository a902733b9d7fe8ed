//! `./lunchbox load`: a class of a hundred at work, as the server sees them (HTTP, WebSocket and SSE of a
//! browser each), with an instructor at the board; some with a sandbox and a terminal in which they type,
//! the others reading, trying, asking for hints and raising hands. Measured from outside: how long after a
//! learner's click the board says so, what the board costs the instructor's line, and what the server takes.

mod board;
mod class;
mod history;
mod process;
mod visitor;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use clap::Parser;

/// Goals: what the classroom promises.
const BOARD_P99: Duration = Duration::from_secs(1);
const BOARD_BYTES_PER_SECOND: f64 = 50_000.0;
const SERVER_BYTES: u64 = 300 * 1024 * 1024;
const SERVER_CORES: f64 = 0.5;

/// A class at work, measured.
#[derive(Parser, Debug)]
struct Arguments {
    /// Learners in the class.
    #[arg(long, default_value_t = 100)]
    learners: usize,
    /// Of these, how many have a sandbox and type in it.
    #[arg(long, default_value_t = 12)]
    sandboxes: usize,
    /// Minutes of work.
    #[arg(long, default_value_t = 10.0)]
    minutes: f64,
    /// Between two things that a learner does, on average, in seconds.
    #[arg(long, default_value_t = 6.0)]
    every: f64,
    /// Instead: ten thousand learners' history, and how long board, report and exports take with it
    #[arg(long)]
    history: bool,
    /// Lunchbox's own binary: the class gets a server of its own.
    #[arg(long, default_value = "target/release/lunchbox")]
    binary: PathBuf,
    /// Where that server serves, on loopback.
    #[arg(long, default_value_t = 3098)]
    port: u16,
    /// The course registry as the engine reaches it.
    #[arg(long, default_value = "127.0.0.1:5055")]
    registry: String,
}

#[tokio::main]
async fn main() -> Result<ExitCode, String> {
    let arguments = Arguments::parse();
    if arguments.history {
        return history(&arguments).await;
    }
    let server = process::Server::start(&arguments.binary, arguments.port, &arguments.registry, arguments.sandboxes).await?;
    let measured = class::run(&arguments, &server).await;
    server.remove().await?;
    let measured = measured?;

    println!(
        "A class of {} ({} with a sandbox) for {:.1} min: {} things done, {} of them awaited on the board.\n",
        arguments.learners,
        arguments.sandboxes,
        arguments.minutes,
        measured.done,
        measured.latencies.len()
    );
    println!("| | measured | goal | |\n|---|---|---|---|");
    let mut all = true;
    let mut line = |what: &str, measured: String, goal: String, is_met: bool| {
        all &= is_met;
        println!("| {what} | {measured} | {goal} | {} |", if is_met { "met" } else { "missed" });
    };
    let p = |share: f64| percentile(&measured.latencies, share);
    line(
        "from a learner's click to the board: median, 99th percentile, worst",
        format!("{} ms, {} ms, {} ms", p(0.5).as_millis(), p(0.99).as_millis(), p(1.0).as_millis()),
        format!("99th ≤ {} ms", BOARD_P99.as_millis()),
        p(0.99) <= BOARD_P99 && measured.missing == 0,
    );
    line("of those, never seen on the board", measured.missing.to_string(), "0".to_owned(), measured.missing == 0);
    line(
        "the board's line, on average (busiest second)",
        format!("{:.1} KB/s ({:.1} KB)", measured.board_bytes_per_second / 1000.0, measured.busiest_second as f64 / 1000.0),
        format!("≤ {:.0} KB/s", BOARD_BYTES_PER_SECOND / 1000.0),
        measured.board_bytes_per_second <= BOARD_BYTES_PER_SECOND,
    );
    line(
        "the server's memory, at most",
        format!("{} MiB", measured.server_bytes / 1024 / 1024),
        format!("≤ {} MiB", SERVER_BYTES / 1024 / 1024),
        measured.server_bytes <= SERVER_BYTES,
    );
    line(
        "the server's processor time",
        format!("{:.2} cores", measured.server_cores),
        format!("≤ {SERVER_CORES} cores"),
        measured.server_cores <= SERVER_CORES,
    );
    line("requests that failed", measured.failed.to_string(), "0".to_owned(), measured.failed == 0);
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn history(arguments: &Arguments) -> Result<ExitCode, String> {
    let mut server = process::Server::start(&arguments.binary, arguments.port, &arguments.registry, 0).await?;
    let measured = history::run(&mut server).await;
    server.remove().await?;
    let (asked, filled) = measured?;
    println!("{filled}.\n\n| | learners | median | worst | goal | |\n|---|---|---|---|---|---|");
    let mut all = true;
    for history::Asked { what, learners, took } in asked {
        let (median, worst) = (percentile(&took, 0.5), percentile(&took, 1.0));
        let is_met = worst <= history::GOAL;
        all &= is_met;
        let (median, worst, goal) = (median.as_millis(), worst.as_millis(), history::GOAL.as_millis());
        println!("| {what} | {learners} | {median} ms | {worst} ms | ≤ {goal} ms | {} |", if is_met { "met" } else { "missed" });
    }
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn percentile(sorted: &[Duration], share: f64) -> Duration {
    let index = ((sorted.len() as f64 * share).ceil() as usize).clamp(1, sorted.len().max(1)) - 1;
    sorted.get(index).copied().unwrap_or(Duration::MAX)
}
