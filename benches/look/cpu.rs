//! CPU time, as the kernel counts it.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// What all threads of this process have had.
pub(crate) fn ours() -> Duration {
    read(ClockId::ProcessCPUTime)
}

/// What this thread has had.
pub(crate) fn mine() -> Duration {
    read(ClockId::ThreadCPUTime)
}

fn read(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    let nanos = u32::try_from(time.tv_nsec).expect("less than a second");
    Duration::new(u64::try_from(time.tv_sec).expect("a clock that began at 0"), nanos)
}
