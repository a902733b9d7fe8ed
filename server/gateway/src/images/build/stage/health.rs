//! HEALTHCHECK.

use crate::{images::catalogue::Healthcheck, refusal::Refusal};

use super::{
    super::dockerfile::{self, Instruction},
    Stage, Step, json_words, quoted,
};

impl Stage {
    pub(super) fn check_health(&mut self, instruction: &Instruction) -> Result<Step, Refusal> {
        let wrong = |what: String| dockerfile::error(instruction.line, &what);
        let (kind, rest) = instruction.rest.split_once(char::is_whitespace).unwrap_or((&instruction.rest, ""));
        let mut check = Healthcheck::default();
        match kind.to_ascii_uppercase().as_str() {
            "NONE" if rest.trim().is_empty() => check.test = Some(vec!["NONE".to_owned()]),
            "NONE" => return Err(wrong("HEALTHCHECK NONE takes no arguments".to_owned())),
            "CMD" if rest.trim().is_empty() => return Err(wrong("missing command after HEALTHCHECK CMD".to_owned())),
            "CMD" => {
                let rest = rest.trim();
                let words = json_words(rest).map(|words| ("CMD", words)).unwrap_or_else(|| ("CMD-SHELL", vec![rest.to_owned()]));
                check.test = Some([vec![words.0.to_owned()], words.1].concat());
            }
            other => return Err(wrong(format!("unknown type \"{other}\" in HEALTHCHECK (try CMD)"))),
        }
        for flag in &instruction.flags {
            let (name, value) = flag[2..].split_once('=').unwrap_or((&flag[2..], ""));
            let time = || duration(value).ok_or_else(|| wrong(format!("invalid duration \"{value}\"")));
            match name {
                "interval" => check.interval = time()?,
                "timeout" => check.timeout = time()?,
                "start-period" => check.start_period = time()?,
                "start-interval" => check.start_interval = time()?,
                _ => check.retries = value.parse().map_err(|_| wrong(format!("invalid value \"{value}\" for --retries")))?,
            }
        }
        let told = format!("HEALTHCHECK {}", quoted(check.test.as_deref().unwrap_or_default()));
        self.image.config.healthcheck = Some(check);
        Ok(Step::nothing(told))
    }
}

/// `1m30s` in nanoseconds.
fn duration(text: &str) -> Option<i64> {
    let (mut total, mut rest) = (0.0_f64, text);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        let unit = rest[digits..].find(|c: char| c.is_ascii_digit() || c == '.').map_or(rest.len(), |length| digits + length);
        total += number
            * match &rest[digits..unit] {
                "ns" => 1.0,
                "us" | "µs" => 1e3,
                "ms" => 1e6,
                "s" => 1e9,
                "m" => 6e10,
                "h" => 3.6e12,
                _ => return None,
            };
        rest = &rest[unit..];
    }
    (!text.is_empty() && total.is_finite() && total < 1e17).then_some(total as i64)
}
