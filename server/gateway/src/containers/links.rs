//! Containers that know others by `--link` on the default network: whom, by what name, and with what variables.
//! Links on a learner's own networks are the engine's alone.

use std::collections::{HashMap, HashSet};

use http::StatusCode;
use serde::{Deserialize, Serialize};

pub(crate) use crate::containers::create::links::variables::name_of;

use crate::{
    containers::{
        create::links::variables::{self, Other},
        inspect, shown,
    },
    ledger::ContainerRow,
    model::container_shown::Inspected,
    refusal::Refusal,
    scope::{DEFAULT_NETWORK, OwnContainer, OwnNetwork},
    serve::Context,
};

/// One container that another was linked to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Linked {
    /// Full ID: it outlives another name.
    pub(crate) id: String,
    /// Its name, or the last that it had.
    pub(crate) name: String,
    pub(crate) alias: String,
}

/// What the ledger keeps of a container's links.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Links {
    pub(crate) to: Vec<Linked>,
    /// Names of the variables that it got from them, which nobody asked for.
    pub(crate) variables: Vec<String>,
}

impl Links {
    pub(crate) fn of(row: &ContainerRow) -> Self {
        if row.links.is_empty() {
            return Self::default();
        }
        serde_json::from_str(&row.links).unwrap_or_else(|error| {
            tracing::error!(%error, "a container's links could not be read");
            Self::default()
        })
    }

    /// For the ledger.
    pub(crate) fn written(&self) -> String {
        if self.to.is_empty() { String::new() } else { serde_json::to_string(self).unwrap_or_default() }
    }

    /// As `docker inspect` has them: `/db:/web/database`.
    pub(crate) fn shown(&self, of: &str) -> Vec<String> {
        self.to.iter().map(|link| format!("/{}:/{of}/{}", link.name, link.alias)).collect()
    }

    /// An environment without what came by links.
    pub(crate) fn left_out(&self, environment: &mut Option<Vec<String>>) {
        if let Some(environment) = environment
            && !self.variables.is_empty()
        {
            let came = self.came_by_them();
            environment.retain(|pair| !came(pair));
        }
    }

    /// What tells of a `NAME=VALUE` whether it came by the links.
    pub(crate) fn came_by_them(&self) -> impl Fn(&str) -> bool {
        let names: HashSet<&str> = self.variables.iter().map(String::as_str).collect();
        move |pair| names.contains(name_of(pair))
    }
}

/// What a container that is to be made gets from those that it links.
pub(crate) async fn variables(context: &Context, container: &str, to: &[Linked], own: &[&str]) -> Result<Vec<String>, Refusal> {
    if to.is_empty() {
        return Ok(Vec::new());
    }
    let network = context.scope.network(DEFAULT_NETWORK).await?;
    let mut others = Vec::new();
    for link in to {
        let other = context.scope.container(&link.id).await?;
        let mut inspected = inspect::ask(context, &other, false).await?;
        Links::of(other.row()).left_out(&mut inspected.config.env);
        let address = address(context, &network, &inspected).filter(|address| !address.is_empty());
        others.push(Other {
            alias: link.alias.clone(),
            address: address.unwrap_or_else(|| link.alias.clone()),
            ports: inspected.config.exposed_ports.into_iter().flatten().map(|(port, _)| port).collect(),
            environment: inspected.config.env.unwrap_or_default(),
        });
    }
    variables::all(container, &others, own)
}

/// Where a container is on the default network: empty while it doesn't run, `None` where it is not on it.
fn address(context: &Context, network: &OwnNetwork, inspected: &Inspected) -> Option<String> {
    let mut endpoints = inspected.network_settings.networks.iter();
    let on = endpoints.find(|(key, endpoint)| shown::is_on(&context.scope, network, key, endpoint));
    on.map(|(_, endpoint)| endpoint.ip_address.clone())
}

/// Before a container starts: fails, in the engine's words, where one that it links is not there to be found.
pub(crate) async fn check(context: &Context, own: &OwnContainer) -> Result<(), Refusal> {
    let fail = |message: String| Err(Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, message));
    let links = Links::of(own.row()).to;
    if links.is_empty() {
        return Ok(());
    }
    let (all, network) = (context.scope.containers().await?, context.scope.network(DEFAULT_NETWORK).await?);
    let mut idle = None;
    for link in &links {
        // Who is gone is no longer running.
        let running = match all.iter().find(|other| other.engine_id() == link.id) {
            None => false,
            Some(other) => {
                let inspected = inspect::ask(context, other, false).await?;
                if address(context, &network, &inspected).is_none() {
                    return fail(format!("Cannot link to /{}, as it does not belong to the default network", link.name));
                }
                inspected.state.running
            }
        };
        if !running && idle.is_none() {
            idle = Some(format!("Cannot link to a non running container: /{} AS /{}/{}", link.name, own.name(), link.alias));
        }
    }
    idle.map_or(Ok(()), fail)
}

/// Who links a container that has another name now knows it by that one.
pub(crate) async fn rename(context: &Context, id: &str, name: &str) -> Result<(), Refusal> {
    for own in context.scope.containers().await? {
        let mut links = Links::of(own.row());
        let mut of_it: Vec<&mut Linked> = links.to.iter_mut().filter(|link| link.id == id).collect();
        if !of_it.is_empty() {
            of_it.iter_mut().for_each(|link| name.clone_into(&mut link.name));
            context.shared.ledger.set_links(context.scope.sandbox(), own.engine_id(), &links.written()).await?;
        }
    }
    Ok(())
}

/// The names by which others know containers, as `docker ps --no-trunc` adds them to their own: `/web/database`. By the
/// full ID of who is known.
pub(crate) fn names<'a>(all: impl Iterator<Item = &'a ContainerRow>) -> HashMap<String, Vec<String>> {
    let mut names: HashMap<String, Vec<String>> = HashMap::new();
    for row in all {
        for link in Links::of(row).to {
            names.entry(link.id).or_default().push(format!("/{}/{}", row.name, link.alias));
        }
    }
    names
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;
    use crate::SandboxId;

    #[test]
    fn an_environment_as_large_as_may_be_is_rid_of_what_came_by_links_at_once() {
        let variables: Vec<String> = (0..20_000).map(|number| format!("DB_ENV_{number}")).collect();
        let links = Links { to: Vec::new(), variables };
        let own = (0..20_000).map(|number| format!("OWN_{number}=1"));
        let mut environment = Some(own.clone().chain((0..20_000).map(|number| format!("DB_ENV_{number}=1"))).collect());
        let begun = std::time::Instant::now();
        links.left_out(&mut environment);
        // Name by name it takes minutes; in a set, milliseconds.
        assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
        assert!(environment.unwrap().into_iter().eq(own));
    }

    #[test]
    fn a_container_is_known_by_all_the_names_that_others_have_for_it() {
        let linked = |alias: &str| Linked { id: "db-id".to_owned(), name: "db".to_owned(), alias: alias.to_owned() };
        let row = |name: &str, to: Vec<Linked>| ContainerRow {
            engine_id: format!("{name}-id"),
            sandbox: SandboxId::parse("aaaaaaaaaaaa").unwrap(),
            name: name.to_owned(),
            image: String::new(),
            image_id: String::new(),
            asked: String::new(),
            links: Links { to, variables: Vec::new() }.written(),
            created_at: 0,
            start_ms: 0,
        };
        let rows = [row("web", vec![linked("database"), linked("store")]), row("db", Vec::new()), row("shop", vec![linked("db")])];
        let names = names(rows.iter());
        assert_eq!(names["db-id"], ["/web/database", "/web/store", "/shop/db"]);
        assert_eq!(names.len(), 1);
    }
}
