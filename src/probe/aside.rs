//! [`aside`]: public-key work and large documents must not hold up the runtime, so they are worked through by no more
//! threads than there are processors.

use std::panic::resume_unwind;
use std::sync::LazyLock;
use std::thread::available_parallelism;

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

static AT_ONCE: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(available_parallelism().map_or(2, usize::from)));

/// What the work comes to. `None` only while the runtime is being shut down.
pub(super) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let turn = AT_ONCE.acquire().await;
    let work = spawn_blocking(move || {
        // The turn ends with the work, though nobody may wait for it any more.
        let _turn = turn;
        work()
    });
    match work.await {
        Ok(done) => Some(done),
        Err(error) => error.try_into_panic().map(|panic| resume_unwind(panic)).ok(),
    }
}
