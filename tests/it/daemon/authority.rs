//! A name server of the zone goes away and comes back under the daemon's eyes.

use std::net::SocketAddr;

use super::lab::{domain, receiver};
use super::mail::letters;
use super::{DAY, Home, Lab};
use crate::servers::{LOOPBACK, Nginx, Nsd, Postfix, PostfixConfig, free_port};

const NAME: &str = "login.lab.example";

#[test]
fn a_name_server_is_told_lost_and_back_without_waiting_for_its_turn() {
    let lab = Lab::start();
    let nginx = Nginx::start(&[lab.host(NAME, 60 * DAY)]);
    let mut postfix = Postfix::start(&PostfixConfig::default());
    let second = SocketAddr::new(LOOPBACK[0], free_port(&LOOPBACK));
    let home = Home::bare();
    let authorities = format!("authorities = [\"{}\", \"{second}\"]\n", lab.nameserver());
    let told = receiver(&format!("smtp+plain://{}", postfix.plain()), "");
    home.configure(&(lab.probe(&home, "100ms") + &domain(NAME, &[nginx.at("127.0.0.1")]) + &authorities + &told));
    let mut daemon = home.start_ready();
    postfix.wait_for_mails(1);
    let subject = |letters: &[super::mail::Letter], index: usize| letters[index].subject.clone();
    let all = letters(&postfix);
    assert!(subject(&all, 0).contains("a name server does not answer"), "{all:?}");
    let finding =
        format!("notafter_finding{{domain=\"{NAME}\",code=\"dns.nameserver_unreachable\",severity=\"warning\"}}");
    daemon.wait_for_sample(&finding, 1.0);
    // At this interval its turn comes every three thousandth look.
    let _nsd = Nsd::at(second, &[("lab.example", "* A 127.0.0.1")]);
    postfix.wait_for_mails(2);
    let all = letters(&postfix);
    assert!(subject(&all, 1).starts_with("[resolved] "), "{all:?}");
    daemon.stop();
}
