//! Bounds of a policy.

/// Longest policy that is read, octets (STS-3.3-10).
pub const MAX_LEN: usize = 64 * 1024;
/// Largest `max_age`, seconds (STS-3.2-6); larger ones are clamped (D-4).
pub const MAX_MAX_AGE: u32 = 31_557_600;
/// Most `mx` entries that are used. A sender that ignores the thousand-and-first still enforces the first thousand.
pub const MAX_MX: usize = 1000;
/// Most findings that are kept.
pub const MAX_FINDINGS: usize = 100;
