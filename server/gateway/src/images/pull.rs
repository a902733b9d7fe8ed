//! `docker pull`: from the course registry onto this host.
//!
//! The engine is shared, so what a learner pulls is nearly always there already and no bytes move.
//! What is shown is then what is true for *their* host: a layer is new to it, or it has it already.

mod arrive;
mod wanted;

pub(crate) use self::{
    arrive::bring,
    wanted::{Wanted, look_up},
};

use http::StatusCode;
use serde::Deserialize;

use crate::{
    ActivityKind,
    images::{
        message::{self, Message},
        transfer,
    },
    reference::{self, Reference},
    refusal::{Answer, Refusal},
    registry,
    request::Request,
    scope::RegistryRepository,
    serve::Context,
};

/// Tags that `docker pull --all-tags` brings at most.
const MAX_ALL_TAGS: usize = 20;

pub(crate) async fn create(context: &Context, mut request: Request) -> Answer {
    if request.query.says("fromSrc") {
        return transfer::import(context, request).await;
    }
    let query = &mut request.query;
    let image = query.text("fromImage")?.filter(|image| !image.is_empty());
    let tag = query.text("tag")?.filter(|tag| !tag.is_empty());
    let platform = query.text("platform")?.filter(|platform| !platform.is_empty());
    query.ignore(&["fromSrc", "repo", "message", "changes"]);
    request.query.finish()?;
    check_platform(platform.as_deref())?;
    let image = image.ok_or_else(|| Refusal::invalid("invalid reference format"))?;
    let reference = read(&image, tag.as_deref())?;
    if reference.official_name() == Some("scratch") {
        let refusal = Refusal::new(StatusCode::FORBIDDEN, "'scratch' is a reserved name");
        return Err(failed(context, &reference, refusal).await);
    }
    let repository = match context.scope.registry_repository(&reference) {
        Ok(repository) => repository,
        Err(refusal) => return Err(failed(context, &reference, refusal).await),
    };
    if reference.tag.is_none() && reference.digest.is_none() {
        return all_tags(context, reference, repository).await;
    }
    let wanted = match look_up(context, reference.clone(), repository).await {
        Ok(wanted) => wanted,
        Err(refusal) => return Err(failed(context, &reference, refusal).await),
    };
    let sandbox = context.sandbox.clone();
    let context = context.clone();
    Ok(message::answer(&sandbox, |messages| async move { bring(&context, &wanted, &messages).await.map(|_| ()) }))
}

/// Remembers that a pull ended before it began.
async fn failed(context: &Context, reference: &Reference, refusal: Refusal) -> Refusal {
    let kind = ActivityKind::ImagePullFailed { reference: reference.familiar(), message: refusal.message.clone() };
    context.sandbox.record(kind).await;
    refusal
}

/// `fromImage` and `tag`, which may be a digest.
fn read(image: &str, tag: Option<&str>) -> Result<Reference, Refusal> {
    let text = match tag {
        None => image.to_owned(),
        Some(digest) if reference::is_digest(digest) => format!("{image}@{digest}"),
        Some(tag) => format!("{image}:{tag}"),
    };
    Reference::parse(&text).ok_or_else(|| Refusal::invalid("invalid reference format"))
}

/// Only this machine's own kind.
pub(crate) fn check_platform(platform: Option<&str>) -> Result<(), Refusal> {
    let Some(platform) = platform else { return Ok(()) };
    let (os, rest) = platform.split_once('/').unwrap_or(("linux", platform));
    let architecture = rest.split('/').next().unwrap_or_default();
    let architecture = match architecture {
        "x86_64" | "x86-64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    if os == "linux" && (architecture == registry::architecture() || platform == "linux") {
        return Ok(());
    }
    Err(Refusal::new(
        StatusCode::NOT_FOUND,
        format!(
            "lunchbox: images for {platform} are not to be had: this classroom runs on linux/{}. Leave --platform out and try again.",
            registry::architecture()
        ),
    ))
}

/// An OCI platform, as newer clients write it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Platform {
    os: String,
    architecture: String,
}

/// The same of a parameter that may come often, each in JSON or in words.
pub(crate) fn check_platforms(platforms: &[String]) -> Result<(), Refusal> {
    for text in platforms.iter().filter(|text| !text.is_empty()) {
        if !text.starts_with('{') {
            check_platform(Some(text))?;
            continue;
        }
        let platform: Platform =
            serde_json::from_str(text).map_err(|_| Refusal::invalid("failed to parse platform: it is no JSON of an OCI platform"))?;
        check_platform(Some(&format!("{}/{}", platform.os, platform.architecture)))?;
    }
    Ok(())
}

/// `docker pull --all-tags`
async fn all_tags(context: &Context, reference: Reference, repository: RegistryRepository) -> Answer {
    let tags = context.shared.registry.tags(repository.path()).await?.unwrap_or_default();
    if tags.is_empty() {
        let refusal = wanted::no_repository(context, &reference).await;
        return Err(failed(context, &reference, refusal).await);
    }
    let mut all = Vec::new();
    for tag in tags.into_iter().take(MAX_ALL_TAGS) {
        let tagged = Reference { tag: Some(tag), ..reference.clone() };
        all.push(look_up(context, tagged, repository.clone()).await?);
    }
    let sandbox = context.sandbox.clone();
    let context = context.clone();
    Ok(message::answer(&sandbox, |messages| async move {
        for wanted in &all {
            let arrived = arrive::bring_quietly(&context, wanted, &messages).await?;
            messages.tell(Message::status(format!("Digest: {}", arrived.digest))).await;
        }
        messages.tell(Message::status(format!("Status: Downloaded newer image for {}", reference.familiar_repository()))).await;
        Ok(())
    }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn a_tag_may_be_a_digest() {
        let digest = format!("sha256:{}", "0".repeat(64));
        assert_eq!(read("nginx", Some("1.0")).unwrap().familiar(), "nginx:1.0");
        assert_eq!(read("nginx", Some(&digest)).unwrap().digest, Some(digest));
        assert_eq!(read("nginx", None).unwrap().tag, None);
        assert!(read("nginx", Some("a b")).is_err());
        assert!(read("Nginx", None).is_err());
    }

    #[test]
    fn only_this_machines_platform_is_served() {
        assert!(check_platform(None).is_ok());
        assert!(check_platform(Some(&format!("linux/{}", registry::architecture()))).is_ok());
        assert!(check_platform(Some("windows/amd64")).is_err());
        assert!(check_platform(Some("linux/s390x")).is_err());
        let json = |architecture: &str| format!(r#"{{"architecture":"{architecture}","os":"linux"}}"#);
        assert!(check_platforms(&[json(registry::architecture()), String::new(), "linux".to_owned()]).is_ok());
        assert!(check_platforms(&[json(registry::architecture()), json("s390x")]).is_err());
        assert!(check_platforms(&["{".to_owned()]).is_err());
    }
}
