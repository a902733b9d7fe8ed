//! Attacks, each tried: what a learner who means harm would send to the gateway, as `docs/attacks.md` numbers
//! them. Learner A attacks; B, who has a canary in everything, and the host are compared before and after.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may fail")]

mod abandoned;
mod answers;
mod api_escape;
mod build;
mod calls;
mod cross_read;
mod cross_write;
mod exhaustion;
mod fake;
mod fuzzed;
mod half_way;
mod kept;
mod leaks;
mod listed;
mod network;
mod protocol;
mod races;
mod uploads;

use std::time::{Duration, Instant};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
};

use super::{
    containers,
    support::{PATIENCE, Sandbox, TestHost, bare},
};

/// What nobody but B may ever read.
const CANARY: &str = "canary-of-b";

/// A attacks, B is there to be harmed.
struct Pair {
    host: TestHost,
    a: Sandbox,
    b: Sandbox,
    /// What B has, by its full IDs.
    victim: Victim,
}

struct Victim {
    container: String,
    exec: String,
    network: String,
    image: String,
    /// By the engine's name.
    anonymous_volume: String,
    /// B's host, as it was.
    before: String,
}

impl Pair {
    /// Both have busybox; B has one of everything else, too.
    async fn new() -> Self {
        let host = containers::host(2).await;
        let (a, b) = (host.sandboxes[0].clone(), host.sandboxes[1].clone());
        b.run(&format!("network create --label canary={CANARY} {CANARY}-net")).await.ok();
        b.run(&format!("volume create --label canary={CANARY} {CANARY}-data")).await.ok();
        let dockerfile = format!("FROM busybox\nRUN echo {CANARY} > /canary\nENV CANARY={CANARY}\n");
        b.docker_in(&["build", "-q", "-t", &format!("{CANARY}-image:1"), "-"], dockerfile.as_bytes()).await.ok();
        b.run(&format!("tag busybox {CANARY}-secret:1")).await.ok();
        let run = format!(
            "run -d --name {CANARY}-web --network {CANARY}-net -v {CANARY}-data:/data -v /anonymous -l canary={CANARY} -e CANARY={CANARY} -p 8080:80 {CANARY}-image:1 sh -c"
        );
        let words: Vec<&str> = run.split(' ').collect();
        let command = format!("echo {CANARY} | tee /data/canary; exec sleep 1000");
        let container = b.docker(&[&words[..], &[command.as_str()]].concat()).await.ok().trim().to_owned();
        let (_, exec) = b.http("POST", &format!("/v1.45/containers/{container}/exec"), r#"{"Cmd":["true"]}"#).await;
        let exec: serde_json::Value = serde_json::from_str(&exec).unwrap();
        let of = |kind: &'static str, name: String| {
            let b = b.clone();
            async move { b.docker(&[kind, "inspect", "--format", "{{.Id}}", &name]).await.ok().trim().to_owned() }
        };
        let anonymous = b.docker(&["volume", "ls", "-q", "--filter", "dangling=false"]).await.ok();
        let victim = Victim {
            exec: exec["Id"].as_str().unwrap().to_owned(),
            network: of("network", format!("{CANARY}-net")).await,
            image: of("image", format!("{CANARY}-image:1")).await,
            anonymous_volume: anonymous.lines().find(|name| name.len() == 64).unwrap().to_owned(),
            container,
            before: everything(&b).await,
        };
        Self { host, a, b, victim }
    }

    /// Fails the test where B's host is another than before.
    async fn b_is_unharmed(&self) {
        let now = everything(&self.b).await;
        assert!(now == self.victim.before, "B's host was:\n{}\nand is:\n{now}", self.victim.before);
    }

    /// The engine's name of something of B's.
    fn engine_name(&self, name: &str) -> String {
        format!("lb-{}-{}-{name}", self.host.config.instance, self.b.id)
    }

    /// Every way to call B's container.
    fn names_of_b(&self) -> Vec<String> {
        let (id, name) = (&self.victim.container, format!("{CANARY}-web"));
        let engine = self.engine_name(&name);
        vec![id.clone(), id[..12].to_owned(), id[..3].to_owned(), format!("/{name}"), format!("/{engine}"), name, engine]
    }
}

/// All of a sandbox, as its learner and as the engine see it.
async fn everything(sandbox: &Sandbox) -> String {
    let mut all = String::new();
    for line in [
        "ps -a --no-trunc --format {{.ID}}_{{.Names}}_{{.Image}}_{{.State}}_{{.Ports}}",
        "images -a --no-trunc --format {{.ID}}_{{.Repository}}:{{.Tag}}",
        "volume ls --format {{.Name}}_{{.Labels}}",
        "network ls --no-trunc --format {{.ID}}_{{.Name}}",
    ] {
        all.push_str(&sandbox.run(line).await.ok());
    }
    let filter = format!("label=io.lunchbox.sandbox={}", sandbox.id);
    for (list, format) in [
        (&["ps", "-a"][..], "{{.ID}} {{.Names}} {{.Image}} {{.State}} {{.Networks}}"),
        (&["volume", "ls"], "{{.Name}}"),
        (&["network", "ls"], "{{.ID}} {{.Name}} {{.Internal}}"),
    ] {
        all.push_str(
            &bare(&[list, &["--no-trunc", "--filter", &filter, "--format", format][usize::from(list[0] == "volume")..]].concat())
                .await
                .ok(),
        );
    }
    let mut lines: Vec<&str> = all.lines().collect();
    lines.sort_unstable();
    lines.join("\n")
}

/// A tar of these entries, with names that no honest program would write.
fn tar(entries: &[(&[u8], tar::EntryType, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, kind, content) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(*kind);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name);
        let link = matches!(kind, tar::EntryType::Symlink | tar::EntryType::Link);
        if link {
            header.as_gnu_mut().unwrap().linkname[..content.len()].copy_from_slice(content);
        }
        let data = if link { &[][..] } else { *content };
        header.set_size(data.len() as u64);
        header.set_cksum();
        builder.append(&header, data).unwrap();
    }
    builder.into_inner().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packer, bytes).unwrap();
    packer.finish().unwrap()
}

/// One request with a body of any kind; the whole answer.
async fn send(sandbox: &Sandbox, head: &str, content_type: &str, body: &[u8]) -> String {
    let head = format!(
        "{head} HTTP/1.1\r\nHost: docker\r\nConnection: close\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    sandbox.raw(&[head.as_bytes(), body].concat()).await
}

/// An answer's status.
fn status(answer: &str) -> u16 {
    answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)).and_then(|code| code.parse().ok()).unwrap_or(0)
}

/// Asks for a stream of its own, and says something on it at once, before the stream is there. What comes until
/// the words have come, or the end.
async fn converse(sandbox: &Sandbox, head: &str, body: &str, said: &[u8], words: &str) -> String {
    let mut stream = UnixStream::connect(&sandbox.socket).await.unwrap();
    let request = format!(
        "POST {head} HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(&[request.as_bytes(), said].concat()).await.unwrap();
    let mut heard = Vec::new();
    _ = tokio::time::timeout(PATIENCE, async {
        while !String::from_utf8_lossy(&heard).contains(words) && stream.read_buf(&mut heard).await.is_ok_and(|read| read > 0) {}
    })
    .await;
    String::from_utf8_lossy(&heard).into_owned()
}

/// How long another learner's `docker ps` may take while somebody attacks.
const UNHARMED: Duration = Duration::from_secs(4);

async fn answers_soon(b: &Sandbox, meanwhile: &str) {
    let began = Instant::now();
    b.run("ps -a").await.ok();
    let took = began.elapsed();
    assert!(took < UNHARMED, "{meanwhile}: docker ps took {took:?}");
}

/// Bytes of memory that this process has in use.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}
