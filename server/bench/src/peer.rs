//! The same class the way others do it: a container with a Docker daemon of its own for each
//! learner. It needs root on the host in all but name; here it gets the least it starts with.

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use futures_util::future::{BoxFuture, join_all};
use tokio::{io::AsyncReadExt, process::Command};

use crate::{
    class::{Host, Times},
    machine::docker,
};

const PREFIX: &str = "lunchbox-bench-peer-";

pub(crate) struct Daemons {
    image: String,
    network: String,
    pulled: String,
    course_image: String,
}

impl Daemons {
    pub(crate) fn new(image: &str, network: &str, pulled: &str, course_image: &str) -> Self {
        let reference = |image: &str| format!("lunchbox-registry:5000/library/{image}");
        Self { image: image.to_owned(), network: network.to_owned(), pulled: reference(pulled), course_image: reference(course_image) }
    }
}

impl Host for Daemons {
    fn prepare(&self, learners: usize) -> BoxFuture<'_, Result<(), String>> {
        self.clean(learners)
    }

    fn learn(&self, number: usize) -> BoxFuture<'_, Result<Times, String>> {
        Box::pin(async move {
            let name = format!("{PREFIX}{number}");
            let volume = format!("{name}:/var/lib/docker");
            let start = Instant::now();
            let mut run = vec!["run", "--detach", "--init", "--name", &name, "--network", &self.network, "--volume", &volume];
            for capability in ["SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE", "DAC_READ_SEARCH", "SYS_CHROOT", "MKNOD"] {
                run.extend(["--cap-add", capability]);
            }
            run.extend(["--security-opt", "seccomp=unconfined", "--security-opt", "systempaths=unconfined"]);
            run.extend([self.image.as_str(), "dockerd", "--host", "unix:///var/run/docker.sock"]);
            run.extend(["--insecure-registry", "lunchbox-registry:5000"]);
            docker(&run).await?;
            prompt(&name).await?;
            let prompt = start.elapsed();
            loop {
                if docker(&["exec", &name, "docker", "version"]).await.is_ok() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            let docker_answers = start.elapsed();
            let pulling = Instant::now();
            docker(&["exec", &name, "docker", "pull", &self.pulled]).await?;
            Ok(Times { prompt, docker: docker_answers, pull: pulling.elapsed(), course_pull: Duration::ZERO })
        })
    }

    fn pull_course_image(&self, number: usize) -> BoxFuture<'_, Result<Duration, String>> {
        Box::pin(async move {
            let pulling = Instant::now();
            docker(&["exec", &format!("{PREFIX}{number}"), "docker", "pull", &self.course_image]).await?;
            Ok(pulling.elapsed())
        })
    }

    fn clean(&self, learners: usize) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            join_all((0..learners).map(|number| async move {
                let name = format!("{PREFIX}{number}");
                // Not there is as good as removed.
                docker(&["rm", "--force", "--volumes", &name]).await.ok();
                docker(&["volume", "rm", "--force", &name]).await.ok();
            }))
            .await;
            Ok(())
        })
    }
}

/// A shell in the container, up to its first prompt.
async fn prompt(name: &str) -> Result<(), String> {
    let mut shell = Command::new("docker")
        .args(["exec", "--tty", name, "bash", "-i"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|e| e.to_string())?;
    let mut output = shell.stdout.take().ok_or("no output")?;
    let mut seen = Vec::new();
    let mut buffer = [0; 1024];
    loop {
        let n = output.read(&mut buffer).await.map_err(|e| e.to_string())?;
        seen.extend_from_slice(&buffer[..n]);
        let text = String::from_utf8_lossy(&seen);
        if text.contains("# ") || text.contains("$ ") {
            return Ok(());
        }
        if n == 0 {
            return Err(format!("the shell of {name} ended before a prompt: {text}"));
        }
    }
}
