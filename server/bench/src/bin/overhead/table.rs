//! The figures, and the goals beside them.

use std::{
    io::{Result, Write},
    time::Duration,
};

use crate::{
    commands::{Goal, Row},
    memory,
};

/// The most that an idle stream may cost.
const STREAM_GOAL_KIB: f64 = 64.0;

pub(crate) fn commands(rows: &[Row]) {
    // A closed pipe is the reader's choice, not an error of the benchmark's.
    _ = write_commands(&mut std::io::stdout().lock(), rows);
}

pub(crate) fn memory(rows: &[memory::Row]) {
    _ = write_memory(&mut std::io::stdout().lock(), rows);
}

fn write_commands(out: &mut impl Write, rows: &[Row]) -> Result<()> {
    writeln!(out, "\n{:<36} | {:>17} | {:>17} | {:>17} | {:>7}", "", "engine", "through gateway", "ratio", "goal")?;
    writeln!(
        out,
        "{:<36} | {:>8} {:>8} | {:>8} {:>8} | {:>17} | {:>7}",
        "", "median", "worst", "median", "worst", "median (half lie)", ""
    )?;
    for row in rows {
        let ((engine, engine_worst), (gateway, gateway_worst)) = (spread(&row.engine), spread(&row.gateway));
        let [low, ratio, high] = ratios(row);
        let (shown, goal, kept) = match (row.goal, row.bytes) {
            (Goal::Time(percent), _) => (
                [engine, engine_worst, gateway, gateway_worst].map(|ms| format!("{ms:.1} ms")),
                format!("≤ {:.2}", hundredths(percent)),
                ratio <= hundredths(percent),
            ),
            (Goal::Throughput(percent), bytes) => {
                let [engine_bytes, gateway_bytes] = bytes.unwrap_or([0, 0]);
                let speed = |bytes: u64, ms: f64| bytes as f64 / 1000.0 / ms;
                let shown =
                    [(engine_bytes, engine), (engine_bytes, engine_worst), (gateway_bytes, gateway), (gateway_bytes, gateway_worst)];
                (
                    shown.map(|(bytes, ms)| format!("{:.0} MB/s", speed(bytes, ms))),
                    format!("≥ {:.2}", hundredths(percent)),
                    ratio >= hundredths(percent),
                )
            }
        };
        let [a, b, c, d] = shown;
        let ratios = format!("{ratio:.2} ({low:.2}–{high:.2})");
        writeln!(out, "{:<36} | {a:>8} {b:>8} | {c:>8} {d:>8} | {ratios:>17} | {goal:>7} {}", row.title, mark(kept))?;
        if let Some([engine, gateway]) = row.bytes
            && engine.abs_diff(gateway) > engine / 100
        {
            writeln!(out, "{:<36}   {engine} bytes on the engine, {gateway} through the gateway", "")?;
        }
    }
    Ok(())
}

fn write_memory(out: &mut impl Write, rows: &[memory::Row]) -> Result<()> {
    writeln!(out, "\n{:<36} | {:>17} | {:>17} | {:>14} | {:>7}", "idle streams", "memory, none", "memory, all", "each", "goal")?;
    for row in rows {
        let [before, after] = row.bytes.map(|bytes| bytes as f64 / 1024.0);
        let each = (after - before) / row.streams as f64;
        let title = format!("{} × {}", row.streams, row.kind.title());
        let (before, after) = (before / 1024.0, after / 1024.0);
        writeln!(
            out,
            "{title:<36} | {before:>13.1} MiB | {after:>13.1} MiB | {each:>10.1} KiB | ≤ {STREAM_GOAL_KIB:.0} KiB {}",
            mark(each <= STREAM_GOAL_KIB)
        )?;
    }
    Ok(())
}

fn hundredths(percent: u32) -> f64 {
    f64::from(percent) / 100.0
}

fn mark(kept: bool) -> &'static str {
    if kept { "✓" } else { "✗" }
}

/// Of each round, how the gateway stands to the engine: the lower quartile, the median and the upper one.
fn ratios(row: &Row) -> [f64; 3] {
    let mut all: Vec<f64> = row
        .engine
        .iter()
        .zip(&row.gateway)
        .map(|(engine, gateway)| {
            let times = gateway.as_secs_f64() / engine.as_secs_f64();
            match (row.goal, row.bytes) {
                (Goal::Throughput(_), Some([engine, gateway])) => gateway as f64 / engine as f64 / times,
                _ => times,
            }
        })
        .collect();
    all.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| all.get(all.len() * quarter / 4).copied().unwrap_or(f64::NAN))
}

/// Median and worst, in milliseconds.
fn spread(times: &[Duration]) -> (f64, f64) {
    let mut all: Vec<f64> = times.iter().map(|time| time.as_secs_f64() * 1000.0).collect();
    all.sort_by(f64::total_cmp);
    match all.as_slice() {
        [] => (f64::NAN, f64::NAN),
        all => (all[all.len() / 2], all[all.len() - 1]),
    }
}
