//! Lists of the engine's that go over all sandboxes. How long they are, learners decide, by what they name and label:
//! so they are read piece by piece, only what is asked for is kept, and no length makes them unreadable. Else one
//! learner could see to it that nobody is looked after any more.

use std::{collections::BTreeMap, fmt, io};

use futures_util::TryStreamExt as _;
use http_body_util::BodyExt as _;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, IgnoredAny, MapAccess, Visitor},
};
use tokio_util::io::{StreamReader, SyncIoBridge};

use super::{Ask, EngineSaid, Upstream};
use crate::{refusal::Refusal, scope::Scope};

/// Bytes that are parsed at once.
const BUFFER_BYTES: usize = 64 * 1024;

/// The labels that are Lunchbox's own; all others are passed over.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct OurLabels(BTreeMap<String, String>);

impl OurLabels {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

impl<'de> Deserialize<'de> for OurLabels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Labels;
        impl<'de> Visitor<'de> for Labels {
            type Value = OurLabels;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("labels")
            }

            fn visit_unit<E>(self) -> Result<OurLabels, E> {
                Ok(OurLabels::default())
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<OurLabels, M::Error> {
                let mut ours = BTreeMap::new();
                while let Some(name) = map.next_key::<String>()? {
                    if Scope::is_our_label(&name) {
                        ours.insert(name, map.next_value()?);
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(OurLabels(ours))
            }
        }
        // `null` where there are none.
        deserializer.deserialize_any(Labels)
    }
}

impl Upstream {
    /// Asks for a list of whatever length; fields that `T` doesn't have are read over.
    pub(crate) async fn list<T: DeserializeOwned + Send + 'static>(&self, ask: Ask) -> Result<T, EngineSaid> {
        let body = self.stream(ask).await?.into_body();
        let pieces = body.into_data_stream().map_err(io::Error::other);
        let reader = SyncIoBridge::new(StreamReader::new(Box::pin(pieces)));
        let read = tokio::task::spawn_blocking(move || serde_json::from_reader(io::BufReader::with_capacity(BUFFER_BYTES, reader))).await;
        match read {
            Ok(Ok(list)) => Ok(list),
            Ok(Err(error)) => {
                tracing::error!(%error, "a list of the engine's was not understood");
                Err(EngineSaid::Away(Refusal::internal()))
            }
            Err(error) => {
                tracing::error!(%error, "a list of the engine's could not be read");
                Err(EngineSaid::Away(Refusal::internal()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Item {
        id: String,
        labels: OurLabels,
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn no_length_makes_a_list_unreadable() {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let folder = tempfile::tempdir().unwrap();
        let listener = tokio::net::UnixListener::bind(folder.path().join("engine")).unwrap();
        let long = "\\u0001".repeat(100_000);
        let item = |id: usize| format!(r#"{{"Id":"{id}","Command":"{long}","Labels":{{"theirs":"{long}","io.lunchbox.sandbox":"a"}}}}"#);
        let items: Vec<String> = (0..20).map(item).collect();
        let body = format!("[{}]", items.join(","));
        assert!(body.len() > crate::limits::MAX_ENGINE_ANSWER_BYTES);
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            stream.write_all(answer.as_bytes()).await.unwrap();
        });
        let engine = Upstream::new(&folder.path().join("engine"));
        let list: Vec<Item> = engine.list(Ask::get(&["containers", "json"])).await.unwrap();
        assert_eq!((list.len(), list[19].id.as_str(), list[19].labels.get("io.lunchbox.sandbox")), (20, "19", Some("a")));
    }

    #[test]
    fn only_our_labels_are_kept() {
        let long = "x".repeat(100_000);
        let text = serde_json::json!({ "io.lunchbox.sandbox": "a", "theirs": long, "io.lunchbox.role": "learner", "": "" }).to_string();
        let labels: OurLabels = serde_json::from_reader(text.as_bytes()).unwrap();
        assert_eq!((labels.get("io.lunchbox.sandbox"), labels.get("io.lunchbox.role"), labels.0.len()), (Some("a"), Some("learner"), 2));
        assert_eq!(serde_json::from_reader::<_, OurLabels>("null".as_bytes()).unwrap(), OurLabels::default());
        assert!(serde_json::from_reader::<_, OurLabels>("[]".as_bytes()).is_err());
    }
}
