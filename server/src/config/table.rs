//! The table of settings. Flag, variable, key in `lunchbox.toml` and `--help` all come from it.

/// One setting.
pub(super) struct Setting {
    /// `data_dir`: the key in `lunchbox.toml`; the flag is `--data-dir`, the variable `LUNCHBOX_DATA_DIR`.
    pub(super) name: &'static str,
    /// As one would write it. Empty where it is not set, or where `help` says what it follows from.
    pub(super) default: &'static str,
    /// What stands for the value in `--help`.
    pub(super) value: &'static str,
    pub(super) help: &'static str,
}

impl Setting {
    pub(super) fn flag(&self) -> String {
        self.name.replace('_', "-")
    }

    pub(super) fn variable(&self) -> String {
        format!("LUNCHBOX_{}", self.name.to_ascii_uppercase())
    }
}

const fn setting(name: &'static str, default: &'static str, value: &'static str, help: &'static str) -> Setting {
    Setting { name, default, value, help }
}

/// In the order in which `--help` shows them.
pub(super) const SETTINGS: &[Setting] = &[
    // The web.
    setting("listen", "127.0.0.1:3000", "ADDRESS", "Where the server listens. Put a proxy with TLS in front to let others in"),
    setting(
        "public_url",
        "",
        "URL",
        "Where visitors find it, if not at localhost or an address: https://lunchbox.example.com. No other name is served (421), so that nobody else's can be pointed here; with https, cookies are for HTTPS only",
    ),
    setting(
        "preview_domain",
        "",
        "DOMAIN",
        "Domain of the learners' own web pages (wildcard DNS and certificate needed): previews.example.net. Best on a site of its own, not below the public_url's: pages can set cookies for their whole site. Not set: names under localhost, or the path /preview/",
    ),
    setting(
        "trusted_proxies",
        "",
        "ADDRESSES",
        "Proxies in front whose X-Forwarded-For says from where a request comes: 127.0.0.1, 10.0.0.0/8. Not set: it comes from whoever connects, and all behind one proxy share one address's pace",
    ),
    setting("site_root", "target/site", "FOLDER", "Holds pkg/, what the browser loads"),
    setting("lessons_dir", "lessons", "FOLDER", "The lessons"),
    // Where things are kept.
    setting("data_dir", ".lunchbox/data", "FOLDER", "Holds the database"),
    setting(
        "database_url",
        "",
        "URL",
        "The database, if it isn't the file lunchbox.db in the data folder: postgres://user:password@host/database, or sqlite:///srv/lunchbox.db. With a password in it, set it by the variable or the file: flags can be seen by everybody on the machine",
    ),
    setting(
        "run_dir",
        "",
        "FOLDER",
        "Holds the sandboxes' sockets; at most 77 characters, and no other Lunchbox's. Not set: a folder under /run/lunchbox for root, else under $XDG_RUNTIME_DIR/lunchbox or .lunchbox/run",
    ),
    setting(
        "instance",
        "",
        "NAME",
        "Tells this Lunchbox's things on the engine from another's: 4 to 12 of a-z and 0-9. Not set: made up at the first start, and kept",
    ),
    // Docker.
    setting("docker_host", "", "URL", "The Docker Engine's socket: unix:///var/run/docker.sock. Not set: $DOCKER_HOST, else that"),
    setting("registry", "127.0.0.1:5055", "ADDRESS", "The course registry, on loopback"),
    setting("workstation_image", "lunchbox-workstation:latest", "IMAGE", "What a learner's workstation is made from"),
    setting(
        "address_pool",
        "10.200.0.0/16",
        "NETWORK",
        "Where sandboxes' networks are cut from, 64 addresses each. It must not be in use on this machine",
    ),
    setting(
        "chosen_networks",
        "172.16.0.0/12,192.168.0.0/16",
        "NETWORKS",
        "Where learners may choose their networks' addresses from (`docker network create --subnet`), or `none`. Leave out what this machine talks to, also by way of a router: a learner could put a container in its place. What it is connected with, its name servers and its own networks are refused anyway",
    ),
    setting(
        "egress",
        "off",
        "off|registry|on",
        "What learners' containers reach beyond their sandbox; `docker pull` and `push` reach the course registry with each. Registry: that registry by HTTP, to read, at http://registry.lunchbox. On: that, and the internet. This machine's own network and a cloud's metadata service (169.254.169.254) stay shut where set-up's firewall rules are in place",
    ),
    setting(
        "runtime",
        "",
        "NAME",
        "The engine's runtime for learners' containers and workstations, as `docker info` lists it: runsc for gVisor, a kernel of their own between theirs and this machine's. Not set: the engine's own default",
    ),
    // Places.
    setting("warm_sandboxes", "8", "NUMBER", "Sandboxes kept ready for whoever comes next"),
    setting("max_sandboxes", "60", "NUMBER", "Sandboxes at most, ready ones included"),
    setting("idle_minutes", "30", "MINUTES", "Time without use after which a sandbox is removed"),
    // Limits of one sandbox.
    setting("workstation_memory_mb", "192", "MIB", "Memory of a workstation"),
    setting(
        "workstation_disk_mb",
        "1024",
        "MIB",
        "What a workstation may write beside its home, where the storage driver can limit it; 0: no limit",
    ),
    setting("container_memory_mb", "256", "MIB", "Memory of a learner's container that asks for none"),
    setting("container_memory_max_mb", "512", "MIB", "The most it may ask for"),
    setting("sandbox_containers", "20", "NUMBER", "Containers of one learner"),
    setting("sandbox_running_containers", "8", "NUMBER", "Of these, running at once"),
    setting("sandbox_networks", "5", "NUMBER", "Networks of one learner"),
    setting("sandbox_volumes", "10", "NUMBER", "Volumes of one learner"),
    setting("sandbox_images", "30", "NUMBER", "Images that one learner built, committed or loaded"),
    setting(
        "sandbox_disk_mb",
        "2048",
        "MIB",
        "Disk that one learner's own images, containers and volumes may take; the course's images are nobody's",
    ),
    setting("upload_max_mb", "256", "MIB", "A build's context, a `docker cp` or a `docker load`"),
    // The rest.
    setting("log_format", "text", "text|json", "How the log is written"),
    setting("log_level", "info", "FILTER", "What is logged: error, warn, info, debug, or a filter such as info,gateway=debug"),
    setting("dev", "0", "0|1", "For writing lessons: they are read again when they change"),
];
