//! What was asked for and is more than a container may have: cut down to its limit, and told. Whoever cuts a value
//! down does so here, so that no cut is silent.

/// What Docker calls no end of something.
const UNLIMITED: &str = "unlimited";
const MAX_TOLD: usize = 16;

/// Sentences for the answer's `Warnings`, which clients print.
#[derive(Debug, Default)]
pub(crate) struct Cuts(Vec<String>);

impl Cuts {
    /// The value, or the most that there is.
    pub(crate) fn at_most(&mut self, option: &str, asked: i64, most: i64, shown: fn(i64) -> String) -> i64 {
        if asked > most {
            self.note(option, &shown(most), &shown(asked));
        }
        asked.min(most)
    }

    /// The same, of what is without end where it is negative.
    pub(crate) fn at_most_or_unlimited(&mut self, option: &str, asked: i64, most: i64, shown: fn(i64) -> String) -> i64 {
        if asked < 0 {
            self.note(option, &shown(most), UNLIMITED);
            return most;
        }
        self.at_most(option, asked, most, shown)
    }

    /// The value, or the least that there is.
    pub(crate) fn at_least(&mut self, option: &str, asked: i64, least: i64, shown: fn(i64) -> String) -> i64 {
        if asked < least {
            self.note(option, &shown(least), &shown(asked));
        }
        asked.max(least)
    }

    pub(crate) fn note(&mut self, option: &str, gets: &str, asked: &str) {
        self.say(format!("{option} {gets} instead of {asked}: that is its limit on the machine that the whole class shares."));
    }

    /// What the container runs with, in other words than a [`Cuts::note`]'s.
    pub(crate) fn say(&mut self, what: String) {
        if self.0.len() < MAX_TOLD {
            self.0.push(format!("lunchbox: the container runs with {what}"));
        }
    }

    pub(crate) fn told(self) -> Vec<String> {
        self.0
    }
}

/// As `--memory` takes it: `512m`.
pub(crate) fn bytes(bytes: i64) -> String {
    let units = [(1 << 30, "g"), (1 << 20, "m"), (1 << 10, "k")];
    let fitting = units.into_iter().find(|(unit, _)| bytes != 0 && bytes % unit == 0);
    fitting.map_or_else(|| bytes.to_string(), |(unit, letter)| format!("{}{letter}", bytes / unit))
}

/// As `--cpus` takes it, of billionths: `1.5`.
pub(crate) fn nano_cpus(nano_cpus: i64) -> String {
    let hundredths = nano_cpus / 10_000_000;
    format!("{}.{:02}", hundredths / 100, hundredths % 100).trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// As `--health-interval` takes it, of nanoseconds: `5s`.
pub(crate) fn nanoseconds(nanoseconds: i64) -> String {
    let units = [(1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us")];
    let fitting = units.into_iter().find(|(unit, _)| nanoseconds % unit == 0);
    fitting.map_or_else(|| format!("{nanoseconds}ns"), |(unit, name)| format!("{}{name}", nanoseconds / unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_within_its_limit_is_told_to_nobody() {
        let mut cuts = Cuts::default();
        assert_eq!(cuts.at_most("--memory", 64, 64, bytes), 64);
        assert_eq!(cuts.at_least("--health-interval", 5, 5, nanoseconds), 5);
        assert_eq!(cuts.at_most_or_unlimited("--pids-limit", 0, 5, |n| n.to_string()), 0);
        assert!(cuts.told().is_empty());
    }

    #[test]
    fn what_is_cut_is_told_as_it_would_be_typed() {
        let mut cuts = Cuts::default();
        assert_eq!(cuts.at_most("--memory", 4 << 30, 512 << 20, bytes), 512 << 20);
        assert_eq!(cuts.at_most("--cpus", 4_000_000_000, 1_500_000_000, nano_cpus), 1_500_000_000);
        assert_eq!(cuts.at_most_or_unlimited("--pids-limit", -1, 256, |n| n.to_string()), 256);
        assert_eq!(cuts.at_least("--health-interval", 1_500_000_000, 5_000_000_000, nanoseconds), 5_000_000_000);
        let told: Vec<String> = cuts.told().iter().filter_map(|text| Some(text.split_once(':')?.1.split_once(':')?.0.to_owned())).collect();
        assert_eq!(
            told,
            [
                " the container runs with --memory 512m instead of 4g",
                " the container runs with --cpus 1.5 instead of 4",
                " the container runs with --pids-limit 256 instead of unlimited",
                " the container runs with --health-interval 5s instead of 1500ms",
            ]
        );
        assert_eq!([bytes(0), bytes(1023), bytes(3 << 10)], ["0", "1023", "3k"]);
    }
}
