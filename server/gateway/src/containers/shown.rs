//! A container as its learner sees it: the engine's truth in the learner's names.

use std::collections::BTreeMap;

use crate::{
    containers::create::{mounts::Bind, network, paths::clean},
    ledger::ContainerRow,
    model::{
        container::{CreateRequest, EndpointRequest},
        container_shown::{Endpoint, MountPoint},
    },
    networks,
    refusal::Refusal,
    scope::{OwnNetwork, OwnVolume, Scope},
    serve::Context,
    volumes,
};

/// What the ledger knows of the sandbox's networks, and of its volumes where any are mounted: enough to rename all of its
/// containers.
pub(crate) struct Names {
    scope: Scope,
    networks: Vec<OwnNetwork>,
    volumes: Vec<OwnVolume>,
}

impl Names {
    pub(crate) async fn read(context: &Context) -> Result<Self, Refusal> {
        Ok(Self { scope: context.scope.clone(), networks: context.scope.networks().await?, volumes: Vec::new() })
    }

    /// With the volumes, where there is one among the mounts that are to be shown.
    pub(crate) async fn and_of<'m>(self, context: &Context, mut mounts: impl Iterator<Item = &'m MountPoint>) -> Result<Self, Refusal> {
        if mounts.any(|mount| mount.kind == "volume") { Ok(Self { volumes: context.scope.volumes().await?, ..self }) } else { Ok(self) }
    }

    /// Network by network, under the learner's names; what isn't theirs is left out.
    pub(crate) fn networks(
        &self,
        row: &ContainerRow,
        asked: &CreateRequest,
        endpoints: BTreeMap<String, Endpoint>,
    ) -> BTreeMap<String, Endpoint> {
        endpoints
            .into_iter()
            .filter_map(|(key, endpoint)| {
                if key == "none" {
                    // One for everybody on the engine: its ID says nothing.
                    return Some((key, Endpoint { network_id: String::new(), endpoint_id: String::new(), ..endpoint }));
                }
                let network = self.networks.iter().find(|own| is_on(&self.scope, own, &key, &endpoint))?;
                Some((network.name().to_owned(), renamed(endpoint, row, asked, network)))
            })
            .collect()
    }

    /// Whether ports are shown that a container on these networks exposes: those on which others could reach them.
    pub(crate) fn shows_ports<'n>(&self, mut networks: impl Iterator<Item = &'n String>) -> bool {
        networks.any(|name| self.networks.iter().any(|own| own.name() == name && !networks::is_internal(own)))
    }

    pub(crate) fn mounts(&self, asked: &CreateRequest, mounts: Vec<MountPoint>) -> Vec<MountPoint> {
        mounts.into_iter().filter_map(|mount| self.mount(asked, mount)).collect()
    }

    fn mount(&self, asked: &CreateRequest, mount: MountPoint) -> Option<MountPoint> {
        if mount.kind != "volume" {
            return Some(MountPoint { source: String::new(), ..mount });
        }
        if let Some((source, mode)) = home_source(asked, &mount.destination) {
            return Some(MountPoint {
                kind: "bind".to_owned(),
                name: String::new(),
                source,
                driver: String::new(),
                mode,
                propagation: "rprivate".to_owned(),
                ..mount
            });
        }
        let own = self.volumes.iter().find(|own| own.engine_name() == mount.name)?;
        let mode = mode(asked, &mount);
        Some(MountPoint { mode, source: volumes::mountpoint(own.name()), name: own.name().to_owned(), ..mount })
    }
}

/// Whether an endpoint, under the engine's key, is on a network. Before its container's first start it has no
/// network's ID.
pub(crate) fn is_on(scope: &Scope, network: &OwnNetwork, key: &str, endpoint: &Endpoint) -> bool {
    network.engine_id() == endpoint.network_id || network.engine_id() == key || network.name() == scope.scrub(key)
}

/// How a volume was asked for, as Docker shows it: the engine was asked in another way.
fn mode(asked: &CreateRequest, mount: &MountPoint) -> String {
    let binds = asked.host_config.binds.iter().flatten().filter_map(|text| Bind::parse(text).ok());
    if let Some(bind) = binds.into_iter().find(|bind| bind.target == mount.destination && !bind.source.is_empty()) {
        return if bind.mode.is_empty() { "z".to_owned() } else { bind.mode };
    }
    let mounted = asked.host_config.mounts.iter().any(|asked| clean(&asked.target).is_some_and(|target| target == mount.destination));
    let taken_over = asked.host_config.volumes_from.as_ref().is_some_and(|others| !others.is_empty());
    if mounted || taken_over { mount.mode.clone() } else { String::new() }
}

/// The folder of the home that was asked for at a place of the container's, and how.
fn home_source(asked: &CreateRequest, destination: &str) -> Option<(String, String)> {
    let binds = asked.host_config.binds.iter().flatten().filter_map(|text| Bind::parse(text).ok());
    let of_binds = binds.into_iter().find(|bind| bind.is_path() && bind.target == destination).map(|bind| (bind.source, bind.mode));
    of_binds.or_else(|| {
        let mut mounts = asked.host_config.mounts.iter();
        mounts.find(|mount| mount.kind == "bind" && mount.target == destination).map(|mount| (mount.source.clone(), String::new()))
    })
}

fn renamed(endpoint: Endpoint, row: &ContainerRow, asked: &CreateRequest, network: &OwnNetwork) -> Endpoint {
    let mut given = asked.networking_config.endpoints_config.iter();
    let given = given.find(|(key, _)| key.as_str() == network.name() || key.as_str() == network.engine_id()).map(|(_, endpoint)| endpoint);
    let own: &[String] = given.map_or(&[], |endpoint: &EndpointRequest| &endpoint.aliases);
    let links = given.map(|endpoint| endpoint.links.clone()).filter(|links| !links.is_empty());
    let short = row.engine_id.get(..12).unwrap_or_default();
    let aliases: Vec<String> = endpoint
        .aliases
        .unwrap_or_default()
        .into_iter()
        .filter(|alias| (*alias != row.name || own.contains(alias)) && alias != short)
        .collect();
    let dns_names = (!network.is_default()).then(|| {
        std::iter::once(row.name.clone())
            .chain(aliases.iter().filter(|alias| **alias != row.name).cloned())
            .chain([short.to_owned()])
            .collect()
    });
    Endpoint {
        ipam_config: (!network.is_default()).then(|| endpoint.ipam_config.unwrap_or_default()),
        links,
        aliases: (!aliases.is_empty()).then_some(aliases),
        dns_names,
        ..endpoint
    }
}

/// `HostConfig.NetworkMode` as it is shown: a container is joined by ID.
pub(crate) fn network_mode(asked: &CreateRequest) -> String {
    network::mode(asked).to_owned()
}

/// What the learner asked for when the container was made.
pub(crate) fn asked(row: &ContainerRow) -> CreateRequest {
    serde_json::from_str(&row.asked).unwrap_or_else(|error| {
        tracing::error!(%error, "what a container was asked to be could not be read");
        CreateRequest::default()
    })
}
