//! The page as the library that Prometheus' own format comes from writes it: the same samples, ordered and escaped by it.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use prometheus::core::{Collector, Desc};
use prometheus::proto::{Bucket, Counter, Gauge, Histogram, LabelPair, Metric, MetricFamily, MetricType};
use prometheus::{Encoder, Registry, TextEncoder};

use super::*;
use crate::domain::{Domain, DomainName, Now, UnixTime};
use crate::incident::Policy;
use crate::keeper::{Keeper, Lag, Watch};
use crate::observation::certificate::Certificate;
use crate::observation::{Code, Failure, Look, Presented, TlsObservation};

const NOW: Now = Now { wall: UnixTime(1_800_000_000), mono: Duration::from_secs(5) };

/// A keeper of so many domains, most of them looked at, with all kinds of labels, addresses and troubles.
fn keeper(domains: usize) -> Keeper {
    let receivers = ["on call \"1\"".to_owned(), "on call!".to_owned(), "oncall".to_owned()];
    let mut keeper = Keeper::restore(Policy::default(), &receivers, Vec::new(), NOW);
    let names: Vec<DomainName> = (0..domains).map(|n| DomainName::parse(&format!("d{n}.example")).unwrap()).collect();
    keeper.handle_watches(names.iter().enumerate().map(|(number, name)| watch(number, name)).collect(), NOW);
    for (number, name) in names.iter().enumerate().filter(|(number, _)| number % 7 > 0) {
        keeper.handle_look(look(number, name), NOW);
    }
    keeper
}

fn watch(number: usize, name: &DomainName) -> Watch {
    let mut domain = Domain::new(name.clone());
    domain.interval = Duration::from_millis(1500 + number as u64);
    for label in 0..number % 4 {
        domain.labels.insert(format!("label-{label}"), format!("a \\ \"{number}\"\n ü"));
    }
    Watch {
        domain: Arc::new(domain),
        http_addresses: 4,
        origin: false,
        contract: 0,
        tenant: false,
        revision: 0,
        recipients: [].into(),
    }
}

fn look(number: usize, name: &DomainName) -> Look {
    let mut look = Look::new(name.clone(), NOW.wall);
    let addresses = ["10.0.0.9:443", "10.0.0.10:443", "[2001:db8::1]:443", "[2001:db8::10]:44"];
    for address in &addresses[..number % 5] {
        let address: SocketAddr = address.parse().unwrap();
        let mut tls = TlsObservation::new(address);
        if number.is_multiple_of(3) {
            tls.failure = Some(Failure::new(Code::ConnectRefused, "nobody listens"));
        } else {
            tls.presented = Some(Arc::new(presented(name)));
        }
        look.tls.push(tls);
    }
    look
}

fn presented(name: &DomainName) -> Presented {
    let leaf = Certificate::sample(name.as_str(), NOW.wall.plus(-86_400), NOW.wall.plus(86_400));
    Presented {
        chain: vec![Arc::new(leaf)],
        unreadable: Vec::new(),
        name_matches: Some(true),
        self_signed: false,
        paths: Vec::new(),
        refusal: None,
        transparency: None,
        beside: Vec::new(),
        distrusted: Vec::new(),
    }
}

/// Every sample there is, for the library.
#[derive(Default)]
struct Everything(BTreeMap<&'static str, Vec<Metric>>);

impl Samples for Everything {
    fn wants(&self, _: &Family) -> bool {
        true
    }

    fn add(&mut self, family: &Family, labels: &[(&str, &str)], value: f64) {
        let mut metric = Metric::default();
        let pair = |(name, value): &(&str, &str)| {
            let mut pair = LabelPair::default();
            pair.set_name((*name).to_owned());
            pair.set_value((*value).to_owned());
            pair
        };
        metric.set_label(labels.iter().map(pair).collect());
        match family.kind {
            Kind::Counter => {
                let mut counter = Counter::default();
                counter.set_value(value);
                metric.set_counter(counter);
            }
            Kind::Histogram => unreachable!("it has an input of its own"),
            Kind::Gauge => {
                let mut gauge = Gauge::default();
                gauge.set_value(value);
                metric.set_gauge(gauge);
            }
        }
        self.0.entry(family.name).or_default().push(metric);
    }

    fn histogram(&mut self, family: &Family, lag: &Lag) {
        let (mut metric, mut histogram) = (Metric::default(), Histogram::default());
        let bucket = |(bound, count)| {
            let mut bucket = Bucket::default();
            bucket.set_upper_bound(bound);
            bucket.set_cumulative_count(count);
            bucket
        };
        histogram.set_bucket(lag.buckets().map(bucket).collect());
        histogram.set_sample_count(lag.count());
        histogram.set_sample_sum(lag.sum());
        metric.set_histogram(histogram);
        self.0.entry(family.name).or_default().push(metric);
    }
}

/// The registry's view of them.
struct Known(Vec<MetricFamily>, Vec<Desc>);

impl Collector for Known {
    fn desc(&self) -> Vec<&Desc> {
        self.1.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.0.clone()
    }
}

fn as_the_library_writes(snapshot: &Snapshot) -> String {
    let mut all = Everything::default();
    process(snapshot, &mut all);
    for domain in snapshot.domains.iter() {
        OF_A_DOMAIN.iter().for_each(|(part, _)| part(domain, &mut all));
    }
    let family = |family: &&Family| {
        let mut out = MetricFamily::default();
        out.set_name(family.name.to_owned());
        out.set_help(family.help.to_owned());
        out.set_field_type(match family.kind {
            Kind::Counter => MetricType::COUNTER,
            Kind::Histogram => MetricType::HISTOGRAM,
            Kind::Gauge => MetricType::GAUGE,
        });
        out.set_metric(all.0.get(family.name).cloned()?);
        Some(out)
    };
    let describe = |family: &&Family| Desc::new(family.name.into(), family.help.into(), Vec::new(), HashMap::new());
    let known = Known(
        FAMILIES.iter().filter_map(family).collect(),
        FAMILIES.iter().map(describe).collect::<Result<_, _>>().unwrap(),
    );
    let registry = Registry::new();
    registry.register(Box::new(known)).unwrap();
    let mut out = Vec::new();
    TextEncoder::new().encode(&registry.gather(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn the_page_is_byte_for_byte_what_the_library_writes() {
    for domains in [0, 1, 5, 700] {
        let snapshot = Arc::new(keeper(domains).snapshot());
        let pieces: Vec<Vec<u8>> = Page::new(Arc::clone(&snapshot)).collect();
        let (page, expected) = (String::from_utf8(pieces.concat()).unwrap(), as_the_library_writes(&snapshot));
        for (line, wanted) in page.lines().zip(expected.lines()) {
            assert_eq!(line, wanted, "of {domains} domains");
        }
        assert_eq!(page.len(), expected.len(), "of {domains} domains");
        assert!(domains < 700 || (page.contains("tls.") && page.contains("label_label_2=\"a \\\\ \\\"")), "{page}");
    }
}

#[test]
fn a_page_is_written_in_pieces_of_bounded_size() {
    let pieces: Vec<usize> = Page::new(Arc::new(keeper(3000).snapshot())).map(|piece| piece.len()).collect();
    assert!(pieces.len() > 10, "{pieces:?}");
    assert!(pieces.iter().all(|size| *size < 3 * 64 * 1024), "{pieces:?}");
}

#[test]
fn each_part_has_samples_of_its_own_families_alone() {
    let snapshot = keeper(60).snapshot();
    for (number, (part, families)) in OF_A_DOMAIN.iter().enumerate() {
        let mut all = Everything::default();
        snapshot.domains.iter().for_each(|domain| part(domain, &mut all));
        let names: Vec<&str> = families.iter().map(|family| family.name).collect();
        assert!(all.0.keys().all(|name| names.contains(name)), "part {number}: {:?}", all.0.keys());
    }
}
