//! TLS sessions of every version and cipher suite that we have, as a trace holds them.

use std::fmt;
use std::sync::{Arc, Mutex};

use etherparse::TcpHeader;
use ngnlab_sim::message::packet::{Envelope, Mac};
use ngnlab_sim::trace::{End, Record, Role, Seen, Trace};
use ngnlab_sim::{Fate, Frame, Time};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{
    ClientConfig, ClientConnection, KeyLog, RootCertStore, ServerConfig, ServerConnection,
    SupportedCipherSuite,
};

/// Returns every cipher suite.
pub(crate) fn suites() -> Vec<SupportedCipherSuite> {
    aws_lc_rs::ALL_CIPHER_SUITES
        .iter()
        .copied()
        // The certificate is an ECDSA one.
        .filter(|suite| !format!("{:?}", suite.suite()).contains("ECDHE_RSA"))
        .collect()
}

/// Plays a session with this suite in which two requests are answered, and the keys change in
/// between if they can. Segments hold no more than `room` bytes.
pub(crate) fn play(like: &Trace, suite: SupportedCipherSuite, room: usize) -> Trace {
    let provider = Arc::new(CryptoProvider {
        cipher_suites: vec![suite],
        ..aws_lc_rs::default_provider()
    });
    let version = match suite.tls13() {
        Some(_) => &TLS13,
        None => &TLS12,
    };
    let made = rcgen::generate_simple_self_signed(vec![HOST.to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let mut client = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let log = Arc::new(Log::default());
    client.key_log = log.clone();
    let mut session = Wire::new(room);
    let name = ServerName::try_from(HOST).unwrap();
    let mut client = ClientConnection::new(Arc::new(client), name).unwrap();
    let mut server = ServerConnection::new(Arc::new(server)).unwrap();
    session.carry(&mut client, &mut server);
    for path in ["/one", "/two"] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n");
        std::io::Write::write_all(&mut client.writer(), request.as_bytes()).unwrap();
        session.carry(&mut client, &mut server);
        std::io::Write::write_all(&mut server.writer(), b"HTTP/1.1 204 No Content\r\n\r\n")
            .unwrap();
        session.carry(&mut client, &mut server);
        if suite.tls13().is_some() {
            client.refresh_traffic_keys().unwrap();
            server.refresh_traffic_keys().unwrap();
        }
    }
    let mut trace = like.clone();
    trace.header.tls_secrets = log.0.lock().unwrap().clone();
    trace.records = session.records;
    trace
}

/// A cable on which both ends' bytes become segments.
struct Wire {
    room: usize,
    /// The next sequence numbers of client and server.
    next: [u32; 2],
    records: Vec<Record>,
}

impl Wire {
    fn new(room: usize) -> Self {
        let mut this = Self {
            room,
            // Near the end, so that they wrap.
            next: [u32::MAX - 100, 7],
            records: Vec::new(),
        };
        for side in [0, 1] {
            this.segment(
                side,
                |header| {
                    header.syn = true;
                    header.ack = side == 1;
                },
                &[],
            );
            this.next[side] = this.next[side].wrapping_add(1);
        }
        this
    }

    /// Carries all that both have to say.
    fn carry(&mut self, client: &mut ClientConnection, server: &mut ServerConnection) {
        loop {
            let (mut up, mut down) = (Vec::new(), Vec::new());
            while client.wants_write() {
                client.write_tls(&mut up).unwrap();
            }
            while server.wants_write() {
                server.write_tls(&mut down).unwrap();
            }
            if up.is_empty() && down.is_empty() {
                return;
            }
            self.send(0, &up);
            self.send(1, &down);
            let (mut up, mut down) = (&up[..], &down[..]);
            while !up.is_empty() {
                server.read_tls(&mut up).unwrap();
                server.process_new_packets().unwrap();
            }
            while !down.is_empty() {
                client.read_tls(&mut down).unwrap();
                client.process_new_packets().unwrap();
            }
        }
    }

    fn send(&mut self, side: usize, bytes: &[u8]) {
        for piece in bytes.chunks(self.room) {
            self.segment(side, |header| header.ack = true, piece);
            self.next[side] = self.next[side].wrapping_add(u32::try_from(piece.len()).unwrap());
        }
    }

    fn segment(&mut self, side: usize, set: impl FnOnce(&mut TcpHeader), data: &[u8]) {
        let ends = [Mac([2, 0, 0, 0, 0, 1]), Mac([2, 0, 0, 0, 0, 2])];
        let (from, to) = (ends[side], ends[1 - side]);
        let ports = if side == 0 {
            (40_000, 443)
        } else {
            (443, 40_000)
        };
        let mut header = TcpHeader::new(ports.0, ports.1, self.next[side], 65_535);
        set(&mut header);
        let envelope = Envelope::new(from, to, from.link_local(), to.link_local());
        let frame: Frame = envelope.tcp(header, data);
        self.records.push(Record {
            at: Time::ZERO,
            seen: Seen::Frame {
                on: Role::Lan,
                from: End::Network,
                frame,
                fate: Fate::Pass,
                injected: false,
            },
        });
    }
}

#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl KeyLog for Log {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let hex =
            |bytes: &[u8]| -> String { bytes.iter().map(|byte| format!("{byte:02x}")).collect() };
        let line = format!("{label} {} {}", hex(client_random), hex(secret));
        self.0.lock().unwrap().push(line);
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Log")
    }
}

const HOST: &str = "www.lineauth.mnw";
