//! A TLS session as the records show it, opened with its secrets.

use super::extensions::SUPPORTED_VERSIONS;
use super::handshake::{RETRY, Version};
use super::keys::{Opener, Secrets, Suite};
use super::numbers::{
    ALERT, APPLICATION_DATA, CHANGE_CIPHER_SPEC, CLIENT_HELLO, FINISHED, HANDSHAKE, KEY_UPDATE,
    SERVER_HELLO,
};

/// How much of a record is to be seen in its own bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Sight {
    /// All of it.
    Clear(Version),
    /// It goes on with a message that an earlier one began.
    Continued,
    /// It is encrypted; what can be said of that.
    Sealed(&'static str),
}

/// What was in a record, and does not stand in it as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Inside {
    /// Its content type.
    pub(in super::super) kind: u8,
    /// The version agreed on.
    pub(in super::super) version: Version,
    /// Its bytes, after those that waited for them.
    pub(in super::super) bytes: Vec<u8>,
}

impl Inside {
    /// Returns whether it is the application's.
    pub(in super::super) fn is_application_data(&self) -> bool {
        self.kind == APPLICATION_DATA
    }
}

/// What is known about a session so far.
#[derive(Debug, Default)]
pub(in super::super) struct Session {
    version: Version,
    client_random: Option<[u8; 32]>,
    server_random: Option<[u8; 32]>,
    suite: Option<u16>,
    /// The client's, and the server's.
    sides: [Side; 2],
}

#[derive(Debug, Default)]
struct Side {
    opener: Option<Opener>,
    /// Whether records are encrypted, with a key that we have or have not.
    sealed: bool,
    /// What opens records after the next Change Cipher Spec of TLS 1.2.
    pending: Option<Opener>,
    /// The beginning of a handshake message.
    waiting: Vec<u8>,
}

impl Session {
    /// Takes in a whole record of the client or the server.
    pub(in super::super) fn take_in(
        &mut self,
        by_client: bool,
        record: &[u8],
        secrets: &Secrets,
    ) -> (Sight, Option<Inside>) {
        let [kind, _, _, _, _, content @ ..] = record else {
            return (Sight::Clear(self.version), None);
        };
        let side = &mut self.sides[usize::from(!by_client)];
        // TLS 1.3 encrypts what is said to be application data, and nothing else (RFC 8446 §5).
        let is_sealed = side.sealed && (self.version != Version::New || *kind == APPLICATION_DATA);
        if !is_sealed {
            return self.take_in_clear(by_client, *kind, content, secrets);
        }
        let Some(opener) = &mut side.opener else {
            return (Sight::Sealed("encrypted, without its secret"), None);
        };
        let Some((kind, bytes)) = opener.open(record) else {
            side.opener = None;
            return (
                Sight::Sealed("encrypted, and the secret does not fit"),
                None,
            );
        };
        let (whole, joined) = match kind {
            HANDSHAKE => self.hand_over(by_client, &bytes, secrets),
            _ => (true, bytes.clone()),
        };
        let inside = Inside {
            // A piece of a message is nothing that can be read.
            kind: if whole { kind } else { PIECE },
            version: self.version,
            bytes: if whole { joined } else { bytes },
        };
        let sight = match kind {
            HANDSHAKE => "decrypted: handshake",
            ALERT => "decrypted: alert",
            APPLICATION_DATA => "decrypted",
            _ => "decrypted: unknown content",
        };
        let is_empty = inside.bytes.is_empty();
        (Sight::Sealed(sight), (!is_empty).then_some(inside))
    }

    fn take_in_clear(
        &mut self,
        by_client: bool,
        kind: u8,
        content: &[u8],
        secrets: &Secrets,
    ) -> (Sight, Option<Inside>) {
        if kind == CHANGE_CIPHER_SPEC && self.version == Version::Old {
            let side = &mut self.sides[usize::from(!by_client)];
            side.sealed = true;
            side.opener = side.pending.take();
        }
        if kind != HANDSHAKE {
            return (Sight::Clear(self.version), None);
        }
        let joins = !self.sides[usize::from(!by_client)].waiting.is_empty();
        let (whole, bytes) = self.hand_over(by_client, content, secrets);
        if !joins {
            return (Sight::Clear(self.version), None);
        }
        let inside = Inside {
            kind,
            version: self.version,
            bytes,
        };
        (Sight::Continued, whole.then_some(inside))
    }

    /// Acts on handshake messages as they become whole; returns them from where the first began,
    /// and whether there is one, or the beginning of one.
    fn hand_over(&mut self, by_client: bool, content: &[u8], secrets: &Secrets) -> (bool, Vec<u8>) {
        let index = usize::from(!by_client);
        let joins = !self.sides[index].waiting.is_empty();
        let mut bytes = std::mem::take(&mut self.sides[index].waiting);
        bytes.extend_from_slice(content);
        let mut at = 0;
        while let Some([kind, a, b, c]) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
            let end = at + 4 + u32::from_be_bytes([0, *a, *b, *c]) as usize;
            let Some(body) = bytes.get(at + 4..end) else {
                break;
            };
            self.act_on(by_client, *kind, body, secrets);
            at = end;
        }
        if bytes.len() - at <= LONGEST_MESSAGE {
            self.sides[index].waiting = bytes[at..].to_vec();
        }
        let is_whole = at > 0 || !joins;
        (is_whole, if is_whole { bytes } else { Vec::new() })
    }

    fn act_on(&mut self, by_client: bool, kind: u8, body: &[u8], secrets: &Secrets) {
        let index = usize::from(!by_client);
        match kind {
            CLIENT_HELLO => self.client_random = random(body),
            SERVER_HELLO => self.hear_server(body, secrets),
            FINISHED if self.version == Version::New => {
                let label = ["CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0"][index];
                self.sides[index].opener = self.traffic_opener(label, secrets);
            }
            KEY_UPDATE if self.version == Version::New => {
                let side = &mut self.sides[index];
                side.opener = side.opener.as_ref().and_then(Opener::next);
            }
            _ => {}
        }
    }

    fn hear_server(&mut self, body: &[u8], secrets: &Secrets) {
        let Some((random, suite, version)) = server_hello(body) else {
            return;
        };
        if random == RETRY {
            return;
        }
        self.version = version;
        self.server_random = Some(random);
        self.suite = Some(suite);
        if version == Version::New {
            for (index, label) in [
                "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
                "SERVER_HANDSHAKE_TRAFFIC_SECRET",
            ]
            .into_iter()
            .enumerate()
            {
                let opener = self.traffic_opener(label, secrets);
                self.sides[index].sealed = true;
                self.sides[index].opener = opener;
            }
        } else if let Some([client, server]) = self.old_openers(secrets) {
            self.sides[0].pending = Some(client);
            self.sides[1].pending = Some(server);
        }
    }

    fn traffic_opener(&self, label: &str, secrets: &Secrets) -> Option<Opener> {
        let secret = secrets.secret(label, self.client_random.as_ref()?)?;
        Opener::of_traffic_secret(Suite::of(self.suite?)?, secret)
    }

    fn old_openers(&self, secrets: &Secrets) -> Option<[Opener; 2]> {
        let client = self.client_random.as_ref()?;
        let master = secrets.secret("CLIENT_RANDOM", client)?;
        let suite = Suite::of(self.suite?)?;
        Opener::both_of_master_secret(suite, master, client, self.server_random.as_ref()?)
    }
}

fn random(hello: &[u8]) -> Option<[u8; 32]> {
    hello.get(2..)?.first_chunk().copied()
}

/// Returns random, suite and version of a ServerHello (RFC 8446 §4.1.3).
fn server_hello(body: &[u8]) -> Option<([u8; 32], u16, Version)> {
    let random = random(body)?;
    let session = usize::from(*body.get(34)?);
    let rest = body.get(35 + session..)?;
    let suite = u16::from_be_bytes(*rest.first_chunk()?);
    let mut extensions = rest.get(5..).unwrap_or_default();
    let mut version = Version::Old;
    while let Some([a, b, c, d]) = extensions.first_chunk() {
        let length = usize::from(u16::from_be_bytes([*c, *d]));
        let Some(data) = extensions.get(4..4 + length) else {
            break;
        };
        if u16::from_be_bytes([*a, *b]) == SUPPORTED_VERSIONS && *data == [3, 4] {
            version = Version::New;
        }
        extensions = &extensions[4 + length..];
    }
    Some((random, suite, version))
}

/// No handshake message is followed that is longer than this.
const LONGEST_MESSAGE: usize = 64 * 1024;
/// No content type: for a piece of a message.
const PIECE: u8 = 0;
