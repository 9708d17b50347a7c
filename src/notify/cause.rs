//! One cause, many domains: what the subject and the first lines of a mail say of what they share. Said is what was
//! seen, that all are at one address or are served one certificate, and never whose fault that is.

use super::letter::is_over;
use super::render::Context;
use super::{plain, words};
use crate::incident::{Bond, BondKind, Mail, Notice, Reason, Shared};

/// So many addresses are named in a subject.
const NAMED: usize = 2;

/// The subject after its tag, in three parts of which the second may be cut: whom it is about, what it is, and how long.
pub(super) fn subject(shared: &Shared, notices: &[&Notice], context: &Context<'_>) -> (String, String, String) {
    let Some(worst) = notices.first() else { return Default::default() };
    let alike = notices.iter().all(|notice| notice.code == worst.code);
    let title = format!("{}{}", plain::line(&worst.title, 120), if alike { "" } else { ", and more" });
    let by = by(&shared.bond, notices);
    let span = |from, until| words::span(crate::domain::UnixTime::until(from, until).max(0));
    let domains = |count| words::count(count, "domain");
    let Shared { domains: all, new, over, open, since, .. } = *shared;
    match worst.reason {
        Reason::Opened if new < all && new > 0 => {
            (format!("{} more {}{by}, {all} now", new, noun(new)), title, String::new())
        }
        Reason::Opened => (format!("{}{by}", domains(all)), title, left(shared, notices, context)),
        Reason::Escalated => {
            (format!("{}{by}", domains(open)), format!("now worse: {title}"), left(shared, notices, context))
        }
        Reason::Reminder => {
            let left = left(shared, notices, context);
            let tail = if left.is_empty() { format!(", for {}", span(since, context.now)) } else { left };
            (format!("{}{by}", domains(open)), format!("still: {title}"), tail)
        }
        Reason::SilenceEnds => {
            (format!("{}{by}", domains(open)), format!("silence ends, still: {title}"), String::new())
        }
        Reason::Resolved => {
            let lasted = format!(", lasted {}", span(since, worst.at));
            match (open, over) {
                (0, over) if over == all => (format!("over for all {}{by}", domains(all)), title, lasted),
                (0, over) => (format!("over for the last {over} of {}{by}", domains(all)), title, lasted),
                (open, over) => {
                    (format!("over for {over} of {}{by}; {open} still", domains(all)), title, String::new())
                }
            }
        }
    }
}

/// What a mail says first: what they share, since when, and how many there are of which kind.
pub(super) fn intro(mail: &Mail, notices: &[&Notice], context: &Context<'_>) -> Option<String> {
    let shared = mail.shared.as_ref()?;
    let Shared { domains, new, over, open, since, .. } = *shared;
    let mut text = format!("One cause, as far as was seen: {}. ", all_are(&shared.bond, notices, domains));
    text += &format!("The first was told of {} ({since}). ", words::relative(context.now, since));
    if new > 0 && new < domains {
        text += &format!("{new} {} new since the last mail about it. ", if new == 1 { "is" } else { "are" });
    }
    if over > 0 {
        text += &format!("It is over for {over} with this mail. ");
    }
    text += &match open {
        0 => "It goes on for none.".to_owned(),
        open if open == domains => format!("It goes on for {}.", if open == 1 { "it" } else { "all of them" }),
        open => format!("It goes on for {open}."),
    };
    Some(text)
}

const fn noun(count: usize) -> &'static str {
    if count == 1 { "domain" } else { "domains" }
}

/// How long is left, where dates are what it is about.
fn left(shared: &Shared, notices: &[&Notice], context: &Context<'_>) -> String {
    let dated = notices.iter().filter(|notice| notice.family == "expiry" && !is_over(notice));
    let Some(expires) = dated.filter_map(|notice| notice.expires).min() else { return String::new() };
    match shared.bond.kind() {
        BondKind::Certificate | BondKind::Authority => format!(", {}", words::left(context.now, expires)),
        _ => format!(", first {}", words::relative(context.now, expires)),
    }
}

/// What binds them, after how many they are.
fn by(bond: &Bond, notices: &[&Notice]) -> String {
    let value = plain::line(bond.value(), 100);
    match bond.kind() {
        BondKind::Addresses | BondKind::Address => format!(" at {}", short(bond.value())),
        BondKind::Certificate => format!(", one certificate{}", common_addresses(notices)),
        BondKind::Authority => ", one CA certificate".to_owned(),
        BondKind::Zone => format!(" of {value}"),
        BondKind::NameServers => ", the same name servers".to_owned(),
        BondKind::Issuer => ", one issuer".to_owned(),
        BondKind::Tenant => format!(" of {value}"),
        BondKind::Unknown => ", one cause".to_owned(),
    }
}

fn all_are(bond: &Bond, notices: &[&Notice], domains: usize) -> String {
    let value = plain::line(&bond.value().replace(',', ", "), 300);
    let fact = |name: &str| {
        let all = notices.iter().filter_map(|notice| notice.facts.get(name)?.as_str());
        all.map(|text| plain::line(text, 200)).next()
    };
    let are = match bond.kind() {
        BondKind::Addresses | BondKind::Address => format!("at {value}"),
        BondKind::Certificate => {
            let names = fact("subject").map(|subject| format!("{subject}, ")).unwrap_or_default();
            format!("served one certificate{}: {names}SHA-256 {value}", common_addresses(notices))
        }
        BondKind::Authority => format!("served by way of one CA certificate, SHA-256 {value}"),
        BondKind::Zone => format!("in the zone {value}"),
        BondKind::NameServers => format!("served by the name servers {value}"),
        BondKind::Issuer => format!("served certificates of {value}"),
        BondKind::Tenant => format!("of the tenant {value}"),
        BondKind::Unknown => "alike".to_owned(),
    };
    format!("all {} are {are}", words::count(domains, "domain"))
}

/// Where all of these were seen, if that is the same for all.
fn common_addresses(notices: &[&Notice]) -> String {
    let of = |notice: &&Notice| notice.facts.get("addresses").cloned();
    let Some(first) = notices.first().and_then(of) else { return String::new() };
    let all: Vec<&str> = first.as_array().into_iter().flatten().filter_map(|address| address.as_str()).collect();
    match notices.iter().all(|notice| of(notice).as_ref() == Some(&first)) && !all.is_empty() {
        true => format!(" on {}", short(&all.join(","))),
        false => String::new(),
    }
}

/// Addresses in few words: the port of HTTPS goes without saying, and of an address in the same /24 the last number
/// says enough.
fn short(addresses: &str) -> String {
    let all: Vec<&str> = addresses.split(',').map(|address| address.strip_suffix(":443").unwrap_or(address)).collect();
    let prefix = |address: &str| {
        let is_v4 = address.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        address.rsplit_once('.').filter(|_| is_v4).map(|(prefix, _)| prefix.to_owned())
    };
    let first = all.first().copied().unwrap_or_default();
    let named: Vec<String> = all
        .iter()
        .enumerate()
        .take(NAMED)
        .map(|(index, address)| {
            let same = index > 0 && prefix(address).is_some() && prefix(address) == prefix(first);
            let shown = if same { address.rsplit_once('.').map_or(*address, |(_, last)| last) } else { address };
            plain::line(&format!("{}{shown}", if same { "." } else { "" }), 60)
        })
        .collect();
    match all.len().saturating_sub(NAMED) {
        0 => named.join(" and "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::render;
    use super::super::samples::{NOW, mail, notice};
    use super::*;
    use crate::incident::MailKind;
    use crate::observation::Code;

    #[test]
    fn addresses_are_named_in_few_words() {
        let cases = [
            ("192.0.2.10:443", "192.0.2.10"),
            ("192.0.2.10:443,192.0.2.11:443", "192.0.2.10 and .11"),
            ("192.0.2.10:443,198.51.100.1:443", "192.0.2.10 and 198.51.100.1"),
            ("192.0.2.10:8443,192.0.2.11:8443", "192.0.2.10:8443 and 192.0.2.11:8443"),
            ("192.0.2.10:443,[2001:db8::1]:443", "192.0.2.10 and [2001:db8::1]"),
            ("192.0.2.1:443,192.0.2.2:443,192.0.2.3:443", "192.0.2.1, .2 and 1 more"),
        ];
        for (addresses, text) in cases {
            assert_eq!(short(addresses), text);
        }
    }

    fn shared(bond: Bond, domains: usize, new: usize, over: usize, open: usize) -> Shared {
        Shared { bond, domains, new, over, open, since: NOW.plus(-14 * 60) }
    }

    /// A mail about a cause, one notice a domain.
    fn told(shared: Shared, code: Code, reason: Reason, count: usize) -> (String, String) {
        let one = |n: usize| Notice {
            expires: (code == Code::TlsExpiresSoon).then(|| NOW.plus(6 * 86_400)),
            ..notice(&format!("d{n}.example"), code, reason)
        };
        let mail = Mail { shared: Some(shared), ..mail(MailKind::News, (0..count).map(one).collect()) };
        let rendered = render(&mail, &Context { now: NOW, host: "watch.example", links: None });
        (rendered.subject, rendered.text.split("\n\n").next().unwrap_or_default().replace('\n', " "))
    }

    #[test]
    fn a_mail_says_what_its_domains_share_and_how_many_there_are() {
        let at = || Bond::new(BondKind::Addresses, "192.0.2.10:443,192.0.2.11:443");
        let refused = Code::ConnectRefused;
        let opened = "The first was told of 14 min ago (2026-11-29T09:46:00Z).";
        let is = "One cause, as far as was seen: all";
        let addresses = "at 192.0.2.10:443, 192.0.2.11:443";
        let cases = [
            (
                (shared(at(), 60, 60, 0, 60), refused, Reason::Opened, 60),
                "[critical] 60 domains at 192.0.2.10 and .11: the connection is refused",
                format!("{is} 60 domains are {addresses}. {opened} It goes on for all of them."),
            ),
            (
                (shared(at(), 72, 12, 0, 72), refused, Reason::Opened, 12),
                "[critical] 12 more domains at 192.0.2.10 and .11, 72 now: the connection is refused",
                format!(
                    "{is} 72 domains are {addresses}. {opened} 12 are new since the last mail about it. It goes on for \
                     all of them."
                ),
            ),
            (
                (shared(at(), 92, 0, 0, 90), refused, Reason::Reminder, 90),
                "[critical] 90 domains at 192.0.2.10 and .11: still: the connection is refused, for 14 min",
                format!("{is} 92 domains are {addresses}. {opened} It goes on for 90."),
            ),
            (
                (shared(at(), 92, 0, 80, 12), refused, Reason::Resolved, 80),
                "[resolved] over for 80 of 92 domains at 192.0.2.10 and .11; 12 still: the connection is refused",
                format!(
                    "{is} 92 domains are {addresses}. {opened} It is over for 80 with this mail. It goes on for 12."
                ),
            ),
            (
                (shared(at(), 92, 0, 12, 0), refused, Reason::Resolved, 12),
                "[resolved] over for the last 12 of 92 domains at 192.0.2.10 and .11: the connection is refused, lasted 0 s",
                format!(
                    "{is} 92 domains are {addresses}. {opened} It is over for 12 with this mail. It goes on for none."
                ),
            ),
            (
                (
                    shared(Bond::new(BondKind::Certificate, "ab"), 80, 80, 0, 80),
                    Code::TlsExpiresSoon,
                    Reason::Opened,
                    80,
                ),
                "[warning] 80 domains, one certificate: the certificate expires soon, 6 d left",
                format!("{is} 80 domains are served one certificate: SHA-256 ab. {opened} It goes on for all of them."),
            ),
            (
                (shared(Bond::new(BondKind::Zone, "example.com"), 3, 3, 0, 3), Code::DnsTxtMissing, Reason::Opened, 3),
                "[warning] 3 domains of example.com: the ownership TXT record is missing",
                format!("{is} 3 domains are in the zone example.com. {opened} It goes on for all of them."),
            ),
        ];
        for ((shared, code, reason, count), subject, intro) in cases {
            assert_eq!(told(shared, code, reason, count), (subject.to_owned(), intro));
        }
    }
}
