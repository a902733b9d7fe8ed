//! Paths in a container, read in one way, and kept out of the kernel's own folders: whoever works or mounts
//! in `/proc` may do so in a folder of the engine's host (CVE-2024-21626). `/dev/fd` leads there too.

use std::path::Path;

use crate::{containers::create::policy::refused, refusal::Refusal};

const MAX_PATH_BYTES: usize = 1024;
const KERNELS: [&str; 3] = ["/proc", "/sys", "/dev"];
/// Memory, and the container's own.
const SHARED_MEMORY: &str = "/dev/shm";

/// Absolute and without `.`, `..` and doubled slashes, as Go's `path.Clean` makes it.
pub(crate) fn clean(path: &str) -> Option<String> {
    if !path.starts_with('/') || path.len() > MAX_PATH_BYTES || path.chars().any(char::is_control) {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => _ = parts.pop(),
            part => parts.push(part),
        }
    }
    Some(format!("/{}", parts.join("/")))
}

/// Whether a clean path is, or lies in, a folder that the kernel fills. Part by part: `/process` does not.
fn is_kernels(clean: &str) -> bool {
    let path = Path::new(clean);
    KERNELS.iter().any(|folder| path.starts_with(folder)) && !path.starts_with(SHARED_MEMORY)
}

/// Whether processes may begin in a folder. Empty is the image's own, which is asked about separately.
///
/// What a link in the container makes of it can't be known here; the engine's runtime looks once the process
/// is there.
pub(crate) fn check_working_dir(path: &str) -> Result<(), Refusal> {
    if path.is_empty() {
        return Ok(());
    }
    match clean(path) {
        None => Err(Refusal::invalid(format!(
            "the working directory '{}' is invalid, it needs to be an absolute path",
            path.escape_debug().take(MAX_PATH_BYTES).collect::<String>()
        ))),
        Some(clean) if is_kernels(&clean) => {
            Err(refused(format!("lunchbox: {clean} can't be a working directory: the kernel's own folders lie there.")))
        }
        Some(_) => Ok(()),
    }
}

/// Where something is mounted. `told` makes a sentence of why it can't be.
pub(crate) fn mount_target(path: &str, told: impl Fn(&str) -> String) -> Result<String, Refusal> {
    let fail = |why: &str| Refusal::invalid(told(why));
    let clean = clean(path).ok_or_else(|| fail(&format!("invalid mount path: '{path}' mount path must be absolute")))?;
    if clean == "/" {
        return Err(fail("invalid specification: destination can't be '/'"));
    }
    if is_kernels(&clean) {
        return Err(refused(format!("lunchbox: nothing can be mounted at {clean}: the kernel's own folders lie there.")));
    }
    Ok(clean)
}

/// Where a volume is that has no name: as Docker does, a path that isn't absolute begins at the root.
pub(crate) fn volume_target(path: &str) -> Result<String, Refusal> {
    let absolute = if path.is_empty() || path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    mount_target(&absolute, |why| format!("invalid volume specification: '{path}': {why}"))
}

/// Below a volume's root.
pub(crate) fn subpath(path: &str) -> Result<String, Refusal> {
    let clean = !path.starts_with('/')
        && path.len() <= MAX_PATH_BYTES
        && !path.chars().any(char::is_control)
        && path.split('/').all(|part| part != "..");
    if clean {
        Ok(path.to_owned())
    } else {
        Err(Refusal::invalid("invalid mount config for type \"volume\": subpath must be a relative path within the volume"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use http::StatusCode;

    use super::*;

    #[test]
    fn a_path_has_one_spelling() {
        assert_eq!(clean("/root/../etc//x/./y/").unwrap(), "/etc/x/y");
        assert_eq!(clean("/../.."), Some("/".to_owned()));
        assert_eq!(clean("root"), None);
        assert_eq!(clean("/a\0b"), None);
    }

    #[test]
    fn no_process_begins_in_a_folder_of_the_kernels() {
        for path in [
            "/proc",
            "/proc/self/fd/8",
            "//proc/self/fd/8",
            "/./proc/self",
            "/app/../proc/self/fd/8",
            "/../../proc/1",
            "/proc/",
            "/sys/fs",
            "/dev/fd/8",
            "/dev",
            "/dev/shm/../fd/8",
        ] {
            assert_eq!(check_working_dir(path).unwrap_err().status, StatusCode::FORBIDDEN, "{path}");
        }
        let long = format!("/proc/self/fd/8{}", "/.".repeat(MAX_PATH_BYTES));
        for path in ["proc/self/fd/8", "../proc", ".", "/proc\0", "/a\n/proc", "/\u{85}", long.as_str()] {
            let refusal = check_working_dir(path).unwrap_err();
            assert_eq!(refusal.status, StatusCode::BAD_REQUEST, "{path:?}");
            assert!(refusal.message.len() < 2 * MAX_PATH_BYTES && !refusal.message.contains('\0'), "{path:?}");
        }
        for path in ["", "/", "/app", "/process", "/system/x", "/devel", "/dev/shm", "/dev/shm/x", "/app/proc", "/a/../b c/ü"] {
            assert!(check_working_dir(path).is_ok(), "{path}");
        }
    }

    #[test]
    fn nothing_is_mounted_in_a_folder_of_the_kernels() {
        for path in
            ["/proc", "/proc/..", "/sys", "/sys/fs/cgroup", "/dev", "/dev/shmX", "/dev/sh", "/dev/shm/../null", "/", "x", "/a/../.."]
        {
            assert!(mount_target(path, str::to_owned).is_err(), "{path}");
        }
        for path in ["/dev/shm", "/dev/shm/x", "/process", "/devel", "/sysx", "/a/proc"] {
            assert_eq!(mount_target(path, str::to_owned).unwrap(), path);
        }
    }

    #[test]
    fn a_volume_without_a_name_begins_at_the_root() {
        assert_eq!(volume_target("data").unwrap(), "/data");
        assert_eq!(volume_target("/a/../b").unwrap(), "/b");
        for path in ["", "/", "..", "proc/1", "../sys"] {
            assert!(volume_target(path).is_err(), "{path}");
        }
    }

    #[test]
    fn a_subpath_stays_within() {
        assert!(subpath("a/b").is_ok());
        for path in ["/a", "../a", "a/../../b"] {
            assert!(subpath(path).is_err(), "{path}");
        }
    }
}
