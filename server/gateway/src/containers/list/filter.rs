//! The filters of `docker ps`, on what the learner sees.

use std::collections::HashSet;

use http::StatusCode;

use crate::{
    containers::ports,
    model::container_shown::Listed,
    refusal::Refusal,
    request::query::{Filters, has_label, known_filters, truth, whole_number},
    serve::Context,
};

const KNOWN: &[&str] = &[
    "id",
    "name",
    "label",
    "status",
    "ancestor",
    "before",
    "since",
    "exited",
    "health",
    "network",
    "volume",
    "publish",
    "expose",
    "is-task",
    // Of Windows: on Linux the engine takes it and leaves nothing out by it.
    "isolation",
];
const STATES: &[&str] = &["created", "running", "paused", "restarting", "removing", "exited", "dead"];

/// Filters, with the names in them looked up.
pub(super) struct Filter<'f> {
    filters: &'f Filters,
    /// Image IDs of `ancestor`.
    ancestors: Option<HashSet<String>>,
    /// Creation times and IDs of `before` and `since`.
    before: Option<(i64, String)>,
    since: Option<(i64, String)>,
    /// Names of `network`, which may be given by ID.
    networks: HashSet<String>,
    is_task: Option<bool>,
}

impl<'f> Filter<'f> {
    pub(super) async fn new(context: &Context, filters: &'f Filters) -> Result<Self, Refusal> {
        known_filters(filters, KNOWN)?;
        if let Some(state) = values(filters, "status").find(|state| !STATES.contains(&state.as_str())) {
            return Err(Refusal::invalid(format!("invalid filter 'status={state}'")));
        }
        for code in values(filters, "exited") {
            whole_number("exited", code)?;
        }
        let is_task = truth(filters, "is-task")?;
        if let Some(health) =
            values(filters, "health").find(|health| !["starting", "healthy", "unhealthy", "none"].contains(&health.as_str()))
        {
            return Err(Refusal::invalid(format!("unrecognized filter value for health: {health}")));
        }
        for key in ["publish", "expose"] {
            values(filters, key).try_for_each(|port| check_port(key, port))?;
        }
        let mut ancestors = None;
        for name in values(filters, "ancestor") {
            // What can't be an image's name is no mistake here: nothing is made of it.
            let found = context.scope.find_image(name).await.unwrap_or_default();
            ancestors.get_or_insert_with(HashSet::new).extend(found.map(|image| image.id().to_owned()));
        }
        let mut networks = HashSet::new();
        for name in values(filters, "network") {
            networks.insert(match context.scope.network(name).await {
                Ok(own) => own.name().to_owned(),
                Err(_) => name.clone(),
            });
        }
        let mut times = [None, None];
        for (time, key) in times.iter_mut().zip(["before", "since"]) {
            if let Some(name) = values(filters, key).next() {
                let own = context.scope.container(name).await?;
                *time = Some((own.row().created_at, own.engine_id().to_owned()));
            }
        }
        let [before, since] = times;
        Ok(Self { filters, ancestors, before, since, networks, is_task })
    }

    /// Whether a filter speaks of containers that don't run.
    pub(super) fn wants_ended(&self) -> bool {
        ["status", "exited", "before", "since"].iter().any(|key| values(self.filters, key).next().is_some())
    }

    /// `publish` and `expose`: one of all that are asked for will do, as in Docker.
    fn has_port(&self, container: &Listed) -> bool {
        let mut asked = values(self.filters, "publish").chain(values(self.filters, "expose")).peekable();
        if asked.peek().is_none() {
            return true;
        }
        container.ports.iter().any(|found| {
            values(self.filters, "publish").any(|port| found.public_port > 0 && is_port(port, found.public_port, &found.protocol))
                || values(self.filters, "expose").any(|port| is_port(port, found.private_port, &found.protocol))
        })
    }

    pub(super) fn matches(&self, container: &Listed) -> bool {
        let any = |key: &str, test: &dyn Fn(&String) -> bool| {
            let mut all = values(self.filters, key).peekable();
            all.peek().is_none() || all.any(test)
        };
        any("id", &|id| container.id.starts_with(id.as_str()))
            && any("name", &|pattern| container.names.first().is_some_and(|name| name_matches(name, pattern)))
            // Of labels all must be there, as in Docker.
            && values(self.filters, "label").all(|label| has_label(&container.labels, label))
            && any("status", &|state| container.state == *state)
            && any("exited", &|code| exit_code(&container.status).is_some_and(|found| found.to_string() == *code))
            && any("health", &|wanted| health(&container.status) == wanted)
            && any("volume", &|volume| container.mounts.iter().any(|mount| mount.name == *volume || mount.destination == *volume))
            // None is: tasks are a swarm's.
            && self.is_task != Some(true)
            && self.has_port(container)
            && (self.networks.is_empty() || container.network_settings.networks.keys().any(|name| self.networks.contains(name)))
            && self.ancestors.as_ref().is_none_or(|ids| ids.contains(&container.image_id))
            && self.before.as_ref().is_none_or(|(at, id)| container.created * 1000 <= *at && container.id != *id)
            && self.since.as_ref().is_none_or(|(at, id)| container.created * 1000 + 999 >= *at && container.id != *id)
    }
}

/// As the engine tells what is no port.
fn check_port(key: &str, text: &str) -> Result<(), Refusal> {
    let wrong = |why: String| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, why);
    if text.contains(':') {
        return Err(wrong(format!("filter for '{key}' should not contain ':': {text}")));
    }
    if parse_ports(text).is_some() {
        return Ok(());
    }
    let range = text.split('/').next().unwrap_or_default();
    let bad = range.split('-').find(|part| part.parse::<u16>().is_err()).unwrap_or(range);
    Err(wrong(format!("error while looking up for {key} {text}: strconv.ParseUint: parsing {bad:?}: invalid syntax")))
}

fn values<'f>(filters: &'f Filters, key: &str) -> impl Iterator<Item = &'f String> {
    filters.get(key).into_iter().flatten()
}

/// Docker takes a pattern; of patterns the anchors are what people write.
fn name_matches(name: &str, pattern: &str) -> bool {
    let name = name.trim_start_matches('/');
    let (start, pattern) = pattern.strip_prefix('^').map_or((false, pattern), |rest| (true, rest));
    let (end, pattern) = pattern.strip_suffix('$').map_or((false, pattern), |rest| (true, rest));
    let pattern = pattern.strip_prefix('/').unwrap_or(pattern);
    match (start, end) {
        (true, true) => name == pattern,
        (true, false) => name.starts_with(pattern),
        (false, true) => name.ends_with(pattern),
        (false, false) => name.contains(pattern),
    }
}

/// Of `Exited (137) 5 seconds ago`.
fn exit_code(status: &str) -> Option<i64> {
    status.strip_prefix("Exited (")?.split(')').next()?.parse().ok()
}

/// Of `Up 5 minutes (healthy)`.
fn health(status: &str) -> &'static str {
    if status.ends_with("(healthy)") {
        "healthy"
    } else if status.ends_with("(unhealthy)") {
        "unhealthy"
    } else if status.ends_with("(health: starting)") {
        "starting"
    } else {
        "none"
    }
}

/// `80`, `80/tcp`, `8000-8010/tcp`.
fn parse_ports(text: &str) -> Option<(u16, u16, String)> {
    let (range, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    let (first, _) = ports::parse_container_port(first).ok()?;
    let (last, _) = ports::parse_container_port(last).ok()?;
    Some((first, last, protocol.to_owned()))
}

fn is_port(wanted: &str, port: u16, protocol: &str) -> bool {
    parse_ports(wanted).is_some_and(|(first, last, wanted)| (first..=last).contains(&port) && wanted == protocol)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_in_part_or_between_anchors() {
        assert!(name_matches("/web", "we"));
        assert!(name_matches("/web", "^/web$"));
        assert!(!name_matches("/web2", "^web$"));
        assert!(!name_matches("/web", "db"));
    }

    #[test]
    fn a_status_tells_exit_code_and_health() {
        assert_eq!(exit_code("Exited (137) 5 seconds ago"), Some(137));
        assert_eq!(exit_code("Up 5 seconds"), None);
        assert_eq!(health("Up 5 seconds (unhealthy)"), "unhealthy");
        assert_eq!(health("Up 5 seconds"), "none");
    }

    #[test]
    fn ports_may_be_ranges() {
        assert!(is_port("80", 80, "tcp"));
        assert!(is_port("8000-8010/tcp", 8005, "tcp"));
        assert!(!is_port("80/udp", 80, "tcp"));
    }
}
