//! Answers by hand to hellos that no TLS library of today would take: SSL 2.0, SSL 3.0, compression.

/// Hellos that can be answered by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FirstWords {
    /// A CLIENT-HELLO of SSL 2.0.
    Ssl2,
    /// A ClientHello of SSL 3.0.
    Ssl3,
    /// A ClientHello of TLS that offers compression.
    Compressing,
}

impl FirstWords {
    /// Which one these octets begin with.
    pub(super) fn of(octets: &[u8]) -> Option<Self> {
        match octets {
            [0x80..=0xff, _, 1, 0, 2, ..] => Some(Self::Ssl2),
            [22, 3, 0, _, _, 1, ..] => Some(Self::Ssl3),
            [22, 3, _, _, _, 1, _, _, _, 3, 3, hello @ ..] if compresses(hello) => Some(Self::Compressing),
            _ => None,
        }
    }
}

/// Whether DEFLATE is among the methods of a ClientHello, from its random value on.
fn compresses(hello: &[u8]) -> bool {
    methods(hello).is_some_and(|methods| methods.contains(&1))
}

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

/// A server's half of a handshake, up to ServerHelloDone.
#[derive(Clone, Debug)]
pub struct Flight {
    /// Protocol version.
    pub version: [u8; 2],
    /// Compression method; 1 is DEFLATE.
    pub compression: u8,
    /// Numbers of the extensions confirmed.
    pub extensions: Vec<u16>,
    /// The certificate status that comes with the certificate.
    pub status: Option<Vec<u8>>,
}

impl Default for Flight {
    /// TLS 1.2, with extended master secret and protected renegotiation, nothing compressed and nothing stapled.
    fn default() -> Self {
        Self { version: [3, 3], compression: 0, extensions: vec![23, 0xff01], status: None }
    }
}

impl Flight {
    /// One record, its cipher `TLS_RSA_WITH_AES_128_CBC_SHA`, its certificate nonsense.
    pub fn octets(&self) -> Vec<u8> {
        let extension = |number: &u16| {
            let content: &[u8] = if *number == 0xff01 { &[0, 1, 0] } else { &[0, 0] };
            [&number.to_be_bytes()[..], content].concat()
        };
        let extensions: Vec<u8> = self.extensions.iter().flat_map(extension).collect();
        let extensions = if extensions.is_empty() { Vec::new() } else { vector(2, &extensions) };
        let hello = [&self.version[..], &[7; 32], &[0, 0, 0x2f, self.compression], &extensions].concat();
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
