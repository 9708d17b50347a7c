//! Our whole look, as the daemon makes it: the keeper asks for it, a task makes it, the keeper takes it in, and what
//! follows from it is drained. Only the clock is ours, so that nobody waits for the interval.

use std::sync::Arc;
use std::time::Duration;

use notafter::domain::{Domain, Now};
use notafter::incident::Policy;
use notafter::keeper::{Keeper, LookRequest, Recipient, Watch};
use notafter::observation::Look;
use notafter::probe::{self, Library, Resolvers, Settings, Target, Turn};
use notafter::trust::TrustStore;
use notafter::verdict::{Level, Severity};

use crate::cpu;
use crate::scene::Scene;

/// The domain, and the keeper that watches it.
pub(crate) struct Ours {
    keeper: Keeper,
    now: Now,
    began: Now,
    domain: Arc<Domain>,
    settings: Arc<Settings>,
    trust: Arc<TrustStore>,
    library: Arc<Library>,
    resolvers: Arc<Resolvers>,
    /// What the keeper's part of the looks has cost.
    pub(crate) kept: Duration,
}

impl Ours {
    /// Begins to watch, so often. What is not asked at every look is asked every five minutes, so the interval says how
    /// many looks that is one of.
    pub(crate) fn watching(scene: &Scene, interval: Duration) -> Self {
        let now = Now { wall: scene.now, mono: Duration::ZERO };
        let domain = Arc::new(scene.domain(interval));
        let mut keeper = Keeper::restore(Policy::default(), &["oncall".to_owned()], Vec::new(), now);
        let watch = Watch {
            domain: Arc::clone(&domain),
            http_addresses: 4,
            origin: false,
            contract: 0,
            tenant: false,
            revision: 0,
            recipients: [Recipient::of_all("oncall", Severity::Warning)].into(),
        };
        keeper.handle_watches(vec![watch], now);
        Self {
            keeper,
            now,
            began: now,
            domain,
            settings: Arc::new(scene.settings()),
            trust: scene.trust(),
            library: Arc::default(),
            resolvers: Arc::default(),
            kept: Duration::ZERO,
        }
    }

    /// The next look, from the keeper's asking for it to all that follows from it.
    pub(crate) async fn look(&mut self) {
        let began = cpu::mine();
        let request = self.wait();
        self.kept += cpu::mine() - began;
        let look = self.make(request).await;
        let began = cpu::mine();
        let questions = look.dns.as_ref().map(|dns| dns.questions).unwrap_or_default();
        assert!(look.auth0.iter().all(|answer| answer.is_document()) && !look.auth0.is_empty(), "{look:?}");
        assert!(questions.asked + questions.remembered > 0, "{look:?}");
        self.keeper.handle_look(look, self.now);
        self.drain();
        self.kept += cpu::mine() - began;
        let snapshot = self.keeper.snapshot();
        let state = snapshot.domains.iter().next().expect("the domain");
        assert_eq!(state.level(), Level::Healthy, "{:?}", state.verdict);
    }

    /// Lets time pass until a look is due.
    fn wait(&mut self) -> LookRequest {
        loop {
            if let Some(request) = self.keeper.poll_look() {
                return request;
            }
            let mono = self.keeper.poll_timeout().max(self.now.mono) + Duration::from_millis(1);
            let seconds = i64::try_from(mono.as_secs()).expect("some seconds");
            self.now = Now { wall: self.began.wall.plus(seconds), mono };
            self.keeper.handle_timeout(self.now);
            self.drain();
        }
    }

    async fn make(&self, request: LookRequest) -> Look {
        let (domain, settings, trust) = (Arc::clone(&self.domain), Arc::clone(&self.settings), Arc::clone(&self.trust));
        let (library, resolvers, at) = (Arc::clone(&self.library), Arc::clone(&self.resolvers), self.now.wall);
        let made = tokio::spawn(async move {
            let target = Target {
                domain: &domain,
                settings: &settings,
                trust: &trust,
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
            probe::look(target, at, turn).await
        });
        made.await.expect("a look")
    }

    /// Takes what the keeper gives, as the daemon does; what is to be stored is stored at once.
    fn drain(&mut self) {
        while let Some((tag, changes)) = self.keeper.poll_commit() {
            let up_to = changes.last().map_or(0, |change| change.sequence);
            self.keeper.handle_stored(&tag, up_to, self.now);
        }
        while self.keeper.poll_transition().is_some() {}
        while self.keeper.poll_renewal().is_some() {}
        while self.keeper.poll_event().is_some() {}
        let _ = (self.keeper.poll_mail(), self.keeper.poll_ping(), self.keeper.poll_references());
    }
}
