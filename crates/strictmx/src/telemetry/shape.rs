//! The shapes of metrics: counters and gauges, told apart by words of ours.
use std::sync::atomic::AtomicU64;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

/// One label.
pub(super) type One = [(&'static str, &'static str); 1];
/// Two labels.
pub(super) type Two = [(&'static str, &'static str); 2];
/// Counters told apart by one label.
pub(super) type Counters = Family<One, Counter>;
/// Gauges told apart by one label.
pub(super) type Gauges = Family<One, Gauge<u64, AtomicU64>>;
/// A gauge that is never negative.
pub(super) type Number = Gauge<u64, AtomicU64>;

/// One label's value.
pub(super) fn label(name: &'static str, value: &'static str) -> One {
    [(name, value)]
}

/// A counter whose total somebody else keeps: brought up to `total`, never down.
pub(super) fn catch_up(counter: &Counter, total: u64) {
    counter.inner().fetch_max(total, std::sync::atomic::Ordering::Relaxed);
}

/// A label's value that is one of ours, for words that come from code below: anything else becomes `other`, so that no label
/// grows without bound.
pub(super) fn known(word: &str, words: &[&'static str]) -> &'static str {
    words.iter().find(|known| **known == word).copied().unwrap_or("other")
}

/// Sets a gauge to a count.
pub(super) fn set(gauge: &Number, count: usize) {
    gauge.set(u64::try_from(count).unwrap_or(u64::MAX));
}
