//! A request's query: each parameter is taken by name, once, as a type. What nobody took is refused,
//! unless it says nothing (empty, `0`, `false`), as newer clients' zero values do.

use std::collections::BTreeMap;

use crate::{limits, refusal::Refusal};

/// Parameters not taken yet.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query {
    parameters: BTreeMap<String, Vec<String>>,
}

/// `filters`: for each key the values asked for.
pub(crate) type Filters = BTreeMap<String, Vec<String>>;

impl Query {
    pub(crate) fn parse(raw: Option<&str>) -> Result<Self, Refusal> {
        let pairs: Vec<(String, String)> =
            serde_urlencoded::from_str(raw.unwrap_or_default()).map_err(|_| Refusal::invalid("lunchbox: the query is not understood"))?;
        if pairs.len() > limits::MAX_QUERY_PARAMETERS {
            return Err(Refusal::invalid("lunchbox: the query has too many parameters"));
        }
        let mut parameters: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in pairs {
            if name.chars().chain(value.chars()).any(|c| c == '\0') {
                return Err(Refusal::invalid("lunchbox: the query is not understood"));
            }
            parameters.entry(name).or_default().push(value);
        }
        Ok(Self { parameters })
    }

    /// What came by another way than a query, under a query's names.
    pub(crate) fn of(pairs: Vec<(&str, String)>) -> Self {
        let mut parameters: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in pairs {
            parameters.entry(name.to_owned()).or_default().push(value);
        }
        Self { parameters }
    }

    /// Whether a parameter is there, and isn't empty.
    pub(crate) fn says(&self, name: &str) -> bool {
        self.parameters.get(name).is_some_and(|values| values.iter().any(|value| !value.is_empty()))
    }

    /// A parameter that may come once.
    pub(crate) fn text(&mut self, name: &str) -> Result<Option<String>, Refusal> {
        let Some(mut values) = self.parameters.remove(name) else { return Ok(None) };
        if values.len() > 1 {
            return Err(Refusal::invalid(format!("lunchbox: the parameter {name} came more than once")));
        }
        Ok(values.pop())
    }

    /// A parameter that may come often (`t` of a build, `names` of a save).
    pub(crate) fn all(&mut self, name: &str) -> Vec<String> {
        self.parameters.remove(name).unwrap_or_default()
    }

    /// As the engine reads a boolean: everything but these five is true.
    pub(crate) fn flag(&mut self, name: &str) -> Result<bool, Refusal> {
        Ok(self.text(name)?.is_some_and(|value| !matches!(value.trim().to_ascii_lowercase().as_str(), "" | "0" | "no" | "false" | "none")))
    }

    /// A whole number.
    pub(crate) fn number(&mut self, name: &str) -> Result<Option<i64>, Refusal> {
        match self.text(name)?.as_deref() {
            None | Some("") => Ok(None),
            Some(value) => {
                value.parse().map(Some).map_err(|_| Refusal::invalid(format!("lunchbox: {name} must be a whole number, not {value:?}")))
            }
        }
    }

    /// JSON in a parameter: `filters` in both of its encodings, `{"k":["v"]}` and `{"k":{"v":true}}`.
    pub(crate) fn filters(&mut self) -> Result<Filters, Refusal> {
        #[derive(serde::Deserialize)]
        #[serde(untagged)]
        enum Values {
            List(Vec<String>),
            Set(BTreeMap<String, bool>),
        }
        let Some(raw) = self.text("filters")?.filter(|raw| !raw.is_empty()) else { return Ok(Filters::new()) };
        let parsed: BTreeMap<String, Values> = serde_json::from_str(&raw).map_err(|_| Refusal::invalid("invalid filter"))?;
        Ok(parsed
            .into_iter()
            .map(|(key, values)| {
                let values = match values {
                    Values::List(list) => list,
                    Values::Set(set) => set.into_iter().filter_map(|(value, wanted)| wanted.then_some(value)).collect(),
                };
                (key, values)
            })
            .collect())
    }

    /// Parameters that are known and mean nothing here.
    pub(crate) fn ignore(&mut self, names: &[&str]) {
        for name in names {
            self.parameters.remove(*name);
        }
    }

    /// Nothing that says something may be left.
    pub(crate) fn finish(self) -> Result<(), Refusal> {
        let left = self
            .parameters
            .into_iter()
            .find(|(_, values)| values.iter().any(|value| !matches!(value.as_str(), "" | "0" | "false" | "null" | "{}" | "[]" | "-1")));
        match left {
            None => Ok(()),
            Some((name, _)) => {
                Err(Refusal::invalid(format!("lunchbox: the parameter {name:?} is not understood by this classroom's engine")))
            }
        }
    }
}

/// Fails with the engine's words when a filter has a key that this list doesn't know.
pub(crate) fn known_filters(filters: &Filters, known: &[&str]) -> Result<(), Refusal> {
    match filters.keys().find(|key| !known.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => Err(Refusal::invalid(format!("invalid filter '{key}'"))),
    }
}

/// A filter that is yes or no. `None` where it isn't given; neither, or both, is told in the engine's words.
pub(crate) fn truth(filters: &Filters, key: &str) -> Result<Option<bool>, Refusal> {
    let Some(values) = filters.get(key) else { return Ok(None) };
    let has = |wanted: [&str; 2]| values.iter().any(|value| wanted.contains(&value.as_str()));
    match (has(["1", "true"]), has(["0", "false"])) {
        (true, false) => Ok(Some(true)),
        (false, true) => Ok(Some(false)),
        _ if values.is_empty() => Err(Refusal::invalid(format!("invalid filter '{key}'"))),
        _ => Err(Refusal::invalid(format!("invalid filter '{key}=[{}]'", values.join(" ")))),
    }
}

/// A filter that is a whole number, as Go's `strconv.Atoi` reads it.
pub(crate) fn whole_number(key: &str, value: &str) -> Result<i64, Refusal> {
    value.parse().map_err(|_| Refusal::invalid(format!("invalid filter '{key}={value}': strconv.Atoi: parsing {value:?}: invalid syntax")))
}

/// The filter `label`: `key`, or `key=value`.
pub(crate) fn has_label(labels: &BTreeMap<String, String>, wanted: &str) -> bool {
    match wanted.split_once('=') {
        Some((key, value)) => labels.get(key).is_some_and(|found| found == value),
        None => labels.contains_key(wanted),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn a_parameter_nobody_knows_is_refused_by_name() {
        let mut query = Query::parse(Some("all=1&evil=x")).unwrap();
        assert!(query.flag("all").unwrap());
        assert!(query.finish().unwrap_err().message.contains("\"evil\""));
    }

    #[test]
    fn an_unknown_zero_value_is_let_go() {
        assert!(Query::parse(Some("new=0&newer=&newest=false")).unwrap().finish().is_ok());
    }

    #[test]
    fn a_parameter_given_twice_is_refused() {
        assert!(Query::parse(Some("all=0&all=1")).unwrap().flag("all").is_err());
    }

    #[test]
    fn names_are_of_one_case() {
        assert!(Query::parse(Some("ALL=1")).unwrap().finish().is_err());
    }

    #[test]
    fn a_filter_of_yes_or_no_is_neither_nothing_nor_both() {
        let of = |values: &[&str]| {
            let filters = [("dangling".to_owned(), values.iter().map(|value| (*value).to_owned()).collect())].into();
            truth(&filters, "dangling").map_err(|refusal| refusal.message)
        };
        assert_eq!(truth(&Filters::new(), "dangling").unwrap(), None);
        assert_eq!((of(&["1"]), of(&["false"])), (Ok(Some(true)), Ok(Some(false))));
        assert_eq!(of(&["perhaps"]), Err("invalid filter 'dangling=[perhaps]'".to_owned()));
        assert_eq!(of(&["true", "0"]), Err("invalid filter 'dangling=[true 0]'".to_owned()));
        assert_eq!(of(&[]), Err("invalid filter 'dangling'".to_owned()));
    }

    #[test]
    fn filters_come_in_two_encodings() {
        let of = |raw: &str| Query::parse(Some(&format!("filters={raw}"))).unwrap().filters().unwrap();
        assert_eq!(of(r#"{"name":["web"]}"#), of(r#"{"name":{"web":true}}"#));
        assert_eq!(of(r#"{"name":{"web":false}}"#)["name"], Vec::<String>::new());
    }
}
