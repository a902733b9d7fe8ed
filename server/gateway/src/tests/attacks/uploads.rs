//! Uploads that are more than they seem. 53, 110, 112, 121, 146.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
};

use super::{
    super::{
        containers::host,
        support::{PATIENCE, TestHost},
    },
    answers_soon, gzip, memory, send, status, tar,
};
use crate::SandboxLimits;

/// Some hundred kilobytes that unpack to a name of so many megabytes.
fn long_name(kind: tar::EntryType, megabytes: u64) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.set_path("././@LongLink").unwrap();
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(megabytes << 20);
    header.set_cksum();
    let megabyte = gzip(&vec![b'a'; 1 << 20]);
    let rest = gzip(&tar(&[(b"x", tar::EntryType::Regular, b"x")]));
    [gzip(header.as_bytes()), megabyte.repeat(usize::try_from(megabytes).unwrap()), rest].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_110_a_name_in_an_archive_is_as_long_as_a_name_at_most() {
    let host = host(2).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    a.run("create --name box busybox true").await.ok();
    let kinds = [tar::EntryType::GNULongName, tar::EntryType::GNULongLink, tar::EntryType::XHeader, tar::EntryType::XGlobalHeader];
    let before = memory();
    let most = std::sync::atomic::AtomicU64::new(0);
    let watching = async {
        loop {
            most.fetch_max(memory().saturating_sub(before), std::sync::atomic::Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let attacking = async {
        for head in [
            "PUT /v1.45/containers/box/archive?path=/",
            "POST /v1.45/build?version=1",
            "POST /v1.45/images/load",
            "POST /v1.45/images/create?fromSrc=-&repo=x",
        ] {
            // An import hashes all that it unpacks, which takes its time.
            let megabytes = if head.contains("fromSrc") { 8 } else { 160 };
            for kind in kinds {
                let answer = send(a, head, "application/x-tar", &long_name(kind, megabytes)).await;
                assert!(matches!(status(&answer), 400 | 413) || answer.contains("error"), "{head}: {answer}");
            }
        }
    };
    tokio::select! {
        () = watching => {}
        () = attacking => {}
    }
    let most = most.into_inner();
    // Others try their attacks in this process, too.
    assert!(most < 120 << 20, "{most} bytes were kept for a name");
    answers_soon(b, "long names").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_112_nothing_that_is_packed_unpacks_to_more_than_may_be_sent() {
    let host = TestHost::with(1, SandboxLimits { upload_max_bytes: 4_000_000, ..SandboxLimits::default() }).await;
    let a = &host.sandboxes[0];
    a.run("pull -q busybox").await.ok();
    a.run("create --name box busybox true").await.ok();
    let zeros = tar(&[(b"zeros", tar::EntryType::Regular, &vec![0; 60_000_000])]);
    let twice = gzip(&gzip(&zeros));
    let many: Vec<u8> = zeros.chunks(300_000).flat_map(gzip).collect();
    let layer = tar(&[
        (b"l.tar", tar::EntryType::Regular, &gzip(&zeros)),
        (b"c.json", tar::EntryType::Regular, b"{}"),
        (b"manifest.json", tar::EntryType::Regular, br#"[{"Config":"c.json","Layers":["l.tar"]}]"#),
    ]);
    for (what, bomb) in [("zeros", gzip(&zeros)), ("packed twice", twice), ("many members", many), ("a packed layer", gzip(&layer))] {
        for head in [
            "PUT /v1.45/containers/box/archive?path=/",
            "POST /v1.45/build?version=1",
            "POST /v1.45/images/load",
            "POST /v1.45/images/create?fromSrc=-&repo=x",
        ] {
            // What is packed within an archive of files is a file.
            if what == "a packed layer" && !head.contains("load") {
                continue;
            }
            let answer = send(a, head, "application/x-tar", &bomb).await;
            assert!(status(&answer) >= 400 || answer.contains("\"error\""), "{what} {head}: {answer}");
        }
    }
    assert_eq!(a.run("images -q").await.ok().lines().count(), 1);
    // As an ADD would unpack it in the engine: the archive is small, what is in it isn't.
    let context = tar(&[
        (b"Dockerfile", tar::EntryType::Regular, b"FROM busybox\nADD bomb.tar.gz /x\nRUN du -s /x\n"),
        (b"bomb.tar.gz", tar::EntryType::Regular, &gzip(&zeros)),
    ]);
    let answer = send(a, "POST /v1.45/build?version=1", "application/x-tar", &context).await;
    assert!(status(&answer) >= 400 || answer.contains("\"error\"") || !answer.contains("5859"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_121_an_upload_without_end_is_ended_where_the_limit_is() {
    let host = TestHost::with(1, crate::SandboxLimits { upload_max_bytes: 2_000_000, ..crate::SandboxLimits::default() }).await;
    let a = &host.sandboxes[0];
    a.run("pull -q busybox").await.ok();
    a.run("create --name box busybox true").await.ok();
    let header = {
        let mut header = tar::Header::new_gnu();
        header.set_path("zeros").unwrap();
        header.set_size(10_000_000_000);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_cksum();
        header
    };
    for head in [
        "POST /v1.45/build",
        "POST /v1.45/images/load",
        "PUT /v1.45/containers/box/archive?path=/",
        "POST /v1.45/images/create?fromSrc=-&repo=x",
    ] {
        for framing in ["Content-Length: 10000000000", "Transfer-Encoding: chunked"] {
            let stream = UnixStream::connect(&a.socket).await.unwrap();
            let (mut reader, mut writer) = stream.into_split();
            let request =
                format!("{head} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/x-tar\r\n{framing}\r\n\r\n");
            writer.write_all(request.as_bytes()).await.unwrap();
            let chunked = framing.starts_with('T');
            let first = header.as_bytes().to_vec();
            let sending = tokio::spawn(async move {
                let mut sent = 0_u64;
                let mut piece = first;
                while sent < 1 << 30 {
                    let framed =
                        if chunked { [format!("{:x}\r\n", piece.len()).as_bytes(), &piece, b"\r\n"].concat() } else { piece.clone() };
                    if writer.write_all(&framed).await.is_err() {
                        break;
                    }
                    sent += piece.len() as u64;
                    piece = vec![0; 1 << 16];
                }
                sent
            });
            let mut answer = Vec::new();
            _ = tokio::time::timeout(2 * PATIENCE, reader.read_to_end(&mut answer)).await.expect("it goes on");
            drop(reader);
            let sent = sending.await.unwrap();
            let answer = String::from_utf8_lossy(&answer);
            assert!(sent < 40_000_000, "{head} {framing}: {sent} bytes were taken: {answer}");
            assert!(answer.is_empty() || status(&answer) == 413, "{head} {framing}: {answer}");
        }
    }
    // The places are free again.
    let small = tar(&[(b"x", tar::EntryType::Regular, b"x")]);
    assert_eq!(status(&send(a, "PUT /v1.45/containers/box/archive?path=/", "application/x-tar", &small).await), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_53_a_context_of_too_much_is_refused_in_bounded_memory() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    let before = memory();
    // More files than a context may have.
    let mut many = tar::Builder::new(Vec::new());
    for n in 0..100_010 {
        let mut header = tar::Header::new_gnu();
        header.set_path(format!("{n}")).unwrap();
        header.set_mode(0o644);
        header.set_size(0);
        header.set_cksum();
        many.append(&header, std::io::empty()).unwrap();
    }
    let many = gzip(&many.into_inner().unwrap());
    let answer = send(a, "POST /v1.45/build?version=1", "application/x-tar", &many).await;
    assert_eq!(status(&answer), 413, "{answer}");
    // A path of 10,000 folders.
    let deep = "d/".repeat(10_000);
    let mut tar_of_deep = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_mode(0o644);
    header.set_size(1);
    tar_of_deep.append_data(&mut header, format!("{deep}x"), &b"x"[..]).unwrap();
    let mut header = tar::Header::new_gnu();
    header.set_mode(0o644);
    header.set_size(27);
    tar_of_deep.append_data(&mut header, "Dockerfile", &b"FROM busybox\nCOPY . /all\n\n\n"[..27]).unwrap();
    let answer = send(a, "POST /v1.45/build?version=1", "application/x-tar", &tar_of_deep.into_inner().unwrap()).await;
    assert!(status(&answer) >= 400 || answer.contains("error"), "{answer}");
    let grown = memory().saturating_sub(before);
    assert!(grown < 200 << 20, "{grown} bytes are kept");
    // An archive that ADD would unpack: as large as an upload at most, unpacked.
    a.docker_in(&["build", "-"], b"FROM busybox\nRUN true\n").await.ok();
}

/// A header of a tar, with what is at some places of it, and its sum.
fn header(name: &[u8], size: usize, kind: u8, more: &[(usize, &[u8])]) -> [u8; 512] {
    let mut header = tar::Header::new_ustar();
    header.as_ustar_mut().unwrap().name[..name.len()].copy_from_slice(name);
    header.set_entry_type(tar::EntryType::new(kind));
    header.set_mode(0o644);
    header.set_size(size as u64);
    for (at, bytes) in more {
        header.as_mut_bytes()[*at..at + bytes.len()].copy_from_slice(bytes);
    }
    header.set_cksum();
    *header.as_bytes()
}

fn record(key: &str, value: &str) -> String {
    let length = (0_usize..).find(|length| length.to_string().len() + key.len() + value.len() + 3 == *length).unwrap();
    format!("{length} {key}={value}\n")
}

fn block(text: &[u8]) -> Vec<u8> {
    let mut block = text.to_vec();
    block.resize(text.len().next_multiple_of(512), 0);
    block
}

/// A layer whose records a reader takes for a file that goes on to the end, if it begins half a block too late after
/// 256 bytes of them. To the engine they make a small file one of `bytes`.
fn hidden(bytes: u64) -> Vec<u8> {
    let first = record("comment", &"a".repeat(256 - "256 comment=\n".len()));
    assert_eq!(first.len(), 256);
    let [major, minor] = [("major", "1"), ("minor", "0")].map(|(key, value)| record(&format!("GNU.sparse.{key}"), value));
    let sparse = major + &minor + &record("GNU.sparse.name", "bomb") + &record("GNU.sparse.realsize", &bytes.to_string());
    let records = block(sparse.as_bytes());
    let data = [block(b"1\n0\n512\n"), vec![b'Z'; 512]].concat();
    let tail = [header(b"bomb", data.len(), b'0', &[]).to_vec(), data, vec![0; 1024]].concat();
    // The false header: its second half is the records.
    let size = format!("{:011o}\0", tail.len());
    let parts: [(usize, &[u8]); 4] =
        [(256 + 124, size.as_bytes()), (256 + 136, b"00000000000\0"), (256 + 148, &[b' '; 8]), (256 + 156, b"0")];
    let without = header(b"q", sparse.len(), b'x', &parts);
    let sum: u64 = without[256..].iter().chain(&records[..256]).map(|byte| u64::from(*byte)).sum();
    let sum = format!("{sum:06o}\0 ");
    let second = header(b"q", sparse.len(), b'x', &[parts[0], parts[1], (256 + 148, sum.as_bytes()), parts[3]]);
    [header(b"p", 256, b'x', &[]).to_vec(), block(first.as_bytes()), second.to_vec(), records, tail].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_146_no_record_of_a_layer_hides_behind_another() {
    let host = host(2).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    let layer = hidden(256 << 20);
    let load = super::super::transfer::saved(r#"["bomb:1"]"#, &layer, &super::super::transfer::diff_id(&layer));
    for (arguments, archive) in [(vec!["load"], &load), (vec!["import", "-", "bomb:1"], &layer)] {
        let said = a.docker_in(&arguments, archive).await.fails();
        assert!(said.contains("not everybody reads alike"), "{arguments:?}: {said}");
    }
    assert_eq!(a.run("images --quiet bomb").await.ok(), "");
    answers_soon(b, "hidden records").await;
}
