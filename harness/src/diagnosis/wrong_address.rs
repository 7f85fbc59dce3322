//! A name that resolves to another address than that of its site: who said so (question 2 of guide
//! p.30, with the addresses of p.15).

use std::net::Ipv6Addr;

use ngnlab_reports::RecordId;
use ngnlab_sim::node::portal::Portal;
use ngnlab_sim::trace::{Fact, Resolution};

use super::attempt::HOST;
use super::causes::Cause;
use super::stop::Stop;
use super::{Outcome, Walk, same_name};
use crate::dissection::Found;
use crate::dissection::dns::Dns;

impl Walk<'_, '_> {
    /// Returns why the name resolves to addresses that are not those of the site, if it does.
    pub(super) fn misled(&mut self, host: &str) -> Option<Cause> {
        let (record, wrong) = self.wrong_address(host)?;
        let why = format!("{host} resolves to {wrong}, which is not its address");
        self.answer(2, false, [record], why);
        let right = self.right_servers(host);
        let says = |reply: &&&Found<Dns>| reply.is.aaaa().contains(&wrong);
        let upstream = self.upstream(host);
        let mut told = upstream.iter().filter_map(|exchange| {
            let reply = exchange.replies.iter().find(says)?;
            Some((exchange.query, *reply))
        });
        let by = told.next_back();
        if let Some((query, reply)) = by
            && !right.contains(&query.destination)
        {
            let why = format!("{host} is asked at {}", query.destination);
            self.answer(3, false, [query.record, reply.record], why);
            return Some(Cause::WrongDns);
        }
        let asked = upstream
            .iter()
            .find(|exchange| right.contains(&exchange.query.destination));
        let records: Vec<RecordId> = asked.iter().map(|one| one.query.record).collect();
        self.answer(3, true, records, format!("{host} belongs to {}", right[0]));
        let address = self.address();
        self.answer(4, true, address, "the terminal has a global address");
        self.eligible(true);
        let end = match (by, asked) {
            (Some((_, reply)), _) => {
                let because = format!("the server says {wrong}");
                Outcome::new(Cause::ServerFails, Stop::Server, [reply.record], because)
            }
            (None, Some(asked)) => {
                let because = format!("the router answers {wrong}, which no server said");
                let records = [asked.query.record, record];
                Outcome::new(Cause::ProxyFails, Stop::TerminalBack, records, because)
            }
            (None, None) => {
                let because = format!("the router says {wrong} and asks no server");
                Outcome::new(Cause::ProxyFails, Stop::RouterAnswers, [record], because)
            }
        };
        Some(self.stopped(end))
    }

    /// Returns the first address that a name resolved to last, if the site's is not among them.
    fn wrong_address(&self, host: &str) -> Option<(RecordId, Ipv6Addr)> {
        let values = self.trace.header().line.area.values();
        let site = match host {
            HOST => values.line_auth,
            Portal::HOST => values.portal,
            _ => return None,
        };
        let (record, addresses) = self.told().rev().find_map(|told| match told.fact {
            Fact::Resolved {
                name,
                addresses,
                outcome: Resolution::Answered,
            } if same_name(name, host) => Some((told.record, addresses)),
            _ => None,
        })?;
        let first = *addresses.first()?;
        (!addresses.contains(&site)).then_some((record, first))
    }
}
