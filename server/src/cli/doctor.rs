//! `lunchbox doctor`: looks at the machine and says what is wrong and what to do. Leaves nothing changed.

mod engine;
mod machine;
mod ours;
mod reach;
mod report;

use std::{convert::Infallible, process::ExitCode};

use report::Report;

use crate::config::Config;

/// Looks, prints, and fails where something stands in the way of serving.
///
/// # Errors
/// Never.
pub async fn run(config: &Config) -> Result<ExitCode, Infallible> {
    let mut report = Report::default();
    let engine = engine::look(config, &mut report).await;
    machine::look(config, engine.as_ref(), &mut report);
    if engine.is_some() {
        reach::look(config, &mut report).await;
    }
    engine::registry(config, &mut report).await;
    ours::look(config, &mut report).await;
    report.print();
    Ok(if report.is_bad() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
