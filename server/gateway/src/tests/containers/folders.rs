//! Where processes may begin and things be mounted.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may fail")]

use super::{host, names, refused};

const KERNELS: &str = "the kernel's own folders lie there";

#[tokio::test(flavor = "multi_thread")]
async fn no_process_begins_in_a_folder_of_the_kernels() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    a.run("run -d --name box busybox sleep 1000").await.ok();
    let long = format!("/proc/self/fd/8{}", "/.".repeat(1000));
    for folder in ["/proc/self/fd/8", "//proc/self", "/tmp/../proc/1", "/dev/fd/8", "/sys"] {
        refused(a.docker(&["run", "--rm", "-w", folder, "busybox", "pwd"]).await, KERNELS);
        refused(a.docker(&["exec", "-w", folder, "box", "pwd"]).await, KERNELS);
    }
    for folder in ["proc/self/fd/8", "../proc", "/proc\\u0000", long.as_str()] {
        for (path, body) in [
            ("/v1.45/containers/create", format!(r#"{{"Image":"busybox","WorkingDir":"{folder}"}}"#)),
            ("/v1.45/containers/box/exec", format!(r#"{{"Cmd":["pwd"],"WorkingDir":"{folder}"}}"#)),
        ] {
            let (status, answer) = a.http("POST", path, &body).await;
            assert!(status == 400 && answer.contains("needs to be an absolute path"), "{folder}: {answer}");
        }
    }
    assert_eq!(a.run("exec -w /tmp/../bin box pwd").await.ok(), "/bin\n");

    // Nor by way of an image.
    a.docker(&["commit", "--change", "WORKDIR /proc/self/fd/8", "box", "inside"]).await.ok();
    refused(a.run("run --rm inside pwd").await, KERNELS);
    refused(a.docker_in(&["build", "-"], b"FROM inside\nRUN pwd\n").await, KERNELS);
    for text in ["FROM busybox\nWORKDIR /proc/self/fd/8\nRUN pwd\n", "FROM busybox\nENV A=/dev\nWORKDIR $A/fd/8\n"] {
        refused(a.docker_in(&["build", "-"], text.as_bytes()).await, KERNELS);
    }
    assert_eq!(names(a, "-a").await, ["box"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_to_the_kernels_folders_leads_no_process_out() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    let outside = tempfile::NamedTempFile::new_in("/tmp").unwrap();
    std::fs::write(&outside, "the engine's host").unwrap();
    a.docker(&["run", "--name", "box", "busybox", "ln", "-s", "/proc/self/fd", "/way"]).await.ok();
    a.run("commit box linked").await.ok();
    a.run("run -d --name linked linked sleep 1000").await.ok();
    let up = format!("../../../../../..{}", outside.path().display());
    for number in 3..13 {
        let folder = format!("/way/{number}");
        for command in [vec!["exec", "-w", &folder, "linked"], vec!["run", "--rm", "-w", &folder, "linked"]] {
            let printed = a.docker(&[command, vec!["cat", &up]].concat()).await;
            assert!(printed.code != 0 && !printed.out.contains("the engine's host"), "{folder}: {printed:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_mounted_in_a_folder_of_the_kernels() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    for target in ["/proc", "/proc/sys/x", "/sys", "/dev", "/dev/shmX", "/dev/shm/../pts"] {
        for flags in [vec!["-v", &format!("data:{target}")], vec!["-v", target], vec!["--tmpfs", target]] {
            refused(a.docker(&[vec!["create"], flags, vec!["busybox"]].concat()).await, KERNELS);
        }
        a.docker(&["create", "--name", "box", "busybox"]).await.ok();
        a.docker(&["commit", "--change", &format!("VOLUME {target}"), "box", "mounts"]).await.ok();
        refused(a.run("create mounts").await, KERNELS);
        a.run("rm box").await.ok();
    }
    a.docker(&["run", "--rm", "--tmpfs", "/dev/shm", "-v", "data:/process", "busybox", "touch", "/dev/shm/x", "/process/x"]).await.ok();
    // An image may ask for what the engine would mount uncounted.
    a.run("create --name box busybox").await.ok();
    a.docker(&["commit", "--change", "VOLUME data other", "box", "relative"]).await.ok();
    refused(a.run("create relative").await, "mount path must be absolute");
    a.docker(&["commit", "--change", "VOLUME /data /other", "box", "absolute"]).await.ok();
    a.run("create absolute").await.ok();
    assert_eq!(a.run("volume ls -q").await.ok().lines().count(), 3);
}
