//! A daemon as it is, its fleet, and real sockets between them.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use notafter::daemon::{self, Source};
use notafter::lab::ca::Authority;
use notafter::lab::dns::NameServer;
use notafter::lab::proxy::{Answer, Proxy, Site};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use super::{fleet, machine};

/// The page of metrics is fetched so often at least …
const SCRAPES: u32 = 5;
/// … and for so long: the system tells hundredths of a second.
const SCRAPED_FOR: Duration = Duration::from_secs(5);

/// What is to be measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// Domains that are watched.
    pub(crate) domains: usize,
    /// Looks a second.
    pub(crate) rate: usize,
    /// For how long, once every domain has had a look.
    pub(crate) seconds: usize,
}

impl Plan {
    /// How often each domain is looked at.
    fn interval(self) -> Duration {
        Duration::from_millis((self.domains * 1000 / self.rate.max(1)).max(100) as u64)
    }
}

/// The head of the table.
pub(crate) const HEAD: &str = "  domains  looks/s  CPU a look  resident  a domain beyond 40 MB  scrape  series  \
                               CPU a million series  p99 late";

/// Measures one size, with its servers and its daemon in processes of their own.
pub(crate) fn line(plan: Plan) -> Result<(), Box<dyn Error>> {
    let home = std::env::temp_dir().join(format!("notafter-growth-{}-{}", std::process::id(), plan.domains));
    fs::create_dir_all(&home)?;
    let outcome = measured(plan, &home);
    let _ = fs::remove_dir_all(&home);
    outcome
}

fn measured(plan: Plan, home: &Path) -> Result<(), Box<dyn Error>> {
    let itself = std::env::current_exe()?;
    let number = plan.domains.to_string();
    let mut server = Stopped(
        Command::new(&itself)
            .args(["serve", "--domains", &number])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?,
    );
    let mut said = BufReader::new(server.0.stdout.take().ok_or("no output")?).lines();
    let mut next = || said.next().ok_or("the servers did not start")?.map_err(Box::<dyn Error>::from);
    let (nameserver, proxy) = (next()?, next()?);
    let root: Vec<String> = std::iter::from_fn(|| next().ok()).take_while(|line| !line.is_empty()).collect();
    fs::write(home.join("root.pem"), root.join("\n"))?;
    fs::write(home.join("notafter.toml"), configuration(plan, &nameserver, &proxy)?)?;
    let status = Command::new(&itself)
        .args(["watch", "--domains", &number, "--rate", &plan.rate.to_string()])
        .args(["--seconds", &plan.seconds.to_string(), "--home"])
        .arg(home)
        .env("RUST_LOG", "error")
        .status()?;
    if status.success() { Ok(()) } else { Err("the daemon was not measured".into()) }
}

/// A process that ends with its input, or at the latest here.
struct Stopped(Child);

impl Drop for Stopped {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn configuration(plan: Plan, nameserver: &str, proxy: &str) -> Result<String, Box<dyn Error>> {
    let mut text = format!(
        "[store]\npath = \"state.db\"\n[probe]\ninterval = \"{}ms\"\nnameservers = [\"{nameserver}\"]\n\
         roots = [\"root.pem\"]\n",
        plan.interval().as_millis()
    );
    for number in 0..plan.domains {
        writeln!(text, "[[domain]]\nname = \"{}\"\naddresses = [\"{proxy}\"]", fleet::name(number)?)?;
        writeln!(text, "cname = \"proxy.example.net\"\ntxt = \"{}\"", fleet::proof(number))?;
    }
    Ok(text)
}

/// The servers, until the input ends.
pub(crate) fn serve(domains: usize) -> Result<(), Box<dyn Error>> {
    let root = Authority::root("Growth Root")?;
    let issuer = root.intermediate("Growth Intermediate")?;
    let runtime = Runtime::new()?;
    let _servers = runtime.block_on(async {
        let proxy = Proxy::start().await?;
        for number in 0..domains {
            proxy.put(&fleet::name(number)?, Site::new(&fleet::certificate(&issuer, number)?, Answer::Discovery)?);
        }
        let nameserver = NameServer::start(fleet::zones(domains)?).await?;
        println!("{}\n{}\n{}\n", nameserver.address(), proxy.address(), root.root_pem());
        Ok::<_, Box<dyn Error>>((proxy, nameserver))
    })?;
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

/// The daemon, in this process, and what it cost.
pub(crate) fn watch(plan: Plan, home: &str) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    listener.set_nonblocking(true)?;
    let (runtime, stop) = (Runtime::new()?, CancellationToken::new());
    let (file, stopped) = (Path::new(home).join("notafter.toml"), stop.clone());
    let daemon = runtime.spawn(async move {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        daemon::run(Source::File(file), Some(listener), stopped).await
    });
    let begun = Instant::now();
    while looks(&scrape(address, false).unwrap_or_default()) < plan.domains as f64 {
        if daemon.is_finished() || begun.elapsed() > plan.interval() * 3 + Duration::from_secs(120) {
            return Err("not every domain was looked at".into());
        }
        std::thread::sleep(Duration::from_millis(if plan.domains > 10_000 { 10_000 } else { 500 }));
    }
    let (before, burnt, since) = (looks(&scrape(address, false)?), machine::processor(), Instant::now());
    std::thread::sleep(Duration::from_secs(plan.seconds as u64));
    let (burnt, took) = (machine::processor() - burnt, since.elapsed());
    let resident = machine::resident();
    let a_look = |page: &str| burnt.as_secs_f64() / (looks(page) - before).max(1.0);
    // What looks burn meanwhile is known by now, and is none of the scrapes'.
    let (scraping, mut times) = (Instant::now(), 0_u32);
    let burnt_before = machine::processor();
    let mut page = String::new();
    let mut bytes = 0;
    while times < SCRAPES || scraping.elapsed() < SCRAPED_FOR {
        bytes = scrape_compressed(address)?;
        times += 1;
    }
    let share = burnt.as_secs_f64() / took.as_secs_f64();
    let scrapes = (machine::processor() - burnt_before).as_secs_f64() - share * scraping.elapsed().as_secs_f64();
    page.push_str(&scrape(address, false)?);
    let series = page.lines().filter(|line| !line.starts_with('#')).count();
    println!(
        "{:>9}  {:>7.1}  {:>7.0} µs  {:>5.1} MB  {:>19} B  {:>5.2}s {:>7}  {:>18.2} s  {}  ({} kB compressed)",
        plan.domains,
        (looks(&page) - before) / since.elapsed().as_secs_f64(),
        a_look(&page) * 1e6,
        resident as f64 / 1e6,
        resident.saturating_sub(40_000_000) / plan.domains,
        scrapes / f64::from(times),
        series,
        scrapes / f64::from(times) / series as f64 * 1e6,
        late(&page),
        bytes / 1000,
    );
    stop.cancel();
    let _ = runtime.block_on(daemon);
    Ok(())
}

/// How many looks a page tells of.
fn looks(page: &str) -> f64 {
    let all = page.lines().filter(|line| line.starts_with("notafter_looks_total{"));
    all.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}

/// Within which bound 99% of looks were, of those after which is asked.
fn late(page: &str) -> String {
    let buckets = page.lines().filter_map(|line| line.strip_prefix("notafter_look_lag_seconds_bucket{le=\""));
    let buckets: Vec<(&str, f64)> =
        buckets.filter_map(|line| Some((line.split('"').next()?, line.rsplit(' ').next()?.parse().ok()?))).collect();
    let all = buckets.last().map_or(0.0, |(_, count)| *count);
    let bound = buckets.iter().find(|(_, count)| *count >= all * 0.99).map_or("?", |(bound, _)| bound);
    format!("<= {bound} s")
}

fn scrape(address: SocketAddr, compressed: bool) -> Result<String, Box<dyn Error>> {
    let body = fetch(address, compressed)?;
    Ok(String::from_utf8_lossy(&body).into_owned())
}

fn scrape_compressed(address: SocketAddr) -> Result<usize, Box<dyn Error>> {
    Ok(fetch(address, true)?.len())
}

fn fetch(address: SocketAddr, compressed: bool) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut stream = TcpStream::connect(address)?;
    let encoding = if compressed { "Accept-Encoding: gzip\r\n" } else { "" };
    write!(stream, "GET /metrics HTTP/1.1\r\nHost: growth\r\n{encoding}Connection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer)
}
