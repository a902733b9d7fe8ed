//! What COPY and ADD make of files, and where they put them.

use std::process::Stdio;

use super::{E, build, post};
use crate::tests::support::TestHost;

#[tokio::test(flavor = "multi_thread")]
async fn files_land_where_docker_puts_them() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    let text = r#"FROM busybox AS base
RUN mkdir -p /there /real && ln -s /real /link && echo old >/there/file && echo cook:x:1234:1234::/:/bin/sh >>/etc/passwd && chmod 1777 /tmp
FROM base
WORKDIR /app
COPY a.txt copied
COPY a.txt new/folder/
COPY *.txt many/
COPY a.txt /there
COPY a.txt /there/file
COPY a.txt /link/x
COPY sub ./
COPY sub/deep /deep/../moved
COPY --chown=cook:1 --chmod=0640 a.txt /owned/file
COPY rootfs /
RUN cat copied new/folder/a.txt many/a.txt many/b.txt /there/a.txt /there/file /real/x one deep/two /moved/two | tr '\n' ' '
RUN stat -c '%u:%g %a' /owned/file && stat -c '%u:%g' /owned && stat -c %a /tmp && ls -l /link && cat /tmp/x
"#;
    let files =
        [("Dockerfile", text), ("a.txt", "a\n"), ("b.txt", "b\n"), ("sub/one", "1\n"), ("sub/deep/two", "2\n"), ("rootfs/tmp/x", "kept\n")];
    let built = build(a, &files, &["-t", "files"]).await.ok();
    assert!(built.contains("a a a b a a a 1 2 2 "), "{built}");
    assert!(built.contains("1234:1 640\n1234:1\n1777\n") && built.contains("/link -> /real") && built.contains("kept\n"), "{built}");
    // All of it is as it was, and so is the image.
    let again = build(a, &files, &["-t", "again"]).await.ok();
    assert!(!again.contains("Running in"), "{again}");
    let id = |name: &'static str| async move { a.docker(&["image", "inspect", "--format", "{{.Id}}", name]).await.ok() };
    assert_eq!(id("files").await, id("again").await);
    // A byte in one file, and all from there on is done anew.
    let changed = files.map(|(name, text)| if name == "sub/one" { (name, "3\n") } else { (name, text) });
    let other = build(a, &changed, &[]).await.ok();
    assert!(other.contains("a a a b a a a 3 2 2 "), "{other}");
    assert_eq!(other.matches("Using cache").count(), 8, "{other}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_copied_is_told() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    for (line, words) in [
        ("COPY nothing /", "stat nothing: file does not exist"),
        ("COPY *.nothing /", "no source files were specified"),
        ("COPY a sub /x", "the destination must be a directory and end with a /"),
        ("COPY sub /bin/busybox", "cannot copy to non-directory"),
        ("COPY a /bin/busybox/x", "not a directory"),
        ("COPY --chown=nobody-at-all a /", "nobody-at-all"),
        ("COPY --from=busybox /nothing /", "stat /nothing: file does not exist"),
    ] {
        let text = format!("FROM busybox\n{line}\n");
        let files = [("Dockerfile", text.as_str()), ("a", ""), ("sub/b", "")];
        let said = build(a, &files, &[]).await.fails();
        assert!(said.contains(words), "{line}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_come_out_of_stages_and_images_as_they_are_there() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    let text = r#"FROM busybox AS maker
RUN mkdir -p /out/sub && echo 1 >/out/a && ln /out/a /out/hard && ln -s a /out/soft && echo 2 >/out/sub/b && chown 7:8 /out/a && ln -s /out /way
FROM scratch AS nothing
COPY --from=maker /out/a /
FROM busybox
COPY --from=maker /out /all
COPY --from=maker /way/soft /soft
COPY --from=0 /out/*d /globbed/
COPY --from=busybox /bin/busybox /other/
COPY --from=nothing a /last/
RUN cat /all/a /all/hard /all/soft /all/sub/b /soft /globbed/hard /last/a | tr '\n' ' ' && stat -c '%u:%g' /all/a && ls -l /all/soft && /other/busybox true
"#;
    let built = build(a, &[("Dockerfile", text)], &[]).await.ok();
    assert!(built.contains("1 1 1 2 1 1 1 7:8\n") && built.contains("/all/soft -> a"), "{built}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_is_unpacked_by_add_and_not_by_copy() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    let mut inner = tar::Builder::new(Vec::new());
    for (name, content) in [("in/side", "unpacked\n"), ("in/other", "")] {
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o600);
        header.set_uid(5);
        header.set_gid(6);
        header.set_mtime(0);
        header.set_size(content.len() as u64);
        inner.append_data(&mut header, name, content.as_bytes()).unwrap();
    }
    let plain = inner.into_inner().unwrap();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut packed, &plain).unwrap();
    let packed = packed.finish().unwrap();
    let by = |program: &str| {
        let mut child = std::process::Command::new(program).arg("-c").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), &plain).unwrap();
        child.wait_with_output().unwrap().stdout
    };
    let (bz2, xz) = (by("bzip2"), by("xz"));
    let text = "FROM busybox\nADD plain.tar /p\nADD packed.tgz /q/\nADD packed.tar.bz2 /b/\nADD packed.tar.xz /x/\nADD broken.bz2 /\nCOPY plain.tar /r/\nADD text /s\nRUN cat /p/in/side /q/in/side /b/in/side /x/in/side /s && test -f /broken.bz2 && stat -c '%u:%g %a' /q/in/side && ls /r\n";
    let mut context = tar::Builder::new(Vec::new());
    for (name, content) in [
        ("Dockerfile", text.as_bytes()),
        ("plain.tar", plain.as_slice()),
        ("packed.tgz", packed.as_slice()),
        ("packed.tar.bz2", bz2.as_slice()),
        ("packed.tar.xz", xz.as_slice()),
        ("broken.bz2", b"BZh91AY"),
        ("text", b"as it is\n"),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(E::Regular);
        header.set_mode(0o644);
        header.set_mtime(0);
        header.set_size(content.len() as u64);
        context.append_data(&mut header, name, content).unwrap();
    }
    let answer = post(a, "", &context.into_inner().unwrap()).await;
    for line in ["as it is\\n", "5:6 600", "plain.tar\\n", "Successfully built"] {
        assert!(answer.contains(line), "{line} is not in {answer}");
    }
    assert_eq!(answer.matches("unpacked\\n").count(), 4, "{answer}");
}
