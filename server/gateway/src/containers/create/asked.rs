//! What is told of a request for a container.

use crate::{
    activity::ContainerAsked,
    model::container::{CreateRequest, Mount, PortBinding},
};

/// `is_named`: the name was asked for.
pub(super) fn told(asked: &CreateRequest, is_named: bool) -> ContainerAsked {
    let host = &asked.host_config;
    let ports = host.port_bindings.iter().flat_map(|(port, bindings)| {
        let any = [PortBinding::default()];
        let bindings = if bindings.is_empty() { any.to_vec() } else { bindings.clone() };
        bindings.into_iter().map(move |binding| published(port, &binding))
    });
    let binds = host.binds.iter().flatten().cloned();
    let anonymous = asked.volumes.keys().cloned();
    ContainerAsked {
        named: is_named,
        detached: !asked.attach_stdout && !asked.attach_stderr && !asked.attach_stdin,
        interactive: asked.open_stdin,
        tty: asked.tty,
        auto_remove: host.auto_remove,
        publish_all: host.publish_all_ports,
        ports: ports.collect(),
        volumes: binds.chain(host.mounts.iter().map(mounted)).chain(anonymous).collect(),
        env: asked.env.iter().map(|variable| variable.split('=').next().unwrap_or_default().to_owned()).collect(),
        network: Some(&host.network_mode).filter(|mode| !matches!(mode.as_str(), "default" | "bridge")).cloned().unwrap_or_default(),
        user: asked.user.clone(),
        working_dir: asked.working_dir.clone(),
        restart: Some(&host.restart_policy.name).filter(|name| *name != "no").cloned().unwrap_or_default(),
        memory: host.memory,
        entrypoint: asked.entrypoint.clone().unwrap_or_default(),
        command: asked.cmd.clone().unwrap_or_default(),
    }
}

/// As after `-p`.
fn published(port: &str, binding: &PortBinding) -> String {
    let port = port.strip_suffix("/tcp").unwrap_or(port);
    match (binding.host_ip.as_str(), binding.host_port.as_str()) {
        ("" | "0.0.0.0" | "::", "" | "0") => port.to_owned(),
        ("" | "0.0.0.0" | "::", host) => format!("{host}:{port}"),
        (address, host) if address.contains(':') => format!("[{address}]:{host}:{port}"),
        (address, host) => format!("{address}:{host}:{port}"),
    }
}

/// As after `-v`.
fn mounted(mount: &Mount) -> String {
    let read_only = if mount.read_only { ":ro" } else { "" };
    if mount.source.is_empty() {
        return format!("{}{read_only}", mount.target);
    }
    format!("{}:{}{read_only}", mount.source, mount.target)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(json: serde_json::Value) -> ContainerAsked {
        told(&serde_json::from_value(json).expect("it is a request"), true)
    }

    #[test]
    fn a_request_is_told_in_the_words_of_docker_run_and_of_variables_only_the_names() {
        let told = asked(serde_json::json!({
            "Image": "nginx", "Cmd": ["nginx", "-g", "daemon off;"], "Env": ["PASSWORD=secret", "EMPTY"], "User": "www",
            "HostConfig": {
                "PortBindings": {
                    "80/tcp": [{ "HostIp": "", "HostPort": "8080" }],
                    "53/udp": [{ "HostIp": "127.0.0.1", "HostPort": "5300" }],
                    "443/tcp": [],
                },
                "Binds": ["data:/data:ro"],
                "Mounts": [{ "Type": "volume", "Source": "logs", "Target": "/logs", "ReadOnly": true }, { "Type": "tmpfs", "Target": "/tmp" }],
                "AutoRemove": true, "NetworkMode": "shop", "RestartPolicy": { "Name": "always" },
            },
        }));
        assert_eq!(told.ports, ["443", "127.0.0.1:5300:53/udp", "8080:80"]);
        assert_eq!(told.volumes, ["data:/data:ro", "logs:/logs:ro", "/tmp"]);
        assert_eq!(told.env, ["PASSWORD", "EMPTY"]);
        assert_eq!((told.network.as_str(), told.restart.as_str(), told.user.as_str()), ("shop", "always", "www"));
        assert_eq!(told.command, ["nginx", "-g", "daemon off;"]);
        assert!(told.detached && told.auto_remove && told.named);
        assert!(!serde_json::to_string(&told).expect("it can be written").contains("secret"));
    }

    #[test]
    fn what_is_usual_is_not_told() {
        let told = asked(serde_json::json!({
            "Image": "nginx", "AttachStdout": true, "AttachStderr": true,
            "HostConfig": { "NetworkMode": "default", "RestartPolicy": { "Name": "no" } },
        }));
        assert_eq!(told, ContainerAsked { named: true, ..ContainerAsked::default() });
    }
}
