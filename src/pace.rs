//! How much of its time a thread may be busy.

use std::time::Duration;

use crate::error::{bail, Result};

/// However small the share: what looks like a standstill is better paused.
const LONGEST_REST: Duration = Duration::from_secs(60);

/// A share of time, more than 0 up to 1. The rest of it is rest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace(f32);

impl Pace {
    /// A pace at which this share of time is work.
    pub fn new(share: f32) -> Result<Self> {
        if !(share > 0.0 && share <= 1.0) {
            bail!(InvalidArgument, "share is {share}; expected more than 0, up to 1");
        }
        Ok(Self(share))
    }

    /// How long to rest after working for so long.
    pub fn rest(self, busy: Duration) -> Duration {
        let seconds = busy.as_secs_f64() * (1.0 / f64::from(self.0) - 1.0);
        Duration::from_secs_f64(seconds.min(LONGEST_REST.as_secs_f64()))
    }
}

impl Default for Pace {
    /// Without any rest.
    fn default() -> Self {
        Self(1.0)
    }
}
