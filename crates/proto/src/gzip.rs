//! gzip (RFC 1952): the only place of the program that inflates, and it does so within limits.
//!
//! The framing is our own, so that every octet of it is judged: the header's name and comment are passed over, never used
//! (TLSRPT-6.3-1), the checksum is CRC-32 (TLSRPT-E5). Several members in a row are one text, and what follows the last one is
//! ignored, as gzip itself does.
//!
//! ```text
//! 1f 8b 08 FLG MTIME(4) XFL OS [extra] [name 00] [comment 00] [CRC16] deflate… CRC32(4) ISIZE(4)
//! ```
use alloc::{boxed::Box, vec::Vec};

use miniz_oxide::{
    DataFormat,
    deflate::{
        CompressionLevel,
        core::{CompressorOxide, TDEFLFlush, compress_to_output},
    },
    inflate::{
        TINFLStatus,
        core::{DecompressorOxide, decompress, inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF},
    },
};

/// How every gzip text begins (TLSRPT-6-1), with the only method there is.
const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];
/// Checksum and length behind a member.
const TRAILER: usize = 8;
/// Up to here the ratio is not looked at: a small text is no bomb.
const HARMLESS: usize = 1024 * 1024;

/// How far a text may grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most octets that come out.
    pub output: usize,
    /// Most octets that come out for one that goes in, beyond the first MiB.
    pub ratio: usize,
}

impl Limits {
    /// For TLS reports: 32 MiB, 300 to 1. JSON of much the same lines shrinks to a fiftieth; deflate's best is 1032 to 1.
    pub const REPORT: Self = Self { output: 32 * 1024 * 1024, ratio: 300 };

    fn of(self, input: usize) -> usize {
        input.saturating_mul(self.ratio).max(HARMLESS).min(self.output)
    }
}

/// Why a text cannot be inflated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GzipError {
    /// It does not begin like gzip.
    #[error("this is not gzip")]
    NotGzip,
    /// Flags that RFC 1952 reserves.
    #[error("the gzip header has flags that nobody knows")]
    Flags,
    /// It stops in the middle.
    #[error("the gzip text ends in the middle")]
    Truncated,
    /// The compressed octets make no sense.
    #[error("the compressed text is damaged")]
    Damaged,
    /// Checksum or length are of another text.
    #[error("the inflated text does not match its checksum")]
    Checksum,
    /// More than [`Limits`] allow; this is how much they allow here.
    #[error("the inflated text is longer than the {0} octets allowed")]
    TooLong(usize),
}

/// Whether `octets` begin like gzip, whatever a file name or a media type may say (D-55).
#[must_use]
pub fn is_gzip(octets: &[u8]) -> bool {
    octets.starts_with(&MAGIC)
}

//----------- Compressing -------------------------------------------------

/// Compresses one text after the other; its tables, a quarter of a MiB, are made once.
pub struct Compressor(Box<CompressorOxide>);

/// One text, compressed. For many of them a [`Compressor`] is faster.
#[must_use]
pub fn compress(text: &[u8]) -> Vec<u8> {
    Compressor::new().compress(text)
}

impl Compressor {
    /// A compressor of the usual strength.
    #[must_use]
    pub fn new() -> Self {
        let state = CompressorOxide::with_format_and_level(DataFormat::Raw, CompressionLevel::DefaultLevel);
        Self(Box::new(state))
    }

    /// One member, without time and name: the same text always gives the same octets.
    #[must_use]
    pub fn compress(&mut self, text: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len() / 2 + 32);
        out.extend_from_slice(&MAGIC);
        // No flags, no time, nothing about the effort, system unknown.
        out.extend_from_slice(&[0, 0, 0, 0, 0, 0, 255]);
        self.0.reset();
        compress_to_output(&mut self.0, text, TDEFLFlush::Finish, |octets| {
            out.extend_from_slice(octets);
            true
        });
        out.extend_from_slice(&crc32fast::hash(text).to_le_bytes());
        out.extend_from_slice(&length(text).to_le_bytes());
        out
    }
}

impl Default for Compressor {
    fn default() -> Self {
        Self::new()
    }
}

impl core::fmt::Debug for Compressor {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Compressor")
    }
}

/// Modulo 2^32, as the trailer has it.
fn length(text: &[u8]) -> u32 {
    u32::try_from(text.len() & 0xffff_ffff).unwrap_or(0)
}

//----------- Inflating ---------------------------------------------------

/// The text, of all members together.
///
/// # Errors
/// [`GzipError`]; nothing of a damaged or too long text is given.
pub fn inflate(octets: &[u8], limits: Limits) -> Result<Vec<u8>, GzipError> {
    let limit = limits.of(octets.len());
    let mut inflating = Inflating { rest: header(octets)?, out: Vec::new(), end: 0, limit, state: Box::default() };
    inflating.member()?;
    while is_gzip(inflating.rest) {
        inflating.rest = header(inflating.rest)?;
        inflating.member()?;
    }
    inflating.out.truncate(inflating.end);
    Ok(inflating.out)
}

struct Inflating<'a> {
    rest: &'a [u8],
    /// What came out, and zeros behind it that wait to be written over.
    out: Vec<u8>,
    /// Octets that came out.
    end: usize,
    limit: usize,
    state: Box<DecompressorOxide>,
}

impl Inflating<'_> {
    /// Inflates one member, its header taken already.
    fn member(&mut self) -> Result<(), GzipError> {
        let start = self.end;
        self.state.init();
        loop {
            if self.end == self.out.len() {
                self.grow();
            }
            // From the member's start on, so that no distance reaches back into another member.
            let room = self.out.get_mut(start..).unwrap_or_default();
            let flags = TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
            let (status, read, written) = decompress(&mut self.state, self.rest, room, self.end - start, flags);
            self.rest = self.rest.get(read..).unwrap_or_default();
            self.end += written;
            if self.end > self.limit {
                return Err(GzipError::TooLong(self.limit));
            }
            match status {
                TINFLStatus::Done => return self.trailer(start),
                TINFLStatus::HasMoreOutput if self.end == self.out.len() => {}
                TINFLStatus::FailedCannotMakeProgress => return Err(GzipError::Truncated),
                _ => return Err(GzipError::Damaged),
            }
        }
    }

    /// Doubles the room, up to one octet over the limit: who fills that has gone too far.
    fn grow(&mut self) {
        let wanted = (self.out.len() * 2).max(self.rest.len().saturating_mul(4)).max(4096);
        self.out.resize(wanted.min(self.limit + 1), 0);
    }

    fn trailer(&mut self, start: usize) -> Result<(), GzipError> {
        let (trailer, rest) = self.rest.split_at_checked(TRAILER).ok_or(GzipError::Truncated)?;
        self.rest = rest;
        let text = self.out.get(start..self.end).unwrap_or_default();
        let (checksum, size) = (crc32fast::hash(text).to_le_bytes(), length(text).to_le_bytes());
        if trailer.iter().eq(checksum.iter().chain(&size)) { Ok(()) } else { Err(GzipError::Checksum) }
    }
}

/// Passes over a member's header.
fn header(octets: &[u8]) -> Result<&[u8], GzipError> {
    const CRC16: u8 = 2;
    const EXTRA: u8 = 4;
    const NAME: u8 = 8;
    const COMMENT: u8 = 16;
    let rest = octets.strip_prefix(&MAGIC).ok_or(GzipError::NotGzip)?;
    let ([flags, ..], mut rest) = rest.split_first_chunk::<7>().ok_or(GzipError::Truncated)?;
    if flags & 0xe0 != 0 {
        return Err(GzipError::Flags);
    }
    if flags & EXTRA != 0 {
        let (count, after) = rest.split_first_chunk::<2>().ok_or(GzipError::Truncated)?;
        let count = usize::from(u16::from_le_bytes(*count));
        rest = after.get(count..).ok_or(GzipError::Truncated)?;
    }
    for text in [NAME, COMMENT] {
        if flags & text != 0 {
            let end = rest.iter().position(|octet| *octet == 0).ok_or(GzipError::Truncated)?;
            rest = rest.get(end + 1..).unwrap_or_default();
        }
    }
    if flags & CRC16 != 0 {
        rest = rest.get(2..).ok_or(GzipError::Truncated)?;
    }
    Ok(rest)
}
