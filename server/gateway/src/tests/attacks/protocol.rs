//! Tricks with HTTP: requests that two parsers read differently, and whatever else one can do with a line. 80 to 92.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
};

use super::{
    super::{containers::host, support::PATIENCE},
    converse,
    fake::{Asked, FakeHost, container_of},
    send, status,
};
use crate::operation::{Disposition, TABLE};

/// Nothing reached the engine that asks it to do something.
#[track_caller]
fn nothing_was_done(asked: &[Asked], why: &str) {
    let done: Vec<&Asked> = asked.iter().filter(|asked| asked.method != "GET" && asked.method != "HEAD").collect();
    assert!(done.is_empty(), "{why}: {done:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_19_what_is_refused_says_why_and_reaches_no_engine() {
    let fake = FakeHost::new().await;
    for row in TABLE.iter().filter(|row| row.disposition == Disposition::Refused) {
        let path: String = row.template.split('/').map(|part| if part.starts_with('{') { "x" } else { part }).collect::<Vec<_>>().join("/");
        for version in ["", "/v1.41", "/v1.45"] {
            let body = r#"{"TaskTemplate":{"ContainerSpec":{"Mounts":[{"Type":"bind","Source":"/","Target":"/h"}]}}}"#;
            let (code, answer) = fake.a.http(row.method, &format!("{version}{path}?remote=x&name=x"), body).await;
            assert!(code == 403 && answer.contains(row.why), "{} {path}: {code} {answer}", row.method);
        }
    }
    for (method, path) in [
        ("GET", "/debug/pprof/cmdline"),
        ("GET", "/v1.45/debug/vars"),
        ("GET", "/metrics"),
        ("POST", "/v1.45/containers/web/copy"),
        ("GET", "/v1.45/libpod/info"),
        ("OPTIONS", "/v1.45/info"),
        ("TRACE", "/v1.45/info"),
        ("PATCH", "/v1.45/containers/web"),
    ] {
        assert_eq!(fake.a.http(method, path, "").await.0, 404, "{method} {path}");
    }
    assert_eq!(fake.asked().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_35_buildkits_own_api_ends_in_the_gateway() {
    let fake = FakeHost::new().await;
    // As a client that knows nothing of sessions opens it: the preface, settings, one call to list everybody's builds.
    let mut preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    preface.extend_from_slice(&[0, 0, 0, 4, 0, 0, 0, 0, 0]);
    for path in ["/v1.45/grpc", "/v1.45/session", "/grpc", "/session"] {
        let mut stream = UnixStream::connect(&fake.a.socket).await.unwrap();
        stream
            .write_all(format!("POST {path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n").as_bytes())
            .await
            .unwrap();
        stream.write_all(&preface).await.unwrap();
        let mut heard = vec![0; 512];
        let read = tokio::time::timeout(PATIENCE, stream.read(&mut heard)).await.unwrap().unwrap();
        assert!(read > 0, "{path}");
        // Without the upgrade there is nothing to speak to at all.
        let (code, _) = fake.a.http("POST", path, "").await;
        assert!(code >= 400, "{path}: {code}");
    }
    assert_eq!(fake.asked().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_80_a_form_in_the_body_says_nothing() {
    let fake = FakeHost::new().await;
    let web = container_of('a');
    // What was meant comes about all the same.
    send(&fake.a, "POST /v1.45/containers/web/kill?signal=SIGTERM", "application/x-www-form-urlencoded", b"signal=SIGEVIL").await;
    let asked = fake.asked();
    let kill = asked.iter().find(|asked| asked.path().ends_with("/kill")).unwrap();
    assert!(kill.target.contains(&web) && kill.target.contains("signal=SIGTERM") && kill.body.is_empty(), "{kill:#?}");
    for (head, form) in [
        ("POST /v1.45/containers/web/rename?name=good", "name=evil"),
        ("POST /v1.45/containers/web/stop?t=1", "t=9999&signal=SIGEVIL"),
        ("POST /v1.45/containers/web/kill?signal=SIGTERM", "signal=SIGEVIL"),
        ("POST /v1.45/containers/web/restart?t=1", "t=9999"),
        ("POST /v1.45/containers/web/resize?h=1&w=2", "h=evil&w=evil"),
        ("POST /v1.45/images/own:1/tag?repo=good&tag=1", "repo=evil&tag=evil"),
        ("POST /v1.45/volumes/prune", "filters=%7B%22evil%22%3A%5B%22x%22%5D%7D"),
        ("POST /v1.45/containers/prune", "filters=%7B%22evil%22%3A%5B%22x%22%5D%7D"),
        ("POST /v1.45/build/prune", "all=evil"),
        ("POST /v1.45/commit?container=web&repo=good", "container=evil&repo=evil&changes=ONBUILD+evil"),
        ("DELETE /v1.45/containers/web?force=0", "force=1&v=evil"),
    ] {
        for content_type in
            ["application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=utf-8", "multipart/form-data; boundary=x"]
        {
            let body = if content_type.starts_with("multipart") {
                format!("--x\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\n{form}\r\n--x--\r\n")
            } else {
                form.to_owned()
            };
            send(&fake.a, head, content_type, body.as_bytes()).await;
            for asked in fake.asked() {
                assert!(!asked.text().contains("evil") && !asked.text().contains("EVIL"), "{head}: {asked:#?}");
                assert!(!asked.header("content-type").is_some_and(|kind| kind.contains("form")), "{head}: {asked:#?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_81_a_body_is_json_and_says_so_or_is_not_read() {
    let fake = FakeHost::new().await;
    let wish = br#"{"Image":"busybox","HostConfig":{"Privileged":true}}"#;
    let utf16: Vec<u8> = String::from_utf8_lossy(wish).encode_utf16().flat_map(u16::to_le_bytes).collect();
    let bom = [b"\xef\xbb\xbf", &wish[..]].concat();
    for (content_type, body, expected) in [
        ("application/json; charset=utf-8", &wish[..], 403),
        ("Application/JSON", &wish[..], 403),
        ("application/json;x=y", &wish[..], 403),
        ("text/plain", &wish[..], 400),
        ("application/jsonx", &wish[..], 400),
        ("text/json", &wish[..], 400),
        ("application/json, text/plain", &wish[..], 400),
        ("application/json; charset=utf-16", &utf16[..], 400),
        ("application/json", &utf16[..], 400),
        ("application/json", &bom[..], 400),
        ("", &wish[..], 400),
    ] {
        let answer = send(&fake.a, "POST /v1.45/containers/create", content_type, body).await;
        assert_eq!(status(&answer), expected, "{content_type}: {answer}");
    }
    nothing_was_done(&fake.asked(), "a body that isn't JSON");
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_82_84_a_body_is_judged_whole_however_it_is_sent() {
    let fake = FakeHost::new().await;
    let wish = r#"{"Image":"busybox","HostConfig":{"Binds":["/:/host"]}}"#;
    let padded = format!("{{{}{}", " ".repeat(1_100_000), &wish[1..]);
    let chunks = |extension: &str, trailer: &str| {
        let (one, two) = wish.split_at(20);
        format!("Transfer-Encoding: chunked\r\n\r\n{:x}{extension}\r\n{one}\r\n{:x}\r\n{two}\r\n0\r\n{trailer}\r\n", one.len(), two.len())
    };
    let plain = |extra: &str| format!("{extra}Content-Length: {}\r\n\r\n{wish}", wish.len());
    for (rest, expected) in [
        (chunks("", ""), &[403][..]),
        (chunks(";x=y", ""), &[403, 400]),
        (chunks("", "Content-Type: text/plain\r\nX-Evil: 1\r\n"), &[403, 400]),
        (format!("Content-Length: {}\r\n\r\n{padded}", padded.len()), &[413]),
        // What is beyond the length is the next request, and none that can be read.
        (format!("Content-Length: 0\r\n\r\n{wish}"), &[400]),
        (plain("Connection: Upgrade, close\r\nUpgrade: tcp\r\n"), &[403]),
        (plain("Connection: Upgrade, close\r\nUpgrade: h2c\r\n"), &[403]),
        (plain("Connection: Upgrade, close\r\nUpgrade: websocket\r\n"), &[403]),
        (plain("Expect: 100-continue\r\n"), &[403]),
        (plain("X-HTTP-Method-Override: GET\r\nX-Method-Override: HEAD\r\n"), &[403]),
    ] {
        let request = format!(
            "POST /v1.45/containers/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{}{rest}",
            if rest.contains("Connection") { "" } else { "Connection: close\r\n" }
        );
        let mut stream = UnixStream::connect(&fake.a.socket).await.unwrap();
        _ = stream.write_all(request.as_bytes()).await;
        let mut answer = Vec::new();
        _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
        let answer = String::from_utf8_lossy(&answer).replace("HTTP/1.1 100 Continue\r\n\r\n", "");
        assert!(expected.contains(&status(&answer)), "{}: {answer}", &rest[..rest.len().min(120)]);
    }
    // Uploads, too: an upgrade that isn't the operation's is none.
    for head in ["POST /v1.45/images/load", "POST /v1.45/build"] {
        for protocol in ["tcp", "h2c", "websocket"] {
            let request = format!(
                "{head} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: {protocol}\r\nContent-Length: 5\r\n\r\nhello"
            );
            let mut stream = UnixStream::connect(&fake.a.socket).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
            let answer = String::from_utf8_lossy(&answer);
            // Of what is no archive `docker load` is told in the stream, as by the engine.
            let refused = status(&answer) >= 400 || answer.contains(r#""error":"unexpected EOF""#);
            assert!(refused, "{head} {protocol}: {answer}");
        }
    }
    nothing_was_done(&fake.asked(), "a body that is sent in an odd way");
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_83_of_two_requests_at_once_each_is_judged() {
    let fake = FakeHost::new().await;
    let evil = r#"{"Image":"busybox","HostConfig":{"Privileged":true}}"#;
    let second = format!(
        "POST /v1.45/containers/create HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{evil}",
        evil.len()
    );
    for first in [
        "GET /v1.45/_ping HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(),
        "HEAD /_ping HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(),
        format!("GET /v1.45/_ping HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{}", second.len(), second),
    ] {
        let answer = fake.a.raw(format!("{first}{second}").as_bytes()).await;
        assert!(answer.contains("HTTP/1.1 403") && answer.matches("HTTP/1.1 ").count() == 2, "{answer}");
    }
    // The body of a GET is nobody's request.
    let answer = fake
        .a
        .raw(
            format!("GET /v1.45/_ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{second}", second.len())
                .as_bytes(),
        )
        .await;
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
    nothing_was_done(&fake.asked(), "a request behind another");
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_85_what_is_said_on_a_stream_is_no_request() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    a.run("run -d --name box busybox sleep 1000").await.ok();
    let (_, made) = a.http("POST", "/v1.45/containers/box/exec", r#"{"AttachStdin":true,"AttachStdout":true,"Cmd":["cat"]}"#).await;
    let made: serde_json::Value = serde_json::from_str(&made).unwrap();
    let evil = "POST /v1.45/volumes/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 19\r\n\r\n{\"Name\":\"smuggled\"}";
    // At once with the head, before anybody said that it may.
    let heard = converse(a, &format!("/v1.45/exec/{}/start", made["Id"].as_str().unwrap()), "{}", evil.as_bytes(), "smuggled").await;
    assert!(heard.starts_with("HTTP/1.1 101"), "{heard}");
    assert!(heard.contains("POST /v1.45/volumes/create") && heard.contains("smuggled"), "cat says it back: {heard}");
    assert_eq!(heard.matches("HTTP/1.1 2").count(), 0, "{heard}");
    a.docker(&["run", "-di", "--name", "echo", "busybox", "cat"]).await.ok();
    let heard = converse(a, "/v1.45/containers/echo/attach?stream=1&stdin=1&stdout=1", "", evil.as_bytes(), "smuggled").await;
    assert!(heard.contains("smuggled"), "{heard}");
    assert_eq!(a.run("volume ls -q").await.ok(), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_86_87_a_path_has_one_spelling_and_no_other_is_asked_for() {
    let fake = FakeHost::new().await;
    let evil = r#"{"Image":"busybox","HostConfig":{"Binds":["/:/h"]}}"#;
    for path in [
        "//containers/create",
        "/v1.45//containers/create",
        "/v1.45/containers//create",
        "/v1.45/containers/create/",
        "/v1.45/./containers/create",
        "/v1.45/containers/x/../create",
        "/v1.45/containers/%2e%2e/containers/create",
        "/v1.45/containers%2fcreate",
        "/v1.45/containers%2Fcreate",
        "/v1.45/containers/create;x",
        "/v1.45/containers/create%00",
        "/v1.45/containers/create%3fx",
        "/v1.45/containers/create%20",
        "/v1.45/containers/create%0a",
        "/v1.45/containers/%63reate%252e",
        "/v1.45/containers\\create",
        "/v1.45/containers/cre\u{e4}te",
        "/v1.45/containers/create%c0%ae",
        "/v1.45/CONTAINERS/create",
        "/v1.41./containers/create",
        "/v1.41.0/containers/create",
        "/v01.41/containers/create",
        "/v1.041/containers/create",
        "/v1/containers/create",
        "/v/containers/create",
        "/v1.45x/containers/create",
        "/v1%2e45/containers/create",
        "/%76%31.45/containers/create",
        "/v1.30.0.0.0/containers/create",
        "/v1.24/containers/create",
        "/v1.99/containers/create",
        "/v-1.45/containers/create",
        "http://x/v1.45/containers/create",
        "http://docker/containers/create",
        "*",
        "containers/create",
        "/../containers/create",
        "/v1.45/v1.45/containers/create",
        "/libpod/containers/create",
        "/v1.45/libpod/containers/create",
    ] {
        let answer = send(&fake.a, &format!("POST {path}"), "application/json", evil.as_bytes()).await;
        assert!(
            matches!(status(&answer), 400 | 404) && !answer.contains("\r\nlocation:") && !answer.contains("\r\nLocation:"),
            "{path}: {answer}"
        );
        let answer = send(&fake.a, &format!("GET {}", path.replace("create", "json")), "application/json", b"").await;
        assert!(matches!(status(&answer), 400 | 404), "{path}: {answer}");
    }
    assert_eq!(fake.asked().len(), 0);
    // What is only another way to write a letter is the letter, and judged as it.
    let answer = send(&fake.a, "POST /v1.45/containers/%63reate", "application/json", evil.as_bytes()).await;
    assert_eq!(status(&answer), 403, "{answer}");
    nothing_was_done(&fake.asked(), "a letter in another spelling");
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_88_what_is_called_like_an_endpoint_is_what_it_is_called() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    for name in ["json", "create", "prune"] {
        let id = a.run(&format!("create --name {name} busybox true")).await.ok();
        let (code, answer) = a.http("GET", &format!("/v1.45/containers/{name}/json"), "").await;
        assert!(code == 200 && answer.contains(id.trim()), "{name}: {answer}");
    }
    // Still the list, the making and the pruning.
    assert!(a.http("GET", "/v1.45/containers/json?all=1", "").await.1.starts_with('['));
    assert_eq!(a.http("POST", "/v1.45/containers/create", "{}").await.0, 400);
    assert_eq!(a.http("DELETE", "/v1.45/containers/json/json", "").await.0, 404);
    assert_eq!(a.http("DELETE", "/v1.45/containers/json", "").await.0, 204);
    for name in ["a/json", "search", "get", "load:1", "create", "json", "prune", "history/json", "a/get/history", "x/push", "x/tag"] {
        a.docker(&["tag", "busybox", name]).await.ok();
        let names = a.docker(&["image", "inspect", "--format", "{{.RepoTags}}", name]).await.ok();
        assert!(names.contains(name), "{name}: {names}");
        assert!(a.docker(&["rmi", name]).await.ok().contains("Untagged"), "{name}");
    }
    a.run("image inspect busybox").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_89_90_a_parameter_is_read_once_and_written_anew() {
    let fake = FakeHost::new().await;
    let web = container_of('a');
    for query in [
        "t=1&t=9999",
        "t=1;t=9999",
        "t=1&T=9999",
        "t=1&t%5B%5D=9",
        "t=1&x=y",
        "t=1%00",
        "t=0x10",
        "t=1e3",
        "signal=SIG%0aTERM",
        "signal=../../x",
        "%74=1&t=2",
    ] {
        let answer = send(&fake.a, &format!("POST /v1.45/containers/web/stop?{query}"), "text/plain", b"").await;
        assert_eq!(status(&answer), 400, "{query}: {answer}");
    }
    nothing_was_done(&fake.asked(), "a parameter that can be read in two ways");
    for (asked, sent) in
        [("t=9999&signal=SIGTERM", "?t=30&signal=SIGTERM"), ("t=%31", "?t=1"), ("t=-1", "?t=30"), ("", ""), ("t=", ""), ("new=0", "")]
    {
        send(&fake.a, &format!("POST /v1.45/containers/web/stop?{asked}"), "text/plain", b"").await;
        let all = fake.asked();
        let stop = all.iter().find(|asked| asked.method == "POST").unwrap();
        assert_eq!(stop.target, format!("/v1.45/containers/{web}/stop{sent}"), "{asked}");
    }
    // No header of a client's goes on, and no other method is had by one.
    let request = "GET /v1.45/containers/web/logs?stdout=1 HTTP/1.1\r\nHost: evil\r\nConnection: close\r\nX-HTTP-Method-Override: DELETE\r\nX-Registry-Auth: evil\r\nX-Meta-Evil: 1\r\nTE: trailers\r\nUser-Agent: evil\r\nAuthorization: evil\r\nCookie: evil\r\nForwarded: evil\r\n\r\n";
    fake.a.raw(request.as_bytes()).await;
    let asked = fake.asked();
    assert!(!asked.is_empty());
    for asked in asked {
        assert!(asked.method == "GET" && !asked.text().contains("evil"), "{asked:#?}");
        assert!(asked.headers.iter().all(|(name, _)| matches!(name.as_str(), "host" | "content-length" | "content-type")), "{asked:#?}");
    }
    for request in [
        "GET /v1.45/info HTTP/1.0\r\n\r\n",
        "GET /v1.45/_ping HTTP/2.0\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "GET /v1.45/_ping HTTP/9.9\r\n\r\n",
    ] {
        let answer = fake.a.raw(request.as_bytes()).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.0 200") || status(&answer) >= 200, "{request}: {answer}");
    }
}
