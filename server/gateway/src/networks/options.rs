//! Options of a network's driver. They reach into the shared host, but for one: how large a packet may be.

use std::collections::BTreeMap;

use http::StatusCode;

use crate::refusal::Refusal;

/// The engine's option for the bytes of a packet.
pub(super) const MTU: &str = "com.docker.network.driver.mtu";
/// Bytes that any host must take (RFC 791), and that an Ethernet takes.
const MTU_BYTES: std::ops::RangeInclusive<u32> = 576..=1500;

/// Characters of what isn't understood that are told again.
const MAX_TOLD: usize = 100;

/// What is asked for with `docker network create --opt`.
pub(super) fn mtu(asked: &BTreeMap<String, String>) -> Result<Option<u32>, Refusal> {
    if let Some(other) = asked.keys().find(|option| *option != MTU) {
        let other: String = other.chars().take(MAX_TOLD).collect();
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            format!(
                "lunchbox: the driver option {other} can't be had here: of a bridge's options only {MTU} concerns nobody else. Leave it out and try again."
            ),
        ));
    }
    let Some(value) = asked.get(MTU) else { return Ok(None) };
    if value.parse::<i64>().is_err() {
        let value: String = value.chars().take(MAX_TOLD).collect();
        return Err(Refusal::invalid(format!("failed to parse {MTU} value: {value} (strconv.Atoi: parsing {value:?}: invalid syntax)")));
    }
    let plain = value.bytes().all(|b| b.is_ascii_digit()) && !value.starts_with('0');
    let bytes = value.parse().ok().filter(|bytes| plain && MTU_BYTES.contains(bytes)).ok_or_else(|| {
        let (least, most) = (MTU_BYTES.start(), MTU_BYTES.end());
        Refusal::invalid(format!(
            "lunchbox: a network's MTU is a number from {least} to {most} here. Choose one, or leave --opt {MTU} out."
        ))
    })?;
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    fn of(options: &[(&str, &str)]) -> Result<Option<u32>, Refusal> {
        mtu(&options.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn only_the_size_of_packets_can_be_chosen() {
        assert_eq!(of(&[]).unwrap(), None);
        assert_eq!(of(&[(MTU, "1400")]).unwrap(), Some(1400));
        for value in ["", "0", "575", "1501", "9000", "many", "+1400", "01400", "1400 ", "-1", "99999999999"] {
            assert!(of(&[(MTU, value)]).is_err(), "{value:?}");
        }
        for option in ["com.docker.network.bridge.name", "com.docker.network.bridge.enable_icc", "parent", ""] {
            assert!(of(&[(MTU, "1400"), (option, "x")]).is_err(), "{option}");
        }
    }
}
