//! The pool's clock, by which times are given and are over.
//!
//! It stands still while the coordinator has no turn: a machine that sleeps, or whose cores are taken, gives workers none either, and
//! nobody is to be killed for that.

/// Longest time between two looks while something is to become due, in milliseconds.
const LOOK: f64 = 250.0;

/// How late a look may come without the clock having stood still.
const LATE: f64 = 250.0;

/// Made from a clock that does not go backwards; all times are in milliseconds.
#[derive(Debug, Default)]
pub struct Clock {
    /// For how long it has stood still.
    stood: f64,
    /// When the next look is to be, by the clock it is made from.
    look_at: Option<f64>,
}

impl Clock {
    /// The time by this clock, for a look at `time` by the other.
    pub fn look(&mut self, time: f64) -> f64 {
        if let Some(look_at) = self.look_at.take() {
            self.stood += (time - look_at - LATE).max(0.0);
        }
        self.read(time)
    }

    /// The same without a look.
    pub fn read(&self, time: f64) -> f64 {
        time - self.stood
    }

    /// In how many milliseconds to look again, at `time`, if something becomes due `after` so many.
    pub fn look_again(&mut self, time: f64, after: f64) -> f64 {
        let after = after.clamp(0.0, LOOK);
        self.look_at = Some(time + after);
        after
    }
}
