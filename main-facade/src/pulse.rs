//! Whether the coordinator still answers. It is asked at every beat of a timer; a beat that comes late says that the page was
//! busy, hidden or suspended, and with it perhaps the coordinator, so that nothing of what was before counts.

use offmain_protocol::limits::{BEAT_MS, SILENT_BEATS};

#[derive(Default)]
pub(crate) struct Pulse {
    /// When the last beat was, in milliseconds.
    last: f64,
    /// Questions since anything was heard.
    unanswered: u32,
}

impl Pulse {
    /// Begins to count.
    pub(crate) fn new(now: f64) -> Self {
        Self { last: now, unanswered: 0 }
    }

    /// The coordinator has said something.
    pub(crate) fn heard(&mut self) {
        self.unanswered = 0;
    }

    /// The timer beats; whether the coordinator has been silent for too long. If not, it is to be asked once more.
    pub(crate) fn beat(&mut self, now: f64) -> bool {
        let late = now - self.last > 2.0 * BEAT_MS as f64;
        self.last = now;
        self.unanswered = if late { 0 } else { self.unanswered + 1 };
        self.unanswered > SILENT_BEATS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEAT: f64 = BEAT_MS as f64;

    /// The beat at which it is silent, of `beats` that come by the clock, from `now` on.
    fn silent_at(pulse: &mut Pulse, now: f64, beats: u32) -> Option<u32> {
        (1..=beats).find(|beat| pulse.beat(now + BEAT * f64::from(*beat)))
    }

    #[test]
    fn silence_is_noticed() {
        assert_eq!(silent_at(&mut Pulse::new(0.0), 0.0, 100), Some(SILENT_BEATS + 1));
    }

    #[test]
    fn one_that_answers_late_is_not_silent() {
        let mut pulse = Pulse::new(0.0);
        for round in 0..10 {
            let now = BEAT * f64::from(round * SILENT_BEATS);
            assert_eq!(silent_at(&mut pulse, now, SILENT_BEATS), None);
            pulse.heard();
        }
    }

    #[test]
    fn after_a_late_beat_it_counts_anew() {
        let mut pulse = Pulse::new(0.0);
        assert_eq!(silent_at(&mut pulse, 0.0, SILENT_BEATS), None);
        // A laptop that was closed for an hour, or a hidden page whose timers ring once a minute.
        let opened = BEAT * f64::from(SILENT_BEATS) + 3.6e6;
        assert!(!pulse.beat(opened));
        assert_eq!(silent_at(&mut pulse, opened, 100), Some(SILENT_BEATS + 1));
        let mut hidden = Pulse::new(0.0);
        assert!((1..100).all(|minute| !hidden.beat(6e4 * f64::from(minute))));
    }
}
