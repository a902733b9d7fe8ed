//! Token buckets, one an address or name, of a bounded number of them.

use std::{
    collections::HashMap,
    hash::Hash,
    time::{Duration, Instant},
};

/// Addresses remembered: some megabytes. Beyond that the ones seen longest ago are forgotten, which
/// gives them their full due again.
pub(super) const MAX_CLIENTS: usize = 10_000;

/// How often something may be done.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rate {
    /// At once.
    pub(super) burst: f64,
    /// From then on.
    pub(super) per_second: f64,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

/// One bucket an address or name.
#[derive(Debug)]
pub(super) struct Buckets<Key> {
    rate: Rate,
    by_client: HashMap<Key, Bucket>,
}

impl<Key: Eq + Hash> Buckets<Key> {
    pub(super) fn new(rate: Rate) -> Self {
        Self { rate, by_client: HashMap::new() }
    }

    /// Takes a token. `Err`: so long until there is one.
    pub(super) fn take(&mut self, client: Key, now: Instant) -> Result<(), Duration> {
        if self.by_client.len() >= MAX_CLIENTS && !self.by_client.contains_key(&client) {
            self.make_room(now);
        }
        let rate = self.rate;
        let bucket = self.by_client.entry(client).or_insert(Bucket { tokens: rate.burst, at: now });
        bucket.tokens = tokens(rate, bucket, now);
        bucket.at = now;
        if bucket.tokens < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - bucket.tokens) / rate.per_second));
        }
        bucket.tokens -= 1.0;
        Ok(())
    }

    /// Gives a token back: it was taken for something that turned out to be fine.
    pub(super) fn give_back(&mut self, client: &Key) {
        if let Some(bucket) = self.by_client.get_mut(client) {
            bucket.tokens = (bucket.tokens + 1.0).min(self.rate.burst);
        }
    }

    /// What is left of one is what is left of another from now on.
    pub(super) fn carry(&mut self, from: &Key, to: Key) {
        if let Some(bucket) = self.by_client.remove(from) {
            self.by_client.insert(to, bucket);
        }
    }

    fn make_room(&mut self, now: Instant) {
        let rate = self.rate;
        // A full bucket is as good as none.
        self.by_client.retain(|_, bucket| tokens(rate, bucket, now) < rate.burst);
        if self.by_client.len() < MAX_CLIENTS {
            return;
        }
        let mut seen: Vec<Instant> = self.by_client.values().map(|bucket| bucket.at).collect();
        let (_, oldest, _) = seen.select_nth_unstable(MAX_CLIENTS / 4);
        let oldest = *oldest;
        self.by_client.retain(|_, bucket| bucket.at > oldest);
    }
}

fn tokens(rate: Rate, bucket: &Bucket, now: Instant) -> f64 {
    let since = now.saturating_duration_since(bucket.at).as_secs_f64();
    (bucket.tokens + since * rate.per_second).min(rate.burst)
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::{super::super::client::Client, *};

    const RATE: Rate = Rate { burst: 3.0, per_second: 2.0 };

    fn client(number: usize) -> Client {
        Client::of(IpAddr::V4(Ipv4Addr::from_bits(u32::try_from(number).expect("it is small"))))
    }

    #[test]
    fn who_has_spent_the_burst_waits_for_the_next_token_and_nobody_else_does() {
        let mut buckets = Buckets::new(RATE);
        let began = Instant::now();
        for _ in 0..3 {
            assert_eq!(buckets.take(client(1), began), Ok(()));
        }
        assert_eq!(buckets.take(client(1), began), Err(Duration::from_millis(500)));
        assert_eq!(buckets.take(client(2), began), Ok(()));
        let later = began + Duration::from_millis(500);
        assert_eq!(buckets.take(client(1), later), Ok(()));
        assert!(buckets.take(client(1), later).is_err());
        let much_later = began + Duration::from_secs(3600);
        for _ in 0..3 {
            assert_eq!(buckets.take(client(1), much_later), Ok(()));
        }
        assert!(buckets.take(client(1), much_later).is_err(), "no more is saved up than the burst");
    }

    #[test]
    fn however_many_addresses_come_only_so_many_are_remembered_and_the_busy_ones_are() {
        let mut buckets = Buckets::new(RATE);
        let began = Instant::now();
        let mut let_in = 0;
        for number in 0..3 * MAX_CLIENTS {
            let now = began + Duration::from_micros(number as u64);
            let _ = buckets.take(client(number), now);
            let_in += usize::from(buckets.take(client(7), now).is_ok());
            assert!(buckets.by_client.len() <= MAX_CLIENTS);
        }
        assert_eq!(let_in, 3, "it is never forgotten");
        let now = began + Duration::from_micros(3 * MAX_CLIENTS as u64);
        assert!(buckets.take(client(7), now).is_err(), "it never stopped asking");
    }
}
