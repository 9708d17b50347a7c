//! What is done outside the one task: looks, mails, the references, the heartbeat. Each ends in an input, or in
//! nothing that anybody waits for.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;

use super::Input;
use super::build::{Parts, Probed};
use crate::discover::{Client, Through};
use crate::domain::{Clock, Domain, DomainName};
use crate::incident::alerts::{Post, Posted};
use crate::incident::{Checked, Delivery, Mail};
use crate::keeper::{ClientIpRequest, ClientIpSeen, Listed, ListingRequest, LookRequest, Ping, TenantRequest};
use crate::notify::Courier;
use crate::notify::heartbeat::Pinger;
use crate::observation::management::{Refusal, TokenLog};
use crate::observation::{Look, ViewObservation};
use crate::probe::{self, Aside, Library, Resolvers, Target, Turn};
use crate::verdict::References;

/// A reference that takes longer does not answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The tenant's log is read so often for one token, and so often a minute.
const LOG_QUESTIONS: usize = 6;
const LOG_EVERY: Duration = Duration::from_secs(10);
/// Seconds that Auth0's clock may be behind ours.
const CLOCKS_APART: i64 = 30;

/// Something to be done outside.
#[derive(Debug)]
pub(super) enum Errand {
    Look(LookRequest),
    Tenant(TenantRequest),
    Mail(String, Box<Mail>),
    Post(String, Post),
    References,
    Ping(Ping),
    RelayCheck(String),
    List(ListingRequest),
    ClientIp(ClientIpRequest),
    Status(DomainName),
}

pub(super) fn spawn(
    errand: Errand,
    parts: &Parts,
    (library, resolvers): (Arc<Library>, Arc<Resolvers>),
    clock: &Arc<dyn Clock>,
    tasks: &TaskTracker,
    inputs: &mpsc::Sender<Input>,
) {
    let (clock, inputs) = (Arc::clone(clock), inputs.clone());
    match errand {
        Errand::Look(request) => {
            let probed = parts.fleet.get(&request.domain).cloned();
            let domain = request.domain.clone();
            let work = tasks.spawn(look(probed, request, library, resolvers, clock));
            tasks.spawn(guarded(domain, work, inputs));
        }
        Errand::Tenant(request) => {
            let probed = parts.tenants.get(&request.tenant).cloned();
            let (tenant, tasks_of) = (request.tenant.clone(), tasks.clone());
            tasks.spawn(async move {
                let seen =
                    tasks_of.spawn(look_at_tenant(probed, request, resolvers, clock)).await.unwrap_or_else(|error| {
                        tracing::error!(%tenant, %error, "a look at a tenant's host panicked");
                        None
                    });
                let _ = inputs.send(Input::Tenant(tenant, seen.map(Box::new))).await;
            });
        }
        Errand::Mail(receiver, mail) => {
            let courier = parts.couriers.get(&receiver).cloned();
            let (id, tasks_of) = (mail.id.clone(), tasks.clone());
            tasks.spawn(async move {
                let work = async move { deliver(courier, &mail, &clock).await };
                let delivery = answered(&receiver, &id, work, &tasks_of).await;
                let _ = inputs.send(Input::Delivered { receiver, mail: id, delivery }).await;
            });
        }
        Errand::Post(receiver, post) => {
            let peers = parts.alertmanagers.get(&receiver).cloned();
            let tasks_of = tasks.clone();
            tasks.spawn(async move {
                let Post { number, peer, body } = post;
                let to = peer.clone();
                let work = async move {
                    match peers {
                        Some(peers) => peers.post(&to, body).await,
                        None => {
                            Posted::Deferred { error: "the receiver is no longer configured".to_owned(), wait: None }
                        }
                    }
                };
                let posted = tasks_of.spawn(work).await.unwrap_or_else(|error| {
                    tracing::error!(receiver, peer, %error, "an attempt to post alerts panicked");
                    Posted::Deferred { error: "a fault of ours".to_owned(), wait: None }
                });
                let _ = inputs.send(Input::Posted { receiver, peer, number, posted }).await;
            });
        }
        Errand::References => {
            let references = Arc::clone(&parts.references);
            tasks.spawn(async move {
                let _ = inputs.send(Input::References(ask(&references).await)).await;
            });
        }
        Errand::List(request) => {
            let client = parts.clients.get(&request.tenant).cloned();
            tasks.spawn(async move {
                let _ = inputs.send(Input::Listed(list(client, request, &clock).await)).await;
            });
        }
        Errand::ClientIp(request) => {
            let client = parts.clients.get(&request.tenant).cloned();
            let probed = parts.fleet.get(&request.domain).cloned();
            tasks.spawn(async move {
                let result = client_ip(client.as_deref(), probed.as_ref(), &clock).await;
                let _ = inputs.send(Input::ClientIp(ClientIpSeen { request, result })).await;
            });
        }
        Errand::Status(tenant) => {
            if let Some(feed) = parts.status_feed.clone() {
                tasks.spawn(async move {
                    let note = probe::status_note(&feed, &tenant, PATIENCE).await.unwrap_or_else(|error| {
                        tracing::warn!(%tenant, error, "the status page's feed could not be read");
                        None
                    });
                    let _ = inputs.send(Input::Status(tenant, note)).await;
                });
            }
        }
        Errand::RelayCheck(receiver) => {
            let courier = parts.couriers.get(&receiver).cloned();
            tasks.spawn(async move {
                let checked = match courier {
                    Some(courier) => courier.check().await,
                    None => Checked::Good,
                };
                if let Checked::InPart { error } | Checked::Failed { error } = &checked {
                    tracing::warn!(receiver, error, "a relay would not take a mail");
                }
                let _ = inputs.send(Input::RelayChecked(receiver, checked)).await;
            });
        }
        Errand::Ping(ping) => {
            let pinger = parts.heartbeat.clone();
            tasks.spawn(async move {
                let _ = inputs.send(Input::Pinged(tell_switch(pinger, &ping).await)).await;
            });
        }
    }
}

async fn look(
    probed: Option<Probed>,
    request: LookRequest,
    library: Arc<Library>,
    resolvers: Arc<Resolvers>,
    clock: Arc<dyn Clock>,
) -> Option<Look> {
    let probed = probed?;
    let target = Target {
        domain: &probed.domain,
        settings: &probed.settings,
        trust: &probed.trust,
        library: &library,
        resolvers: &resolvers,
        known: request.known.as_deref(),
    };
    let turn = Turn {
        number: request.turn,
        requests: request.requests,
        documents: request.documents,
        origin: request.origin,
        origin_is_due: request.origin_is_due,
        contract: request.contract,
        closely: request.closely,
    };
    Some(probe::look(target, clock.now().wall, turn).await)
}

async fn look_at_tenant(
    probed: Option<Probed>,
    request: TenantRequest,
    resolvers: Arc<Resolvers>,
    clock: Arc<dyn Clock>,
) -> Option<ViewObservation> {
    let probed = probed?;
    let host = probed.settings.tenant.as_ref()?;
    let aside = Aside { host, settings: &probed.settings, trust: &probed.trust, resolvers: &resolvers };
    let documents = usize::from(request.keys);
    let turn = Turn {
        number: request.turn,
        requests: request.requests,
        documents,
        origin: 0,
        origin_is_due: false,
        contract: false,
        closely: false,
    };
    Some(probe::look_at_tenant(aside, clock.now().wall, turn).await)
}

/// A panic in a look is caught, counted and logged: one domain's oddity must not blind us for the others. It waits beside the
/// look, whose state is large: it would be held twice.
async fn guarded(domain: DomainName, work: JoinHandle<Option<Look>>, inputs: mpsc::Sender<Input>) {
    let input = match work.await {
        Ok(Some(look)) => Input::Look(Box::new(look)),
        Ok(None) => Input::NotLooked(domain),
        Err(error) => {
            tracing::error!(%domain, %error, "a look panicked");
            Input::Panicked(domain)
        }
    };
    let _ = inputs.send(input).await;
}

/// An attempt always has an answer: without one the receiver would be sent nothing more until the next start. A panic in
/// it is logged, and the mail is tried again.
async fn answered(
    receiver: &str,
    mail: &str,
    work: impl Future<Output = Delivery> + Send + 'static,
    tasks: &TaskTracker,
) -> Delivery {
    tasks.spawn(work).await.unwrap_or_else(|error| {
        tracing::error!(receiver, mail, %error, "an attempt to deliver a mail panicked");
        Delivery::Deferred { error: "a fault of ours".to_owned() }
    })
}

async fn deliver(courier: Option<Arc<Courier>>, mail: &Mail, clock: &Arc<dyn Clock>) -> Delivery {
    match courier {
        Some(courier) => courier.deliver(mail, clock.now().wall).await,
        None => Delivery::Deferred { error: "the receiver is no longer configured".to_owned() },
    }
}

/// What is wrong never holds the switch's URL, which may be a secret.
async fn tell_switch(pinger: Option<Arc<Pinger>>, ping: &Ping) -> Result<(), String> {
    let Some(pinger) = pinger else { return Ok(()) };
    let told = match ping {
        Ping::Start => pinger.start().await,
        Ping::Success => pinger.success().await,
        Ping::Fail(why) => pinger.fail(why).await,
    };
    told.inspect_err(|error| tracing::warn!(error, "the heartbeat was not taken"))
}

/// A tenant's custom domains, with a new token first where that is granted.
async fn list(client: Option<Arc<Client>>, request: ListingRequest, clock: &Arc<dyn Clock>) -> Listed {
    let ListingRequest { tenant, with_token } = request;
    let Some(client) = client else {
        let result = Err(Refusal::Unreachable("the tenant is no longer configured".to_owned()));
        return Listed { tenant, result, token_until: None };
    };
    let at = clock.now().wall;
    let renewed = if with_token { client.renew_token(at).await } else { Ok(()) };
    let result = match renewed {
        Ok(()) => client.listing(at).await,
        Err(refusal) => Err(refusal),
    };
    Listed { tenant, result, token_until: client.holds_token_until() }
}

/// Asks for a token through a domain, and looks it up in the tenant's log, which has it some seconds later.
async fn client_ip(
    client: Option<&Client>,
    probed: Option<&Probed>,
    clock: &Arc<dyn Clock>,
) -> Result<Option<TokenLog>, Refusal> {
    let (Some(client), Some(probed)) = (client, probed) else { return Ok(None) };
    let Domain { name, addresses, .. } = probed.domain.as_ref();
    let asked_at = clock.now().wall;
    client.ask_token_through(&Through { domain: name, addresses, trust: &probed.trust }).await?;
    for _ in 0..LOG_QUESTIONS {
        tokio::time::sleep(LOG_EVERY).await;
        let ours = |log: &TokenLog| log.at.until(asked_at) <= CLOCKS_APART;
        let mut logs: Vec<TokenLog> = client.token_logs().await?.into_iter().filter(ours).collect();
        // Others may use the client too; an entry that names the domain is surely ours.
        let named = |log: &TokenLog| log.hostname.as_deref().is_some_and(|host| host == name.as_str());
        logs.sort_by_key(|log| !named(log));
        if let Some(log) = logs.into_iter().next() {
            return Ok(Some(log));
        }
    }
    Ok(None)
}

/// Whether any of the references takes a connection.
async fn ask(references: &[String]) -> References {
    let connects = references.iter().map(|reference| tokio::time::timeout(PATIENCE, TcpStream::connect(reference)));
    let answers = futures_util::future::join_all(connects).await;
    if answers.iter().any(|answer| matches!(answer, Ok(Ok(_)))) { References::Answer } else { References::AllFail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_on_the_way_to_the_relay_is_an_answer_like_any_other() {
        let tasks = TaskTracker::new();
        let panics = async { panic!("an odd notice") };
        let deferred = Delivery::Deferred { error: "a fault of ours".to_owned() };
        assert_eq!(answered("oncall", "1f", panics, &tasks).await, deferred);
        assert_eq!(answered("oncall", "1f", async { Delivery::Delivered }, &tasks).await, Delivery::Delivered);
    }
}
