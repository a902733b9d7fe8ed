//! Whole requests, made up from the table of operations and from names that are another's: none of them reaches
//! the engine, and what does reach it reads in one way.

use proptest::{prelude::*, sample::select};
use serde_json::Value;

use super::{
    super::fuzz::holds_often,
    fake::{Asked, FakeHost, container_of, exec_of, image_of, network_of},
};
use crate::{operation::TABLE, request::json};

/// What a request may name. `B` and `I` stand for the victim and the instance until they are known.
const NAMES: &[&str] = &[
    "web",
    "own:1",
    "front",
    "data",
    "busybox",
    "new",
    "lb-I-B-web",
    "/lb-I-B-web",
    "lb-I-B.net",
    "lb-I-B.ws",
    "lb-I-B.home",
    "lb-I-B-data",
    "lb-I/B:bbbbbbbbbbbb",
    "127.0.0.1:5055/learners/B/x",
    "learners/B/x",
    "registry.lunchbox/x",
    "registry.lunchbox/learners/B/x",
    "../B",
    "..%2FB",
    "%2e%2e/B",
    "B",
    "b-container",
    "b-container-short",
    "b-exec",
    "b-network",
    "b-image",
    "b-image-short",
    "a-container",
    "a-exec",
    "a-network",
    "a-image",
    "",
    "\u{202e}B",
    "host",
    "none",
    "bridge",
    "container:b-container",
    "container:lb-I-B-web",
    "container:web",
    "ns:/proc/1/ns/net",
    "x y",
    "*",
    "json",
    "create",
];

const PARAMETERS: &[&str] = &[
    "name",
    "repo",
    "tag",
    "fromImage",
    "fromSrc",
    "t",
    "names",
    "container",
    "filters",
    "cachefrom",
    "networkmode",
    "remote",
    "platform",
    "signal",
    "stdout",
    "follow",
    "all",
    "force",
    "v",
    "condition",
    "stream",
    "noprune",
    "version",
    "changes",
    "limit",
    "term",
    "digests",
    "since",
    "until",
    "h",
    "w",
    "pause",
    "NAME",
    "evil",
];

const FIELDS: &[&str] = &[
    "Image",
    "Name",
    "Container",
    "Cmd",
    "HostConfig",
    "NetworkingConfig",
    "Driver",
    "Force",
    "EndpointConfig",
    "Privileged",
    "Detach",
    "Memory",
    "Aliases",
    "serveraddress",
    "IPAM",
    "Id",
];
const HOST_FIELDS: &[&str] = &[
    "NetworkMode",
    "PidMode",
    "IpcMode",
    "VolumesFrom",
    "Binds",
    "Mounts",
    "Links",
    "Privileged",
    "CgroupParent",
    "UsernsMode",
    "VolumeDriver",
    "ExtraHosts",
];

/// What a client writes as it is: all but what would end the path.
const LEFT_AS_IT_IS: &percent_encoding::AsciiSet = &percent_encoding::CONTROLS.add(b' ').add(b'?').add(b'#');

#[derive(Debug, Clone)]
struct Made {
    row: usize,
    name: &'static str,
    version: &'static str,
    query: Vec<(&'static str, &'static str)>,
    filter: Option<(&'static str, &'static str)>,
    body: Vec<(&'static str, &'static str, usize)>,
    host: Vec<(&'static str, &'static str, usize)>,
    upgrade: bool,
}

/// Half of the time a name that A has, and a quarter one that is B's and nothing but good.
fn names() -> impl Strategy<Value = &'static str> {
    let of_a = select(&["web", "a-container", "own:1", "front", "data", "busybox", "a-exec", "a-network"][..]);
    let of_b =
        select(&["b-container", "b-container-short", "b-exec", "b-network", "b-image", "b-image-short", "lb-I-B-web", "lb-I-B-data"][..]);
    prop_oneof![2 => of_a, 1 => of_b, 1 => select(NAMES)]
}

fn requests() -> impl Strategy<Value = Made> {
    let field = |of: &'static [&'static str]| (select(of), names(), 0..7_usize);
    let fields = |of: &'static [&'static str], most: usize| prop_oneof![Just(Vec::new()), proptest::collection::vec(field(of), 0..most)];
    let filters =
        ["id", "name", "label", "before", "since", "ancestor", "volume", "network", "reference", "dangling", "until", "container"];
    let query = prop_oneof![Just(Vec::new()), proptest::collection::vec((select(PARAMETERS), names()), 0..4)];
    let parts = (
        0..TABLE.len(),
        names(),
        select(&["", "/v1.41", "/v1.45"][..]),
        query,
        proptest::option::weighted(0.3, (select(filters.to_vec()), names())),
        fields(FIELDS, 4),
        fields(HOST_FIELDS, 3),
        any::<bool>(),
    );
    parts.prop_map(|(row, name, version, query, filter, body, host, upgrade)| Made {
        row,
        name,
        version,
        query,
        filter,
        body,
        host,
        upgrade,
    })
}

/// A field's value in one of the shapes that fields have.
fn shaped(name: String, shape: usize) -> Value {
    match shape {
        0 | 1 => name.into(),
        2 => serde_json::json!([name]),
        3 => serde_json::json!([format!("{name}:/x")]),
        4 => serde_json::json!([{ "Type": "volume", "Source": name, "Target": "/x" }]),
        5 => serde_json::json!({ "EndpointsConfig": { name: {} } }),
        _ => serde_json::json!({ "Aliases": [name] }),
    }
}

struct Names {
    replaced: Vec<(&'static str, String)>,
    /// What may reach the engine in no request of A's.
    secrets: Vec<String>,
    /// A's own prefixes: what follows them is A's, whatever it is called.
    own: Vec<String>,
}

impl Names {
    fn of(fake: &FakeHost) -> Self {
        let (instance, a, b) = (&fake.host.config.instance, fake.a.id.to_string(), fake.b.id.to_string());
        let image = image_of('b');
        let ids = [
            ("b-container-short", container_of('b')[..12].to_owned()),
            ("b-container", container_of('b')),
            ("b-exec", exec_of('b')),
            ("b-network", network_of('b')),
            ("b-image-short", image["sha256:".len()..][..12].to_owned()),
            ("b-image", image.clone()),
            ("a-container", container_of('a')),
            ("a-exec", exec_of('a')),
            ("a-network", network_of('a')),
            ("a-image", image_of('a')),
        ];
        let mut replaced: Vec<(&'static str, String)> = ids.to_vec();
        // Single letters last: they are in every other name.
        replaced.extend([("-I-", format!("-{instance}-")), ("-I/", format!("-{instance}/")), ("B", b.clone())]);
        Self {
            replaced,
            secrets: vec![b, "bbbbbbbbbbbb".to_owned()],
            own: vec![format!("lb-{instance}-{a}-"), format!("127.0.0.1:5055/learners/{a}/"), format!("learners/{a}/")],
        }
    }

    fn real(&self, name: &str) -> String {
        self.replaced.iter().fold(name.to_owned(), |name, (from, to)| name.replace(from, to))
    }

    /// Without what follows a prefix of A's own, to the end of its word.
    fn without_own(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for prefix in &self.own {
            while let Some(at) = text.find(prefix.as_str()) {
                let length = text[at..].find(|c: char| !(c.is_ascii_alphanumeric() || "._-/:@".contains(c))).unwrap_or(text.len() - at);
                text.replace_range(at..at + length, "");
            }
        }
        text
    }
}

/// What reaches the engine is plain: nothing that it would clean up, fold, or read twice.
fn is_plain(asked: &Asked) -> Result<(), TestCaseError> {
    prop_assert!(asked.path().starts_with("/v1."), "{asked:?}");
    prop_assert!(!asked.path().contains("//") && asked.path().split('/').skip(1).all(|part| !matches!(part, "" | "." | "..")), "{asked:?}");
    for (name, _) in &asked.headers {
        prop_assert!(
            matches!(
                name.as_str(),
                "host" | "content-type" | "content-length" | "transfer-encoding" | "x-registry-auth" | "connection" | "upgrade"
            ),
            "{asked:?}"
        );
    }
    let names: Vec<&str> =
        asked.target.split_once('?').map_or(vec![], |(_, query)| query.split('&').map(|pair| pair.split('=').next().unwrap()).collect());
    prop_assert!(names.iter().enumerate().all(|(n, name)| matches!(*name, "names" | "changes") || !names[..n].contains(name)), "{asked:?}");
    if asked.header("content-type") == Some("application/json") {
        let strict = json::parse(&asked.body.clone().into());
        prop_assert!(strict.is_ok(), "{asked:?}");
        prop_assert_eq!(strict.ok(), serde_json::from_slice(&asked.body).ok());
    }
    Ok(())
}

#[test]
fn fuzz_attack_92_no_request_of_one_learners_names_what_is_anothers() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let fake = runtime.block_on(FakeHost::new());
    let names = Names::of(&fake);
    let mut methods = std::collections::BTreeSet::new();
    let reached = std::cell::RefCell::new(&mut methods);
    holds_often(2_000, file!(), "whole requests over an engine that remembers", &requests(), |made| {
        let row = &TABLE[made.row];
        let name = names.real(made.name);
        let path: String =
            row.template.split('/').map(|part| if part.starts_with('{') { name.as_str() } else { part }).collect::<Vec<_>>().join("/");
        let mut pairs: Vec<(&str, String)> = made.query.iter().map(|(key, value)| (*key, names.real(value))).collect();
        if let Some((key, value)) = made.filter {
            pairs.push(("filters", serde_json::json!({ key: [names.real(value)] }).to_string()));
        }
        let query = serde_urlencoded::to_string(&pairs).unwrap();
        let mut body: serde_json::Map<String, Value> =
            made.body.iter().map(|(key, value, shape)| ((*key).to_owned(), shaped(names.real(value), *shape))).collect();
        // A sound beginning, half of the time.
        if made.upgrade {
            let sound = match row.template {
                "/containers/create" => serde_json::json!({ "Image": "busybox" }),
                "/volumes/create" | "/networks/create" => serde_json::json!({ "Name": name }),
                "/containers/{id}/exec" => serde_json::json!({ "Cmd": ["true"] }),
                "/networks/{id}/connect" | "/networks/{id}/disconnect" => serde_json::json!({ "Container": "web" }),
                _ => serde_json::json!({}),
            };
            body.extend(sound.as_object().cloned().unwrap_or_default());
        }
        if !made.host.is_empty() {
            body.insert(
                "HostConfig".to_owned(),
                made.host
                    .iter()
                    .map(|(key, value, shape)| ((*key).to_owned(), shaped(names.real(value), *shape)))
                    .collect::<serde_json::Map<_, _>>()
                    .into(),
            );
        }
        let body = if matches!(row.method, "GET" | "HEAD" | "DELETE") { String::new() } else { Value::Object(body).to_string() };
        let path = percent_encoding::utf8_percent_encode(&path, LEFT_AS_IT_IS).to_string();
        runtime.block_on(async {
            let head = if made.upgrade && !row.template.starts_with("/session") && !row.template.starts_with("/grpc") {
                "Connection: Upgrade, close\r\nUpgrade: tcp\r\n"
            } else {
                "Connection: close\r\n"
            };
            let request = format!(
                "{} {}{path}?{query} HTTP/1.1\r\nHost: x\r\n{head}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                row.method,
                made.version,
                body.len()
            );
            // Streams have no end of their own.
            _ = tokio::time::timeout(std::time::Duration::from_millis(300), first_bytes(&fake, request.as_bytes())).await;
        });
        for asked in fake.asked() {
            is_plain(&asked)?;
            let text = names.without_own(&asked.text());
            for secret in &names.secrets {
                prop_assert!(!text.contains(secret.as_str()), "{secret} reached the engine: {asked:#?}");
            }
            reached.borrow_mut().insert(format!("{} {}", asked.method, asked.path().split('/').nth(2).unwrap_or_default()));
        }
        Ok(())
    });
    // Requests do come through, or all this would show nothing.
    assert!(methods.len() >= 6, "{methods:?}");
    runtime.block_on(async { drop(fake) });
}

/// Sends, and waits for the beginning of an answer.
async fn first_bytes(fake: &FakeHost, request: &[u8]) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let Ok(mut stream) = tokio::net::UnixStream::connect(&fake.a.socket).await else { return };
    _ = stream.write_all(request).await;
    _ = stream.read(&mut [0; 512]).await;
}
