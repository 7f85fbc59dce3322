//! A TCP connection as one cable shows it: what its two streams say, and which bytes say it.

use std::ops::Range;

use super::flow::{Arrival, Flow};
use super::http::{self, Asked, Http, Unit};
use super::tls::{self, Secrets, Session, Sight, Version};

/// Something that a frame tells of its connection's stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// Where its bytes stand.
    pub(super) place: Place,
    /// What it is.
    pub(super) what: What,
}

/// Where bytes stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In the frame, here.
    Here(Range<usize>),
    /// In no frame as they are.
    Apart(Vec<u8>),
}

/// What bytes of a stream are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// They came before.
    Again,
    /// Something before them is missing.
    Early,
    /// A part of something of this protocol, which the frame begins, goes on with, or ends.
    Part(&'static str),
    /// A TLS record.
    Record(Sight),
    /// What was in TLS records: content of this type.
    Inside(u8, Version),
    /// The head of an HTTP message.
    Head,
    /// Some of the body of one.
    Body,
    /// A DNS message with its length.
    Dns,
    /// Nothing that is known.
    Unknown,
}

/// A connection.
#[derive(Debug, Default)]
pub(super) struct Conversation {
    protocol: Protocol,
    /// The client's, and the server's.
    flows: [Flow; 2],
    /// What TLS brought of HTTP, and was not read so far.
    plain: [Vec<u8>; 2],
    http: [Http; 2],
    asked: Asked,
}

#[derive(Debug, Default)]
enum Protocol {
    #[default]
    Open,
    Dns,
    Tls(Box<Session>),
    Http,
    Unknown,
}

impl Conversation {
    /// Returns a connection that carries DNS.
    pub(super) fn of_dns() -> Self {
        Self {
            protocol: Protocol::Dns,
            ..Self::default()
        }
    }

    /// Begins the stream of one side behind its SYN.
    pub(super) fn begin_after(&mut self, by_client: bool, sequence: u32) {
        self.flows[usize::from(!by_client)].begin_after(sequence);
    }

    /// Takes in a segment's data, which stands at `from` in its frame.
    pub(super) fn take_in(
        &mut self,
        by_client: bool,
        sequence: u32,
        data: &[u8],
        from: usize,
        secrets: &Secrets,
    ) -> Vec<Piece> {
        let whole = Place::Here(from..from + data.len());
        let side = usize::from(!by_client);
        let (known, own) = match self.flows[side].push(sequence, data) {
            Arrival::InOrder(known, own) => (known, own),
            Arrival::Early => return vec![Piece::new(whole, What::Early)],
            Arrival::Lost => {
                self.protocol = Protocol::Unknown;
                return vec![Piece::new(whole, What::Early)];
            }
        };
        let mut pieces = Vec::new();
        if known > 0 {
            pieces.push(Piece::new(Place::Here(from..from + known), What::Again));
        }
        let waiting = std::mem::take(&mut self.flows[side].waiting);
        let here = Here {
            own,
            from: from + known,
        };
        let mut at = 0;
        while at < waiting.len() {
            let Some(length) = self.unit(by_client, &waiting[at..], secrets, &mut |what| {
                here.place(&waiting, at, what, &mut pieces);
            }) else {
                break;
            };
            at += length;
        }
        if let Some(range) = here.overlap(at..waiting.len()) {
            let name = self.protocol.name();
            pieces.push(Piece::new(Place::Here(range), What::Part(name)));
        }
        self.flows[side].waiting = waiting[at..].to_vec();
        pieces
    }

    /// Reads the next whole thing; returns its length, or `None` if more is needed.
    fn unit(
        &mut self,
        by_client: bool,
        waiting: &[u8],
        secrets: &Secrets,
        tell: &mut dyn FnMut(Told),
    ) -> Option<usize> {
        if let Protocol::Open = self.protocol {
            self.protocol = Protocol::of(waiting)?;
        }
        let side = usize::from(!by_client);
        match &mut self.protocol {
            Protocol::Dns => {
                let length = 2 + usize::from(u16::from_be_bytes(*waiting.first_chunk()?));
                (length <= waiting.len()).then(|| {
                    tell(Told::Standing(length, What::Dns));
                    length
                })
            }
            Protocol::Tls(session) => {
                let length = match tls::record_length(waiting) {
                    Some(length) => length?,
                    None => {
                        self.protocol = Protocol::Unknown;
                        tell(Told::Standing(waiting.len(), What::Unknown));
                        return Some(waiting.len());
                    }
                };
                let record = waiting.get(..length)?;
                let (sight, inside) = session.take_in(by_client, record, secrets);
                tell(Told::Standing(length, What::Record(sight)));
                match inside {
                    Some(inside) if inside.is_application_data() => {
                        self.plain(side, &inside.bytes, tell);
                    }
                    Some(inside) => {
                        let what = What::Inside(inside.kind, inside.version);
                        tell(Told::Apart(inside.bytes, what));
                    }
                    None => {}
                }
                Some(length)
            }
            Protocol::Http => {
                let (length, unit) = self.http[side].unit(waiting, &mut self.asked)?;
                tell(Told::Standing(length, unit.into()));
                Some(length)
            }
            Protocol::Unknown | Protocol::Open => {
                tell(Told::Standing(waiting.len(), What::Unknown));
                Some(waiting.len())
            }
        }
    }

    /// Reads what a record held of the application's stream.
    fn plain(&mut self, side: usize, bytes: &[u8], tell: &mut dyn FnMut(Told)) {
        let mut waiting = std::mem::take(&mut self.plain[side]);
        waiting.extend_from_slice(bytes);
        let mut at = 0;
        while let Some((length, unit)) = self.http[side].unit(&waiting[at..], &mut self.asked) {
            tell(Told::Apart(waiting[at..at + length].to_vec(), unit.into()));
            at += length;
        }
        waiting.drain(..at);
        if !waiting.is_empty() {
            let fresh = waiting.len().min(bytes.len());
            let part = waiting[waiting.len() - fresh..].to_vec();
            tell(Told::Apart(part, What::Part("HTTP")));
        }
        self.plain[side] = waiting;
    }
}

/// What a reader tells of the stream from where it stands.
enum Told {
    /// The next so many bytes are this.
    Standing(usize, What),
    /// These bytes came out of them.
    Apart(Vec<u8>, What),
}

/// Where the frame's own data stands in what waits, and in the frame.
struct Here {
    own: Range<usize>,
    from: usize,
}

impl Here {
    fn place(&self, waiting: &[u8], at: usize, told: Told, pieces: &mut Vec<Piece>) {
        let (length, what) = match told {
            Told::Apart(bytes, what) => {
                pieces.push(Piece::new(Place::Apart(bytes), what));
                return;
            }
            Told::Standing(length, what) => (length, what),
        };
        let range = at..at + length;
        let overlap = self.overlap(range.clone());
        match overlap {
            Some(here) if here.len() == length => {
                pieces.push(Piece::new(Place::Here(here), what));
            }
            overlap => {
                if let Some(here) = overlap {
                    let part = What::Part(what.protocol());
                    pieces.push(Piece::new(Place::Here(here), part));
                }
                let bytes = waiting[range].to_vec();
                pieces.push(Piece::new(Place::Apart(bytes), what));
            }
        }
    }

    /// Returns where the frame has some of these bytes.
    fn overlap(&self, range: Range<usize>) -> Option<Range<usize>> {
        let start = range.start.max(self.own.start);
        let end = range.end.min(self.own.end);
        (start < end).then(|| {
            let start = self.from + (start - self.own.start);
            start..start + (end - range.start.max(self.own.start))
        })
    }
}

impl Piece {
    fn new(place: Place, what: What) -> Self {
        Self { place, what }
    }
}

impl What {
    fn protocol(&self) -> &'static str {
        match self {
            Self::Record(_) | Self::Inside(..) => "TLS",
            Self::Head | Self::Body => "HTTP",
            Self::Dns => "DNS",
            Self::Part(name) => name,
            Self::Again | Self::Early | Self::Unknown => "Data",
        }
    }
}

impl From<Unit> for What {
    fn from(unit: Unit) -> Self {
        match unit {
            Unit::Head => Self::Head,
            Unit::Body => Self::Body,
            Unit::Unknown => Self::Unknown,
        }
    }
}

impl Protocol {
    /// Returns the protocol whose stream begins like this; `None` if more is needed.
    fn of(stream: &[u8]) -> Option<Self> {
        match tls::record_length(stream) {
            Some(Some(_)) => return Some(Self::Tls(Box::default())),
            Some(None) => return None,
            None => {}
        }
        Some(match http::is_like(stream) {
            true => Self::Http,
            false => Self::Unknown,
        })
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Dns => "DNS",
            Self::Tls(_) => "TLS",
            Self::Http => "HTTP",
            Self::Open | Self::Unknown => "Data",
        }
    }
}
