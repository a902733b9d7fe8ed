//! `manifest.json` of a saved image.
//!
//! Source: moby's image/tarexport, and the Docker Image Specification v1.2, "Combined Image JSON +
//! Filesystem Changeset Format".

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, MapAccess, SeqAccess, Visitor},
};

/// Its name in the tar.
pub(super) const MANIFEST: &str = "manifest.json";

/// One image of several.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Entry {
    /// Where its configuration lies: a name that ends in the hex of the image's ID.
    pub(super) config: String,
    #[serde(default)]
    pub(super) repo_tags: Option<Vec<String>>,
    /// Where its layers lie, base first.
    pub(super) layers: Vec<String>,
}

/// What of a configuration the gateway looks at; the rest is the image's own affair.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Configuration {
    pub(super) architecture: String,
    pub(super) os: String,
    pub(super) diff_ids: Vec<String>,
}

impl Configuration {
    /// `None` where it is no configuration, or one that two parsers could read differently: the engine's
    /// takes keys in any case, and of several the last.
    pub(super) fn read(text: &[u8]) -> Option<Self> {
        let configuration: Keys<Node> = serde_json::from_slice(text).ok()?;
        let text = |node: Option<&Node>| match node {
            Some(Node::Text(text)) => Some(text.clone()),
            _ => None,
        };
        let rootfs = match configuration.get("rootfs")? {
            Some(Node::Keys(rootfs)) => rootfs,
            _ => return None,
        };
        let diff_ids = match rootfs.get("diff_ids")? {
            Some(Node::List(list)) => list.iter().map(|node| text(Some(node))).collect::<Option<_>>()?,
            None => Vec::new(),
            Some(_) => return None,
        };
        let architecture = text(configuration.get("architecture")?)?;
        Some(Self { architecture, os: text(configuration.get("os")?)?, diff_ids })
    }
}

/// An object with all of its keys, in their order and as often as they come.
#[derive(Debug)]
struct Keys<V>(Vec<(String, V)>);

impl<V> Keys<V> {
    /// The value of a key: `Some(None)` where it isn't there, `None` where something else could be it.
    fn get(&self, key: &str) -> Option<Option<&V>> {
        if self.0.iter().any(|(other, _)| !other.is_ascii() || (other != key && other.eq_ignore_ascii_case(key))) {
            return None;
        }
        let mut values = self.0.iter().filter(|(other, _)| other == key).map(|(_, value)| value);
        let value = values.next();
        values.next().is_none().then_some(value)
    }
}

/// A value, as far as it counts.
#[derive(Debug)]
enum Node {
    Keys(Keys<Node>),
    List(Vec<Node>),
    Text(String),
    Other,
}

impl<'de> Deserialize<'de> for Keys<Node> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Node::deserialize(deserializer)? {
            Node::Keys(keys) => Ok(keys),
            _ => Err(D::Error::custom("not an object")),
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut keys = Vec::new();
        while let Some(pair) = map.next_entry()? {
            keys.push(pair);
        }
        Ok(Node::Keys(Keys(keys)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = list.next_element()? {
            nodes.push(node);
        }
        Ok(Node::List(nodes))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Other)
    }
}

impl Entry {
    /// The ID that the configuration's name tells: `blobs/sha256/<hex>`, or `<hex>.json` of older engines.
    pub(super) fn image_id(&self) -> Option<String> {
        let name = self.config.rsplit('/').next()?;
        let hex = name.strip_suffix(".json").unwrap_or(name);
        (hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))).then(|| format!("sha256:{hex}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_is_read_in_one_way_or_not_at_all() {
        let good = r#"{"architecture":"amd64","os":"linux","config":{"Labels":{"Stra\u00dfe":"x"}},"rootfs":{"type":"layers","diff_ids":["a","b"]}}"#;
        let read = Configuration::read(good.as_bytes()).unwrap_or_default();
        assert_eq!(read, Configuration { architecture: "amd64".into(), os: "linux".into(), diff_ids: vec!["a".into(), "b".into()] });
        for (from, to) in [
            ("\"os\"", "\"rootfs\":{\"diff_ids\":[\"c\",\"d\"]},\"os\""),
            ("\"os\"", "\"RootFS\":{\"diff_ids\":[\"c\",\"d\"]},\"os\""),
            ("\"os\"", "\"rootf\u{17f}\":{\"diff_ids\":[\"c\",\"d\"]},\"os\""),
            ("\"type\"", "\"Diff_IDs\":[\"c\",\"d\"],\"type\""),
            ("\"type\"", "\"diff_ids\":[\"c\",\"d\"],\"type\""),
            ("[\"a\",\"b\"]", "\"a\""),
            ("[\"a\",\"b\"]", "[1]"),
        ] {
            assert_eq!(Configuration::read(good.replacen(from, to, 1).as_bytes()), None, "{to}");
        }
    }
}
