//! What is wrong with our own sight.

use super::{Entry, Family, Kind, Severity};
use crate::observation::Code;

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        code: Code::WatchResolverFailed,
        severity: Severity::Warning,
        kind: Kind::Watch,
        family: Family::Resolver,
        title: "our resolvers do not answer",
        explanation: "No configured name server answers for this domain nor for any other: it is our own sight that \
            fails, so the domain's state is unknown.",
        remedy: "Check `nameservers` (or /etc/resolv.conf) and this machine's way to them.",
    },
    Entry {
        code: Code::WatchDiscoveryFailed,
        severity: Severity::Warning,
        kind: Kind::Watch,
        family: Family::Discovery,
        title: "custom domains cannot be listed",
        explanation: "A tenant's Management API did not list its custom domains, or its list cannot be believed: it is \
            empty, has lost half of what it named, or holds what we cannot read. What was watched stays watched, by \
            what was known before; a new domain is not noticed.",
        remedy: "The summary says which: wrong credentials (check client id and secret), not allowed (grant the \
            application `read:custom_domains`, and nothing more), blocked (let this machine through the tenant's \
            access control list, or set `api_base` to a custom domain). A shortened list is believed after a day.",
    },
    Entry {
        code: Code::WatchResolverDown,
        severity: Severity::Warning,
        kind: Kind::Watch,
        family: Family::Resolver,
        title: "one of our resolvers does not answer",
        explanation: "Of several resolvers in `nameservers` one gives no usable answer, to this question nor to one \
            for another zone; facts.resolvers says how it fails. The domains are judged by what the others say, so \
            that no verdict is worse for it. It is asked only now and then until it answers again.",
        remedy: "Check that resolver and this machine's way to it, or take it out of `nameservers`.",
    },
    Entry {
        code: Code::WatchNoIpv6,
        severity: Severity::Info,
        kind: Kind::Watch,
        family: Family::Sight,
        title: "no IPv6 here",
        explanation: "This machine has no route over IPv6, so AAAA addresses are not looked at.",
        remedy: "Give the machine IPv6, or set `families = \"ipv4\"` to say that it is meant.",
    },
    Entry {
        code: Code::WatchLogListStale,
        severity: Severity::Warning,
        kind: Kind::Watch,
        family: Family::Logs,
        title: "the list of transparency logs is old",
        explanation: "The list of certificate transparency logs that `ct_log_list` names was made more than 70 days ago. \
            Logs come and go: Chrome stops enforcing transparency by a list of that age, and we count by it no \
            more. Signatures of the logs that it has are still checked.",
        remedy: "Fetch the present list (Google publishes it as `log_list.json`, version 3), put it at the same place \
            and reload notafter. Best by a timer, once a day.",
    },
    Entry {
        code: Code::WatchOutOfResources,
        severity: Severity::Warning,
        kind: Kind::Watch,
        family: Family::Sight,
        title: "we have nothing left to look with",
        explanation: "The system refuses us another socket: too many files are open in this process or on this \
            machine, or it has no memory, network buffers or free ports left. What was not looked at for that is not \
            judged; what was seen of it last still stands.",
        remedy: "Raise the limit of open files (`LimitNOFILE=` of the service, `ulimit -n`), and see what else on \
            this machine uses up files, memory or ports.",
    },
    Entry {
        code: Code::WatchOverloaded,
        severity: Severity::Warning,
        kind: Kind::Watch,
        family: Family::Load,
        title: "there is more to look at than we can",
        explanation: "For a minute more than one look in ten has begun over a second after it was due, for reasons of our \
            own: too many domains, too short intervals, too slow a machine. All intervals are stretched, half as \
            long again each minute, until looks begin in time; after five minutes in time they are shortened by as much \
            again. Until then what is wrong is found later than you asked for.",
        remedy: "Look less often (`interval`), give the machine more processors, or let several instances watch a part of \
            the domains each. docs/scaling.md says how many domains a machine can look at.",
    },
    Entry {
        code: Code::WatchBlind,
        severity: Severity::Warning,
        kind: Kind::Watch,
        family: Family::Sight,
        title: "we cannot see",
        explanation: "The watched domains fail, and so does every reference that shares nothing with them: it is our \
            own network that is down.",
        remedy: "Check this machine's network; nothing is known of the domains until a reference answers.",
    },
    Entry {
        code: Code::WatchStoreFailed,
        severity: Severity::Critical,
        kind: Kind::Watch,
        family: Family::Store,
        title: "the state cannot be stored",
        explanation: "Committing the state has failed for 30 seconds. Looking and telling go on from memory; after a \
            restart some notices may be sent once more.",
        remedy: "Check that the store's disk has room and is writable by the daemon.",
    },
    Entry {
        code: Code::WatchNoticeFailing,
        severity: Severity::Critical,
        kind: Kind::Watch,
        family: Family::Delivery,
        title: "notices cannot be delivered",
        explanation: "For five minutes a mail relay or a web service has refused or not answered, or no Alertmanager of a \
                      receiver has; what is owed is kept and tried again. Or a relay that was asked (`relay_check`) would for a \
                      quarter of an hour have taken no mail, or, as a warning, not by every way or not for everybody.",
        remedy: "Check the receiver, its credentials and its certificate with `notafter mail test`.",
    },
    Entry {
        code: Code::WatchNoticeDead,
        severity: Severity::Critical,
        kind: Kind::Watch,
        family: Family::DeadLetter,
        title: "mail was refused for good",
        explanation: "A relay refused a mail so often, or a recipient for good while others got the mail, that it is \
            given up: somebody who is to be told was not. It is kept for 30 days, and tried once more after the next \
            mail that gets through, after a reload and after a restart.",
        remedy: "Read what was not told with `notafter mail queue`, tell whom it concerns, and mend the address or the \
            relay; then reload.",
    },
    Entry {
        code: Code::WatchHeartbeatFailing,
        severity: Severity::Warning,
        kind: Kind::Watch,
        family: Family::Heartbeat,
        title: "the heartbeat is not taken",
        explanation: "For five minutes the URL of `heartbeat_url` has not been reached, or has not answered with a \
            success: whoever waits there for us thinks that we are dead, or would not notice if we were.",
        remedy: "Open the check at the service: it must exist, and not be paused. Then check this machine's way to it, and \
            that the URL is the check's own.",
    },
];
