//! Which addresses a network gets: one slot of the configured pool, the same on every learner's host
//! never twice on the engine.

use ipnet::Ipv4Net;

use crate::limits;

/// How many networks the pool holds.
pub(super) fn slots(pool: Ipv4Net) -> i64 {
    1 << limits::NETWORK_PREFIX_LENGTH.saturating_sub(pool.prefix_len()).min(24)
}

/// The addresses of a slot; `None` beyond the pool.
pub(super) fn subnet(pool: Ipv4Net, slot: i64) -> Option<Ipv4Net> {
    if slot < 0 || slot >= slots(pool) {
        return None;
    }
    let offset = u32::try_from(slot).ok()?.checked_shl(32 - u32::from(limits::NETWORK_PREFIX_LENGTH))?;
    let first = u32::from(pool.network()).checked_add(offset)?;
    Ipv4Net::new(first.into(), limits::NETWORK_PREFIX_LENGTH.max(pool.prefix_len())).ok()
}

/// Free slots, beginning at a place of the instance's own, so that two instances on one engine seldom
/// reach for the same.
pub(super) fn free_slots(pool: Ipv4Net, instance: &str, used: &[i64]) -> impl Iterator<Item = i64> + use<> {
    let count = slots(pool);
    let start = instance.bytes().fold(0_i64, |hash, byte| (hash * 31 + i64::from(byte)) % count);
    let used: std::collections::HashSet<i64> = used.iter().copied().collect();
    (0..count).map(move |index| (start + index) % count).filter(move |slot| !used.contains(slot))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn slots_follow_each_other_and_end_with_the_pool() {
        let pool: Ipv4Net = "10.200.0.0/16".parse().unwrap();
        assert_eq!(slots(pool), 1024);
        assert_eq!(subnet(pool, 0).unwrap().to_string(), "10.200.0.0/26");
        assert_eq!(subnet(pool, 5).unwrap().to_string(), "10.200.1.64/26");
        assert_eq!(subnet(pool, 1023).unwrap().to_string(), "10.200.255.192/26");
        assert_eq!(subnet(pool, 1024), None);
    }

    #[test]
    fn a_used_slot_is_not_given_again() {
        let pool: Ipv4Net = "10.200.0.0/24".parse().unwrap();
        let all: Vec<i64> = free_slots(pool, "x", &[]).collect();
        assert_eq!(all.len(), 4);
        assert_eq!(free_slots(pool, "x", &all).next(), None);
        assert_eq!(free_slots(pool, "x", &all[..3]).next(), Some(all[3]));
    }
}
