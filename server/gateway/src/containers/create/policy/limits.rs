//! Limits that contradict each other, and options of a log that don't exist, told as the engine tells them.
//! What merely is too much is cut down elsewhere, and no mistake.
//!
//! Source: moby, daemon/daemon_unix.go, `verifyPlatformContainerResources`, and daemon/logger.

use crate::{
    model::container::{HostConfig, LogConfig},
    refusal::Refusal,
};

const NANO_CPUS: i64 = 1_000_000_000;
const MIN_MEMORY_BYTES: i64 = 6 * 1024 * 1024;

/// Whether the limits are a new container's, or what `docker update` changes of an old one's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limits {
    OfNew,
    Changed,
}

/// The CPUs that a host with so many billionths of one is said to have.
pub(crate) fn cpus(nano_cpus: i64) -> i64 {
    (nano_cpus + NANO_CPUS - 1) / NANO_CPUS
}

pub(crate) fn check_limits(host: &HostConfig, nano_cpus: i64, of: Limits) -> Result<(), Refusal> {
    let fail = |why: &str| Err(Refusal::invalid(why));
    let (memory, swap, reservation) = (host.memory, host.memory_swap, host.memory_reservation);
    if memory != 0 && memory < MIN_MEMORY_BYTES {
        return fail("Minimum memory limit allowed is 6MB");
    }
    if memory > 0 && swap > 0 && swap < memory {
        return fail("Minimum memoryswap limit should be larger than memory limit, see usage");
    }
    if memory == 0 && swap > 0 && of == Limits::OfNew {
        return fail("You should always set the Memory limit when using Memoryswap limit, see usage");
    }
    if let Some(swappiness) = host.memory_swappiness.filter(|swappiness| !(-1..=100).contains(swappiness)) {
        return fail(&format!("Invalid value: {swappiness}, valid memory swappiness range is 0-100"));
    }
    if reservation > 0 && reservation < MIN_MEMORY_BYTES {
        return fail("Minimum memory reservation allowed is 6MB");
    }
    if memory > 0 && reservation > memory {
        return fail("Minimum memory limit can not be less than memory reservation limit, see usage");
    }
    if host.nano_cpus > 0 && host.cpu_period > 0 {
        return fail("Conflicting options: Nano CPUs and CPU Period cannot both be set");
    }
    if host.nano_cpus > 0 && host.cpu_quota > 0 {
        return fail("Conflicting options: Nano CPUs and CPU Quota cannot both be set");
    }
    let cpus = cpus(nano_cpus);
    if host.nano_cpus < 0 || host.nano_cpus > cpus * NANO_CPUS {
        return fail(&format!("Range of CPUs is from 0.01 to {cpus}.00, as there are only {cpus} CPUs available"));
    }
    if host.cpu_period != 0 && !(1000..=1_000_000).contains(&host.cpu_period) {
        return fail("CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)");
    }
    if host.cpu_quota > 0 && host.cpu_quota < 1000 {
        return fail("CPU cfs quota can not be less than 1ms (i.e. 1000)");
    }
    Ok(())
}

/// Options of every driver's.
const LOG_OPTIONS: [&str; 6] = ["mode", "max-buffer-size", "cache-disabled", "cache-max-file", "cache-max-size", "cache-compress"];
const FILE_LOG_OPTIONS: [&str; 8] = ["max-file", "max-size", "compress", "labels", "labels-regex", "env", "env-regex", "tag"];
const LOCAL_LOG_OPTIONS: [&str; 3] = ["max-file", "max-size", "compress"];

/// The driver is one of those that can be had here.
pub(crate) fn check_log_options(log: &LogConfig) -> Result<(), Refusal> {
    let unknown = |known: &[&str]| log.config.keys().find(|key| !LOG_OPTIONS.contains(&key.as_str()) && !known.contains(&key.as_str()));
    match log.kind.as_str() {
        "none" => Ok(()),
        "local" => match unknown(&LOCAL_LOG_OPTIONS) {
            None => Ok(()),
            Some(key) => Err(Refusal::invalid(format!("unknown log opt '{key}' for log driver local"))),
        },
        _ => match unknown(&FILE_LOG_OPTIONS) {
            None => Ok(()),
            Some(key) => Err(Refusal::invalid(format!("unknown log opt '{key}' for json-file log driver"))),
        },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    const MIB: i64 = 1024 * 1024;

    #[test]
    fn limits_that_contradict_each_other_are_told() {
        let of = |change: fn(&mut HostConfig)| {
            let mut host = HostConfig::default();
            change(&mut host);
            check_limits(&host, 1_500_000_000, Limits::OfNew).map_err(|refusal| refusal.message)
        };
        for (change, told) in [
            ((|host| host.memory = MIB) as fn(&mut HostConfig), "Minimum memory limit allowed"),
            (|host| (host.memory, host.memory_swap) = (64 * MIB, 32 * MIB), "Minimum memoryswap limit"),
            (|host| host.memory_swap = 32 * MIB, "always set the Memory limit"),
            (|host| (host.memory, host.memory_reservation) = (64 * MIB, 128 * MIB), "less than memory reservation limit"),
            (|host| (host.nano_cpus, host.cpu_quota) = (1, 5000), "Nano CPUs and CPU Quota"),
            (|host| (host.nano_cpus, host.cpu_period) = (1, 5000), "Nano CPUs and CPU Period"),
            (|host| host.nano_cpus = 2_000_000_001, "from 0.01 to 2.00, as there are only 2 CPUs"),
            (|host| host.memory_swappiness = Some(101), "swappiness range is 0-100"),
        ] {
            assert!(of(change).unwrap_err().contains(told), "{told}");
        }
        assert_eq!(of(|host| (host.memory, host.memory_swap, host.memory_reservation) = (64 * MIB, -1, 64 * MIB)), Ok(()));
        assert_eq!(of(|host| (host.memory, host.memory_swappiness) = (100_000 * MIB, Some(-1))), Ok(()));
        // Of a container that has a limit already, the swap alone can be changed.
        let host = HostConfig { memory_swap: 64 * MIB, ..HostConfig::default() };
        assert!(check_limits(&host, NANO_CPUS, Limits::Changed).is_ok());
    }

    #[test]
    fn options_of_a_log_are_those_of_its_driver() {
        let of = |kind: &str, key: &str| {
            let config = [(key.to_owned(), "1".to_owned())].into();
            check_log_options(&LogConfig { kind: kind.to_owned(), config }).map_err(|refusal| refusal.message)
        };
        assert_eq!(of("", "nosuch"), Err("unknown log opt 'nosuch' for json-file log driver".to_owned()));
        assert_eq!(of("local", "tag"), Err("unknown log opt 'tag' for log driver local".to_owned()));
        assert_eq!([of("json-file", "tag"), of("none", "nosuch"), of("local", "mode")], [Ok(()), Ok(()), Ok(())]);
    }
}
