//! An engine that does nothing and remembers every byte that it was sent: what an attack makes of the gateway's
//! own questions is seen here, and hostile answers are given.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream},
    sync::watch,
};

use super::super::support::{Sandbox, TestHost};
use crate::{
    SandboxLimits,
    ledger::{self, ContainerRow, ImageOrigin, NetworkRow, VolumeRow},
};

/// One request, as it came.
#[derive(Debug, Clone, Default)]
pub(super) struct Asked {
    pub(super) method: String,
    /// Path and query.
    pub(super) target: String,
    /// Names in small letters.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Asked {
    pub(super) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The parts after the version.
    fn parts(&self) -> Vec<&str> {
        self.path().trim_start_matches('/').split('/').skip(1).collect()
    }

    /// All of it, for looking through, as it came and decoded.
    pub(super) fn text(&self) -> String {
        let decoded = percent_encoding::percent_decode_str(&self.target.replace('+', " ")).decode_utf8_lossy().into_owned();
        format!("{} {}\n{decoded}\n{:?}\n{}", self.method, self.target, self.headers, String::from_utf8_lossy(&self.body))
    }
}

/// What the engine answers: bytes, and whether the connection stays open after them.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) bytes: Vec<u8>,
    pub(super) then: Then,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// The next request may come.
    Next,
    /// Nothing more, and no end.
    Silence,
    /// Nothing at all before [`FakeHost::let_go`]; the bytes then.
    Held,
    End,
}

impl Reply {
    pub(super) fn json(status: u16, body: &serde_json::Value) -> Self {
        let body = body.to_string();
        let head = format!("HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
        Self { bytes: (head + &body).into_bytes(), then: Then::Next }
    }

    pub(super) fn raw(bytes: &[u8], then: Then) -> Self {
        Self { bytes: bytes.to_vec(), then }
    }
}

type Script = Box<dyn Fn(&Asked) -> Option<Reply> + Send>;

struct Engine {
    asked: Mutex<Vec<Asked>>,
    script: Mutex<Script>,
    made: AtomicU64,
    held: watch::Sender<bool>,
}

impl Engine {
    fn answer(&self, asked: &Asked) -> Reply {
        if let Some(reply) = (self.script.lock().unwrap())(asked) {
            return reply;
        }
        let id = || format!("{:08x}{}", self.made.fetch_add(1, Ordering::Relaxed), "e".repeat(56));
        match (asked.method.as_str(), &asked.parts()[..]) {
            (_, ["_ping"]) => Reply::raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK", Then::Next),
            ("GET", ["events"]) => Reply::raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", Then::Silence),
            ("POST", ["containers", "create"]) => Reply::json(201, &serde_json::json!({ "Id": id(), "Warnings": [] })),
            ("POST", ["networks", "create"] | ["containers", _, "exec"] | ["commit"]) => {
                Reply::json(201, &serde_json::json!({ "Id": id() }))
            }
            ("POST", ["volumes", "create"]) => Reply::json(201, &serde_json::json!({ "Name": "x" })),
            ("POST", ["containers", _, "attach"] | ["exec", _, "start"]) => {
                Reply::raw(b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n", Then::Silence)
            }
            ("POST", ["containers", _, "wait"]) => Reply::json(200, &serde_json::json!({ "StatusCode": 0 })),
            ("GET", ["containers", id, "json"]) => {
                let state = serde_json::json!({ "Status": "running", "Running": true });
                Reply::json(200, &serde_json::json!({ "Id": id, "State": state, "Mounts": [], "ExecIDs": null }))
            }
            ("GET", ["images", id, "json"]) => {
                let platform = crate::registry::architecture();
                Reply::json(
                    200,
                    &serde_json::json!({ "Id": id, "Os": "linux", "Architecture": platform, "Config": {}, "RootFS": { "Layers": [] } }),
                )
            }
            ("GET", ["containers" | "images", "json"] | ["images", _, "history"] | ["networks"]) => {
                Reply::json(200, &serde_json::json!([]))
            }
            ("GET", ["containers", _, "archive" | "export" | "logs"]) | ("HEAD", _) => {
                Reply::raw(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Then::Next)
            }
            ("POST" | "DELETE" | "PUT", ["containers" | "networks" | "volumes", ..]) => Reply::raw(b"HTTP/1.1 204 X\r\n\r\n", Then::Next),
            _ => Reply::json(200, &serde_json::json!({})),
        }
    }
}

/// The engine, two sandboxes on it, and what each has.
pub(super) struct FakeHost {
    pub(super) host: TestHost,
    pub(super) a: Sandbox,
    pub(super) b: Sandbox,
    engine: Arc<Engine>,
    _folder: tempfile::TempDir,
}

/// IDs of what a sandbox has, as the ledger has them.
pub(super) fn container_of(letter: char) -> String {
    letter.to_string().repeat(64)
}

pub(super) fn exec_of(letter: char) -> String {
    format!("{}5", letter.to_string().repeat(63))
}

pub(super) fn network_of(letter: char) -> String {
    format!("{}7", letter.to_string().repeat(63))
}

pub(super) fn image_of(letter: char) -> String {
    format!("sha256:{}9", letter.to_string().repeat(63))
}

impl FakeHost {
    pub(super) async fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("lbe").tempdir_in("/tmp").unwrap();
        let socket: PathBuf = folder.path().join("engine.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let engine = Arc::new(Engine {
            asked: Mutex::default(),
            script: Mutex::new(Box::new(|_| None)),
            made: AtomicU64::new(1),
            held: watch::Sender::new(true),
        });
        tokio::spawn({
            let engine = engine.clone();
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(connection(engine.clone(), stream));
                }
            }
        });
        let host = TestHost::on(
            socket,
            2,
            SandboxLimits { containers: 100_000, volumes: 100_000, networks: 50, own_images: 100_000, ..SandboxLimits::default() },
        )
        .await;
        let (a, b) = (host.sandboxes[0].clone(), host.sandboxes[1].clone());
        let fake = Self { host, a, b, engine, _folder: folder };
        fake.fill(&fake.a, 'a').await;
        fake.fill(&fake.b, 'b').await;
        fake.asked();
        fake
    }

    /// A container `web`, a network `front`, a volume `data`, an exec and the images `busybox` and `own`.
    async fn fill(&self, sandbox: &Sandbox, letter: char) {
        let ledger = self.host.ledger();
        let engine_name = |name: &str| format!("lb-{}-{}-{name}", self.host.config.instance, sandbox.id);
        let created_at = ledger::now_ms();
        let container = ContainerRow {
            engine_id: container_of(letter),
            sandbox: sandbox.id.clone(),
            name: "web".to_owned(),
            image: "busybox".to_owned(),
            image_id: image_of('d'),
            asked: r#"{"Image":"busybox"}"#.to_owned(),
            links: String::new(),
            created_at,
            start_ms: 0,
        };
        ledger.add_container(&container).await.unwrap();
        self.answers(move |asked| match asked.parts()[..] {
            ["containers", _, "exec"] => Some(Reply::json(201, &serde_json::json!({ "Id": exec_of(letter) }))),
            _ => None,
        });
        sandbox.http("POST", "/v1.45/containers/web/exec", r#"{"Cmd":["true"]}"#).await;
        self.answers(|_| None);
        let network = NetworkRow {
            name: "front".to_owned(),
            engine_id: network_of(letter),
            // Below the pool, where the sandboxes' own networks lie wherever their instance's name has put them.
            slot: -i64::from(u32::from(letter)),
            asked: "{}".to_owned(),
            created_at,
        };
        ledger.add_network(&sandbox.id, &network).await.unwrap();
        let volume =
            VolumeRow { name: "data".to_owned(), engine_name: engine_name("data"), anonymous: false, labels: "{}".to_owned(), created_at };
        ledger.add_volume(&sandbox.id, &volume).await.unwrap();
        let shared = ["busybox:latest".to_owned()];
        ledger.add_image_with(&sandbox.id, &image_of('d'), ImageOrigin::Pulled, &shared, None).await.unwrap();
        ledger.add_image_with(&sandbox.id, &image_of(letter), ImageOrigin::Built, &["own:1".to_owned()], None).await.unwrap();
    }

    /// What came since it was last asked, but for the gateway's own subscription.
    pub(super) fn asked(&self) -> Vec<Asked> {
        let mut asked = std::mem::take(&mut *self.engine.asked.lock().unwrap());
        asked.retain(|asked| !asked.path().ends_with("/events"));
        asked
    }

    /// Gives the answers that are held.
    pub(super) fn let_go(&self) {
        self.engine.held.send_replace(false);
    }

    /// Gives these answers from now on; the ordinary ones to all else.
    pub(super) fn answers(&self, script: impl Fn(&Asked) -> Option<Reply> + Send + 'static) {
        *self.engine.script.lock().unwrap() = Box::new(script);
    }
}

/// Request after request, read as strictly as it takes: whatever isn't HTTP of the plainest kind ends the test.
async fn connection(engine: Arc<Engine>, mut stream: UnixStream) {
    let mut buffer = Vec::new();
    while let Some(asked) = read(&mut stream, &mut buffer).await {
        engine.asked.lock().unwrap().push(asked.clone());
        let reply = engine.answer(&asked);
        if reply.then == Then::Held {
            _ = engine.held.subscribe().wait_for(|held| !held).await;
        }
        if stream.write_all(&reply.bytes).await.is_err() {
            return;
        }
        match reply.then {
            Then::Next | Then::Held => {}
            Then::Silence => _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await,
            Then::End => return,
        }
    }
}

async fn read(stream: &mut UnixStream, buffer: &mut Vec<u8>) -> Option<Asked> {
    let end = loop {
        if let Some(at) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        more(stream, buffer).await?;
    };
    let head = String::from_utf8(buffer[..end].to_vec()).expect("a head in UTF-8");
    buffer.drain(..end + 4);
    let mut lines = head.split("\r\n");
    let first: Vec<&str> = lines.next().unwrap_or_default().split(' ').collect();
    let [method, target, "HTTP/1.1"] = first[..] else { panic!("the first line is {first:?}") };
    let headers: Vec<(String, String)> = lines
        .map(|line| line.split_once(": ").unwrap_or_else(|| panic!("the header {line:?}")))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let mut asked = Asked { method: method.to_owned(), target: target.to_owned(), headers, body: Vec::new() };
    if asked.header("transfer-encoding").is_some() {
        loop {
            let line = loop {
                if let Some(at) = buffer.windows(2).position(|two| two == b"\r\n") {
                    break at;
                }
                more(stream, buffer).await?;
            };
            let size = usize::from_str_radix(std::str::from_utf8(&buffer[..line]).unwrap(), 16).expect("the size of a chunk");
            while buffer.len() < line + 2 + size + 2 {
                more(stream, buffer).await?;
            }
            asked.body.extend_from_slice(&buffer[line + 2..line + 2 + size]);
            buffer.drain(..line + 2 + size + 2);
            if size == 0 {
                break;
            }
        }
    } else if let Some(length) = asked.header("content-length") {
        let length: usize = length.parse().expect("a length");
        while buffer.len() < length {
            more(stream, buffer).await?;
        }
        asked.body = buffer.drain(..length).collect();
    }
    Some(asked)
}

async fn more(stream: &mut UnixStream, buffer: &mut Vec<u8>) -> Option<()> {
    match stream.read_buf(buffer).await {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(()),
    }
}
