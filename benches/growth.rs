//! What growth costs: one daemon and a fleet of domains on loopback, each with a certificate of its own, for as many fleet
//! sizes as are asked for; and a keeper alone under a virtual clock for the size that no loopback can serve.
//!
//! `make growth` prints the table. Each line is a process of its own, so that no size pays for another; the servers are a
//! second process, so that what they burn is not counted as ours. Run by hand:
//! `growth [--sizes 100,1000] [--virtual 100,1000000] [--rate 333] [--seconds 60]`.

mod growth {
    pub(crate) mod fleet;
    pub(crate) mod machine;
    pub(crate) mod real;
    pub(crate) mod seen;
    pub(crate) mod simulated;
}

use std::process::ExitCode;

use growth::{real, simulated};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let said = |name: &str| arguments.iter().skip_while(|argument| *argument != name).nth(1).map(String::as_str);
    let number = |name: &str, default: usize| said(name).and_then(|text| text.parse().ok()).unwrap_or(default);
    let plan =
        real::Plan { domains: number("--domains", 100), rate: number("--rate", 333), seconds: number("--seconds", 60) };
    let outcome = match arguments.first().map(String::as_str) {
        Some("serve") => real::serve(plan.domains),
        Some("watch") => real::watch(plan, said("--home").unwrap_or(".")),
        Some("simulate") => simulated::line(plan.domains),
        _ => table(said("--sizes").unwrap_or("100,1000,10000"), said("--virtual").unwrap_or(""), plan),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("growth: {error}");
            ExitCode::FAILURE
        }
    }
}

fn table(sizes: &str, simulated: &str, plan: real::Plan) -> Result<(), Box<dyn std::error::Error>> {
    let numbers = |text: &str| text.split(',').filter_map(|size| size.trim().parse().ok()).collect::<Vec<usize>>();
    let (sizes, simulated) = (numbers(sizes), numbers(simulated));
    if !sizes.is_empty() {
        println!("{}", real::HEAD);
    }
    for domains in sizes {
        real::line(real::Plan { domains, ..plan })?;
    }
    if !simulated.is_empty() {
        println!("{}", simulated::HEAD);
    }
    simulated.into_iter().try_for_each(simulated::apart)
}
