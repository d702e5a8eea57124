//! How much of a report is read, and how large a count may be.

/// Longest report that is read, octets, inflated.
pub const MAX_LEN: usize = 32 * 1024 * 1024;
/// Most policies that are read.
pub const MAX_POLICIES: usize = 10_000;
/// Most failures that are read, over all policies.
pub const MAX_FAILURES: usize = 100_000;
/// Most strings that are read of one array.
pub const MAX_STRINGS: usize = 1000;
/// Most strings that are read, over all arrays.
pub(super) const MAX_ALL_STRINGS: usize = 200 * MAX_STRINGS;
/// Longest text that is kept, octets.
pub const MAX_TEXT: usize = 4096;
/// Most notes that are kept.
pub const MAX_NOTES: usize = 100;
/// Largest number that I-JSON carries safely (TLSRPT-4-1): 2^53 - 1.
pub const MAX_COUNT: u64 = (1 << 53) - 1;
