//! Levels what two hosts can't have in common: IDs, times, addresses, names made up by the engine.
//!
//! What stands on both sides word by word is left as it is, so an image's ID must still be the same.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use regex::{Captures, Regex};

/// Two texts that say the same if they are equal.
pub(crate) fn level(left: &str, right: &str, masks: &[Regex]) -> [String; 2] {
    let [left, right] = [left, right].map(|text| {
        let mut text = text.replace("\r\n", "\n");
        for (regex, with) in MEASURED.iter() {
            text = regex.replace_all(&text, *with).into_owned();
        }
        for mask in masks {
            text = mask.replace_all(&text, "<measured>").into_owned();
        }
        text
    });
    let mut texts = [left, right];
    for kind in OWN.iter() {
        let found = |text: &str| kind.regex.find_iter(text).map(|found| kind.key(found.as_str()).to_owned()).collect::<HashSet<_>>();
        let both: HashSet<String> = found(&texts[0]).intersection(&found(&texts[1])).cloned().collect();
        texts = texts.map(|text| kind.numbered(&text, &both));
    }
    texts.map(|text| spaces(&text))
}

/// Whether a label is one by which set-up knows the images that it made. The gateway hides them; an engine
/// that pulls the same image shows them, and Docker Hub's have none.
pub(crate) fn is_set_ups(label: &str) -> bool {
    matches!(label, "io.lunchbox.recipe" | "io.lunchbox.stand-in")
}

/// A line for the file of expected differences: what is the same on both sides today is another thing on
/// another machine.
pub(crate) fn on_any_machine(line: &str) -> String {
    static SAME: LazyLock<Regex> = LazyLock::new(|| regex(r"\b([0-9a-f]{64}|[0-9a-f]{12})\b"));
    SAME.replace_all(line, "<same>").into_owned()
}

#[allow(clippy::unwrap_used, reason = "constants, tried by the tests")]
fn regex(text: &str) -> Regex {
    Regex::new(text).unwrap()
}

/// Moments and spans: never the same, and no more than that they are there can be asked.
static MEASURED: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    [
        (r"\b[12]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", "<time>"),
        (r"\b[12]\d{3}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?( [+-]\d{4}( [A-Z]+)?)?", "<time>"),
        (r#""(time|timeNano)": ?\d+"#, r#""$1": "<time>""#),
        (r"(Less than a second|About a minute|About an hour|\d+ (second|minute|hour|day|week|month|year)s?)( ago)?", "<span>"),
        (r"/overlay2/(l/)?[0-9A-Za-z]+(-init)?", "/overlay2/<layer>"),
        (r"(?m)^(docker: )?(Error response from daemon: .*?)\.?$", "$1$2"),
        (r"(?m)^(\* .*)\.$", "$1"),
        // What the client adds of its own, each version in its own words.
        (r"(?m)(^\n)?^(See|Run) 'docker [^\n]*--help'[^\n]*\n", ""),
        // Whether they are printed is a matter of a moment.
        (r"(?m)^[0-9a-f]{12}: (Waiting|Verifying Checksum|Download complete)\n", ""),
        (r#"(?m)^time="<time>" level=error msg=".* read/write on closed pipe"\n"#, ""),
        (r"\b(file|dir|multi):[0-9a-f]{16,64}", "$1:<digest>"),
        (r#""Pid": [1-9]\d*"#, r#""Pid": "<some>""#),
        // As the kernel's control groups have it, version 1 or 2.
        (r#"(?m)^ *"CgroupnsMode": .*\n"#, ""),
        // The labels of set-up's own: the row of a history takes the image's ID with it.
        (r"(?m)^(\S+)( .*)io\.lunchbox\.recipe=.*\n<missing>", "$1"),
        (r"(?m)^.*LABEL io\.lunchbox\.recipe=.*\n", ""),
        (r"io\.lunchbox\.(recipe|stand-in)=[^,\n]*, ?", ""),
    ]
    .map(|(text, with)| (regex(text), with))
    .into()
});

/// Words that a host makes up.
struct Own {
    regex: Regex,
    name: &'static str,
    /// As many letters tell one from another.
    letters: usize,
}

static OWN: LazyLock<[Own; 6]> = LazyLock::new(|| {
    [
        (r"\b([0-9a-f]{64}|[0-9a-f]{12})\b", "id", 12),
        (r"\b[0-9a-f]{14}…", "short id", 14),
        (r"\b([0-9a-f]{2}:){5}[0-9a-f]{2}\b", "mac", 17),
        (r"\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(/\d\d?)?", "address", 18),
        (r"\b[a-z]+_[a-z]+\d?\b", "name", 60),
        (r"\b(3[2-9]|[45]\d|6[0-5])\d{3}\b", "port", 5),
    ]
    .map(|(text, name, letters)| Own { regex: regex(text), name, letters })
});

impl Own {
    fn key<'a>(&self, word: &'a str) -> &'a str {
        word.get(..self.letters).unwrap_or(word)
    }

    /// Each in the order in which it first stands there: the same word keeps its number.
    fn numbered(&self, text: &str, both: &HashSet<String>) -> String {
        let mut numbers: HashMap<String, usize> = HashMap::new();
        self.regex
            .replace_all(text, |found: &Captures<'_>| {
                let key = self.key(&found[0]);
                if both.contains(key) {
                    return found[0].to_owned();
                }
                let next = numbers.len() + 1;
                format!("<{} {}>", self.name, numbers.entry(key.to_owned()).or_insert(next))
            })
            .into_owned()
    }
}

/// Columns are as wide as what stands in them.
fn spaces(text: &str) -> String {
    static INNER: LazyLock<Regex> = LazyLock::new(|| regex(r"(\S) {2,}"));
    text.lines().map(|line| INNER.replace_all(line.trim_end(), "$1  ").into_owned() + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn same(left: &str, right: &str) {
        let [left, right] = level(left, right, &[]);
        assert_eq!(left, right);
    }

    #[track_caller]
    fn differ(left: &str, right: &str) {
        let [left, right] = level(left, right, &[]);
        assert_ne!(left, right);
    }

    const ONE: &str = "1111111111111111111111111111111111111111111111111111111111111111";
    const TWO: &str = "2222222222222222222222222222222222222222222222222222222222222222";

    #[test]
    fn a_containers_id_is_any_but_the_same_throughout() {
        same(&format!("{ONE}\n{}", &ONE[..12]), &format!("{TWO}\n{}", &TWO[..12]));
        differ(&format!("{ONE} {ONE}"), &format!("{TWO} {ONE}x"));
        differ(&format!("{ONE} {ONE}"), &format!("{ONE} {TWO}"));
    }

    #[test]
    fn times_are_any_but_no_time_is_none() {
        same("2026-01-02T03:04:05.678Z", "2026-11-12T13:14:15+01:00");
        same("Up 3 seconds", "Up Less than a second");
        differ("2026-01-02T03:04:05Z", "0001-01-01T00:00:00Z");
    }

    #[test]
    fn what_set_up_wrote_into_an_image_is_left_out() {
        let shown = "<missing>  4 weeks ago  /bin/sh -c #(nop)  CMD [\"sh\"]  0B\n";
        let own = format!("{}  4 weeks ago  LABEL io.lunchbox.recipe=…  0B\n", &ONE[..12]);
        same(&format!("{own}{shown}"), &shown.replace("<missing>", &ONE[..12]));
        same("io.lunchbox.recipe=x,kind=soup", "kind=soup");
    }

    #[test]
    fn names_and_addresses_that_stand_on_both_sides_stay() {
        same("happy_euler 172.17.0.2/16 02:42:ac:11:00:02", "sad_wozniak 10.200.0.3/26 02:42:ac:11:00:03");
        differ("memory_limit 1.2.3.4", "memory_limit nothing");
    }

    #[test]
    fn columns_may_be_of_any_width_but_indents_count() {
        same("NAME      IMAGE\nx         y", "NAME   IMAGE\nx    y");
        differ("  {", "    {");
    }

    #[test]
    fn a_cli_that_ends_errors_with_a_dot_says_the_same() {
        same(
            "docker: Error response from daemon: no.\nSee 'docker run --help'.\n",
            "docker: Error response from daemon: no\n\nRun 'docker run --help' for more information\n",
        );
    }
}
