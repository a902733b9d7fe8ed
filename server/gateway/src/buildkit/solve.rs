//! A build by BuildKit's API: fetched from the client's session, judged and built as every build is, told
//! as BuildKit tells it.

use std::{collections::HashMap, sync::Arc};

use tonic::Status;

use super::{
    folder,
    jobs::{Job, Outcome},
    session::{Session, Wanted},
    vertices::Vertices,
    wire::SolveRequest,
};
use crate::{images::build::frontend, refusal::Refusal, serve::Context};

/// The one frontend there is.
const DOCKERFILE: &str = "dockerfile.v0";
/// What a client may have made of a build: an image of this host.
const EXPORTERS: [&str; 4] = ["", "moby", "docker", "image"];
const IGNORE: &str = ".dockerignore";

/// Refuses what no build here can be.
pub(super) fn check(request: &SolveRequest) -> Result<(), Status> {
    if request.definition.as_ref().is_some_and(|definition| !definition.operations.is_empty()) {
        return Err(only_dockerfiles());
    }
    // The host's network is refused with the build's own attributes, which say that it was asked for.
    if request.entitlements.iter().any(|entitlement| entitlement != "network.host") {
        return Err(Status::unknown(
            "lunchbox: a build gets no rights beyond a container's in this classroom (--allow). Leave it out and build again.",
        ));
    }
    if request.exporters.len() > 1 {
        return Err(Status::unknown("lunchbox: a build has one output in this classroom: an image of your host."));
    }
    let (kind, attributes) = exporter(request);
    if !EXPORTERS.contains(&kind) || attributes.get("push").is_some_and(|push| push == "true") || attributes.contains_key("dest") {
        return Err(Status::unknown(
            "lunchbox: what a build makes becomes an image of your host here, and nothing else. Leave --output and --push out; `docker push` pushes, `docker cp` takes files out of a container.",
        ));
    }
    Ok(())
}

/// Newer clients' way to say it, or the older.
fn exporter(request: &SolveRequest) -> (&str, &HashMap<String, String>) {
    match request.exporters.first() {
        Some(exporter) => (&exporter.kind, &exporter.attributes),
        None => (&request.exporter, &request.exporter_attributes),
    }
}

pub(super) fn only_dockerfiles() -> Status {
    Status::unknown("lunchbox: only Dockerfiles can be built in this classroom. Use `docker build`.")
}

/// A refusal as a build's error. Clients print the code's name before the sentence, but for this one's.
pub(super) fn status(refusal: Refusal) -> Status {
    Status::unknown(refusal.message)
}

/// Builds what the client asked for, to the end: the image is there when this returns.
pub(super) async fn build(
    context: &Context,
    job: &Job,
    request: &SolveRequest,
    frontend: &str,
    attributes: &HashMap<String, String>,
) -> Outcome {
    if frontend != DOCKERFILE {
        return Err(only_dockerfiles());
    }
    let mut vertices = job.vertices()?;
    let session = context.sandbox.buildkit.sessions.get(&request.session).await?;
    let names = exporter(request).1.get("name").map(String::as_str).unwrap_or_default();
    let asked = frontend::Asked { attributes, names: names.split(',').map(str::trim).filter(|name| !name.is_empty()).collect() };
    let built = async {
        let mut prepared = frontend::prepare(context, &asked).await.map_err(status)?;
        if prepared.waits() {
            vertices.begin("[internal] wait for another build of this host").await;
            let _waits = job.waiting();
            prepared = prepared.wait().await.map_err(status)?;
        }
        let sources = match attributes.get("context").and_then(|context| context.strip_prefix(frontend::UPLOADED)) {
            Some(name) => receive(context, &session, name, &mut vertices).await?,
            None => fetch(context, &session, prepared.dockerfile(), &mut vertices).await?,
        };
        let asked = session.clone();
        let secrets: frontend::SecretSource = Arc::new(move |name| {
            let session = asked.clone();
            Box::pin(async move {
                session
                    .secret(name)
                    .await
                    .map_err(|status| Refusal::invalid(format!("lunchbox: the client gave no secret: {}", status.message())))
            })
        });
        prepared.run(sources, vertices, secrets).await.map_err(status)
    };
    let image_id = built.await?;
    let mut said =
        HashMap::from([("containerimage.config.digest".to_owned(), image_id.clone()), ("containerimage.digest".to_owned(), image_id)]);
    if !names.is_empty() {
        said.insert("image.name".to_owned(), names.to_owned());
    }
    Ok(said)
}

/// Dockerfile, then context without what `.dockerignore` names.
async fn fetch(context: &Context, session: &Session, dockerfile: &str, vertices: &mut Vertices) -> Result<frontend::Sources, Status> {
    vertices.begin(format!("[internal] load build definition from {dockerfile}")).await;
    let own_ignore = format!("{dockerfile}{IGNORE}");
    let only = vec![dockerfile.to_owned(), own_ignore.clone()];
    let definition = session.folder("dockerfile", &Wanted { only, but: Vec::new() }).await?;
    let mut texts = folder::receive_files(definition, &[dockerfile, &own_ignore]).await?;
    let (ignore, text) = (texts.pop().flatten(), texts.pop().flatten());
    let Some(text) = text else {
        let error = format!("failed to read dockerfile: open {dockerfile}: no such file or directory");
        vertices.failed(&error).await;
        return Err(Status::unknown(error));
    };
    vertices.did("transferring dockerfile:", text.len() as u64).await;

    vertices.begin("[internal] load .dockerignore").await;
    let ignore = match ignore {
        Some(ignore) => Some(ignore),
        None => {
            let wanted = Wanted { only: vec![IGNORE.to_owned()], but: Vec::new() };
            folder::receive_file(session.folder("context", &wanted).await?, IGNORE).await?
        }
    };
    vertices.did("transferring context:", ignore.as_ref().map_or(0, |text| text.len() as u64)).await;

    vertices.begin("[internal] load build context").await;
    let wanted = Wanted { only: Vec::new(), but: ignore.as_deref().map(patterns).unwrap_or_default() };
    let received = folder::receive(session.folder("context", &wanted).await?, context.shared.config.limits.upload_max_bytes).await?;
    vertices.did("transferring context:", received.bytes).await;
    vertices.done().await;
    Ok(frontend::Sources::Folder { dockerfile: text, context: received.tar })
}

/// A tar from the client's standard input, with the Dockerfile in it.
async fn receive(context: &Context, session: &Session, name: &str, vertices: &mut Vertices) -> Result<frontend::Sources, Status> {
    vertices.begin("[internal] load remote build context").await;
    let tar = folder::receive_upload(session.upload(name).await?, context.shared.config.limits.upload_max_bytes).await?;
    vertices.done().await;
    Ok(frontend::Sources::Archive(tar))
}

/// The patterns of a `.dockerignore`, as BuildKit hands them to its client.
fn patterns(ignore: &str) -> Vec<String> {
    let mut patterns = Vec::new();
    for line in ignore.trim_start_matches('\u{feff}').lines() {
        if line.starts_with('#') {
            continue;
        }
        let line = line.trim();
        let (but, path) = line.strip_prefix('!').map_or(("", line), |path| ("!", path.trim()));
        if path.is_empty() {
            continue;
        }
        let absolute = path.starts_with('/');
        let mut clean: Vec<&str> = Vec::new();
        for part in path.split('/') {
            match part {
                "" | "." => {}
                ".." if clean.pop().is_some() || absolute => {}
                part => clean.push(part),
            }
        }
        let clean = if clean.is_empty() { ".".to_owned() } else { clean.join("/") };
        patterns.push(format!("{but}{clean}"));
    }
    patterns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_cleaned_as_docker_does_it() {
        let ignore = "# a comment\n\n  node_modules/  \n/target\n!keep/./this\n./a//b\n**/*.log\n..\n#not a pattern\n ! x \n/\n";
        assert_eq!(patterns(ignore), ["node_modules", "target", "!keep/this", "a/b", "**/*.log", "..", "!x", "."]);
    }

    #[test]
    fn only_an_image_of_this_host_can_be_made() {
        let with = |kind: &str, attributes: &[(&str, &str)]| {
            let attributes = attributes.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
            check(&SolveRequest { exporter: kind.to_owned(), exporter_attributes: attributes, ..SolveRequest::default() })
        };
        assert!(with("moby", &[("name", "docker.io/library/a")]).is_ok());
        for (kind, attributes) in
            [("local", &[][..]), ("tar", &[]), ("oci", &[]), ("image", &[("push", "true")]), ("docker", &[("dest", "x")])]
        {
            assert!(with(kind, attributes).is_err(), "{kind} {attributes:?}");
        }
        let wants = SolveRequest { entitlements: vec!["security.insecure".to_owned()], ..SolveRequest::default() };
        assert!(check(&wants).is_err());
    }
}
