//! Builds as a current `docker build` asks for them: by BuildKit's API. The client is the workstation's
//! own, run in a container of its image, with the sandbox's socket and a folder to build in.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may fail")]

mod at_once;

use std::path::Path;

use super::support::{Printed, Sandbox, TestHost, bare};
use crate::ActivityKind;

/// What a workstation is made of.
const WORKSTATION: &str = "lunchbox-workstation:latest";

/// A folder with files, made for one test.
pub(super) fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::Builder::new().prefix("lbc").tempdir_in("/tmp").unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

/// `docker …` in the folder.
async fn docker(sandbox: &Sandbox, folder: &Path, line: &str) -> Printed {
    shell(sandbox, folder, &format!("docker {line}")).await
}

/// A line in the folder, as a learner would type it.
pub(super) async fn shell(sandbox: &Sandbox, folder: &Path, line: &str) -> Printed {
    let sockets = format!("{}:/run/lunchbox:ro", sandbox.socket.parent().unwrap().display());
    let files = format!("{}:/work", folder.display());
    let mut arguments = vec!["run", "--rm", "--network", "none", "--volume", &sockets, "--volume", &files, "--workdir", "/work"];
    arguments.extend(["--env", "BUILDKIT_PROGRESS=plain", "--entrypoint", "bash", WORKSTATION, "-c", line]);
    let mut printed = bare(&arguments).await;
    // Progress is told on standard error.
    printed.out.push_str(&printed.err);
    printed
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_docker_build_is_told_as_buildkit_tells_it() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    a.run("pull alpine").await.ok();
    let files = folder(&[
        (
            "Dockerfile",
            "FROM alpine\nENV GREETING=hello\nWORKDIR /app\nCOPY greeting .\nRUN cat greeting && echo out >&2\nCMD [\"cat\", \"greeting\"]\n",
        ),
        ("greeting", "good morning\n"),
        ("secret.txt", "not for the image\n"),
        (".dockerignore", "secret.txt\n"),
    ]);
    let built = docker(a, files.path(), "build -t hello .").await.ok();
    assert!(!built.contains("DEPRECATED"), "{built}");
    for line in [
        "[internal] load build definition from Dockerfile",
        "[internal] load .dockerignore",
        "[internal] load metadata for docker.io/library/alpine:latest",
        "[internal] load build context",
        "[1/4] FROM docker.io/library/alpine:latest",
        "[2/4] WORKDIR /app",
        "[3/4] COPY greeting .",
        "[4/4] RUN cat greeting && echo out >&2",
        "good morning",
        "exporting to image",
        "naming to docker.io/library/hello:latest",
    ] {
        assert!(built.contains(line), "{line:?} is not in {built}");
    }
    assert!(!built.contains("--->"), "{built}");
    assert_eq!(a.run("run --rm hello").await.ok(), "good morning\n");
    assert_eq!(a.run("run --rm hello ls").await.ok(), "greeting\n");
    a.saw(
        "the build",
        |kind| matches!(kind, ActivityKind::ImageBuilt { references, cached_steps: 0, .. } if references == &["hello:latest"]),
    )
    .await;

    let again = docker(a, files.path(), "build -t hello .").await.ok();
    assert_eq!(again.matches("CACHED").count(), 3, "{again}");
    a.saw("the cache", |kind| matches!(kind, ActivityKind::ImageBuilt { cached_steps: 5, .. })).await;
    let quiet = docker(a, files.path(), "build -q .").await.ok();
    assert_eq!(quiet.trim(), a.run("inspect --format {{.Id}} hello").await.ok().trim());
}

#[tokio::test(flavor = "multi_thread")]
async fn arguments_labels_targets_and_dockerfiles_elsewhere_are_heeded() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    a.run("pull alpine").await.ok();
    let files = folder(&[
        (
            "build/Dockerfile.two",
            "# syntax=docker/dockerfile:1\nARG BASE=busybox\nFROM ${BASE} AS maker\nARG WHO\nRUN echo $WHO >/who\nFROM ${BASE} AS last\nCOPY --from=maker /who /who\nFROM scratch\n",
        ),
        ("app/file", "x"),
    ]);
    let line =
        "build --file build/Dockerfile.two --build-arg BASE=alpine --build-arg WHO=me --label a=b --target last -t two -t three:1 app";
    let built = docker(a, files.path(), line).await.ok();
    assert!(built.contains("[maker 2/2] RUN echo $WHO >/who"), "{built}");
    assert!(built.contains("[last 2/2] COPY --from=maker /who /who"), "{built}");
    assert_eq!(a.run("run --rm three:1 cat /who").await.ok(), "me\n");
    assert_eq!(a.docker(&["inspect", "--format", "{{.Config.Labels.a}}", "two"]).await.ok(), "b\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dockerfile_or_a_context_on_standard_input_is_built() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    a.run("pull alpine").await.ok();
    let files = folder(&[("Dockerfile", "FROM alpine\nCOPY x /x\n"), ("x", "from the tar\n")]);
    shell(a, files.path(), "printf 'FROM alpine\nRUN echo typed >/x\n' | docker build -t typed -").await.ok();
    assert_eq!(a.run("run --rm typed cat /x").await.ok(), "typed\n");
    shell(a, files.path(), "echo 'FROM alpine' | docker build -t other -f - .").await.ok();
    for (packed, name) in [("c", "plain"), ("cz", "gzipped")] {
        shell(a, files.path(), &format!("tar {packed} . | docker build -t {name} -")).await.ok();
        assert_eq!(a.run(&format!("run --rm {name} cat /x")).await.ok(), "from the tar\n");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_that_fails_says_where_and_why() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    a.run("pull alpine").await.ok();
    let files = folder(&[("Dockerfile", "FROM alpine\nRUN echo so far && exit 7\n")]);
    let said = docker(a, files.path(), "build .").await.fails();
    assert!(said.contains("so far"), "{said}");
    assert!(
        said.contains("failed to solve: process \"/bin/sh -c echo so far && exit 7\" did not complete successfully: exit code: 7"),
        "{said}"
    );
    a.saw("the failure", |kind| matches!(kind, ActivityKind::ImageBuildFailed { message } if message.contains("exit code: 7") || message.contains("code: 7"))).await;

    let nothing = folder(&[("other", "")]);
    let said = docker(a, nothing.path(), "build .").await.fails();
    assert!(said.contains("failed to read dockerfile: open Dockerfile: no such file or directory"), "{said}");
    let wrong = folder(&[("Dockerfile", "FROM alpine\nFROOM x\n")]);
    assert!(docker(a, wrong.path(), "build .").await.fails().contains("unknown instruction: FROOM"));
    let unknown = folder(&[("Dockerfile", "FROM postgres\n")]);
    assert!(docker(a, unknown.path(), "build .").await.fails().contains("pull access denied for postgres"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_learner_built_is_neither_used_nor_seen() {
    let host = TestHost::start(2).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    for sandbox in [a, b] {
        sandbox.run("pull alpine").await.ok();
    }
    let files = folder(&[("Dockerfile", "FROM alpine\nRUN echo mine >/x\n")]);
    docker(a, files.path(), "build -t mine .").await.ok();
    let other = docker(b, files.path(), "build -t mine .").await.ok();
    assert!(!other.contains("CACHED"), "{other}");
    let from = folder(&[("Dockerfile", "FROM theirs\n")]);
    a.run("tag mine theirs").await.ok();
    assert!(docker(b, from.path(), "build .").await.fails().contains("pull access denied for theirs"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_build_may_not_do_is_refused_in_a_sentence() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    a.run("pull alpine").await.ok();
    let other = "# syntax=example.com/other:1\nFROM alpine\n";
    let files = folder(&[("Dockerfile", "FROM alpine\nRUN true\n"), ("other", other)]);
    for (line, words) in [
        ("build --file other .", "the frontend example.com/other:1"),
        ("build --output out .", "leave --output"),
        ("buildx build --push -t x .", "push"),
        ("build --network host .", "switched off"),
        ("build --allow security.insecure .", "rights"),
        ("build --add-host a:host-gateway .", "host-gateway"),
        ("build --build-context other=/work .", "--build-context"),
        ("build https://example.org/x.git", "lunchbox:"),
    ] {
        let said = docker(a, files.path(), line).await.fails();
        assert!(said.to_lowercase().contains(words), "{line}: {said}");
    }
    // And none of them left anything open: the next build has its place.
    docker(a, files.path(), "build .").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn hard_links_of_a_folder_are_sent_and_copied_as_such() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    let text = "FROM busybox\nCOPY . /all/\nCOPY sub /part\nRUN stat -c '%n %h' /all/a /all/sub/b /part/b && cat /all/sub/b /part/b\n";
    let files = folder(&[("Dockerfile", text), ("a", "linked\n"), ("sub/c", "")]);
    std::fs::hard_link(files.path().join("a"), files.path().join("sub/b")).unwrap();
    let built = docker(a, files.path(), "build .").await.ok();
    for line in ["/all/a 2\n", "/all/sub/b 2\n", "/part/b 1\n"] {
        assert!(built.contains(line), "{line:?} is not in {built}");
    }
    assert_eq!(built.matches("linked\n").count(), 2, "{built}");
    // Without the first of its names, the next one is the file.
    std::fs::write(files.path().join(".dockerignore"), "a\n").unwrap();
    std::fs::write(files.path().join("Dockerfile"), "FROM busybox\nCOPY . /all/\nRUN ! test -e /all/a && cat /all/sub/b\n").unwrap();
    assert!(docker(a, files.path(), "build .").await.ok().contains("linked\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_builder_can_be_looked_at_and_pruned() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    let files = folder(&[]);
    let listed = docker(a, files.path(), "buildx ls").await.ok();
    assert!(listed.contains("running"), "{listed}");
    docker(a, files.path(), "buildx inspect").await.ok();
    let text = "FROM busybox\nRUN --mount=type=cache,target=/c head -c 3000000 /dev/urandom >/big\nRUN false\n";
    std::fs::write(files.path().join("Dockerfile"), text).unwrap();
    docker(a, files.path(), "build .").await.fails();
    let kept = docker(a, files.path(), "buildx du --verbose").await.ok();
    for part in ["mount / from exec /bin/sh -c head", "3MB", "regular", "exec.cachemount", "cached mount /c"] {
        assert!(kept.contains(part), "{part} is not in {kept}");
    }
    let pruned = docker(a, files.path(), "builder prune --force").await.ok();
    assert!(pruned.lines().last().is_some_and(|total| total.contains("3MB")), "{pruned}");
    let kept = docker(a, files.path(), "buildx du").await.ok();
    assert!(kept.contains("0B") && !kept.contains("MB"), "{kept}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_context_of_many_files_and_odd_names_arrives_whole() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    a.run("pull alpine").await.ok();
    let long = format!("deep/{}/{}", "d".repeat(120), "f".repeat(200));
    let names: Vec<String> = (0..300).map(|number| format!("many/file-{number}")).collect();
    let mut files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "1234567890")).collect();
    files.extend([
        (
            "Dockerfile",
            "FROM alpine\nCOPY . /all\nRUN find /all -type f | wc -l && cat /all/link && test -x /all/run && cat '/all/BZh91AY'\n",
        ),
        (&long, "x"),
    ]);
    // The classic builder itself stumbles where the first name in a folder begins as a compression does.
    files.extend([("A", ""), ("BZh91AY", "no archive"), ("Straße und \u{1F433}", "y"), ("run", "#!/bin/sh\n"), ("empty", "")]);
    let files = folder(&files);
    std::os::unix::fs::symlink("empty", files.path().join("link")).unwrap();
    std::fs::set_permissions(files.path().join("run"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    std::fs::write(files.path().join("large"), vec![7; 3_000_000]).unwrap();
    std::fs::write(files.path().join(".dockerignore"), "Dockerfile\n*Stra\u{df}e*\n").unwrap();
    let built = docker(a, files.path(), "build --no-cache .").await.ok();
    // 300 of many, the long one, A, BZh91AY, run, empty, large, and .dockerignore.
    assert!(built.contains(" 307\n") || built.contains(" 306\n"), "{built}");
    assert!(built.contains("no archive"), "{built}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_there_for_its_step_and_nowhere_else() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    a.run("pull alpine").await.ok();
    let text = "FROM alpine\nRUN --mount=type=secret,id=key,mode=0444 wc -c </run/secrets/key && stat -c %a /run/secrets/key && ! sh -c 'echo x >>/run/secrets/key' 2>/dev/null\nRUN --mount=type=secret,id=key,env=KEY --mount=type=secret,id=key,target=/k,uid=7 test \"$KEY\" = \"$(cat /k)\" && stat -c '%u %a' /k\nRUN test -z \"$KEY\" && ! test -s /k && ! test -s /run/secrets/key\nRUN --mount=type=secret,id=other test ! -e /run/secrets/other\n";
    let secret = "correct-horse-battery-staple";
    let files = folder(&[("Dockerfile", text), ("key", secret), (".dockerignore", "key\n")]);
    let built = docker(a, files.path(), "build -t kept --secret id=key,src=key .").await.ok();
    assert!(built.contains(" 28\n") && built.contains(" 444\n") && built.contains(" 7 400\n"), "{built}");
    let (saved, found) = (files.path().join("kept.tar"), secret.as_bytes());
    a.docker(&["save", "-o", saved.to_str().unwrap(), "kept"]).await.ok();
    let bytes = std::fs::read(&saved).unwrap();
    assert!(!bytes.windows(found.len()).any(|window| window == found), "the secret is in the image");
    for line in ["history --no-trunc kept", "image inspect kept"] {
        assert!(!a.run(line).await.ok().contains(secret), "{line}");
    }
    // Nor is it in what the engine keeps of the steps, nor in what is told or remembered.
    let of = format!("label=io.lunchbox.sandbox={}", a.id);
    for image in bare(&["images", "-aq", "--no-trunc", "--filter", &of]).await.ok().lines() {
        let said = bare(&["image", "inspect", image]).await.ok() + &bare(&["history", "--no-trunc", image]).await.ok();
        assert!(!said.contains(secret), "{said}");
    }
    assert!(!format!("{:?}", a.activity().await).contains(secret) && !built.contains(secret));
    let rows = host.ledger().build_steps(&a.id).await.unwrap();
    assert!(rows.len() >= 4 && !format!("{rows:?}").contains(secret));
    let left = || async {
        bare(&["volume", "ls", "-q", "--filter", &of]).await.ok().is_empty() && bare(&["ps", "-aq", "--filter", &of]).await.ok().is_empty()
    };
    super::support::until("the end of the secret's volume", left).await;
    // Another value is no reason to do a step again; the lack of one that is required ends it.
    std::fs::write(files.path().join("key"), "other").unwrap();
    let again = docker(a, files.path(), "build --secret id=key,src=key .").await.ok();
    assert_eq!(again.matches("CACHED").count(), 4, "{again}");
    let required = folder(&[("Dockerfile", "FROM alpine\nRUN --mount=type=secret,id=key,required=true true\n")]);
    assert!(docker(a, required.path(), "build .").await.fails().contains("secret key: not found"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_can_stand_for_another_and_only_an_own_one() {
    let host = TestHost::start(2).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    a.run("pull alpine").await.ok();
    a.docker_in(&["build", "-t", "mine", "-"], b"FROM alpine\nRUN echo mine >/x\n").await.ok();
    let files = folder(&[("Dockerfile", "FROM base\nCOPY --from=more /x /y\nRUN --mount=from=more,target=/m cat /m/x /y\n")]);
    let line = "build --build-context base=docker-image://alpine --build-context more=docker-image://mine .";
    assert_eq!(docker(a, files.path(), line).await.ok().matches(" mine\n").count(), 2);
    assert!(docker(b, files.path(), line).await.fails().contains("pull access denied for mine"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_needed_is_not_done_and_history_is_buildkits() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    a.run("pull alpine").await.ok();
    let text = "FROM alpine AS unneeded\nRUN exit 9\nFROM alpine AS maker\nARG N=1\nRUN <<EOF\necho $N >/n\necho $TARGETARCH\nEOF\nFROM alpine\nENV A=b\nCOPY --link --chmod=0600 --from=maker /n /n\nCMD [\"cat\", \"/n\"]\n";
    let files = folder(&[("Dockerfile", text)]);
    let built = docker(a, files.path(), "build -t lean .").await.ok();
    assert!(!built.contains("unneeded") && built.contains("[maker 2/2] RUN <<EOF (echo $N >/n...)"), "{built}");
    let history = a.docker(&["history", "--no-trunc", "--format", "{{.CreatedBy}}|{{.Comment}}", "lean"]).await.ok();
    let lines: Vec<&str> = history.lines().collect();
    assert_eq!(
        lines[..3],
        [
            "CMD [\"cat\" \"/n\"]|buildkit.dockerfile.v0",
            "COPY --chmod=0600 /n /n # buildkit|buildkit.dockerfile.v0",
            "ENV A=b|buildkit.dockerfile.v0"
        ]
    );
    assert_eq!(a.run("run --rm lean").await.ok(), "1\n");
}
