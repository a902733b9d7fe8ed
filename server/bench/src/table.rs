//! The figures as a table, and the goals beside them.

use std::{io::Write, time::Duration};

use crate::class::{Row, Times};

const MIB: f64 = 1024.0 * 1024.0;

pub(crate) fn print(rows: &[Row]) {
    let mut out = std::io::stdout().lock();
    // A closed pipe is the reader's choice, not an error of the benchmark's.
    _ = write(&mut out, rows);
}

fn write(out: &mut impl Write, rows: &[Row]) -> std::io::Result<()> {
    writeln!(
        out,
        "\n{:<15} {:>8} | {:>17} | {:>17} | {:>17} | {:>17} | {:>14} | {:>14}",
        "", "learners", "prompt (s)", "docker answers", "unseen image (s)", "course image (s)", "MiB a learner", "disk MiB each"
    )?;
    writeln!(
        out,
        "{:<15} {:>8} | {:>8} {:>8} | {:>8} {:>8} | {:>8} {:>8} | {:>8} {:>8} | {:>14} | {:>14}",
        "", "", "median", "worst", "median", "worst", "median", "worst", "median", "worst", "", ""
    )?;
    for row in rows {
        let (prompt_median, prompt_worst) = spread(row, |times| times.prompt);
        let (docker_median, docker_worst) = spread(row, |times| times.docker);
        let (pull_median, pull_worst) = spread(row, |times| times.pull);
        let (course_median, course_worst) = spread(row, |times| times.course_pull);
        let each = |bytes: i64| bytes as f64 / row.learners as f64 / MIB;
        writeln!(
            out,
            "{:<15} {:>8} | {prompt_median:>8.2} {prompt_worst:>8.2} | {docker_median:>8.2} {docker_worst:>8.2} | {pull_median:>8.2} {pull_worst:>8.2} | {course_median:>8.2} {course_worst:>8.2} | {:>14.1} | {:>14.1}",
            row.host,
            row.learners,
            each(row.memory_bytes),
            each(row.disk_bytes)
        )?;
    }
    for pair in rows.chunks(2).filter(|pair| pair.len() == 2 && pair[0].learners == pair[1].learners) {
        let ratio = |of: fn(&Times) -> Duration| spread(&pair[1], of).0 / spread(&pair[0], of).0;
        writeln!(
            out,
            "\n{} learners: prompt {:.1}× sooner, unseen image {:.1}× sooner, course image {:.1}× sooner, {:.1}× less memory, {:.1}× less disk (medians; goals: pulled 10× sooner, prompt ≤ 1 s at 30, ≤ 15 MiB a learner)",
            pair[0].learners,
            ratio(|times| times.prompt),
            ratio(|times| times.pull),
            ratio(|times| times.course_pull),
            pair[1].memory_bytes as f64 / pair[0].memory_bytes.max(1) as f64,
            pair[1].disk_bytes as f64 / pair[0].disk_bytes.max(1) as f64
        )?;
    }
    writeln!(
        out,
        "\nAn unseen image is one that no host has; a course's image is on Lunchbox's engine since set-up. Disk of a class on Lunchbox is an image once, shared by all, and the little that each learner writes."
    )
}

/// Median and worst, in seconds.
fn spread(row: &Row, of: impl Fn(&Times) -> Duration) -> (f64, f64) {
    let mut all: Vec<f64> = row.times.iter().map(|times| of(times).as_secs_f64()).collect();
    all.sort_by(f64::total_cmp);
    match all.as_slice() {
        [] => (f64::NAN, f64::NAN),
        times => (times[times.len() / 2], times[times.len() - 1]),
    }
}
