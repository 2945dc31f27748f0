//! What the facade counts for `stats()`.

use std::cell::{Cell, RefCell, RefMut};

use offmain_protocol::{Outcome, Outcomes, Stats};

#[derive(Default)]
pub(super) struct Counts {
    outcomes: RefCell<Outcomes>,
    /// Outcomes that came by the lane.
    by_lane: Cell<u64>,
    /// Messages that made no sense.
    ignored: Cell<u32>,
    /// Progress reports that could not be read.
    reports_lost: Cell<u32>,
}

impl Counts {
    pub(super) fn count(&self, outcome: &Outcome) {
        self.outcomes().count(outcome);
    }

    /// How many jobs ended in which way.
    pub(super) fn outcomes(&self) -> RefMut<'_, Outcomes> {
        self.outcomes.borrow_mut()
    }

    pub(super) fn count_by_lane(&self) {
        self.by_lane.set(self.by_lane.get() + 1);
    }

    pub(super) fn count_ignored(&self) {
        self.ignored.set(self.ignored.get().saturating_add(1));
    }

    /// Counts a report that was dropped. Whether it was the first.
    pub(super) fn count_report_lost(&self) -> bool {
        self.reports_lost.replace(self.reports_lost.get().saturating_add(1)) == 0
    }

    /// The coordinator's report, with what is counted here.
    pub(super) fn add_to(&self, stats: Stats) -> Stats {
        let (outcomes, by_lane) = (*self.outcomes.borrow(), self.by_lane.get());
        let ignored = stats.ignored + self.ignored.get();
        let reports_lost = stats.reports_lost + self.reports_lost.get();
        Stats { outcomes, by_lane, ignored, reports_lost, ..stats }
    }
}
