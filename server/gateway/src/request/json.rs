//! A JSON body, decoded to a type, strictly.
//!
//! The engine's decoder takes `hostconfig` for `HostConfig`, the last of two equal keys, and
//! ignores what it doesn't know. Ours refuses all three: what can be read in two ways isn't read.

use std::{collections::HashSet, fmt};

use bytes::Bytes;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::{limits, refusal::Refusal};

/// Decodes to `T`. A key that `T` doesn't know is refused by name unless its value says nothing
/// (null, false, 0, -1, "", [], {}), since newer clients send new zero values. A null is as good as absent,
/// as it is to the engine.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &Bytes) -> Result<T, Refusal> {
    let mut value = parse(bytes)?;
    drop_nulls(&mut value);
    let mut unknown = Vec::new();
    let decoded = serde_ignored::deserialize(&value, |path| unknown.push(path.to_string()))
        .map_err(|error| Refusal::invalid(format!("lunchbox: the request's body is not understood: {error}")))?;
    for path in unknown {
        if !says_nothing(lookup(&value, &path)) {
            let path = path.replace(".?", "");
            return Err(Refusal::invalid(format!(
                "lunchbox: the field {path} is not understood by this classroom's engine. Leave it out and try again."
            )));
        }
    }
    Ok(decoded)
}

/// Parses and looks for keys that could be read in two ways.
pub(crate) fn parse(bytes: &Bytes) -> Result<Value, Refusal> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { depth: 0 }
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| Refusal::invalid(format!("lunchbox: the request's body is not JSON that can be read in one way: {error}")))?;
    Ok(value)
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, item| !item.is_null());
            map.values_mut().for_each(drop_nulls);
        }
        Value::Array(list) => list.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

fn lookup<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    // serde_ignored writes `HostConfig.?.Foo` where an Option lies between; those steps add nothing.
    path.split('.').filter(|part| *part != "?").try_fold(value, |value, part| match value {
        Value::Object(map) => map.get(part),
        Value::Array(list) => part.parse::<usize>().ok().and_then(|index| list.get(index)),
        _ => None,
    })
}

/// Whether a value is one of those that newer clients send for fields they don't use. What isn't there says
/// nothing either.
pub(crate) fn says_nothing(value: Option<&Value>) -> bool {
    match value {
        None => false,
        Some(Value::Null | Value::Bool(false)) => true,
        Some(Value::Bool(true)) => false,
        Some(Value::Number(number)) => number.as_i64().is_some_and(|n| n == 0 || n == -1),
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Array(list)) => list.iter().all(|item| says_nothing(Some(item))),
        Some(Value::Object(map)) => map.values().all(|item| says_nothing(Some(item))),
    }
}

struct Strict {
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        if self.depth > limits::MAX_JSON_DEPTH {
            return Err(serde::de::Error::custom("it is nested too deeply"));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_bool<E>(self, v: bool) -> Result<Value, E> {
        Ok(Value::Bool(v))
    }
    fn visit_i64<E>(self, v: i64) -> Result<Value, E> {
        Ok(v.into())
    }
    fn visit_u64<E>(self, v: u64) -> Result<Value, E> {
        Ok(v.into())
    }
    fn visit_f64<E>(self, v: f64) -> Result<Value, E> {
        Ok(v.into())
    }
    fn visit_str<E>(self, v: &str) -> Result<Value, E> {
        Ok(Value::String(v.to_owned()))
    }
    fn visit_string<E>(self, v: String) -> Result<Value, E> {
        Ok(Value::String(v))
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Strict { depth: self.depth + 1 })? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = serde_json::Map::new();
        let mut folded = HashSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            // Keys that differ only in case are refused too. Environment-like maps (labels, options)
            // have no honest reason for such twins.
            if !folded.insert(fold(&key)) {
                return Err(serde::de::Error::custom(format!("the key {key:?} is there twice")));
            }
            let value = entries.next_value_seed(Strict { depth: self.depth + 1 })?;
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

/// Simple case folding as Go's `encoding/json` does it: ſ is s, K (Kelvin) is k.
fn fold(key: &str) -> String {
    key.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default, rename_all = "PascalCase")]
    struct Create {
        image: String,
        host_config: Option<Host>,
    }
    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default, rename_all = "PascalCase")]
    struct Host {
        memory: i64,
    }

    fn read(text: &str) -> Result<Create, Refusal> {
        decode(&Bytes::from(text.to_owned()))
    }

    #[test]
    fn known_fields_are_read_and_unknown_zeros_let_go() {
        let create = read(r#"{"Image":"a","HostConfig":{"Memory":5,"New":0,"Newer":{"X":[]}},"Other":null}"#).unwrap();
        assert_eq!(create.host_config.unwrap().memory, 5);
    }

    #[test]
    fn an_unknown_field_is_named() {
        assert!(read(r#"{"Image":"a","HostConfig":{"Privileged":true}}"#).unwrap_err().message.contains("HostConfig.Privileged"));
        assert!(read(r#"{"Image":"a","Binds":["/:/h"]}"#).unwrap_err().message.contains("Binds"));
    }

    #[test]
    fn twins_are_refused() {
        for text in
            [r#"{"HostConfig":{},"HostConfig":{}}"#, r#"{"hostconfig":{},"HostConfig":{}}"#, r#"{"Ho\u017ftConfig":{},"HostConfig":{}}"#]
        {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn another_spelling_is_not_the_field() {
        assert!(read(r#"{"hostconfig":{"Memory":5}}"#).unwrap_err().message.contains("hostconfig"));
        assert_eq!(read(r#"{"\u0048ostConfig":{"Memory":5}}"#).unwrap().host_config.unwrap().memory, 5);
    }

    #[test]
    fn depth_and_rubbish_are_refused() {
        assert!(read(&format!("{}{}", "[".repeat(10_000), "]".repeat(10_000))).is_err());
        assert!(read("{} {}").is_err());
        assert!(read("\u{feff}{}").is_err());
    }
}
