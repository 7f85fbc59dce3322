//! The places where frames were caught, and which of them is the WAN and which the LAN.

use std::collections::BTreeMap;
use std::fmt;

use ngnlab_reports::escape;
use ngnlab_sim::trace::Role;

use super::signs::Signs;

/// A place where frames were caught: an interface of a file, or a VLAN on one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// The number of the file.
    pub(super) file: usize,
    /// The number of the interface in it.
    pub(super) interface: usize,
    /// The interface behind `-i any`.
    pub(super) cooked: Option<u32>,
    /// The VLAN.
    pub(super) vlan: Option<u16>,
}

/// Every place with what was heard there.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    /// What was heard.
    pub(super) signs: BTreeMap<Place, Signs>,
    /// The names of the interfaces, file by file.
    pub(super) names: Vec<Vec<Option<String>>>,
}

/// Which places are the WAN and the LAN.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Points {
    /// The WAN's.
    pub(super) wan: Vec<Place>,
    /// The LAN's.
    pub(super) lan: Vec<Place>,
}

impl Points {
    /// Returns which of them a place is.
    pub(super) fn role(&self, place: &Place) -> Option<Role> {
        if self.wan.contains(place) {
            Some(Role::Wan)
        } else if self.lan.contains(place) {
            Some(Role::Lan)
        } else {
            None
        }
    }

    /// Returns the places of a role.
    pub(super) fn of(&self, role: Role) -> &[Place] {
        match role {
            Role::Wan => &self.wan,
            Role::Lan => &self.lan,
            Role::Uplink => &[],
        }
    }
}

impl Places {
    /// Returns the name of a place: its interface's name or number, then the VLAN.
    pub(super) fn name(&self, place: &Place) -> String {
        let own = self
            .names
            .get(place.file)
            .and_then(|names| names.get(place.interface));
        let mut name = match own {
            Some(Some(name)) => name.clone(),
            Some(None) | None => place.interface.to_string(),
        };
        if let Some(number) = place.cooked {
            name = format!("{name}#{number}");
        }
        match place.vlan {
            Some(vlan) => format!("{name}.{vlan}"),
            None => name,
        }
    }

    /// Returns the places that a word means: a whole name, or an interface with all on it.
    fn meant(&self, word: &str) -> Vec<Place> {
        let places = || self.signs.keys().copied();
        let exact: Vec<Place> = places().filter(|place| self.name(place) == word).collect();
        if !exact.is_empty() {
            return exact;
        }
        let number = |place: &Place| place.interface.to_string() == word;
        let bare = |place: &Place| {
            let bare = Place {
                vlan: None,
                cooked: None,
                ..*place
            };
            self.name(&bare) == word || number(place)
        };
        places().filter(bare).collect()
    }

    /// Returns which places are the WAN and the LAN: as told, else as it looks.
    pub(super) fn told(&self, wan: Option<&str>, lan: Option<&str>) -> Result<Points, Unplaced> {
        let find = |word: Option<&str>| match word {
            None => Ok(Vec::new()),
            Some(word) => match self.meant(word) {
                found if found.is_empty() => Err(Unplaced::NoSuch(word.to_owned())),
                found => Ok(found),
            },
        };
        let points = Points {
            wan: find(wan)?,
            lan: find(lan)?,
        };
        if points.wan.iter().any(|place| points.lan.contains(place)) {
            return Err(Unplaced::SameTwice);
        }
        match wan.is_some() || lan.is_some() {
            true => Ok(points),
            false => self.guessed(),
        }
    }

    fn guessed(&self) -> Result<Points, Unplaced> {
        // Of many interfaces those are left out that hold nothing but IPv4, if others do.
        let tell_much = self.signs.values().any(|signs| signs.tells_much);
        let is_many = self.signs.len() > 2 && tell_much;
        let weighed: Vec<(Place, i64, i64)> = self
            .signs
            .iter()
            .filter(|(_, signs)| signs.tells_much || !is_many)
            .map(|(place, signs)| {
                let (wan, lan) = signs.points();
                let name = self.name(place).to_ascii_lowercase();
                let said = |word: &str| match name.contains(word) {
                    true => SAID,
                    false => 0,
                };
                let is_lan = said("lan") * i64::from(!name.contains("vlan"));
                (
                    *place,
                    i64::from(wan) + said("wan"),
                    i64::from(lan) + is_lan,
                )
            })
            .collect();
        match weighed[..] {
            [] => Err(Unplaced::Nothing),
            [(place, wan, lan)] if wan > lan => Ok(Points {
                wan: vec![place],
                lan: Vec::new(),
            }),
            [(place, wan, lan)] if lan > wan => Ok(Points {
                wan: Vec::new(),
                lan: vec![place],
            }),
            [(first, w1, l1), (second, w2, l2)] => {
                let (straight, crossed) = (w1 + l2, w2 + l1);
                let (wan, lan) = match straight.cmp(&crossed) {
                    std::cmp::Ordering::Greater => (first, second),
                    std::cmp::Ordering::Less => (second, first),
                    std::cmp::Ordering::Equal => return Err(Unplaced::Unclear),
                };
                Ok(Points {
                    wan: vec![wan],
                    lan: vec![lan],
                })
            }
            _ => Err(Unplaced::Unclear),
        }
    }

    /// Returns the interfaces in words, for who has to choose one.
    pub(super) fn list(&self) -> String {
        let places = self.signs.iter().take(MOST_LISTED);
        let shown = places.map(|(place, signs)| {
            let name = self.name(place);
            format!("{} ({} frames)", escape::line(&name), signs.frames)
        });
        let shown: Vec<String> = shown.collect();
        match (shown.is_empty(), self.signs.len() > MOST_LISTED) {
            (true, _) => "none".to_owned(),
            (false, true) => format!("{} …", shown.join(", ")),
            (false, false) => shown.join(", "),
        }
    }
}

/// Why it is not known which place is which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unplaced {
    /// The capture holds nothing that is judged.
    Nothing,
    /// It has no interface of this name.
    NoSuch(String),
    /// WAN and LAN are the same.
    SameTwice,
    /// It has to be told.
    Unclear,
}

impl fmt::Display for Unplaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("it holds no whole frame with IPv6, IPv4 or PPPoE"),
            Self::NoSuch(name) => write!(f, "it has no interface `{}`", escape::line(name)),
            Self::SameTwice => f.write_str("--wan and --lan mean the same interface"),
            Self::Unclear => f.write_str("it is not clear which interface is the WAN"),
        }
    }
}

/// What an interface is called outweighs what it looks like.
const SAID: i64 = 100;
/// More would hide the rest.
const MOST_LISTED: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interface_is_meant_by_its_name_its_number_or_its_vlan() {
        let places = places(&[(0, None), (0, Some(101)), (1, None)], &["eth0", "eth1"]);
        let names = |word: &str| -> Vec<String> {
            let meant = places.meant(word);
            meant.iter().map(|place| places.name(place)).collect()
        };
        assert_eq!(names("eth1"), ["eth1"]);
        assert_eq!(names("1"), ["eth1"]);
        assert_eq!(names("eth0.101"), ["eth0.101"]);
        assert_eq!(names("eth0"), ["eth0"]);
        assert_eq!(names("eth2"), [""; 0]);
        let tagged = self::places(&[(0, Some(101)), (0, Some(102))], &["eth0"]);
        assert_eq!(tagged.meant("eth0").len(), 2);
        let why = tagged.told(Some("eth0"), Some("eth0.102"));
        assert_eq!(why, Err(Unplaced::SameTwice));
    }

    #[test]
    fn what_is_called_wan_is_the_wan_and_what_cannot_be_told_is_asked() {
        let named = places(&[(0, None), (1, None)], &["lan1", "wan0"]);
        let points = named.told(None, None).unwrap();
        let name = |role: Role| named.name(&points.of(role)[0]);
        assert_eq!(
            (name(Role::Wan), name(Role::Lan)),
            ("wan0".to_owned(), "lan1".to_owned())
        );
        let plain = places(&[(0, None), (1, None)], &["eth0", "eth1"]);
        assert_eq!(plain.told(None, None), Err(Unplaced::Unclear));
        assert_eq!(plain.list(), "eth0 (0 frames), eth1 (0 frames)");
        assert_eq!(places(&[], &[]).told(None, None), Err(Unplaced::Nothing));
        let gone = plain.told(Some("eth9"), None);
        assert_eq!(gone, Err(Unplaced::NoSuch("eth9".to_owned())));
    }

    fn places(all: &[(usize, Option<u16>)], names: &[&str]) -> Places {
        let place = |(interface, vlan): &(usize, Option<u16>)| Place {
            file: 0,
            interface: *interface,
            cooked: None,
            vlan: *vlan,
        };
        let names = names.iter().map(|name| Some((*name).to_owned()));
        Places {
            signs: all
                .iter()
                .map(|one| (place(one), Signs::default()))
                .collect(),
            names: vec![names.collect()],
        }
    }
}
