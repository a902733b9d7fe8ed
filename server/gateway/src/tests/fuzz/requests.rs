//! Paths, queries and JSON.

use std::collections::BTreeSet;

use bytes::Bytes;
use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::{prelude::*, sample::select};
use serde_json::Value;

use super::{holds, mutated, pieces};
use crate::{
    model::container::CreateRequest,
    operation::{self, Disposition},
    request::{
        json::{self, says_nothing},
        path::Path,
        query::Query,
    },
};

const PATHS: &[&str] = &[
    "/",
    "/",
    "/",
    "//",
    ".",
    "..",
    "%2e",
    "%2E%2e",
    "%2f",
    "%5c",
    "\\",
    "%00",
    "%0a",
    "%",
    "%%",
    "%zz",
    "%c0%af",
    "%ff",
    "?",
    "#",
    ";",
    "v1.45",
    "v1.41",
    "v1.99",
    "v1.",
    "v01.45",
    "V1.45",
    "containers",
    "images",
    "json",
    "create",
    "web",
    "a/b",
    "sha256:",
    "@",
    "networks",
    "lb-x-y",
    "\u{e9}",
    "\u{202e}",
    " ",
    "\t",
    "*",
    "http://x",
    "prune",
    "exec",
    "start",
    "volumes",
    "_ping",
];

#[test]
fn fuzz_a_path_that_is_taken_is_the_same_when_it_is_written_again() {
    holds(file!(), "paths", &("/?", pieces(PATHS, 12)), |(first, rest)| {
        let Ok(path) = Path::parse(&format!("{first}{rest}")) else { return Ok(()) };
        for segment in &path.segments {
            prop_assert!(
                !segment.is_empty() && segment != "." && segment != ".." && !segment.contains(['/', '\\', '\0', '\n', '\r']),
                "{segment:?}"
            );
        }
        let written: String = path.segments.iter().map(|segment| format!("/{}", utf8_percent_encode(segment, NON_ALPHANUMERIC))).collect();
        let again = Path::parse(&format!("/v{}{written}", path.version));
        // A version is none twice.
        prop_assert_eq!(
            again.map(|again| (again.version, again.segments)).ok(),
            Some((path.version, path.segments)).filter(|(_, segments)| !segments.is_empty()).or_else(|| Path::parse(&format!(
                "/v{}",
                path.version
            ))
            .ok()
            .map(|path| (path.version, path.segments)))
        );
        Ok(())
    });
}

#[test]
fn fuzz_an_endpoint_is_found_whole_or_not_at_all() {
    let methods = select(vec!["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "TRACE", "get", "EVIL"]);
    holds(file!(), "endpoints", &(methods, proptest::collection::vec(pieces(PATHS, 3), 0..6)), |(method, segments)| {
        let method: Method = method.parse().unwrap();
        let Some((row, parameters)) = operation::classify(&method, &segments) else { return Ok(()) };
        prop_assert_eq!(row.method, method.as_str());
        // With its placeholders filled in, the row is the path.
        let filled: Vec<String> = row
            .template
            .trim_start_matches('/')
            .split('/')
            .map(|part| match part.strip_prefix('{') {
                Some(name) => parameters.get(name.trim_end_matches('}').trim_end_matches('*')).to_owned(),
                None => part.to_owned(),
            })
            .collect();
        prop_assert_eq!(filled.join("/"), segments.join("/"));
        prop_assert!(row.disposition != Disposition::Refused || row.operation == operation::Operation::Refused);
        Ok(())
    });
}

const QUERIES: &[&str] = &[
    "name",
    "all",
    "t",
    "filters",
    "evil",
    "NAME",
    "=",
    "=",
    "=",
    "&",
    "&",
    "&",
    ";",
    "%",
    "%3d",
    "%26",
    "+",
    "1",
    "0",
    "true",
    "false",
    "no",
    "-1",
    "web",
    "%00",
    "{}",
    "[]",
    "%7B%22a%22%3A%5B%22b%22%5D%7D",
    "%7B%22a%22%3A%7B%22b%22%3Atrue%7D%7D",
    "null",
    "9999999999999999999",
    "#",
    "?",
    "\u{e9}",
    "%ff",
];

#[test]
fn fuzz_of_a_query_nothing_passes_that_nobody_took() {
    holds(file!(), "queries", &pieces(QUERIES, 16), |raw| {
        let Ok(mut query) = Query::parse(Some(&raw)) else { return Ok(()) };
        let (name, all, t, filters) = (query.text("name"), query.flag("all"), query.number("t"), query.filters());
        let taken = name.is_ok() && all.is_ok() && t.is_ok() && filters.is_ok();
        if query.finish().is_err() || !taken {
            return Ok(());
        }
        // As any other reader of forms has it.
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(&raw).unwrap();
        let mut seen = BTreeSet::new();
        for (key, value) in pairs {
            if ["name", "all", "t", "filters"].contains(&key.as_str()) {
                prop_assert!(seen.insert(key.clone()), "{key} came twice");
            } else {
                prop_assert!(matches!(value.as_str(), "" | "0" | "false" | "null" | "{}" | "[]" | "-1"), "{key}={value}");
            }
        }
        if let Ok(Some(name)) = name {
            let written = serde_urlencoded::to_string([("name", &name)]).unwrap();
            prop_assert_eq!(Query::parse(Some(&written)).unwrap().text("name").unwrap(), Some(name));
        }
        Ok(())
    });
}

const JSON: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "\\",
    "\\u0048",
    "\\u017f",
    "\"HostConfig\":",
    "\"hostconfig\":",
    "\"HOSTCONFIG\":",
    "\"Ho\u{17f}tConfig\":",
    "\"Image\":",
    "\"Privileged\":",
    "\"Binds\":",
    "{}",
    "[]",
    "null",
    "true",
    "false",
    "0",
    "-1",
    "1e999",
    "1.5",
    "\"a\"",
    "\"\"",
    " ",
    "\n",
    "\u{feff}",
    "//",
    "NaN",
    "\u{0}",
    "18446744073709551616",
];

#[test]
fn fuzz_json_that_is_read_is_read_in_one_way() {
    let texts = pieces(JSON, 24).prop_map(String::into_bytes);
    holds(file!(), "JSON of any kind", &mutated(texts), |text| {
        let Ok(value) = json::parse(&Bytes::from(text.clone())) else { return Ok(()) };
        // A parser that takes the last of two keys, and one that asks for no strictness, see the same.
        prop_assert_eq!(serde_json::from_slice::<Value>(&text).ok(), Some(value.clone()));
        let mut keys = Vec::new();
        folded(&value, &mut keys);
        let again = json::parse(&Bytes::from(value.to_string()));
        prop_assert_eq!(again.ok(), Some(value));
        Ok(())
    });
}

/// Keys that differ in case only would be one to the engine.
fn folded(value: &Value, keys: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            let mut seen = BTreeSet::new();
            for (key, value) in map {
                assert!(seen.insert(key.to_lowercase().replace('\u{17f}', "s").replace('\u{212a}', "k")), "{key} is there in another case");
                keys.push(key.clone());
                folded(value, keys);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| folded(value, keys)),
        _ => {}
    }
}

/// A value that says something, or doesn't.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        select(vec![0_i64, -1, 1, i64::MAX, i64::MIN]).prop_map(Value::from),
        select(vec!["", "host", "container:x", "/:/h", "busybox", "0"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            proptest::collection::btree_map(select(vec!["a", "Privileged", "Type", "Source"]).prop_map(str::to_owned), inner, 0..3)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

const KNOWN: &[&str] = &["Image", "Cmd", "Env", "Labels", "HostConfig", "User", "Tty", "Hostname", "NetworkingConfig", "ExposedPorts"];
const UNKNOWN: &[&str] = &[
    "Privileged",
    "Binds",
    "hostConfig",
    "hostconfig",
    "PidMode",
    "NetworkMode",
    "CapAdd",
    "image",
    "Ho\u{17f}tConfig",
    "Future",
    "HostConfig ",
];
const HOST_KNOWN: &[&str] = &["Binds", "Memory", "NetworkMode", "PidMode", "Privileged", "Devices", "RestartPolicy", "Mounts", "PidsLimit"];
const HOST_UNKNOWN: &[&str] = &["privileged", "PRIVILEGED", "binds", "Image", "Future", "Memory ", "memory"];

#[test]
fn fuzz_no_field_that_is_unknown_says_anything_to_the_engine() {
    let map = |known: &'static [&'static str], unknown: &'static [&'static str]| {
        let key = prop_oneof![3 => select(known), 1 => select(unknown)].prop_map(str::to_owned);
        proptest::collection::btree_map(key, values(), 0..5)
    };
    holds(file!(), "fields of a container", &(map(KNOWN, UNKNOWN), map(HOST_KNOWN, HOST_UNKNOWN)), |(mut top, host)| {
        let host_says: Vec<&String> = host
            .iter()
            .filter(|(key, value)| HOST_UNKNOWN.contains(&key.as_str()) && !says_nothing(Some(value)))
            .map(|(key, _)| key)
            .collect();
        let unknown_in_host = !host_says.is_empty();
        top.insert("HostConfig".to_owned(), Value::Object(host.clone().into_iter().collect()));
        let unknown = top.iter().any(|(key, value)| UNKNOWN.contains(&key.as_str()) && !says_nothing(Some(value)));
        let text = Value::Object(top.into_iter().collect()).to_string();
        let Ok(read) = json::decode::<CreateRequest>(&Bytes::from(text.clone())) else { return Ok(()) };
        prop_assert!(!unknown && !unknown_in_host, "{text}");
        // Written and read again it is the same: what is kept for `docker inspect` is what was judged.
        let written = serde_json::to_vec(&read).unwrap();
        let again = json::decode::<CreateRequest>(&Bytes::from(written));
        prop_assert_eq!(serde_json::to_value(again.unwrap()).unwrap(), serde_json::to_value(&read).unwrap());
        // And the policy has an answer to it, whatever it is.
        _ = crate::containers::create::policy::check(&read);
        Ok(())
    });
}
