//! [`SystemClock`]: the machine's clocks, read once a tick.

use std::time::{SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

use crate::domain::{Clock, Now, UnixTime};

/// The machine's wall clock, and tokio's monotonic one since this was made (so that a test can pause it).
#[derive(Debug)]
pub struct SystemClock {
    began: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self { began: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Now {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now { wall: UnixTime(i64::try_from(since.as_secs()).unwrap_or(i64::MAX)), mono: self.began.elapsed() }
    }
}
