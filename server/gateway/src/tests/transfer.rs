//! Images as tars, against the real engine: what goes out comes in again, and nothing else does.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may fail")]

use std::io::Write as _;

use sha2::{Digest, Sha256};

use super::support::{Sandbox, TestHost, bare};

async fn id(sandbox: &Sandbox, name: &str) -> String {
    sandbox.docker(&["image", "inspect", "--format", "{{.Id}}", name]).await.ok().trim().to_owned()
}

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, data) in files {
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o644);
        header.set_size(data.len() as u64);
        builder.append_data(&mut header, name, *data).unwrap();
    }
    builder.into_inner().unwrap()
}

/// An image of one layer, as `docker save` of an older engine writes it.
pub(super) fn saved(tags: &str, layer: &[u8], diff_id: &str) -> Vec<u8> {
    let architecture = crate::registry::architecture();
    let config = format!(
        r#"{{"architecture":"{architecture}","os":"linux","config":{{"Cmd":["/x"]}},"rootfs":{{"type":"layers","diff_ids":["{diff_id}"]}},"history":[{{"created_by":"by hand"}}]}}"#
    );
    let name = format!("{:x}.json", Sha256::digest(&config));
    let manifest = format!(r#"[{{"Config":"{name}","RepoTags":{tags},"Layers":["one/layer.tar"]}}]"#);
    tar(&[(&name, config.as_bytes()), ("one/layer.tar", layer), ("manifest.json", manifest.as_bytes())])
}

pub(super) fn diff_id(layer: &[u8]) -> String {
    format!("sha256:{:x}", Sha256::digest(layer))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_saved_is_loaded_on_another_host_with_its_names() {
    let host = TestHost::start(2).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    a.run("pull busybox").await.ok();
    a.docker_in(&["build", "-q", "-t", "mine:1", "-"], b"FROM busybox\nRUN echo kept >/kept\n").await.ok();
    a.run("tag mine:1 mine:2").await.ok();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.tar");
    a.docker(&["save", "--output", file.to_str().unwrap(), "mine", "busybox"]).await.ok();

    let said = b.docker(&["load", "--input", file.to_str().unwrap()]).await.ok();
    for name in ["mine:1", "mine:2", "busybox:latest"] {
        assert!(said.contains(&format!("Loaded image: {name}\n")), "{said}");
    }
    assert_eq!(b.run("run --rm mine:2 cat /kept").await.ok(), "kept\n");
    assert_eq!(id(a, "mine:1").await, id(b, "mine:1").await);
    // And gone again, as any image of one's own.
    b.run("rmi mine:1 mine:2").await.ok();
    b.run("run --rm mine:2").await.fails();
    assert_eq!(a.run("run --rm mine:1 cat /kept").await.ok(), "kept\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_image_has_the_learners_names_and_no_others() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    a.run("pull busybox").await.ok();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.tar");
    a.docker(&["save", "-o", file.to_str().unwrap(), "busybox"]).await.ok();
    let mut archive = tar::Archive::new(std::fs::File::open(&file).unwrap());
    let mut manifest = String::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let text = entry.path().unwrap().ends_with("manifest.json") || entry.path().unwrap().ends_with("index.json");
        if text {
            std::io::Read::read_to_string(&mut entry, &mut manifest).unwrap();
        }
    }
    assert!(manifest.contains(r#""RepoTags":["busybox:latest"]"#), "{manifest}");
    assert!(!manifest.contains("127.0.0.1") && !manifest.contains("lb-"), "{manifest}");
    let by_id = id(a, "busybox").await;
    a.docker(&["save", "-o", file.to_str().unwrap(), &by_id]).await.ok();
    assert!(a.docker(&["load", "-i", file.to_str().unwrap()]).await.ok().contains(&format!("Loaded image ID: {by_id}")));
    a.run("save -o /dev/null nobodys").await.fails();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_in_an_archive_is_the_learners_own_and_changes_nobody_elses() {
    let host = TestHost::start(2).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    b.run("pull alpine").await.ok();
    let before = id(b, "alpine").await;
    let layer = tar(&[("x", b"loaded")]);
    let archive = saved(r#"["alpine:latest","127.0.0.1:5055/library/alpine:latest"]"#, &layer, &diff_id(&layer));
    // The second name is of a registry that isn't the learner's: it is a name and no more.
    a.docker_in(&["load"], &archive).await;
    let engine = bare(&["image", "inspect", "--format", "{{.Id}}", "127.0.0.1:5055/library/alpine:latest"]).await.ok();
    assert_eq!(engine.trim(), before);
    assert_eq!(id(b, "alpine").await, before);
    let archive = saved(r#"["alpine:latest"]"#, &layer, &diff_id(&layer));
    assert_eq!(a.docker_in(&["load"], &archive).await.ok(), "Loaded image: alpine:latest\n");
    assert_ne!(id(a, "alpine").await, before);
    assert!(a.run("history --format {{.CreatedBy}} alpine").await.ok().contains("by hand"));
}

#[tokio::test(flavor = "multi_thread")]
async fn archives_that_are_not_what_they_say_are_refused() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    let layer = tar(&[("x", b"loaded")]);
    let good = diff_id(&layer);
    let device = {
        let mut builder = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Block);
        header.set_size(0);
        builder.append_data(&mut header, "sda", std::io::empty()).unwrap();
        builder.into_inner().unwrap()
    };
    let twice = {
        let mut all = saved("null", &layer, &good);
        all.truncate(all.len() - 1024);
        all.extend(tar(&[("manifest.json", b"[]")]));
        all
    };
    for (what, archive, words) in [
        ("another digest", saved("null", &layer, &format!("sha256:{}", "0".repeat(64))), "wrong diffID"),
        ("a device", saved("null", &device, &diff_id(&device)), "device"),
        ("two manifests", twice, "twice"),
        ("no manifest", tar(&[("x", b"")]), "no manifest.json"),
        ("a layer that isn't there", tar(&[("manifest.json", br#"[{"Config":"x","Layers":["y"]}]"#)]), "lacks"),
        ("a name that leads out", tar(&[("manifest.json", br#"[{"Config":"../../etc/passwd","Layers":[]}]"#)]), "lacks"),
        (
            "another platform",
            {
                let config = br#"{"architecture":"s390x","os":"linux","rootfs":{"diff_ids":[]}}"#;
                tar(&[("c.json", config), ("manifest.json", br#"[{"Config":"c.json","Layers":[]}]"#)])
            },
            "linux/s390x",
        ),
        ("a short text", b"hello, this is no tar at all".to_vec(), "unexpected EOF\n"),
        ("a long text", "hello, this is no tar at all\n".repeat(50).into_bytes(), "archive/tar: invalid tar header\n"),
        ("an end that is missing", saved("null", &layer, &good)[..700].to_vec(), "no tar that can be read"),
        ("nothing", Vec::new(), "no manifest.json"),
        ("another compression", b"BZh91AY&SY...........".to_vec(), "gzip"),
    ] {
        let printed = a.docker_in(&["load"], &archive).await;
        let said = format!("{}{}", printed.out, printed.err);
        assert!(said.contains(words), "{what}: {said}");
        assert!(a.run("images --quiet").await.ok().is_empty(), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_layers_of_another_learner_are_not_had_by_their_digests() {
    let host = TestHost::start(2).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    b.docker_in(&["build", "-q", "-t", "theirs", "-"], b"FROM busybox\nRUN echo secret >/secret\n").await.ok();
    let layers = b.docker(&["image", "inspect", "--format", "{{json .RootFS.Layers}}", "theirs"]).await.ok();
    let layers: Vec<String> = serde_json::from_str(&layers).unwrap();
    let junk = tar(&[("x", b"junk")]);
    let own = vec![diff_id(&junk); layers.len()];
    let architecture = crate::registry::architecture();
    let list = |ids: &[String]| serde_json::to_string(ids).unwrap();
    for rootfs in [
        format!(r#""rootfs":{{"type":"layers","diff_ids":{}}}"#, list(&layers)),
        format!(r#""rootfs":{{"type":"layers","diff_ids":{}}},"RootFS":{{"type":"layers","diff_ids":{}}}"#, list(&own), list(&layers)),
    ] {
        let config = format!(r#"{{"architecture":"{architecture}","os":"linux","config":{{"Cmd":["sh"]}},{rootfs}}}"#);
        let manifest =
            format!(r#"[{{"Config":"c.json","RepoTags":["steal:1"],"Layers":{}}}]"#, list(&vec!["l.tar".to_owned(); layers.len()]));
        let archive = tar(&[("c.json", config.as_bytes()), ("l.tar", &junk), ("manifest.json", manifest.as_bytes())]);
        a.docker_in(&["load"], &archive).await.fails();
        a.run("run --rm steal:1 cat /secret").await.fails();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_containers_files_are_imported_as_an_image() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    a.run("pull busybox").await.ok();
    a.run("run --name cc busybox sh -c").await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("c.tar");
    a.docker(&["export", "-o", file.to_str().unwrap(), "cc"]).await.ok();
    let said = a
        .docker(&["import", "--change", "CMD [\"echo\", \"imported\"]", "--message", "from c", file.to_str().unwrap(), "flat:1"])
        .await
        .ok();
    assert!(said.starts_with("sha256:"), "{said}");
    assert_eq!(a.run("run --rm flat:1").await.ok(), "imported\n");
    assert!(a.run("history flat:1").await.ok().contains("from c"));
    // Packed, as one does.
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&tar(&[("x", b"y")])).unwrap();
    a.docker_in(&["import", "-", "packed"], &packed.finish().unwrap()).await.ok();
    assert!(a.run("import http://example.org/x.tar").await.fails().contains("URL"));
    assert!(a.docker_in(&["import", "--change", "ONBUILD RUN x", "-"], &tar(&[])).await.fails().contains("no triggers for builds"));
}

/// Names that are long or in other letters, and large numbers of owners, stand in records before their entries.
#[tokio::test(flavor = "multi_thread")]
async fn files_of_any_name_and_owner_are_saved_and_loaded_exported_and_imported() {
    let host = TestHost::start(2).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    a.run("pull -q ubuntu").await.ok();
    let long = "n".repeat(200);
    let dockerfile = format!(
        "FROM ubuntu\nRUN mkdir /o && cd /o && echo x > äöü && echo y > 日本語 && ln -s {long} link && touch {long} && chown 3000000:3000000 {long}\n"
    );
    a.docker_in(&["build", "-q", "-t", "mine", "-"], dockerfile.as_bytes()).await.ok();
    let look = "cd /o && ls -ln --time-style=+ && cat äöü 日本語";
    let expected = a.docker(&["run", "--name", "cc", "mine", "sh", "-c", look]).await.ok();
    assert!(expected.contains("3000000 3000000") && expected.contains(&format!("link -> {long}")), "{expected}");

    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    a.docker(&["save", "-o", &file("saved"), "mine"]).await.ok();
    b.docker(&["load", "-i", &file("saved")]).await.ok();
    a.docker(&["export", "-o", &file("exported"), "cc"]).await.ok();
    b.docker(&["import", &file("exported"), "flat"]).await.ok();
    for image in ["mine", "flat"] {
        assert_eq!(b.docker(&["run", "--rm", image, "sh", "-c", look]).await.ok(), expected, "{image}");
    }
}
