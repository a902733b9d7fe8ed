//! `--link`: another container of the sandbox's, found under a name that this container alone knows. Docker's old
//! way on its default network; here the engine's DNS does it, on whatever network both are.

pub(crate) mod variables;

use crate::{containers::links::Linked, refusal::Refusal, scope::is_name, serve::Context};

/// Links of one container at most.
const MAX_LINKS: usize = 16;

/// `db`, `db:database`, and as Docker shows it again: `/db:/web/database`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Link {
    name: String,
    alias: String,
}

impl Link {
    fn parse(text: &str) -> Result<Self, Refusal> {
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
}

/// Who is meant, with each alias once: the last who was given it has it.
pub(crate) async fn find(context: &Context, asked: impl Iterator<Item = &String>) -> Result<Vec<Linked>, Refusal> {
    let mut found: Vec<Linked> = Vec::new();
    for (index, text) in asked.enumerate() {
        if index == MAX_LINKS {
            return Err(Refusal::invalid(format!("lunchbox: at most {MAX_LINKS} links")));
        }
        let link = Link::parse(text)?;
        let told =
            |refusal: Refusal| Refusal { message: format!("could not get container for {}: {}", link.name, refusal.message), ..refusal };
        let other = context.scope.container(&link.name).await.map_err(told)?;
        found.retain(|known| known.alias != link.alias);
        found.push(Linked { id: other.engine_id().to_owned(), name: other.name().to_owned(), alias: link.alias });
    }
    Ok(found)
}

/// The engine's links: by the alias, and by the other's own name. By ID, so that they outlive another name.
pub(crate) fn of_engine(links: &[Linked]) -> Vec<String> {
    let mut written = Vec::new();
    for link in links {
        let id = link.id.get(..12).unwrap_or_default();
        written.push(format!("{id}:{}", link.alias));
        let own = format!("{id}:{}", link.name);
        // An alias that somebody was given is theirs alone.
        if !links.iter().any(|other| other.alias == link.name) && !written.contains(&own) {
            written.push(own);
        }
    }
    written
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
        for text in ["", ":", "a:", ":a", "a:b:c", "a b", "a:b c", "lb-x.ws/:y"] {
            assert!(Link::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_alias_leads_to_one_container_whatever_others_are_called() {
        let link = |id: &str, name: &str, alias: &str| Linked { id: id.repeat(12), name: name.to_owned(), alias: alias.to_owned() };
        let links = of_engine(&[link("a", "web", "x"), link("b", "db", "web"), link("b", "db", "store")]);
        assert_eq!(links, ["aaaaaaaaaaaa:x", "bbbbbbbbbbbb:web", "bbbbbbbbbbbb:db", "bbbbbbbbbbbb:store"]);
    }
}
