//! Links, hard and symbolic: those that are copied, and those on the way to where something is copied.

use super::{E, build, post, tar};
use crate::tests::support::TestHost;

/// All that a classic build printed, its JSON taken apart.
fn printed(answer: &str) -> String {
    let messages = answer.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    messages.filter_map(|message| message["stream"].as_str().or(message["error"].as_str()).map(str::to_owned)).collect()
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
