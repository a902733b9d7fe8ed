//! What a reference stands for in the course registry, or why it stands for nothing.

use http::StatusCode;

use crate::{
    reference::Reference,
    refusal::Refusal,
    registry::{self, Lookup, Manifest},
    scope::RegistryRepository,
    serve::Context,
};

/// Names listed in a sentence at most.
const MAX_NAMED: usize = 20;

/// An image that the registry has.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    /// With a tag or a digest.
    pub(crate) reference: Reference,
    pub(crate) repository: RegistryRepository,
    pub(crate) manifest: Manifest,
}

impl Wanted {
    /// The tag or the digest.
    pub(crate) fn version(&self) -> &str {
        self.reference.digest.as_deref().or(self.reference.tag.as_deref()).unwrap_or_default()
    }
}

/// Asks the registry. What isn't there is told in the engine's words, and then in ours.
pub(crate) async fn look_up(context: &Context, reference: Reference, repository: RegistryRepository) -> Result<Wanted, Refusal> {
    let reference = reference.with_default_tag();
    let what = reference.digest.as_deref().or(reference.tag.as_deref()).unwrap_or_default();
    match context.shared.registry.look_up(repository.path(), what).await? {
        Lookup::Found(manifest) => Ok(Wanted { reference, repository, manifest }),
        Lookup::NoRepository => Err(no_repository(context, &reference).await),
        Lookup::NoTag => Err(no_tag(context, &reference, &repository).await),
        Lookup::NoPlatform => Err(Refusal::new(
            StatusCode::NOT_FOUND,
            format!("no matching manifest for linux/{} in the manifest list entries", registry::architecture()),
        )),
    }
}

/// No repository of that name.
pub(super) async fn no_repository(context: &Context, reference: &Reference) -> Refusal {
    let name = reference.familiar_repository();
    let tail = if reference.official_name().is_some() {
        match context.shared.registry.course_images().await {
            Ok(names) if !names.is_empty() => {
                let meant = meant(&name, &names).map(|meant| format!(" Did you mean {meant}?")).unwrap_or_default();
                format!("\nlunchbox: {name} is not part of this course.{meant} It has: {}.", named(&names))
            }
            _ => String::new(),
        }
    } else {
        format!("\nlunchbox: nothing was pushed to {name} from this host yet. `docker push {name}` puts it there.")
    };
    Refusal::new(
        StatusCode::NOT_FOUND,
        format!(
            "pull access denied for {name}, repository does not exist or may require 'docker login': denied: requested access to the resource is denied{tail}"
        ),
    )
}

/// The name that somebody may have meant who typed another.
fn meant<'a>(typed: &str, names: &'a [String]) -> Option<&'a String> {
    /// From 0 to 1: `ngnix` is 0.95 of `nginx`, `postgres` 0.5 of `redis`.
    const ALIKE: f64 = 0.84;
    let likeness = |name: &String| strsim::jaro_winkler(typed, name);
    names.iter().filter(|name| likeness(name) >= ALIKE).max_by(|a, b| likeness(a).total_cmp(&likeness(b)))
}

/// The repository is there, the tag is not.
async fn no_tag(context: &Context, reference: &Reference, repository: &RegistryRepository) -> Refusal {
    let tail = match context.shared.registry.tags(repository.path()).await {
        Ok(Some(tags)) if !tags.is_empty() => {
            let name = reference.familiar_repository();
            format!(
                "\nlunchbox: {name} can be had here as: {}.",
                named(&tags.iter().map(|tag| format!("{name}:{tag}")).collect::<Vec<_>>())
            )
        }
        _ => String::new(),
    };
    Refusal::new(StatusCode::NOT_FOUND, format!("manifest for {reference} not found: manifest unknown: manifest unknown{tail}"))
}

fn named(names: &[String]) -> String {
    let mut list = names.iter().take(MAX_NAMED).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > MAX_NAMED {
        list.push_str(", …");
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_fingers_is_understood() {
        let names: Vec<String> = ["alpine", "busybox", "hello-world", "nginx", "python", "redis", "ubuntu"].map(str::to_owned).into();
        for (typed, name) in
            [("ngnix", "nginx"), ("pyton", "python"), ("ubunto", "ubuntu"), ("helloworld", "hello-world"), ("alpin", "alpine")]
        {
            assert_eq!(meant(typed, &names).map(String::as_str), Some(name), "{typed}");
        }
        for typed in ["postgres", "soup", "node", "mysql", "debian"] {
            assert_eq!(meant(typed, &names), None, "{typed}");
        }
    }
}
