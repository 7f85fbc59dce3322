//! The keys of a TLS session, from its secrets (RFC 8446 §7, RFC 5246 §6.3), and records opened
//! with them (RFC 8446 §5.2, RFC 5288, RFC 7905).

use std::collections::BTreeMap;
use std::fmt;

use aws_lc_rs::aead::{
    AES_128_GCM, AES_256_GCM, Aad, Algorithm, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey,
};
use aws_lc_rs::{hkdf, hmac};

/// The secrets of many sessions, by label and client random.
#[derive(Debug, Default)]
pub(in super::super) struct Secrets(BTreeMap<(String, Vec<u8>), Vec<u8>>);

impl Secrets {
    /// Reads lines of an NSS key log; those that are none are left out.
    pub(in super::super) fn read(lines: &[String]) -> Self {
        let known = lines.iter().filter_map(|line| {
            let mut words = line.split_whitespace();
            let label = words.next()?.to_owned();
            let (random, secret) = (unhex(words.next()?)?, unhex(words.next()?)?);
            Some(((label, random), secret))
        });
        Self(known.collect())
    }

    pub(super) fn secret(&self, label: &str, random: &[u8; 32]) -> Option<&[u8]> {
        let key = (label.to_owned(), random.to_vec());
        self.0.get(&key).map(Vec::as_slice)
    }
}

fn unhex(word: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = word
        .chars()
        .map(|c| c.to_digit(16))
        .collect::<Option<_>>()?;
    let pairs = digits.chunks(2).map(|pair| match pair {
        [high, low] => u8::try_from(high << 4 | low).ok(),
        _ => None,
    });
    pairs.collect()
}

/// What a cipher suite stands for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Suite {
    cipher: &'static Algorithm,
    hash: Hash,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hash {
    Sha256,
    Sha384,
}

impl Suite {
    /// Returns what a suite stands for, of TLS 1.3 or with AEAD of TLS 1.2; `None` for others.
    pub(super) fn of(number: u16) -> Option<Self> {
        let (cipher, hash) = match number {
            0x1301 | 0xc02b | 0xc02f | 0x009c | 0x009e => (&AES_128_GCM, Hash::Sha256),
            0x1302 | 0xc02c | 0xc030 | 0x009d | 0x009f => (&AES_256_GCM, Hash::Sha384),
            0x1303 | 0xcca8..=0xccaa => (&CHACHA20_POLY1305, Hash::Sha256),
            _ => return None,
        };
        Some(Self { cipher, hash })
    }

    fn length(self) -> usize {
        match self.hash {
            Hash::Sha256 => 32,
            Hash::Sha384 => 48,
        }
    }

    /// HKDF-Expand-Label without a context (RFC 8446 §7.1).
    fn expand(self, secret: &[u8], label: &str, length: usize) -> Option<Vec<u8>> {
        let algorithm = match self.hash {
            Hash::Sha256 => hkdf::HKDF_SHA256,
            Hash::Sha384 => hkdf::HKDF_SHA384,
        };
        let label = [b"tls13 ", label.as_bytes()].concat();
        let info = [
            &u16::try_from(length).ok()?.to_be_bytes()[..],
            &[u8::try_from(label.len()).ok()?],
            &label,
            &[0],
        ];
        let secret = hkdf::Prk::new_less_safe(algorithm, secret);
        let mut out = vec![0; length];
        let expanded = secret.expand(&info, Length(length)).ok()?;
        expanded.fill(&mut out).ok()?;
        Some(out)
    }

    /// The pseudorandom function of TLS 1.2 (RFC 5246 §5).
    fn prf(self, secret: &[u8], seed: &[u8], length: usize) -> Vec<u8> {
        let algorithm = match self.hash {
            Hash::Sha256 => hmac::HMAC_SHA256,
            Hash::Sha384 => hmac::HMAC_SHA384,
        };
        let key = hmac::Key::new(algorithm, secret);
        let mut out = Vec::new();
        let mut link = hmac::sign(&key, seed);
        while out.len() < length {
            let block = [link.as_ref(), seed].concat();
            out.extend_from_slice(hmac::sign(&key, &block).as_ref());
            link = hmac::sign(&key, link.as_ref());
        }
        out.truncate(length);
        out
    }
}

struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// What opens the records of one direction.
pub(super) struct Opener {
    suite: Suite,
    key: LessSafeKey,
    iv: [u8; 12],
    sequence: u64,
    /// The traffic secret of TLS 1.3, from which the next one follows.
    secret: Option<Vec<u8>>,
    /// Whether records begin with a part of their nonce (RFC 5288 §3).
    explicit: bool,
}

impl Opener {
    /// Returns what opens records of TLS 1.3 (RFC 8446 §7.3).
    pub(super) fn of_traffic_secret(suite: Suite, secret: &[u8]) -> Option<Self> {
        if secret.len() != suite.length() {
            return None;
        }
        let key = suite.expand(secret, "key", suite.cipher.key_len())?;
        let iv = suite.expand(secret, "iv", 12)?;
        Some(Self {
            suite,
            key: LessSafeKey::new(UnboundKey::new(suite.cipher, &key).ok()?),
            iv: iv.try_into().ok()?,
            sequence: 0,
            secret: Some(secret.to_vec()),
            explicit: false,
        })
    }

    /// Returns what opens records of the next key (RFC 8446 §7.2).
    pub(super) fn next(&self) -> Option<Self> {
        let length = self.suite.length();
        let secret = self
            .suite
            .expand(self.secret.as_ref()?, "traffic upd", length)?;
        Self::of_traffic_secret(self.suite, &secret)
    }

    /// Returns what opens the records of client and server in TLS 1.2 (RFC 5246 §6.3).
    pub(super) fn both_of_master_secret(
        suite: Suite,
        master: &[u8],
        client_random: &[u8; 32],
        server_random: &[u8; 32],
    ) -> Option<[Self; 2]> {
        let explicit = suite.cipher != &CHACHA20_POLY1305;
        let (keys, ivs) = (suite.cipher.key_len(), if explicit { 4 } else { 12 });
        let seed = [b"key expansion", &server_random[..], client_random].concat();
        let block = suite.prf(master, &seed, 2 * (keys + ivs));
        let opener = |side: usize| {
            let key = block.get(side * keys..(side + 1) * keys)?;
            let from = 2 * keys + side * ivs;
            let mut iv = [0; 12];
            iv[..ivs].copy_from_slice(block.get(from..from + ivs)?);
            Some(Self {
                suite,
                key: LessSafeKey::new(UnboundKey::new(suite.cipher, key).ok()?),
                iv,
                sequence: 0,
                secret: None,
                explicit,
            })
        };
        Some([opener(0)?, opener(1)?])
    }

    /// Opens a record; returns its content type and content, or `None` if the key does not fit.
    pub(super) fn open(&mut self, record: &[u8]) -> Option<(u8, Vec<u8>)> {
        let (header, mut sealed) = record.split_first_chunk::<5>()?;
        let sequence = self.sequence.to_be_bytes();
        let mut nonce = self.iv;
        if self.explicit {
            let (part, rest) = sealed.split_first_chunk::<8>()?;
            nonce[4..].copy_from_slice(part);
            sealed = rest;
        } else {
            let last = nonce[4..].iter_mut().zip(sequence);
            last.for_each(|(byte, with)| *byte ^= with);
        }
        let nonce = Nonce::assume_unique_for_key(nonce);
        let mut bytes = sealed.to_vec();
        let length = match self.secret {
            Some(_) => {
                let opened = self.key.open_in_place(nonce, Aad::from(header), &mut bytes);
                opened.ok()?.len()
            }
            None => {
                // RFC 5246 §6.2.3.3: with the length of what is inside.
                let inside = u16::try_from(sealed.len().checked_sub(TAG)?).ok()?;
                let extra = [&sequence[..], &header[..3], &inside.to_be_bytes()].concat();
                let opened = self.key.open_in_place(nonce, Aad::from(extra), &mut bytes);
                opened.ok()?.len()
            }
        };
        bytes.truncate(length);
        self.sequence = self.sequence.checked_add(1)?;
        if self.secret.is_none() {
            return Some((header[0], bytes));
        }
        // RFC 8446 §5.4: the type is the last byte that is not zero.
        while bytes.last() == Some(&0) {
            bytes.pop();
        }
        Some((bytes.pop()?, bytes))
    }
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Opener({:?}, record {})",
            self.suite.cipher, self.sequence
        )
    }
}

/// How long the proof at the end of a record is, of every cipher here.
const TAG: usize = 16;
