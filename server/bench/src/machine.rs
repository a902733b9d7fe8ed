//! What the machine as a whole uses: so that neither side of the comparison can hide anything.

use std::fs;

use tokio::process::Command;

pub(crate) struct Machine {
    /// Proportional set size of every process: shared pages are counted once.
    pub(crate) memory_bytes: i64,
    /// Used on the file system of the engine's data.
    pub(crate) disk_bytes: i64,
}

impl Machine {
    pub(crate) async fn read() -> Result<Self, String> {
        docker_sync().await?;
        let root = docker(&["info", "--format", "{{.DockerRootDir}}"]).await?;
        Ok(Self { memory_bytes: proportional_set_size()?, disk_bytes: used_bytes(root.trim()).await? })
    }
}

fn proportional_set_size() -> Result<i64, String> {
    let own = std::process::id().to_string();
    let mut kib = 0;
    for entry in fs::read_dir("/proc").map_err(|e| e.to_string())?.flatten() {
        let name = entry.file_name();
        let Some(pid) = name.to_str().filter(|name| name.bytes().all(|b| b.is_ascii_digit()) && *name != own) else { continue };
        // A process that has just ended, or a kernel thread, has none.
        let Ok(rollup) = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")) else { continue };
        kib += rollup
            .lines()
            .find_map(|line| line.strip_prefix("Pss:"))
            .and_then(|rest| rest.split_whitespace().next())
            .and_then(|number| number.parse::<i64>().ok())
            .unwrap_or(0);
    }
    Ok(kib * 1024)
}

async fn used_bytes(folder: &str) -> Result<i64, String> {
    let output = Command::new("df").args(["--output=used", "--block-size=1", folder]).output().await.map_err(|e| e.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().nth(1).and_then(|line| line.trim().parse().ok()).ok_or_else(|| format!("df did not answer for {folder}"))
}

async fn docker_sync() -> Result<(), String> {
    let status = Command::new("sync").status().await.map_err(|e| e.to_string())?;
    if status.success() { Ok(()) } else { Err("sync failed".to_owned()) }
}

/// Runs the docker command line against the engine itself.
pub(crate) async fn docker(arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("docker").args(arguments).output().await.map_err(|e| format!("docker: {e}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(format!("docker {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim()))
    }
}
