use ngnlab_reports::decoded::{Decoded, Field};
use ngnlab_sim::message::packet::Mac;
use ngnlab_sim::message::packet::ipv4::{Header4, frame_either};

use super::*;
use crate::decode::alone;

const CLIENT: [u8; 6] = [2, 0, 0x5e, 0, 0, 1];

/// Builds a message with these options behind its cookie.
fn decoded(op: u8, yiaddr: [u8; 4], options: &[&[u8]]) -> Decoded {
    let mut bytes = vec![op, 1, 6, 0, 0xde, 0xad, 0xbe, 0x01, 0, 0, 0x80, 0];
    bytes.extend([[0; 4], yiaddr, [0; 4], [0; 4]].concat());
    bytes.extend(CLIENT);
    bytes.resize(OPTIONS - 4, 0);
    bytes.extend(COOKIE);
    bytes.extend(options.concat());
    framed(&bytes)
}

fn framed(message: &[u8]) -> Decoded {
    let header = Header4::new(Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST);
    let packet = header.udp(CLIENT_PORT, SERVER_PORT, message);
    alone(&frame_either(Mac(CLIENT), Mac::BROADCAST, &packet))
}

fn option<'d>(decoded: &'d Decoded, name: &str) -> &'d Field {
    let fields = &decoded.layers.last().expect("there are layers").fields;
    let mut found = fields.iter().filter(|field| field.name == name);
    found
        .next()
        .unwrap_or_else(|| panic!("no {name} in {fields:#?}"))
}

#[test]
fn what_a_server_gives_is_told_in_a_line() {
    let offer = decoded(
        2,
        [192, 168, 1, 10],
        &[
            &[53, 1, 2],
            &[1, 4, 255, 255, 255, 0],
            &[3, 4, 192, 168, 1, 1],
            &[6, 8, 192, 168, 1, 1, 192, 168, 1, 2],
            &[51, 4, 0, 0, 0x0e, 0x10],
            &[54, 4, 192, 168, 1, 1],
            &[255, 0, 0, 0],
        ],
    );
    assert_eq!(
        offer.summary,
        "DHCPOFFER deadbe01, address 192.168.1.10/24 for 3600 s, router 192.168.1.1, \
         DNS 192.168.1.1, DNS 192.168.1.2"
    );
    assert_eq!(option(&offer, "IP Address Lease Time").value, "3600 s");
    assert_eq!(option(&offer, "chaddr").value, "02:00:5e:00:00:01");
}

#[test]
fn what_a_client_wants_is_told_with_the_options_it_asks_for() {
    let request = decoded(
        1,
        [0; 4],
        &[
            &[53, 1, 3, 0, 0],
            &[50, 4, 192, 168, 1, 10],
            &[55, 3, 1, 3, 121],
            &[61, 7, 1],
            &CLIENT,
            &[81, 6, 5, 0, 0, 2, b'p', b'c'],
            &[255],
        ],
    );
    assert_eq!(request.summary, "DHCPREQUEST deadbe01 for 192.168.1.10");
    let asked = option(&request, "Parameter Request List");
    assert_eq!(asked.fields[4].value, "Classless Static Route (121)");
    assert_eq!(
        option(&request, "Client-identifier").value,
        "02:00:5e:00:00:01"
    );
    assert_eq!(option(&request, "Client FQDN").value, "pc");
}

#[test]
fn values_of_several_parts_are_read() {
    let ack = decoded(
        2,
        [0; 4],
        &[
            &[53, 1, 5],
            &[121, 13, 24, 192, 0, 2, 192, 168, 1, 1, 0, 192, 168, 1, 254],
            &[119, 9, 1, b'a', 1, b'b', 0, 1, b'c', 0xc0, 2],
            &[82, 6, 1, 4, 1, 2, 3, 4],
            &[2, 4, 0xff, 0xff, 0xff, 0xf0],
            &[255],
        ],
    );
    let routes = option(&ack, "Classless Static Route");
    assert_eq!(
        routes.value,
        "192.0.2.0/24 192.168.1.1, 0.0.0.0/0 192.168.1.254"
    );
    assert_eq!(option(&ack, "Domain Search").value, "a.b, c.b");
    assert_eq!(
        option(&ack, "Relay Agent Information").value,
        "Agent Circuit ID"
    );
    assert_eq!(option(&ack, "Time Offset").value, "-16 s");
    assert!(!ack.summary.contains("malformed"), "{}", ack.summary);
}

#[test]
fn fixed_fields_hold_options_where_one_says_so() {
    let mut bytes = vec![2, 1, 6, 0, 0, 0, 0, 1];
    bytes.resize(44, 0);
    // The server name holds the DNS server.
    bytes.extend([6, 4, 192, 168, 1, 9, 255]);
    bytes.resize(OPTIONS - 4, 0);
    bytes.extend(COOKIE);
    bytes.extend([53, 1, 5, 52, 1, 2, 255]);
    assert_eq!(framed(&bytes).summary, "DHCPACK 00000001, DNS 192.168.1.9");
}

#[test]
fn an_option_with_a_length_that_is_not_its_own_is_malformed() {
    let odd = decoded(1, [0; 4], &[&[53, 1, 1], &[51, 3, 0, 0, 1], &[255]]);
    assert_eq!(odd.summary, "DHCPDISCOVER deadbe01, malformed");
    assert_eq!(option(&odd, "IP Address Lease Time").value, "malformed");
    let endless = decoded(1, [0; 4], &[&[53, 1, 1]]);
    assert_eq!(endless.summary, "DHCPDISCOVER deadbe01, malformed");
    let cut = decoded(1, [0; 4], &[&[53, 1, 1], &[51, 4, 0]]);
    assert_eq!(cut.summary, "DHCPDISCOVER deadbe01, cut off");
}
