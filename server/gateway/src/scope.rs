//! The one place where a learner's name, ID or reference becomes the engine's, and back.
//!
//! What this module hands out (`OwnContainer`, `OwnNetwork`, …) is proof: it was found in the ledger
//! as the sandbox's own, and it holds the full engine ID. Nothing else makes one, and requests to
//! the engine take nothing else. What isn't found looks just like what never was.

use crate::{
    SandboxId,
    config::GatewayConfig,
    ledger::{ContainerRow, Ledger, NetworkRow, VolumeRow},
    limits,
    reference::Reference,
    refusal::Refusal,
    sandbox::Execs,
};

/// The default network as learners know it.
pub(crate) const DEFAULT_NETWORK: &str = "bridge";

/// What everything that is made carries: of which installation it is, and of which sandbox. For clean-up, and to know where
/// to look first; never for rights.
pub(crate) const INSTANCE_LABEL: &str = "io.lunchbox.instance";
pub(crate) const SANDBOX_LABEL: &str = "io.lunchbox.sandbox";

/// An engine name of this sandbox's. Only this module makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EngineName(String);

impl EngineName {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A container of the sandbox's.
#[derive(Debug, Clone)]
pub(crate) struct OwnContainer {
    row: ContainerRow,
}

impl OwnContainer {
    pub(crate) fn engine_id(&self) -> &str {
        &self.row.engine_id
    }
    pub(crate) fn name(&self) -> &str {
        &self.row.name
    }
    pub(crate) fn row(&self) -> &ContainerRow {
        &self.row
    }
}

/// A network of the sandbox's.
#[derive(Debug, Clone)]
pub(crate) struct OwnNetwork {
    row: NetworkRow,
}

impl OwnNetwork {
    pub(crate) fn engine_id(&self) -> &str {
        &self.row.engine_id
    }
    pub(crate) fn name(&self) -> &str {
        &self.row.name
    }
    pub(crate) fn is_default(&self) -> bool {
        self.row.name == DEFAULT_NETWORK
    }
    pub(crate) fn row(&self) -> &NetworkRow {
        &self.row
    }
}

/// A volume of the sandbox's.
#[derive(Debug, Clone)]
pub(crate) struct OwnVolume {
    row: VolumeRow,
}

impl OwnVolume {
    pub(crate) fn engine_name(&self) -> &str {
        &self.row.engine_name
    }
    pub(crate) fn name(&self) -> &str {
        &self.row.name
    }
    pub(crate) fn row(&self) -> &VolumeRow {
        &self.row
    }
}

/// An exec in a container of the sandbox's.
#[derive(Debug, Clone)]
pub(crate) struct OwnExec {
    id: String,
    container: OwnContainer,
}

impl OwnExec {
    pub(crate) fn id(&self) -> &str {
        &self.id
    }
    pub(crate) fn container(&self) -> &OwnContainer {
        &self.container
    }
}

/// An image on the sandbox's host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OwnImage {
    id: String,
    /// The name by which it was found; `None` where it was found by ID.
    found_as: Option<String>,
}

impl OwnImage {
    /// `sha256:…`
    pub(crate) fn id(&self) -> &str {
        &self.id
    }
    /// `nginx:latest` where it was asked for by name, `nginx@sha256:…` where by digest.
    pub(crate) fn found_as(&self) -> Option<&str> {
        self.found_as.as_deref()
    }
}

/// A sandbox's names.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    sandbox: SandboxId,
    instance: String,
    registry: String,
    registry_alias: String,
    ledger: Ledger,
}

impl Scope {
    pub(crate) fn new(sandbox: SandboxId, config: &GatewayConfig, ledger: Ledger) -> Self {
        Self {
            sandbox,
            instance: config.instance.clone(),
            registry: config.registry.clone(),
            registry_alias: config.registry_alias.clone(),
            ledger,
        }
    }

    pub(crate) fn sandbox(&self) -> &SandboxId {
        &self.sandbox
    }

    /// `lb-<instance>-<sandbox>-`, before every name that a learner chose.
    pub(crate) fn prefix(&self) -> String {
        format!("{}-", self.stem())
    }

    /// What labels everything made for this sandbox carries. For clean-up, never for rights.
    pub(crate) fn labels(&self, role: &str) -> Vec<(String, String)> {
        vec![
            (INSTANCE_LABEL.to_owned(), self.instance.clone()),
            (SANDBOX_LABEL.to_owned(), self.sandbox.to_string()),
            ("io.lunchbox.role".to_owned(), role.to_owned()),
        ]
    }

    /// The engine's name for a container, network or volume that the learner calls `name`. The caller
    /// has checked `name` with [`is_name`].
    pub(crate) fn engine_name(&self, name: &str) -> EngineName {
        EngineName(format!("{}{name}", self.prefix()))
    }

    /// The default network's.
    pub(crate) fn default_network_name(&self) -> EngineName {
        self.inner_name("net")
    }

    /// The volume in which the home folder lies.
    pub(crate) fn home_volume(&self) -> EngineName {
        self.inner_name("home")
    }

    /// A thing of a build's, by its kind (`build`, `cache`).
    pub(crate) fn build_name(&self, kind: &str, name: &str) -> EngineName {
        self.inner_name(&format!("{kind}-{name}"))
    }

    /// The engine's name for what the learner never names. The dot keeps it apart from all that they can.
    fn inner_name(&self, name: &str) -> EngineName {
        EngineName(format!("{}.{name}", self.stem()))
    }

    /// What all of the sandbox's names on the engine begin with, before a dash or a dot.
    fn stem(&self) -> String {
        format!("lb-{}-{}", self.instance, self.sandbox)
    }

    /// Whether a container, network or volume on the engine is the sandbox's, by its name. To count and to clear
    /// away, never for rights.
    pub(crate) fn has_named(&self, engine_name: &str) -> bool {
        engine_name.strip_prefix(&self.stem()).is_some_and(|rest| rest.starts_with(['-', '.']))
    }

    /// The repository on the engine under which the learner's own images are held.
    pub(crate) fn image_repository(&self) -> String {
        format!("lb-{}/{}", self.instance, self.sandbox)
    }

    /// Whether a label is ours: learners may neither set nor see those.
    pub(crate) fn is_our_label(key: &str) -> bool {
        key.starts_with("io.lunchbox.")
    }

    /// By name (with or without its slash), full ID, or an unambiguous beginning of an ID.
    pub(crate) async fn container(&self, asked: &str) -> Result<OwnContainer, Refusal> {
        let rows = self.ledger.containers(&self.sandbox).await?;
        let name = asked.strip_prefix('/').unwrap_or(asked);
        let row = find(rows, asked, |row| &row.engine_id, |row| row.name == name)
            .map_err(|Ambiguous| Refusal::invalid(format!("Multiple IDs found with provided prefix: {asked}")))?;
        row.map(|row| OwnContainer { row }).ok_or_else(|| Refusal::no_such("container", asked))
    }

    /// Every container of the sandbox's, oldest first.
    pub(crate) async fn containers(&self) -> Result<Vec<OwnContainer>, Refusal> {
        Ok(self.ledger.containers(&self.sandbox).await?.into_iter().map(|row| OwnContainer { row }).collect())
    }

    /// One that is there: while it is being made it has its name and its addresses, and no ID yet.
    pub(crate) async fn network(&self, asked: &str) -> Result<OwnNetwork, Refusal> {
        let network = self.network_or_reservation(asked).await?;
        if network.row.is_reservation() { Err(no_network(asked)) } else { Ok(network) }
    }

    /// For who removes it, having waited for those who make one: what is reserved then was left by a killed server.
    pub(crate) async fn network_or_reservation(&self, asked: &str) -> Result<OwnNetwork, Refusal> {
        let rows = self.ledger.networks(&self.sandbox).await?;
        let row = find(rows, asked, |row| &row.engine_id, |row| row.name == asked)
            .map_err(|Ambiguous| Refusal::invalid(format!("network {asked} is ambiguous")))?;
        row.map(|row| OwnNetwork { row }).ok_or_else(|| no_network(asked))
    }

    /// All that are there.
    pub(crate) async fn networks(&self) -> Result<Vec<OwnNetwork>, Refusal> {
        let mut all = self.networks_and_reservations().await?;
        all.retain(|network| !network.row.is_reservation());
        Ok(all)
    }

    /// For who counts or clears away, having waited for those who make one.
    pub(crate) async fn networks_and_reservations(&self) -> Result<Vec<OwnNetwork>, Refusal> {
        Ok(self.ledger.networks(&self.sandbox).await?.into_iter().map(|row| OwnNetwork { row }).collect())
    }

    pub(crate) async fn volume(&self, asked: &str) -> Result<OwnVolume, Refusal> {
        let rows = self.ledger.volumes(&self.sandbox).await?;
        rows.into_iter()
            .find(|row| row.name == asked)
            .map(|row| OwnVolume { row })
            .ok_or_else(|| Refusal::new(http::StatusCode::NOT_FOUND, format!("get {asked}: no such volume")))
    }

    pub(crate) async fn volumes(&self) -> Result<Vec<OwnVolume>, Refusal> {
        Ok(self.ledger.volumes(&self.sandbox).await?.into_iter().map(|row| OwnVolume { row }).collect())
    }

    /// One of those that were made here, as long as its container is the sandbox's.
    pub(crate) async fn exec(&self, made: &Execs, asked: &str) -> Result<OwnExec, Refusal> {
        let row = match made.container_of(asked) {
            Some(container) => self.ledger.container(&self.sandbox, &container).await?,
            None => None,
        };
        row.map(|row| OwnExec { id: asked.to_owned(), container: OwnContainer { row } })
            .ok_or_else(|| Refusal::new(http::StatusCode::NOT_FOUND, format!("No such exec instance: {asked}")))
    }

    /// By reference, digest, full ID, or an unambiguous beginning of an ID (with or without `sha256:`).
    pub(crate) async fn image(&self, asked: &str) -> Result<OwnImage, Refusal> {
        self.find_image(asked).await?.ok_or_else(|| Refusal::no_such("image", &with_tag(asked)))
    }

    /// The same, where an absent image is no error yet.
    pub(crate) async fn find_image(&self, asked: &str) -> Result<Option<OwnImage>, Refusal> {
        let images = self.ledger.images(&self.sandbox).await?;
        let is_here = |id: &str| images.iter().any(|row| row.image_id == id);
        let reference = Reference::parse(asked);
        let is_reference = reference.is_some();
        if let Some(reference) = reference {
            let found_id = match &reference.digest {
                Some(digest) => {
                    let repository = reference.familiar_repository();
                    self.ledger
                        .image_digests(&self.sandbox)
                        .await?
                        .into_iter()
                        .find(|(r, d, _)| *r == repository && d == digest)
                        .map(|(.., id)| id)
                }
                None => {
                    let familiar = reference.clone().with_default_tag().familiar();
                    self.ledger
                        .image_references(&self.sandbox)
                        .await?
                        .into_iter()
                        .find(|row| row.reference == familiar)
                        .map(|row| row.image_id)
                }
            };
            if let Some(id) = found_id
                && is_here(&id)
            {
                return Ok(Some(OwnImage { id, found_as: Some(reference.with_default_tag().familiar()) }));
            }
        }
        let hex = asked.strip_prefix("sha256:").unwrap_or(asked);
        if hex.is_empty() || hex.len() > 64 || !hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return if is_reference { Ok(None) } else { Err(Refusal::invalid(Reference::fault(asked))) };
        }
        let mut matching = images.iter().filter(|row| row.image_id.strip_prefix("sha256:").is_some_and(|id| id.starts_with(hex)));
        match (matching.next(), matching.next()) {
            (Some(row), None) => Ok(Some(OwnImage { id: row.image_id.clone(), found_as: None })),
            (Some(_), Some(_)) => Err(Refusal::invalid(format!("ambiguous image ID: {asked}"))),
            (None, _) => Ok(None),
        }
    }

    /// Where a reference lies in the course registry, as `(repository, tag or digest)`. Learners'
    /// own repositories lie in their own corner.
    pub(crate) fn registry_repository(&self, reference: &Reference) -> Result<RegistryRepository, Refusal> {
        if let Some(name) = reference.official_name() {
            return Ok(RegistryRepository { path: format!("library/{name}"), own: false });
        }
        if reference.domain == self.registry_alias || reference.is_default_domain() {
            return Ok(RegistryRepository { path: format!("learners/{}/{}", self.sandbox, reference.path), own: true });
        }
        Err(Refusal::new(
            http::StatusCode::FORBIDDEN,
            format!(
                "lunchbox: the registry {} can't be reached from this classroom. Images come from the course's own registry: write just the name (`docker pull nginx`), or {}/NAME for what you pushed yourself.",
                reference.domain, self.registry_alias
            ),
        ))
    }

    /// The reference under which the engine itself reaches a repository of the course registry.
    pub(crate) fn engine_repository(&self, repository: &RegistryRepository) -> String {
        format!("{}/{}", self.registry, repository.path)
    }

    /// The engine's words in the learner's names: prefixes, the default network, the registry.
    pub(crate) fn scrub(&self, message: &str) -> String {
        without_paths(message)
            .replace(&self.prefix(), "")
            .replace(self.default_network_name().as_str(), DEFAULT_NETWORK)
            .replace(&format!("{}/learners/{}/", self.registry, self.sandbox), &format!("{}/", self.registry_alias))
            .replace(&format!("{}/library/", self.registry), "")
            .replace(&format!("learners/{}/", self.sandbox), "")
            .replace(&self.registry, &self.registry_alias)
    }
}

fn no_network(asked: &str) -> Refusal {
    Refusal::new(http::StatusCode::NOT_FOUND, format!("network {asked} not found"))
}

/// Where engines keep what is theirs, unless they are told otherwise.
const ENGINE_FOLDER: &str = "/var/lib/docker/";

/// Without paths of the machine that everybody shares.
fn without_paths(message: &str) -> String {
    let is_path = |letter: char| !letter.is_whitespace() && !matches!(letter, ':' | ',' | '"' | '\'' | ')');
    let mut parts = message.split(ENGINE_FOLDER);
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push_str("a file of the engine's");
        text.push_str(part.trim_start_matches(is_path));
    }
    text
}

/// A repository in the course registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RegistryRepository {
    path: String,
    own: bool,
}

impl RegistryRepository {
    /// `library/nginx` or `learners/<sandbox>/app`.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }
    /// In the learner's own corner: may be pushed to.
    pub(crate) fn is_own(&self) -> bool {
        self.own
    }
}

/// A container's, network's or volume's name as Docker takes it: `[a-zA-Z0-9][a-zA-Z0-9_.-]*`, at most
/// 63 characters, so that the engine's name stays within 255 and a host name can be made of it.
pub(crate) fn is_name(name: &str) -> bool {
    (1..=63).contains(&name.len())
        && name.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
        && name.len() <= limits::MAX_NAME_BYTES
}

/// An image's name with the tag that is understood, as the engine words its "No such image".
fn with_tag(asked: &str) -> String {
    Reference::parse(asked).map_or_else(|| asked.to_owned(), |reference| reference.with_default_tag().familiar())
}

struct Ambiguous;

/// Full ID first, then name, then the beginning of an ID: the engine's order.
fn find<T>(rows: Vec<T>, asked: &str, id: impl Fn(&T) -> &str, named: impl Fn(&T) -> bool) -> Result<Option<T>, Ambiguous> {
    if asked.is_empty() {
        return Ok(None);
    }
    if let Some(at) = rows.iter().position(|row| id(row) == asked).or_else(|| rows.iter().position(named)) {
        return Ok(rows.into_iter().nth(at));
    }
    let mut matching = rows.into_iter().filter(|row| id(row).starts_with(asked));
    match (matching.next(), matching.next()) {
        (found, None) => Ok(found),
        (_, Some(_)) => Err(Ambiguous),
    }
}
