//! Cables: the sockets they join, which wires of the testbed they are, and their two ends.

use serde::{Deserialize, Serialize};

/// One socket of one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Port {
    pub(crate) node: usize,
    pub(crate) port: u8,
}

/// One cable of a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cable(pub(crate) usize);

/// Which wire of the testbed a cable is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Between the device and what is upstream of it.
    Wan,
    /// Between the device and its terminals.
    Lan,
    /// Between the home gateway and the edge.
    Uplink,
}

impl Role {
    /// Every role, in the order of their interfaces in a capture.
    pub const ALL: [Self; 3] = [Self::Wan, Self::Lan, Self::Uplink];

    /// Returns the device's other side; upstream of a home gateway there is none.
    pub fn across(self) -> Option<Self> {
        match self {
            Self::Wan => Some(Self::Lan),
            Self::Lan => Some(Self::Wan),
            Self::Uplink => None,
        }
    }

    /// Returns the role's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wan => "wan",
            Self::Lan => "lan",
            Self::Uplink => "uplink",
        }
    }
}

/// One end of a cable. On the uplink the home gateway is the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// The device under test.
    Device,
    /// The side that we play.
    Network,
}

impl End {
    /// Returns the other end.
    pub fn other(self) -> Self {
        match self {
            Self::Device => Self::Network,
            Self::Network => Self::Device,
        }
    }
}
