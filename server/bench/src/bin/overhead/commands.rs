//! What is typed, and how long it takes on either host.

use std::{
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use tokio::io::AsyncReadExt;

use crate::{
    Arguments,
    host::{Host, PREFIX},
};

/// What is moved by the commands that move much.
const HEAVY_BYTES: usize = 100_000_000;
/// What is read as logs: a sandbox's containers keep 5 MB of them, wrapped line by line in JSON.
const LOG_BYTES: usize = 1_500_000;
const DOCKERFILE: &str =
    "ARG BASE\nFROM ${BASE}\nWORKDIR /app\nCOPY menu.txt .\nRUN wc -l menu.txt > lines.txt\nCMD [\"cat\", \"lines.txt\"]\n";

/// What is asked of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Goal {
    /// Takes at most so much longer, in percent of the engine's time.
    Time(u32),
    /// Moves at least so much of the engine's bytes a second, in percent.
    Throughput(u32),
}

pub(crate) struct Row {
    pub(crate) title: &'static str,
    pub(crate) goal: Goal,
    pub(crate) engine: Vec<Duration>,
    pub(crate) gateway: Vec<Duration>,
    /// Moved by one run, where that is what is measured.
    pub(crate) bytes: Option<[u64; 2]>,
}

/// A command, in words: `{image}`, `{folder}`, `{prefix}` stand for the host's own.
struct Asked {
    title: &'static str,
    /// What is done before each, if anything, and not timed.
    before: &'static [&'static str],
    words: &'static [&'static str],
    goal: Goal,
}

const COMMANDS: &[Asked] = &[
    Asked { title: "ps", before: &[], words: &["ps"], goal: Goal::Time(105) },
    Asked { title: "inspect", before: &[], words: &["inspect", "{prefix}up"], goal: Goal::Time(105) },
    Asked { title: "run --rm busybox true", before: &[], words: &["run", "--rm", "{image}", "true"], goal: Goal::Time(105) },
    Asked {
        title: "the same, on a network of its own",
        before: &[],
        words: &["run", "--rm", "--network", "{prefix}net", "{image}", "true"],
        goal: Goal::Time(105),
    },
    Asked { title: "exec", before: &[], words: &["exec", "{prefix}up", "true"], goal: Goal::Time(105) },
    Asked {
        title: "build, five steps",
        // Each makes an image of its own, and a sandbox may have thirty.
        before: &["rmi", "--force", "{prefix}app"],
        words: &["build", "--no-cache", "--build-arg", "BASE={image}", "--tag", "{prefix}app", "{folder}/app"],
        goal: Goal::Time(105),
    },
    Asked {
        title: "build, from the cache",
        before: &[],
        words: &["build", "--build-arg", "BASE={image}", "--tag", "{prefix}app", "{folder}/app"],
        goal: Goal::Time(105),
    },
    Asked { title: "cp in, 100 MB", before: &[], words: &["cp", "{folder}/heavy", "{prefix}up:/heavy-in"], goal: Goal::Throughput(90) },
    Asked { title: "cp out, 100 MB", before: &[], words: &["cp", "{prefix}up:/heavy", "-"], goal: Goal::Throughput(90) },
    Asked { title: "logs, 1.5 MB", before: &[], words: &["logs", "{prefix}talk"], goal: Goal::Throughput(90) },
    Asked { title: "exec's output, 100 MB", before: &[], words: &["exec", "{prefix}up", "cat", "/heavy"], goal: Goal::Throughput(90) },
];

impl Asked {
    fn words(words: &[&str], host: &Host, folder: &Path) -> Vec<String> {
        let folder = folder.display().to_string();
        words.iter().map(|word| word.replace("{image}", &host.image).replace("{folder}", &folder).replace("{prefix}", PREFIX)).collect()
    }
}

pub(crate) async fn measure(arguments: &Arguments, folder: &Path, engine: &Host, gateway: &Host) -> Result<Vec<Row>, String> {
    let told = |error: std::io::Error| format!("{}: {error}", folder.display());
    std::fs::create_dir_all(folder.join("app")).map_err(told)?;
    std::fs::write(folder.join("app/Dockerfile"), DOCKERFILE).map_err(told)?;
    std::fs::write(folder.join("app/menu.txt"), "soup\nbread\n").map_err(told)?;
    std::fs::write(folder.join("heavy"), vec![b'x'; HEAVY_BYTES]).map_err(told)?;
    let asked = |asked: &&Asked| arguments.only.as_ref().is_none_or(|only| asked.title.contains(only.as_str()));
    for host in [engine, gateway] {
        host.clean().await;
        prepare(host, folder).await?;
    }
    let mut rows = Vec::new();
    for asked in COMMANDS.iter().filter(asked) {
        eprintln!("{} …", asked.title);
        let heavy = matches!(asked.goal, Goal::Throughput(_));
        let words = [engine, gateway].map(|host| Asked::words(asked.words, host, folder));
        let words = [0, 1].map(|i| words[i].iter().map(String::as_str).collect::<Vec<_>>());
        let before = Asked::words(asked.before, engine, folder);
        let before: Vec<&str> = before.iter().map(String::as_str).collect();
        let mut row = Row { title: asked.title, goal: asked.goal, engine: Vec::new(), gateway: Vec::new(), bytes: None };
        // The first of each warms up, and says how much is moved.
        let moved = [run(engine, &words[0]).await?.1, run(gateway, &words[1]).await?.1];
        if heavy {
            row.bytes = Some(if asked.words[0] == "cp" && asked.words[2] != "-" { [HEAVY_BYTES as u64; 2] } else { moved });
        }
        for round in 0..if heavy { arguments.heavy_rounds } else { arguments.rounds } {
            // What the one leaves to be done (pages to be written, a container to be cleared away) is the other's
            // to bear: so each is first as often as second.
            let (first, second) = if round % 2 == 0 { (0, 1) } else { (1, 0) };
            for at in [first, second] {
                let (host, times) = if at == 0 { (engine, &mut row.engine) } else { (gateway, &mut row.gateway) };
                if !before.is_empty() {
                    host.docker(&before).await?;
                }
                times.push(run(host, &words[at]).await?.0);
            }
        }
        rows.push(row);
    }
    Ok(rows)
}

async fn prepare(host: &Host, folder: &Path) -> Result<(), String> {
    let (up, talk, net) = (format!("{PREFIX}up"), format!("{PREFIX}talk"), format!("{PREFIX}net"));
    host.docker(&["network", "create", &net]).await?;
    host.docker(&["run", "--detach", "--name", &up, &host.image, "sleep", "100000"]).await?;
    host.docker(&["cp", &folder.join("heavy").display().to_string(), &format!("{up}:/heavy")]).await?;
    let print = format!("yes 0123456789012345678901234567890123456789012345678901234567890123456789 | head -c {LOG_BYTES}");
    let mut talking = host.command(&["run", "--name", &talk, &host.image, "sh", "-c", &print]);
    let status = talking.stdout(Stdio::null()).status().await.map_err(|error| error.to_string())?;
    if status.success() { Ok(()) } else { Err(format!("{talk} ended with {status}")) }
}

/// How long it took, and how many bytes it printed.
async fn run(host: &Host, words: &[&str]) -> Result<(Duration, u64), String> {
    let told = |error: std::io::Error| format!("docker {}: {error}", words.join(" "));
    let start = Instant::now();
    let mut child = host.command(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(told)?;
    let mut out = child.stdout.take().ok_or("no output")?;
    let mut buffer = vec![0; 1024 * 1024];
    let mut bytes = 0;
    loop {
        match out.read(&mut buffer).await.map_err(told)? {
            0 => break,
            n => bytes += n as u64,
        }
    }
    let ended = child.wait_with_output().await.map_err(told)?;
    if ended.status.success() {
        return Ok((start.elapsed(), bytes));
    }
    Err(format!("docker {}: {}: {}", words.join(" "), ended.status, String::from_utf8_lossy(&ended.stderr).trim()))
}
