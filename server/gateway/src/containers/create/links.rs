//! `--link`: another container of the sandbox's, found under a name that this container alone knows. Docker's old
//! way on its default network; here the engine's DNS does it, on whatever network both are.

use crate::{refusal::Refusal, scope::is_name, serve::Context};

/// Links of one container at most.
const MAX_LINKS: usize = 16;

/// `db`, `db:database`, and as Docker shows it again: `/db:/web/database`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) name: String,
    pub(crate) alias: String,
}

impl Link {
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let invalid = || Refusal::invalid(format!("bad format for links: {text}"));
        let parts: Vec<&str> = text.split(':').collect();
        let (name, alias) = match parts[..] {
            [name] => (name, name),
            [name, alias] => (name, alias.rsplit('/').next().unwrap_or_default()),
            _ => return Err(invalid()),
        };
        let (name, alias) = (name.trim_start_matches('/'), alias.trim_start_matches('/'));
        if is_name(name) && is_name(alias) { Ok(Self { name: name.to_owned(), alias: alias.to_owned() }) } else { Err(invalid()) }
    }

    /// As `docker inspect` has it.
    pub(crate) fn shown(text: &str, of: &str) -> String {
        Self::parse(text).map_or_else(|_| text.to_owned(), |link| format!("/{}:/{of}/{}", link.name, link.alias))
    }
}

/// The engine's links. By ID, so that they outlive another name.
pub(crate) async fn decide(context: &Context, asked: impl Iterator<Item = &String>) -> Result<Vec<String>, Refusal> {
    let mut links = Vec::new();
    for (index, text) in asked.enumerate() {
        if index == MAX_LINKS {
            return Err(Refusal::invalid(format!("lunchbox: at most {MAX_LINKS} links")));
        }
        let link = Link::parse(text)?;
        let told =
            |refusal: Refusal| Refusal { message: format!("could not get container for {}: {}", link.name, refusal.message), ..refusal };
        let other = context.scope.container(&link.name).await.map_err(told)?;
        let id = other.engine_id().get(..12).unwrap_or_default();
        for alias in [link.alias.as_str(), other.name()] {
            let link = format!("{id}:{alias}");
            if !links.contains(&link) {
                links.push(link);
            }
        }
    }
    Ok(links)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn a_link_is_read_as_it_is_written_and_as_it_is_shown() {
        for text in ["db:database", "/db:database", "/db:/web/database"] {
            assert_eq!(Link::parse(text).unwrap(), Link { name: "db".into(), alias: "database".into() }, "{text}");
        }
        assert_eq!(Link::shown("db", "web"), "/db:/web/db");
        for text in ["", ":", "a:", ":a", "a:b:c", "a b", "a:b c", "lb-x.ws/:y"] {
            assert!(Link::parse(text).is_err(), "{text:?}");
        }
    }
}
