//! Links, hard and symbolic: those that are copied, and those on the way to where something is copied.

use super::{E, build, post, tar};
use crate::{SandboxLimits, tests::support::TestHost};

const ROOM: &str = "lunchbox: limit reached: this step would write more than the ";

/// All that a classic build printed, its JSON taken apart.
fn printed(answer: &str) -> String {
    let messages = answer.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    messages.filter_map(|message| message["stream"].as_str().or(message["error"].as_str()).map(str::to_owned)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn hard_links_within_what_is_copied_are_hard_links_again() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    let text = r#"FROM busybox AS maker
RUN mkdir -p /out/sub && echo 1 >/out/z && chown 5:6 /out/z && chmod 4755 /out/z && touch -d @86400 /out/z && ln /out/z /out/a && ln /out/z /out/sub/b && ln /out/z /outside
FROM busybox
COPY . /all/
COPY --chown=7:8 --chmod=0640 . /dressed/
COPY l? /each/
COPY sub l1 /apart/
COPY --from=maker /out /from
COPY --from=maker /out/sub /part
COPY --from=busybox /bin /programs
RUN stat -c '%n %h %u:%g %a %Y' /all/f /all/sub/l3 /dressed/f /dressed/l1 /each/l1 /apart/l3 /apart/l1 /from/z /from/sub/b /part/b
RUN cat /all/l1 /all/sub/l3 /dressed/l2 /each/l2 /apart/l3 /from/a /from/sub/b /part/b | tr '\n' ' '; du -sm /programs; /programs/echo echoed
RUN --mount=target=/m --mount=from=maker,source=/out,target=/n stat -c '%n %h %a' /m/l1 /n/z /n/sub/b && cat /m/sub/l3 /n/a
"#;
    let context = |f: &str| {
        tar(&[
            ("Dockerfile", E::Regular, text),
            ("f", E::Regular, f),
            ("l1", E::Link, "f"),
            ("l2", E::Link, "f"),
            ("sub/l3", E::Link, "f"),
            ("sub/other", E::Regular, f),
        ])
    };
    let answer = printed(&post(a, "", &context("one\n")).await);
    assert!(answer.contains("Successfully built"), "{answer}");
    for line in [
        "/all/f 4 0:0 644 0\n",
        "/all/sub/l3 4 0:0 644 0\n",
        "/dressed/f 4 7:8 640 0\n",
        "/dressed/l1 4 7:8 640 0\n",
        // Each of several sources is copied by itself, as BuildKit does it.
        "/each/l1 1 0:0 644 0\n",
        "/apart/l3 1 0:0 644 0\n",
        "/apart/l1 1 0:0 644 0\n",
        "/from/z 3 5:6 4755 86400\n",
        "/from/sub/b 3 5:6 4755 86400\n",
        // What the first name is no part of.
        "/part/b 1 5:6 4755 86400\n",
        "one one one one one 1 1 1 2\t/programs\nechoed\n",
        "/m/l1 4 644\n/n/z 3 4755\n/n/sub/b 3 4755\none\n1\n",
    ] {
        assert!(answer.contains(line), "{line:?} is not in {answer}");
    }
    let again = post(a, "", &context("one\n")).await;
    assert!(!again.contains("Running in"), "{again}");
    let other = printed(&post(a, "", &context("two\n")).await);
    assert!(other.contains("two two two two two 1 1 1 2\t/programs\n"), "{other}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_writes_no_more_than_the_disk_has_room_for() {
    let host = TestHost::with(1, SandboxLimits { disk_max_bytes: 20_000_000, ..SandboxLimits::default() }).await;
    let a = &host.sandboxes[0];
    let big = "x".repeat(3_000_000);
    // A file that is said to be large, and has one block of data.
    let mut sparse = tar::Header::new_gnu();
    sparse.set_entry_type(E::GNUSparse);
    sparse.set_mode(0o644);
    sparse.set_size(512);
    let fields = sparse.as_gnu_mut().unwrap();
    fields.name[..4].copy_from_slice(b"huge");
    fields.sparse[0].offset.copy_from_slice(b"00000000000\0");
    fields.sparse[0].numbytes.copy_from_slice(b"00000001000\0");
    fields.sparse[1].offset.copy_from_slice(b"00600000000\0");
    fields.sparse[1].numbytes.copy_from_slice(b"00000000000\0");
    fields.realsize.copy_from_slice(b"00600000000\0");
    sparse.set_cksum();
    let mut archive = sparse.as_bytes().to_vec();
    archive.extend([b'x'; 512]);
    archive.extend([0; 1024]);
    let archive = String::from_utf8(archive).unwrap();
    let from = |line: &str| {
        let names: Vec<String> = (0..8).map(|number| format!("l{number}")).collect();
        let text = format!("FROM busybox\n{line}\n");
        let mut entries = vec![("Dockerfile", E::Regular, text.as_str()), ("f", E::Regular, big.as_str())];
        entries.push(("sparse.tar", E::Regular, &archive));
        entries.extend(names.iter().map(|name| (name.as_str(), E::Link, "f")));
        tar(&entries)
    };
    let mounts: String = (0..8).map(|number| format!("--mount=target=/m{number} ")).collect();
    let sources = "f l1 ".repeat(4);
    let layers = "FROM busybox AS maker\nCOPY f /1\nCOPY f /2\nCOPY f /3\nCOPY f /4\n";
    // What are one file's names is one file, and there is room for it.
    let answer =
        post(a, "", &from("COPY . /x/\nCOPY --from=busybox /bin /bb\nRUN --mount=target=/m --mount=from=busybox,target=/n true")).await;
    assert!(answer.contains("Successfully built"), "{answer}");
    for line in [
        "COPY l* /x/".to_owned(),
        format!("COPY {sources} /x/"),
        "COPY --from=busybox /bin/* /x/".to_owned(),
        "ADD sparse.tar /x/".to_owned(),
        format!("RUN {mounts} true"),
        // Layers that are there take their room, too.
        format!("{layers}FROM busybox\nRUN --mount=type=cache,target=/c,from=maker true"),
    ] {
        let answer = post(a, "", &from(&line)).await;
        assert!(answer.contains(ROOM) && answer.contains("docker system prune"), "{line}: {}", &answer[answer.len().saturating_sub(800)..]);
        assert!(!answer.contains("Successfully"), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn links_that_lead_out_of_what_is_copied_stay_as_they_are() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    let text = r#"FROM busybox AS maker
RUN mkdir -p /out && ln -s ../../../../etc/hostname /out/far && mkdir -p /real/deep && ln -s /real /way
FROM maker
WORKDIR /app
COPY . .
COPY . /there/
COPY up /app/one/
COPY d /way/deep/new
COPY --from=maker /out /app/from/
RUN for link in /app/up /there/d/far /real/deep/new/far /app/from/far; do readlink $link; done; cat /app/one/up && ls -ld /way
RUN --mount=target=/m --mount=from=maker,source=/out,target=/n readlink /m/up; readlink /m/d/far; readlink /n/far
"#;
    let context = tar(&[
        ("Dockerfile", E::Regular, text),
        ("up", E::Symlink, "../etc/passwd"),
        ("etc/passwd", E::Regular, "within\n"),
        ("d/far", E::Symlink, "../../../../../etc/passwd"),
    ]);
    let answer = printed(&post(a, "", &context).await);
    assert!(answer.contains("Successfully built"), "{answer}");
    let far = "../../../../../etc/passwd";
    let copied = format!("../etc/passwd\n{far}\n{far}\n../../../../etc/hostname\nwithin\n");
    assert!(answer.contains(&copied), "{answer}");
    assert!(answer.contains("/way -> /real\n"), "{answer}");
    assert!(answer.contains(&format!("../etc/passwd\n{far}\n../../../../etc/hostname\n")), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_on_the_way_is_followed_to_what_is_not_there_yet() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    let text = r#"FROM busybox
RUN mkdir /real && echo old >/real/file && ln -s /newdir /pl && ln -s ../../made/by /real/rel && ln -s /newfile /dangling && ln -s /real/file /known && ln -s /whole /folder
COPY f /pl/x
COPY f /real/rel/copy/
COPY f /dangling
COPY f /known
COPY sub /folder
RUN cat /newdir/x /made/by/copy/f /newfile /real/file /whole/g | tr '\n' ' '; ls -l / /real
"#;
    let built = build(a, &[("Dockerfile", text), ("f", "f\n"), ("sub/g", "g\n")], &[]).await.ok();
    assert!(built.contains("f f f f g "), "{built}");
    for link in ["pl -> /newdir", "rel -> ../../made/by", "dangling -> /newfile", "known -> /real/file", "folder -> /whole"] {
        assert!(built.contains(link), "{link} is not in {built}");
    }
}
