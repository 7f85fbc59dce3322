//! The PPPoE sessions that a scenario can have dialled, and their accounts.

use std::net::Ipv4Addr;

use ngnlab_sim::line::Area;
use ngnlab_sim::line::internet::service_domain;
use ngnlab_sim::line::pppoe::{Account, Realm, accounts};
use ngnlab_sim::setup::PppoeAccount;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::DeviceSpec;

/// A PPPoE session that the device is set up for (接続先設定), or that a terminal dials itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Dialled {
    /// To the ISP: for the internet, and for オンライン請求.
    Isp,
    /// To the service information site, サービス情報サイト(NGN IPv4).
    ServiceSite,
    /// To the ISP, with a password that is wrong.
    WrongPassword,
    /// By a name whose realm nobody knows.
    UnknownRealm,
}

impl Dialled {
    /// Returns the account as a terminal dials it itself.
    pub(crate) fn by_terminal(self, area: Area) -> PppoeAccount {
        let (name, password) = self.credentials(area);
        PppoeAccount {
            name: name.to_owned(),
            password: password.to_owned(),
            domains: Vec::new(),
            source: None,
        }
    }

    /// Returns the account as it is entered into the device.
    pub(crate) fn account(self, area: Area, number: u8, device: &DeviceSpec) -> PppoeAccount {
        PppoeAccount {
            domains: match self {
                Self::ServiceSite if device.domain_routing => {
                    vec![service_domain(area).to_owned()]
                }
                _ => Vec::new(),
            },
            source: device
                .source_bound
                .then(|| Ipv4Addr::new(192, 168, 1, 100 + number)),
            ..self.by_terminal(area)
        }
    }

    fn credentials(self, area: Area) -> (&'static str, &'static str) {
        let realm = match self {
            Self::ServiceSite => Realm::ServiceSite,
            Self::Isp | Self::WrongPassword | Self::UnknownRealm => Realm::Isp,
        };
        let known = accounts(area).into_iter().find(|it| it.realm == realm);
        let Account { name, password, .. } = known.expect("every realm has an account");
        match self {
            Self::Isp | Self::ServiceSite => (name, password),
            Self::WrongPassword => (name, "not-the-password"),
            Self::UnknownRealm => ("clinic@nobody.example", password),
        }
    }
}
