//! What was asked of a build, typed.

use std::collections::BTreeMap;

use http::StatusCode;

use crate::{
    containers::create::policy,
    images::{pull::check_platform, tag},
    model::container::HostConfig,
    reference::Reference,
    refusal::Refusal,
    request::query::Query,
    scope::{DEFAULT_NETWORK, Scope},
    serve::Context,
};

use super::plan::Arguments;

/// Names that one build may give.
const MAX_NAMES: usize = 16;
/// Bytes of `/dev/shm` at most: it counts as memory.
const MAX_SHM_BYTES: i64 = 64 * 1024 * 1024;

pub(super) struct Options {
    pub(super) names: Vec<Reference>,
    /// Empty for the usual place.
    pub(super) dockerfile: String,
    pub(super) arguments: Arguments,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) target: String,
    pub(super) quiet: bool,
    pub(super) pull: bool,
    pub(super) no_cache: bool,
    /// Containers of steps are told to have gone.
    pub(super) removes: bool,
    pub(super) shm_bytes: Option<i64>,
    /// `name:address`, for steps to know.
    pub(super) hosts: Vec<String>,
    network: Network,
}

enum Network {
    None,
    /// Its engine name or ID.
    Of(String),
}

impl Options {
    /// What a BuildKit client asked for, by the names that the same things have in the Engine API's query.
    pub(super) async fn of_frontend(
        context: &Context,
        query: Vec<(&'static str, String)>,
        arguments: Arguments,
        labels: BTreeMap<String, String>,
        names: &[&str],
    ) -> Result<Self, Refusal> {
        let text = |value: serde_json::Result<String>| value.map_err(|_| Refusal::internal());
        let mut all: Vec<(&str, String)> = query;
        all.extend(names.iter().map(|name| ("t", (*name).to_owned())));
        all.push(("buildargs", text(serde_json::to_string(&arguments))?));
        all.push(("labels", text(serde_json::to_string(&labels))?));
        let mut query = Query::of(all);
        let options = Self::read(context, &mut query).await?;
        query.finish()?;
        Ok(options)
    }

    pub(super) async fn read(context: &Context, query: &mut Query) -> Result<Self, Refusal> {
        if query.text("version")?.is_some_and(|version| version == "2") || query.text("session")?.is_some_and(|session| !session.is_empty())
        {
            return Err(Refusal::new(
                StatusCode::FORBIDDEN,
                "lunchbox: this docker command speaks to BuildKit in a way that is no longer spoken. Use a newer one with its buildx plugin, or set DOCKER_BUILDKIT=0 and build again.",
            ));
        }
        if query.text("remote")?.is_some_and(|remote| !remote.is_empty()) {
            return Err(Refusal::forbidden(
                "building from a URL",
                "the engine would fetch it from the machine that everybody shares. Put the files into a folder and run `docker build .`",
            ));
        }
        check_platform(query.text("platform")?.as_deref().filter(|platform| !platform.is_empty()))?;
        let mut names = Vec::new();
        for name in query.all("t").iter().filter(|name| !name.is_empty()) {
            names.push(tag::read(name, None)?);
        }
        if names.len() > MAX_NAMES {
            return Err(Refusal::limit("names a build", u32::try_from(MAX_NAMES).unwrap_or(u32::MAX), "docker rmi"));
        }
        let labels: BTreeMap<String, String> = json(query.text("labels")?, "labels")?;
        if labels.keys().any(|key| Scope::is_our_label(key)) {
            return Err(Refusal::invalid("lunchbox: labels that begin with io.lunchbox. are the classroom's own. Choose another name."));
        }
        let options = Self {
            names,
            dockerfile: query.text("dockerfile")?.unwrap_or_default(),
            arguments: json(query.text("buildargs")?, "buildargs")?,
            labels,
            target: query.text("target")?.unwrap_or_default(),
            quiet: query.flag("q")?,
            pull: query.flag("pull")?,
            no_cache: query.flag("nocache")?,
            removes: query.text("rm")?.is_none_or(|rm| matches!(rm.as_str(), "1" | "true" | "True")),
            hosts: hosts(&query.all("extrahosts"))?,
            shm_bytes: query.number("shmsize")?.filter(|bytes| *bytes > 0).map(|bytes| bytes.min(MAX_SHM_BYTES)),
            network: Network::read(context, query.text("networkmode")?.unwrap_or_default()).await?,
        };
        // Limits are the sandbox's, intermediate containers always go, and the cache is the learner's own
        // anyhow. A build ID is for cancelling, which closing the connection does as well.
        query.ignore(&["forcerm", "memory", "memswap", "cpushares", "cpuquota", "cpuperiod", "ulimits", "cachefrom", "buildid"]);
        Ok(options)
    }

    /// What the steps' containers are on: its engine name, or none.
    pub(super) fn network(&self) -> &str {
        match &self.network {
            Network::None => "none",
            Network::Of(name) => name,
        }
    }
}

/// `--add-host`, as a container may have it.
fn hosts(asked: &[String]) -> Result<Vec<String>, Refusal> {
    let hosts: Vec<String> = asked.iter().flat_map(|text| text.split(',')).filter(|text| !text.is_empty()).map(str::to_owned).collect();
    policy::check_host(&HostConfig { extra_hosts: Some(hosts.clone()), ..HostConfig::default() })?;
    Ok(hosts)
}

fn json<T: serde::de::DeserializeOwned + Default>(text: Option<String>, name: &str) -> Result<T, Refusal> {
    match text.as_deref() {
        None | Some("" | "null") => Ok(T::default()),
        Some(text) => serde_json::from_str(text).map_err(|_| Refusal::invalid(format!("lunchbox: the parameter {name} is not understood"))),
    }
}

impl Network {
    async fn read(context: &Context, asked: String) -> Result<Self, Refusal> {
        match asked.as_str() {
            "none" => Ok(Self::None),
            "" | "default" | DEFAULT_NETWORK => Ok(Self::Of(context.scope.default_network_name().as_str().to_owned())),
            "host" => Err(Refusal::forbidden("sharing the host's network", "other learners live there. Leave --network out.")),
            name => Ok(Self::Of(context.scope.network(name).await?.engine_id().to_owned())),
        }
    }
}
