//! `docker build` with the stock CLI, and contexts that no CLI would send.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may fail")]

mod files;
mod links;
mod steps;

use tar::EntryType as E;
use tokio::io::{AsyncBufReadExt, BufReader};

use super::support::{Printed, Sandbox, TestHost, bare};
use crate::{ActivityKind, plain_tar::tests::MAGICS};

/// Builds from a folder that has these files.
async fn build(sandbox: &Sandbox, files: &[(&str, &str)], arguments: &[&str]) -> Printed {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let folder = folder.path().to_str().unwrap();
    sandbox.docker(&[&["build"], arguments, &[folder]].concat()).await
}

/// A tar of these entries.
fn tar(entries: &[(&str, tar::EntryType, &str)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, kind, content) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(*kind);
        header.set_mode(0o644);
        // By hand: the crate itself refuses names that lead out.
        header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
        let data = if kind.is_file() { content.as_bytes() } else { &[][..] };
        if !kind.is_file() {
            header.as_gnu_mut().unwrap().linkname[..content.len()].copy_from_slice(content.as_bytes());
        }
        header.set_size(data.len() as u64);
        header.set_cksum();
        builder.append(&header, data).unwrap();
    }
    builder.into_inner().unwrap()
}

/// The answer to a build of a raw body.
async fn post(sandbox: &Sandbox, query: &str, body: &[u8]) -> String {
    let mut request = format!(
        "POST /v1.45/build?version=1{query} HTTP/1.1\r\nHost: docker\r\nConnection: close\r\nContent-Type: application/x-tar\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(body);
    sandbox.raw(&request).await
}

const FIVE_STEPS: &str =
    "# A small app\nFROM busybox\nWORKDIR /app\nCOPY hello.txt .\nRUN cat hello.txt > copy.txt\nCMD [\"cat\", \"/app/copy.txt\"]\n";

async fn label(sandbox: &Sandbox, image: &str) -> String {
    sandbox.docker(&["image", "inspect", "--format", "{{json .Config.Labels}}", image]).await.ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dockerfile_of_five_steps_is_built_as_it_is_written() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    let files = [("Dockerfile", FIVE_STEPS), ("hello.txt", "hello\n")];
    let built = build(a, &files, &["-t", "app"]).await.ok();
    for line in [
        "Step 1/5 : FROM busybox\n",
        "latest: Pulling from library/busybox\n",
        "Step 2/5 : WORKDIR /app\n",
        "Step 4/5 : RUN cat hello.txt > copy.txt\n",
        "Step 5/5 : CMD [\"cat\", \"/app/copy.txt\"]\n",
        "Successfully built ",
        "Successfully tagged app:latest\n",
    ] {
        assert!(built.contains(line), "{line:?} is not in {built}");
    }
    assert_eq!(built.matches("Step ").count(), 5, "{built}");
    for canary in ["io.lunchbox", "/6", "LABEL", host.config.instance.as_str()] {
        assert!(!built.contains(canary), "{canary} is in {built}");
    }
    a.saw(
        "the build",
        |kind| matches!(kind, ActivityKind::ImageBuilt { references, steps: 5, cached_steps: 0, .. } if references == &["app:latest"]),
    )
    .await;
    // A second time it comes from the cache.
    let again = build(a, &files, &["-t", "app"]).await.ok();
    assert_eq!(again.matches("Using cache").count(), 4, "{again}");
    a.saw("the cached build", |kind| matches!(kind, ActivityKind::ImageBuilt { steps: 5, cached_steps: 4, .. })).await;

    let listed = a.run("images --format {{.Repository}}").await.ok();
    assert_eq!(listed.lines().count(), 2, "{listed}");
    assert!(!label(a, "app").await.contains("io.lunchbox.sandbox"));
    let history = a.run("history --no-trunc app").await.ok();
    assert!(history.contains("cat hello.txt") && !history.contains("io.lunchbox.sandbox"), "{history}");
    assert!(history.lines().nth(1).unwrap().starts_with("sha256:"), "{history}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cache_of_one_host_is_no_others() {
    let host = TestHost::start(2).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    let files = [("Dockerfile", FIVE_STEPS), ("hello.txt", "hello\n")];
    build(a, &files, &["-t", "app"]).await.ok();
    let built = build(b, &files, &["-t", "app"]).await.ok();
    assert!(!built.contains("Using cache"), "{built}");
    let id = |sandbox: &Sandbox| {
        let sandbox = sandbox.clone();
        async move { sandbox.docker(&["image", "inspect", "--format", "{{.Id}}", "app"]).await.ok().trim().to_owned() }
    };
    let (of_a, of_b) = (id(a).await, id(b).await);
    assert_ne!(of_a, of_b);
    // Nor are its images, by whatever name.
    for name in [of_a.as_str(), &of_a["sha256:".len()..][..12]] {
        assert!(b.docker(&["image", "inspect", name]).await.fails().contains("No such image"));
        assert!(b.docker(&["tag", name, "x"]).await.fails().contains("No such image"));
        for dockerfile in [format!("FROM {name}\nRUN true\n"), format!("FROM scratch\nCOPY --from={name} / /\n")] {
            build(b, &[("Dockerfile", &dockerfile)], &[]).await.fails();
        }
    }
    // Gone here, it is still there.
    a.run("rmi -f app").await.ok();
    bare(&["image", "inspect", &of_a]).await.fails();
    bare(&["image", "inspect", &of_b]).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn stages_arguments_and_own_images_are_built_upon() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    let text = "ARG BASE=alpine\nFROM ${BASE} AS maker\nARG WORD\nRUN echo $WORD > /word\nFROM scratch\nCOPY --from=maker /word /word\nFROM busybox\nCOPY --from=1 /word /word\nCOPY --from=maker /word /too\n";
    let built =
        build(a, &[("Dockerfile", text)], &["-t", "me/words:1", "--build-arg", "BASE=busybox", "--build-arg", "WORD=hi"]).await.ok();
    assert!(built.contains("Step 2/9 : FROM ${BASE} AS maker"), "{built}");
    assert!(built.contains("Step 9/9 : COPY --from=maker /word /too"), "{built}");
    assert!(built.contains("Successfully tagged me/words:1"), "{built}");
    assert_eq!(built.matches("Step ").count(), 9, "{built}");

    let upon = "FROM me/words:1\nRUN cat /word /too\n";
    let built = build(a, &[("Dockerfile", upon)], &["-t", "upon", "--label", "a=b"]).await.ok();
    assert!(built.contains("Step 1/3 : FROM me/words:1") && built.contains("hi\nhi"), "{built}");
    let labels = label(a, "upon").await;
    assert!(labels.contains(r#""a":"b""#) && !labels.contains("io.lunchbox.sandbox"), "{labels}");

    let target = build(a, &[("Dockerfile", text)], &["-q", "--target", "maker"]).await.ok();
    assert!(target.starts_with("sha256:") && target.lines().count() == 1, "{target}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_learners_dockerfile_is_what_copy_finds() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    let text = "FROM busybox\nCOPY . /all\nRUN ls -A /all && cat /all/Dockerfile\n";
    let built = build(a, &[("Dockerfile", text), ("x", "1")], &[]).await.ok();
    assert!(built.contains("\nDockerfile\nx\nFROM busybox\nCOPY . /all"), "{built}");
    assert!(!built.contains("lunchbox"), "{built}");
    let built = build(a, &[("Dockerfile", text), ("x", "1"), (".dockerignore", "Dockerfile\n.dockerignore\n")], &[]).await.fails();
    assert!(built.contains("returned a non-zero code"), "{built}");
    let other = build(a, &[("docker/app.Dockerfile", "FROM busybox\nRUN echo other\n")], &["-f", "docker/app.Dockerfile"]).await;
    // The CLI looks for -f in the folder it runs in.
    drop(other);
    let from_stdin = a.docker_in(&["build", "-"], b"FROM busybox\nRUN echo from stdin\n").await.ok();
    assert!(from_stdin.contains("from stdin"), "{from_stdin}");
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_are_told_in_the_builders_words_and_the_learners_lines() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    let fails = |text: &'static str| async move { build(a, &[("Dockerfile", text)], &[]).await.fails() };
    assert!(
        fails("FROM busybox\n\nRUNN x\n").await.contains("dockerfile parse error on line 3: unknown instruction: RUNN (did you mean RUN?)")
    );
    let said = fails("FROM busybox\n\n# why\nEXPOSE\n").await;
    assert!(said.contains("line 4: EXPOSE requires at least one argument"), "{said}");
    let failed = build(a, &[("Dockerfile", "FROM busybox\nRUN exit 3\n")], &[]).await;
    assert_eq!(failed.code, 3, "a build ends with its step's code");
    assert!(failed.err.contains("The command '/bin/sh -c exit 3' returned a non-zero code: 3"), "{failed:?}");
    assert!(fails("FROM busybox\nCOPY missing /\n").await.contains("COPY failed"));
    assert!(fails("FROM nope\nRUN x\n").await.contains("pull access denied for nope"));
    assert!(fails("FROM quay.io/x/y\n").await.contains("can't be reached from this classroom"));
    assert!(fails("FROM busybox\nRUN --mount=type=ssh ls\n").await.contains("speak with your keys"));
    assert!(fails("FROM busybox\nRUN --security=insecure ls\n").await.contains("no rights beyond a container's"));
    assert!(fails("FROM busybox\nRUN --network=host ls\n").await.contains("other learners live"));
    assert!(fails("FROM busybox\nRUN --mount=type=cache,target=/proc ls\n").await.contains("the kernel's own folders"));
    assert!(fails("FROM busybox\nADD http://127.0.0.1:1/x /\n").await.contains("cannot fetch URLs"));
    assert!(fails("FROM busybox\nENV A=http: B=//127.0.0.1:1/x\nADD $A$B /\n").await.contains("cannot fetch URLs"));
    assert!(fails("FROM busybox\nCOPY --from=127.0.0.1:1/x / /\n").await.contains("can't be reached from this classroom"));
    assert!(fails("FROM busybox AS lunchbox-workstation\nCOPY --from=lunchbox-workstation / /x\n").await.contains("pull access denied"));
    assert!(fails("FROM busybox\nLABEL io.lunchbox.sandbox=other\n").await.contains("the classroom's own"));
    a.saw("the failure", |kind| matches!(kind, ActivityKind::ImageBuildFailed { message } if message.contains("non-zero code: 3"))).await;
    // Its steps go when they are asked to.
    fails("FROM busybox\nRUN echo kept >/x\nRUN exit 3\n").await;
    let label = format!("label=io.lunchbox.sandbox={}", a.id);
    assert!(!bare(&["images", "-q", "--filter", &label]).await.ok().is_empty());
    a.run("builder prune -af").await.ok();
    assert_eq!(bare(&["images", "-q", "--filter", &label]).await.ok(), "");
    // No container of a failed build stays.
    let left = bare(&["ps", "-aq", "--filter", &format!("label=io.lunchbox.sandbox={}", a.id)]).await.ok();
    assert_eq!(left, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_contexts_are_refused_before_the_engine_sees_them() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    let good = ("Dockerfile", E::Regular, "FROM busybox\n");
    for (what, entries) in [
        ("a path up", vec![good, ("../../x", E::Regular, "x")]),
        ("an absolute path", vec![good, ("/etc/x", E::Regular, "x")]),
        ("a second Dockerfile", vec![good, ("./Dockerfile", E::Regular, "FROM scratch\n")]),
        ("a Dockerfile that is a link", vec![("Dockerfile", E::Symlink, "/etc/passwd")]),
        ("a Dockerfile that is a hard link", vec![("x", E::Regular, "FROM busybox\n"), ("Dockerfile", E::Link, "x")]),
        ("a hard link out", vec![good, ("x", E::Link, "../../etc/passwd")]),
        ("a device", vec![good, ("x", E::Block, "")]),
        ("a pipe", vec![good, ("x", E::Fifo, "")]),
        ("no Dockerfile", vec![("x", E::Regular, "x")]),
    ] {
        let answer = post(a, "", &tar(&entries)).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{what}: {answer}");
    }
    for (query, status) in [
        ("&remote=http://127.0.0.1:1/", "403"),
        ("&remote=client-session", "403"),
        ("&session=x", "403"),
        ("&networkmode=host", "403"),
        ("&networkmode=container:x", "404"),
        ("&cgroupparent=/", "400"),
        ("&securityopt=seccomp=unconfined", "400"),
        ("&extrahosts=x:host-gateway", "403"),
        ("&extrahosts=x", "400"),
        ("&outputs=x", "400"),
        ("&dockerfile=../../etc/passwd", "400"),
        ("&labels=%7B%22io.lunchbox.sandbox%22:%22x%22%7D", "400"),
        ("&T=x", "400"),
    ] {
        let answer = post(a, query, &tar(&[good])).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{query}: {answer}");
    }
    assert!(post(a, "", b"not a tar").await.starts_with("HTTP/1.1 400"));
    // Bytes that unpack to more than may be sent.
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let mut header = tar::Header::new_gnu();
    header.set_path("zeros").unwrap();
    header.set_size(300 * 1024 * 1024);
    header.set_cksum();
    std::io::Write::write_all(&mut bomb, header.as_bytes()).unwrap();
    for _ in 0..300 {
        std::io::Write::write_all(&mut bomb, &vec![0; 1024 * 1024]).unwrap();
    }
    let answer = post(a, "", &bomb.finish().unwrap()).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    // And the same, packed and small, is fine.
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut packed, &tar(&[("Dockerfile", E::Regular, "FROM busybox\nRUN echo packed\n")])).unwrap();
    assert!(post(a, "", &packed.finish().unwrap()).await.contains("packed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_context_that_begins_like_a_compression_is_read_as_it_was_judged() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    let text = "FROM busybox\nCOPY plain /x\nRUN cat /x\n";
    for magic in MAGICS {
        let mut builder = tar::Builder::new(Vec::new());
        for (name, content) in
            [([b"./", magic, b"-name"].concat(), ""), (b"plain".to_vec(), "as it was sent"), (b"Dockerfile".to_vec(), text)]
        {
            let mut header = tar::Header::new_gnu();
            header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(&name);
            header.set_mode(0o644);
            header.set_mtime(0);
            header.set_size(content.len() as u64);
            header.set_cksum();
            builder.append(&header, content.as_bytes()).unwrap();
        }
        let answer = post(a, "&nocache=1", &builder.into_inner().unwrap()).await;
        assert!(answer.contains("as it was sent") && answer.contains("Successfully built"), "{magic:x?}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_build_runs_at_a_time_some_wait_and_each_ends_with_its_client() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    a.run("pull busybox").await.ok();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("Dockerfile"), "FROM busybox\nRUN sleep 300\n").unwrap();
    let mut first = a.spawn(&["build", folder.path().to_str().unwrap()]);
    let running = || async { !bare(&["ps", "-q", "--filter", &format!("label=io.lunchbox.sandbox={}", a.id)]).await.ok().is_empty() };
    super::support::until("a build's container", running).await;
    // The second would never end either: the third has its turn only if a client that goes keeps none.
    let mut second = a.spawn(&["build", "--no-cache", folder.path().to_str().unwrap()]);
    told_to_wait(&mut second).await;
    let quick = tempfile::tempdir().unwrap();
    std::fs::write(quick.path().join("Dockerfile"), "FROM busybox\nRUN echo done >/x\n").unwrap();
    let mut third = a.spawn(&["build", "-t", "third", quick.path().to_str().unwrap()]);
    told_to_wait(&mut third).await;
    // As many as may wait with their files here do so: the fourth's stay where they are, and it is neither refused nor told
    // anything yet.
    let mut fourth = a.spawn(&["build", "-t", "fourth", quick.path().to_str().unwrap()]);
    let mut fourth_tells = lines(&mut fourth);
    let told = tokio::time::timeout(std::time::Duration::from_secs(1), tells_to_wait(&mut fourth_tells)).await;
    assert!(told.is_err(), "the fourth build was refused, or its files were taken");
    second.kill().await.unwrap();
    first.kill().await.unwrap();
    let ended = tokio::time::timeout(std::time::Duration::from_secs(60), third.wait()).await;
    assert!(ended.expect("the third build's turn never came").unwrap().success());
    assert_eq!(a.run("run --rm third cat /x").await.ok(), "done\n");
    tells_to_wait(&mut fourth_tells).await;
    assert!(fourth.wait().await.unwrap().success());
    assert_eq!(a.run("run --rm fourth cat /x").await.ok(), "done\n");
}

type Told = tokio::io::Lines<BufReader<tokio::process::ChildStdout>>;

/// What a build tells.
fn lines(build: &mut tokio::process::Child) -> Told {
    BufReader::new(build.stdout.take().unwrap()).lines()
}

/// Reads on until it tells that it waits for another, or ends.
async fn tells_to_wait(told: &mut Told) -> bool {
    while let Some(line) = told.next_line().await.unwrap() {
        if line.contains("another build runs on this host") {
            return true;
        }
    }
    false
}

/// A build that waits; what else it tells is read beside.
async fn told_to_wait(build: &mut tokio::process::Child) {
    let mut told = lines(build);
    assert!(tells_to_wait(&mut told).await, "the build ended without having waited");
    tokio::spawn(async move { while let Ok(Some(_)) = told.next_line().await {} });
}
