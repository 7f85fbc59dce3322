//! What the zones hold is what the guide prints.

use super::*;

#[test]
fn the_delivery_hosts_are_those_of_the_guide() {
    let values = Area::East.values();
    let hosts = delivery_hosts(values);
    assert_eq!(hosts.len(), 15);
    assert_eq!(hosts[8].to_string(), "2408:210:9c0::9");
    assert_eq!(hosts[9].to_string(), "2408:210:9c0::10");
    assert_eq!(hosts[14].to_string(), "2408:210:9c0::15");
    assert_eq!(DELIVERY_HOSTS_A[14], [10, 255, 180, 15]);
}

#[test]
fn the_east_answers_are_those_printed_in_the_guide() {
    // Guide p.15.
    let zones = Zones::ons(&Line::preset("next-pd", Area::East).unwrap());
    for (asked, aaaa, a) in [
        ("www.lineauth.mnw", "2404:1a8:f583:af0::1", ""),
        ("assv.asc.flets-east.jp", "2404:1a8:ff43:1612::f", ""),
        (
            "hweb.oqs-st.onshikaku.org",
            "2404:1a8:f583:1b00:ad7d:7594:6198:6ce0",
            "10.108.48.210 10.108.49.78 10.108.49.13",
        ),
        (
            "crldownload.obn.managedpki.ne.jp",
            "2404:1a8:f583:4a06:a0c6:842b:cc00:fa1f \
             2404:1a8:f583:4a07:6905:9f85:2d17:d650",
            "10.110.10.164 10.110.10.180",
        ),
    ] {
        let host = zones.find(&name(asked)).host.unwrap();
        let texts: Vec<String> = host.aaaa.iter().map(ToString::to_string).collect();
        assert_eq!(texts.join(" "), aaaa);
        let texts: Vec<String> = host.a.iter().map(ToString::to_string).collect();
        assert_eq!(texts.join(" "), a);
    }
}

#[test]
fn the_ngn_servers_do_not_know_the_names_of_the_ons_domains() {
    for area in Area::ALL {
        let line = Line::preset("next-pd", area).unwrap();
        for row in ONS_HOSTS {
            assert!(
                !Zones::ngn(&line).find(&name(row.name)).exists,
                "{}",
                row.name
            );
            assert!(Zones::ons(&line).find(&name(row.name)).host.is_some());
        }
    }
}

#[test]
fn public_names_need_an_isp() {
    let mut line = Line::preset("next-pd", Area::East).unwrap();
    let public = name("www.example.jp");
    assert!(!Zones::ngn(&line).find(&public).exists);
    line.isp = Isp::Ipoe;
    assert!(Zones::ngn(&line).find(&public).host.is_some());
    assert!(!Zones::ons(&line).find(&public).exists);
}

#[test]
fn the_check_host_is_known_to_both_kinds_of_server() {
    for area in Area::ALL {
        let line = Line::preset("next-ra", area).unwrap();
        let check = name(&format!("ASSV.asc.{}", area.values().ngn_domain));
        for zones in [Zones::ngn(&line), Zones::ons(&line)] {
            let found = zones.find(&check);
            assert_eq!(found.host.unwrap().aaaa, [area.values().service_check]);
            assert!(found.zone.authoritative);
        }
    }
}

#[test]
fn a_name_above_a_host_exists_and_has_no_addresses() {
    let line = Line::preset("next-ra", Area::East).unwrap();
    let zones = Zones::ons(&line);
    let found = zones.find(&name("obn.managedpki.ne.jp"));
    assert!(found.exists && found.host.is_none());
    assert!(!zones.find(&name("nothing.managedpki.ne.jp")).exists);
}
