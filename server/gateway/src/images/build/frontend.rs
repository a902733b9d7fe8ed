//! The Dockerfile frontend as a BuildKit client asks for it: attributes by name instead of parameters in
//! a query, and the files already fetched.

use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
    sync::Arc,
};

use futures_util::future::BoxFuture;

use super::{
    Build, check_limits, context, dockerfile,
    options::Options,
    output::Output,
    place::Place,
    plan::{self, Arguments},
};
use crate::{buildkit::vertices::Vertices, reference::Reference, refusal::Refusal, serve::Context};

/// Attributes that change nothing here: the cache is the learner's own, limits are the sandbox's, and the
/// client's own marks on its request.
const IGNORED: [&str; 15] = [
    "cache-from",
    "cache-imports",
    "cgroup-parent",
    "cmdline",
    "contextkey",
    "contextsubdir",
    "dockerfilekey",
    "frontend.caps",
    "local-sessionid:context",
    "local-sessionid:dockerfile",
    "multi-platform",
    "source",
    "ulimit",
    "build-arg:BUILDKIT_INLINE_CACHE",
    "build-arg:BUILDKIT_SYNTAX",
];

/// And what a client would have written down beside the image: attestations, and the state of the Git repository
/// that it builds in.
const NOTES: [&str; 2] = ["attest:", "vcs:"];

/// What a client asks for.
pub(crate) struct Asked<'a> {
    /// BuildKit's `FrontendAttrs`.
    pub(crate) attributes: &'a HashMap<String, String>,
    /// Names for the image.
    pub(crate) names: Vec<&'a str>,
}

/// How a client names a context that it has on its standard input, and hands over by its session.
pub(crate) const UPLOADED: &str = "http://buildkit-session/";

/// What a build is made of.
pub(crate) enum Sources {
    /// `context` is a tar of what is wanted of a folder.
    Folder { dockerfile: String, context: File },
    /// A tar with all in it, the Dockerfile too, perhaps packed.
    Archive(File),
}

/// Asks the client for a secret by its name; `None` where it has none of that name.
pub(crate) type SecretSource = Arc<dyn Fn(String) -> BoxFuture<'static, Result<Option<Vec<u8>>, Refusal>> + Send + Sync>;

/// A build that may begin as soon as its files are there.
pub(crate) struct Prepared {
    context: Context,
    options: Options,
    /// Images that are taken in the place of others.
    others: BTreeMap<String, String>,
    place: Place,
}

/// Decides on what was asked, and takes the place of the sandbox's one build, or one among those that wait for it.
pub(crate) async fn prepare(context: &Context, asked: &Asked<'_>) -> Result<Prepared, Refusal> {
    let (mut arguments, mut labels, mut others, mut query) = (Arguments::new(), BTreeMap::new(), BTreeMap::new(), Vec::new());
    for (name, value) in asked.attributes {
        if IGNORED.contains(&name.as_str()) || NOTES.iter().any(|prefix| name.starts_with(prefix)) {
            continue;
        }
        if let Some(argument) = name.strip_prefix("build-arg:") {
            arguments.insert(argument.to_owned(), Some(value.clone()));
        } else if let Some(label) = name.strip_prefix("label:") {
            labels.insert(label.to_owned(), value.clone());
        } else if let Some(context) = name.strip_prefix("context:") {
            let image = value.strip_prefix("docker-image://").filter(|image| Reference::parse(image).is_some());
            let image = image.ok_or_else(|| {
                Refusal::invalid(format!(
                    "lunchbox: --build-context {context} can be an image of your host in this classroom ({context}=docker-image://NAME), and nothing else. Put other files into the folder that is built from."
                ))
            })?;
            others.insert(context.to_owned(), image.to_owned());
        } else {
            query.push(match (name.as_str(), value.as_str()) {
                ("filename", _) => ("dockerfile", value.clone()),
                ("target", _) => ("target", value.clone()),
                ("platform", _) => ("platform", value.clone()),
                ("add-hosts", _) => ("extrahosts", with_colons(value)),
                ("shm-size", _) => ("shmsize", value.clone()),
                ("force-network-mode", "sandbox") => continue,
                ("force-network-mode", _) => ("networkmode", value.clone()),
                ("no-cache", _) => ("nocache", "1".to_owned()),
                ("image-resolve-mode", "pull") => ("pull", "1".to_owned()),
                ("image-resolve-mode", _) => continue,
                ("context", uploaded) if uploaded.starts_with(UPLOADED) => continue,
                ("context", _) => ("remote", value.clone()),
                _ => return Err(unknown(name)),
            });
        }
    }
    if asked.attributes.contains_key("requestid") {
        return Err(unknown("requestid"));
    }
    let options = Options::of_frontend(context, query, arguments, labels, &asked.names).await?;
    let place = Place::take(&context.sandbox)?;
    check_limits(context, &options).await?;
    Ok(Prepared { context: context.clone(), options, others, place })
}

/// `name=address` of BuildKit's as `name:address` of the Engine API's.
fn with_colons(hosts: &str) -> String {
    let hosts: Vec<String> = hosts.split(',').map(|host| host.replacen('=', ":", 1)).collect();
    hosts.join(",")
}

fn unknown(name: &str) -> Refusal {
    let (option, _) = name.split_once(':').unwrap_or((name, ""));
    let option = match option {
        "requestid" => "--call or --check",
        option => option,
    };
    Refusal::invalid(format!("lunchbox: builds in this classroom don't know {option}. Leave it out and build again."))
}

impl Prepared {
    /// Where the Dockerfile lies, below the folder that the client calls `dockerfile`.
    pub(crate) fn dockerfile(&self) -> &str {
        if self.options.dockerfile.is_empty() { "Dockerfile" } else { &self.options.dockerfile }
    }

    /// Another build runs: this one has yet to [`Prepared::wait`].
    pub(crate) fn waits(&self) -> bool {
        self.place.waits()
    }

    pub(crate) async fn wait(self) -> Result<Self, Refusal> {
        Ok(Self { place: self.place.here().await?, ..self })
    }

    /// Builds. Returns the image's ID.
    pub(crate) async fn run(self, sources: Sources, vertices: Vertices, secrets: SecretSource) -> Result<String, Refusal> {
        let most_bytes = self.context.shared.config.limits.upload_max_bytes;
        let mut output = Output::vertices(vertices);
        let read = async {
            let files = match sources {
                Sources::Folder { dockerfile, context } => context::of_folder(context, dockerfile, most_bytes).await?,
                Sources::Archive(tar) => context::of_archive(tar, &self.options.dockerfile, most_bytes).await?,
            };
            dockerfile::check_syntax(&files.dockerfile)?;
            let plan = plan::judge(dockerfile::parse(&files.dockerfile)?, &self.options.arguments, &self.options.target)?;
            Ok::<_, Refusal>((files, plan.instead(&self.others)))
        };
        let (files, plan) = match read.await {
            Ok(read) => read,
            Err(refusal) => {
                output.failed(&refusal.message).await;
                return Err(refusal);
            }
        };
        let place = self.place.here().await?;
        let build = Build::new(self.context, self.options, plan, output, Some(secrets), place);
        build.run(files).await.map_err(|(refusal, _)| refusal)
    }
}
