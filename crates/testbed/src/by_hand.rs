//! Answers by hand to hellos that no TLS library of today would take: old versions, weak suites, compression.

/// Hellos that can be answered by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstWords {
    /// A CLIENT-HELLO of SSL 2.0.
    Ssl2,
    /// A ClientHello of SSL 3.0.
    Ssl3,
    /// A ClientHello of TLS 1.0.
    Tls10,
    /// A ClientHello of TLS 1.1.
    Tls11,
    /// A ClientHello of TLS 1.2 that offers this suite and none that is good.
    Weak(u16),
    /// A ClientHello of TLS that offers compression.
    Compressing,
    /// Whatever is said.
    Anything,
}

/// Suites of which every client of today offers at least one.
const GOOD: [u16; 4] = [0x1301, 0x1302, 0xc02b, 0xc02f];

impl FirstWords {
    /// Whether these octets begin with them.
    fn are_in(self, octets: &[u8]) -> bool {
        match (self, octets) {
            (Self::Ssl2, [0x80..=0xff, _, 1, 0, 2, ..])
            | (Self::Ssl3, [22, 3, 0, _, _, 1, ..])
            | (Self::Tls10, [22, 3, _, _, _, 1, _, _, _, 3, 1, ..])
            | (Self::Tls11, [22, 3, _, _, _, 1, _, _, _, 3, 2, ..])
            | (Self::Anything, _) => true,
            (Self::Weak(suite), [22, 3, _, _, _, 1, _, _, _, 3, 3, hello @ ..]) => suites(hello)
                .is_some_and(|offered| offered.contains(&suite) && !GOOD.iter().any(|good| offered.contains(good))),
            (Self::Compressing, [22, 3, _, _, _, 1, _, _, _, 3, 3, hello @ ..]) => {
                methods(hello).is_some_and(|methods| methods.contains(&1))
            }
            _ => false,
        }
    }
}

/// The suites of a ClientHello, from its random value on.
fn suites(hello: &[u8]) -> Option<Vec<u16>> {
    let list = behind(hello.get(32..)?, 1)?;
    let length = list.get(..2)?.iter().fold(0, |length, octet| length << 8 | usize::from(*octet));
    Some(list.get(2..2 + length)?.chunks_exact(2).map(|suite| u16::from_be_bytes([suite[0], suite[1]])).collect())
}

/// The compression methods of a ClientHello, from its random value on.
fn methods(hello: &[u8]) -> Option<&[u8]> {
    let ciphers = behind(hello.get(32..)?, 1)?;
    let (count, methods) = behind(ciphers, 2)?.split_first()?;
    methods.get(..(*count).into())
}

/// What follows a vector whose length takes so many octets.
fn behind(octets: &[u8], width: usize) -> Option<&[u8]> {
    let length = octets.get(..width)?.iter().fold(0, |length, octet| length << 8 | usize::from(*octet));
    octets.get(width + length..)
}

/// Which hellos are answered by hand, and how.
#[derive(Clone, Debug, Default)]
pub(crate) struct ByHand(Vec<(FirstWords, Vec<u8>)>);

impl ByHand {
    /// From now on these words are answered like this. Of two that are in one hello the earlier one counts.
    pub(crate) fn add(&mut self, words: FirstWords, answer: Vec<u8>) {
        self.0.retain(|(known, _)| *known != words);
        self.0.push((words, answer));
    }

    /// The answer to what begins with these octets.
    pub(crate) fn answer(&self, octets: &[u8]) -> Option<&[u8]> {
        self.0.iter().find(|(words, _)| words.are_in(octets)).map(|(_, answer)| answer.as_slice())
    }

    /// Whether there is nothing that is answered by hand.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A server's half of a handshake, up to ServerHelloDone.
#[derive(Clone, Debug)]
pub struct Flight {
    /// Protocol version.
    pub version: [u8; 2],
    /// Cipher suite.
    pub suite: u16,
    /// Compression method; 1 is DEFLATE.
    pub compression: u8,
    /// Numbers of the extensions confirmed.
    pub extensions: Vec<u16>,
    /// The certificate status that comes with the certificate.
    pub status: Option<Vec<u8>>,
}

impl Default for Flight {
    /// TLS 1.2 and `TLS_RSA_WITH_AES_128_CBC_SHA`, with extended master secret and protected renegotiation, nothing compressed and
    /// nothing stapled.
    fn default() -> Self {
        Self { version: [3, 3], suite: 0x002f, compression: 0, extensions: vec![23, 0xff01], status: None }
    }
}

impl Flight {
    /// One record, its certificate nonsense.
    pub fn octets(&self) -> Vec<u8> {
        let extension = |number: &u16| {
            let content: &[u8] = if *number == 0xff01 { &[0, 1, 0] } else { &[0, 0] };
            [&number.to_be_bytes()[..], content].concat()
        };
        let extensions: Vec<u8> = self.extensions.iter().flat_map(extension).collect();
        let extensions = if extensions.is_empty() { Vec::new() } else { vector(2, &extensions) };
        let [high, low] = self.suite.to_be_bytes();
        let hello = [&self.version[..], &[7; 32], &[0, high, low, self.compression], &extensions].concat();
        let status = |status: &Vec<u8>| message(22, &[&[1][..], &vector(3, status)].concat());
        let messages = [
            message(2, &hello),
            message(11, &vector(3, &vector(3, &[0x30; 700]))),
            self.status.as_ref().map(status).unwrap_or_default(),
            message(14, &[]),
        ];
        [&[22][..], &self.version, &vector(2, &messages.concat())].concat()
    }
}

/// The alert `handshake_failure`.
pub const HANDSHAKE_FAILURE: u8 = 40;
/// The alert `protocol_version`.
pub const PROTOCOL_VERSION: u8 = 70;

/// The record of a fatal alert, in TLS 1.2.
pub fn alert(description: u8) -> Vec<u8> {
    vec![21, 3, 3, 0, 2, 2, description]
}

/// A SERVER-HELLO of SSL 2.0 with these ciphers and a certificate of nonsense.
pub fn ssl2_server_hello(ciphers: &[[u8; 3]]) -> Vec<u8> {
    let (certificate, ciphers, connection) = ([0x30; 9], ciphers.concat(), [5; 16]);
    let lengths = [certificate.len(), ciphers.len(), connection.len()].map(usize::to_be_bytes);
    let lengths: Vec<u8> = lengths.iter().flat_map(|length| length.iter().skip(6).copied()).collect();
    let body = [&[4, 0, 1, 0, 2][..], &lengths, &certificate, &ciphers, &connection].concat();
    let mut record = vector(2, &body);
    record.iter_mut().take(1).for_each(|first| *first |= 0x80);
    record
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind][..], &vector(3, body)].concat()
}

/// Octets behind their length, which takes so many octets.
fn vector(width: usize, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    length.iter().skip(length.len() - width).chain(content).copied().collect()
}
