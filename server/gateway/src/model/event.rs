//! `EventMessage`: what `docker events` prints.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One event. The older fields (`status`, `id`, `from`) are written for container and image events,
/// as engines up to API 1.51 do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Event {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<String>,
    /// `container`, `image`, `network`, `volume`, `builder`.
    #[serde(rename = "Type")]
    pub(crate) kind: String,
    #[serde(rename = "Action")]
    pub(crate) action: String,
    #[serde(rename = "Actor")]
    pub(crate) actor: Actor,
    pub(crate) scope: String,
    /// Unix seconds.
    pub(crate) time: i64,
    /// Unix nanoseconds.
    #[serde(rename = "timeNano")]
    pub(crate) time_nano: i64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Actor {
    #[serde(rename = "ID")]
    pub(crate) id: String,
    #[serde(rename = "Attributes")]
    pub(crate) attributes: BTreeMap<String, String>,
}

impl Event {
    /// Without the older fields: as engines from API 1.52 on write it.
    pub(crate) fn without_legacy(&self) -> Self {
        Self { status: None, id: None, from: None, ..self.clone() }
    }

    /// Everything of a kind that nobody needed has gone, and so many bytes with it.
    pub(crate) fn pruned(kind: &str, bytes: impl ToString) -> Self {
        Self::now(kind, "prune", "", &[("reclaimed", &bytes.to_string())])
    }

    /// Only those who know newer versions of the API are told of it.
    pub(crate) fn is_since_1_46(&self) -> bool {
        self.kind == "image" && self.action == "create"
    }

    /// An event of the gateway's own making: images, networks and volumes are the learner's only here.
    pub(crate) fn now(kind: &str, action: &str, id: &str, attributes: &[(&str, &str)]) -> Self {
        let nanoseconds = time::OffsetDateTime::now_utc().unix_timestamp_nanos();
        let legacy = matches!(kind, "image" | "container");
        Self {
            status: legacy.then(|| action.to_owned()),
            id: (legacy && !id.is_empty()).then(|| id.to_owned()),
            from: None,
            kind: kind.to_owned(),
            action: action.to_owned(),
            actor: Actor {
                id: id.to_owned(),
                attributes: attributes.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
            },
            scope: "local".to_owned(),
            time: i64::try_from(nanoseconds / 1_000_000_000).unwrap_or(0),
            time_nano: i64::try_from(nanoseconds).unwrap_or(0),
        }
    }
}
