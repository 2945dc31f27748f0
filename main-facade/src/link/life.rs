//! The life of a pool, as its facade counts it: coordinators start, die, and are replaced, until the end of all.

use std::cell::{Cell, RefCell};

use offmain_protocol::{Outcome, StartError, limits::FAILED_STARTS, reason};

use crate::once;

pub(super) struct Life {
    phase: RefCell<Phase>,
    /// Those who wait for the end, after a shutdown.
    shutdowns: RefCell<Vec<once::Sender<()>>>,
    /// Coordinators that died and were replaced.
    restarts: Cell<u32>,
    /// Coordinators in a row that died before an outcome came from them.
    failures: Cell<u32>,
}

/// The one who waits for the start.
type Starter = once::Sender<Result<(), StartError>>;

enum Phase {
    Starting(Starter),
    Open,
    /// Another coordinator takes the place of one that has died; jobs for it may be submitted already.
    Restarting,
    /// Why, if not by the app.
    Ended(Option<String>),
}

/// What follows from the death of a coordinator.
#[derive(Debug, PartialEq)]
pub(super) enum Next {
    /// The pool has ended before.
    Nothing,
    /// The first one is tried again.
    StartAgain,
    /// There is no pool.
    NotStarted,
    /// The next one could not be loaded: it is tried again.
    LoadAgain,
    /// Another one takes its place. What it had is lost; what was submitted since one died before it has not left this page.
    Restart { lost: bool },
    /// The pool ends, with this reason.
    End(String),
}

impl Life {
    pub(super) fn new() -> (Self, once::Receiver<Result<(), StartError>>) {
        let (sender, started) = once::channel();
        let life = Self {
            phase: RefCell::new(Phase::Starting(sender)),
            shutdowns: RefCell::default(),
            restarts: Cell::new(0),
            failures: Cell::new(0),
        };
        (life, started)
    }

    /// Whether a coordinator is on its way.
    pub(super) fn is_starting(&self) -> bool {
        matches!(&*self.phase.borrow(), Phase::Starting(_) | Phase::Restarting)
    }

    /// Whether there is no coordinator, and will be another one.
    pub(super) fn is_restarting(&self) -> bool {
        matches!(&*self.phase.borrow(), Phase::Restarting)
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(&*self.phase.borrow(), Phase::Open)
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(&*self.phase.borrow(), Phase::Ended(_))
    }

    /// Whether somebody waits for the end after a shutdown.
    pub(super) fn is_shut_down(&self) -> bool {
        !self.shutdowns.borrow().is_empty()
    }

    /// Refuses jobs if the pool takes no more.
    pub(super) fn check(&self) -> Result<(), Outcome> {
        match &*self.phase.borrow() {
            Phase::Ended(why) => Err(Outcome::Closed { why: why.clone() }),
            _ if self.is_shut_down() => Err(Outcome::Closed { why: None }),
            _ => Ok(()),
        }
    }

    /// Coordinators that died and were replaced.
    pub(super) fn restarts(&self) -> u32 {
        self.restarts.get()
    }

    /// The coordinator takes jobs. Gives the one who waits for the start, if it is the first.
    pub(super) fn started(&self) -> Option<Starter> {
        starter(self.phase.replace(Phase::Open))
    }

    /// An outcome has come from the coordinator.
    pub(super) fn worked(&self) {
        self.failures.set(0);
    }

    /// Takes no more jobs, and tells this one of the end.
    pub(super) fn shut_down(&self, sender: once::Sender<()>) {
        self.shutdowns.borrow_mut().push(sender);
    }

    /// A coordinator has died, or never was. `idle`: nothing is pending.
    pub(super) fn died(&self, error: &StartError, why: &str, idle: bool) -> Next {
        let shut_down = self.is_shut_down();
        let mut phase = self.phase.borrow_mut();
        let not_loaded = matches!(error, StartError::File { .. } | StartError::Slow { .. });
        if not_loaded && matches!(*phase, Phase::Restarting) && !(shut_down && idle) {
            return Next::LoadAgain;
        }
        let failures = self.failures.get() + 1;
        self.failures.set(failures);
        match *phase {
            Phase::Ended(_) => Next::Nothing,
            Phase::Starting(_) if failures <= FAILED_STARTS && matches!(error, StartError::Memory { .. }) => Next::StartAgain,
            Phase::Starting(_) => Next::NotStarted,
            // What there was to be done is lost.
            Phase::Open if shut_down => Next::End(why.into()),
            Phase::Restarting if shut_down && idle => Next::End(why.into()),
            _ if failures > FAILED_STARTS => Next::End(reason::coordinators_died(failures, why)),
            Phase::Open => {
                *phase = Phase::Restarting;
                Next::Restart { lost: true }
            }
            Phase::Restarting => Next::Restart { lost: false },
        }
    }

    /// A coordinator that has died is replaced.
    pub(super) fn replaced(&self) {
        self.restarts.set(self.restarts.get() + 1);
    }

    /// The pool has ended. Gives the one who waits for the start, if there was none.
    pub(super) fn end(&self, why: Option<String>) -> Option<Starter> {
        starter(self.phase.replace(Phase::Ended(why)))
    }

    /// Those who are to be told of the end, after all else.
    pub(super) fn take_shutdowns(&self) -> Vec<once::Sender<()>> {
        self.shutdowns.take()
    }
}

fn starter(phase: Phase) -> Option<Starter> {
    if let Phase::Starting(starter) = phase { Some(starter) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crashed() -> StartError {
        StartError::Worker { why: "oh".into() }
    }

    fn not_loaded() -> StartError {
        StartError::File { file: "coordinator.js".into(), why: "gone".into() }
    }

    fn no_memory() -> StartError {
        StartError::Memory { why: "full".into() }
    }

    fn started() -> Life {
        let (life, _) = Life::new();
        assert!(life.started().is_some() && life.is_open());
        life
    }

    #[test]
    fn a_start_that_fails_is_tried_again_only_for_want_of_memory_and_four_times() {
        for error in [crashed(), not_loaded()] {
            assert_eq!(Life::new().0.died(&error, "oh", true), Next::NotStarted);
        }
        let (life, _) = Life::new();
        for _ in 0..4 {
            assert_eq!(life.died(&no_memory(), "full", true), Next::StartAgain);
            assert!(life.is_starting() && !life.is_restarting());
        }
        assert_eq!(life.died(&no_memory(), "full", true), Next::NotStarted);
    }

    #[test]
    fn one_that_dies_loses_its_jobs_and_the_next_one_has_those_that_come_meanwhile() {
        let life = started();
        assert_eq!(life.died(&crashed(), "oh", false), Next::Restart { lost: true });
        assert!(life.is_restarting() && life.check().is_ok());
        assert_eq!(life.died(&crashed(), "oh", false), Next::Restart { lost: false });
        assert!(life.started().is_none() && life.is_open());
    }

    #[test]
    fn after_five_in_a_row_the_pool_ends_unless_one_of_them_has_worked() {
        let die = |life: &Life| {
            let next = life.died(&crashed(), "oh", false);
            life.started();
            next
        };
        let life = started();
        for _ in 0..20 {
            (0..4).for_each(|_| assert_eq!(die(&life), Next::Restart { lost: true }));
            life.worked();
        }
        (0..4).for_each(|_| assert_eq!(die(&life), Next::Restart { lost: true }));
        assert_eq!(die(&life), Next::End("5 coordinators in a row died; the last error: oh".into()));
    }

    #[test]
    fn one_that_cannot_be_loaded_is_no_such_death_and_is_tried_again() {
        let life = started();
        assert_eq!(life.died(&not_loaded(), "gone", false), Next::Restart { lost: true });
        for _ in 0..20 {
            assert_eq!(life.died(&not_loaded(), "gone", false), Next::LoadAgain);
        }
    }

    #[test]
    fn after_a_shutdown_a_death_is_the_end_unless_jobs_wait_for_the_next_coordinator() {
        let shut_down = |life: &Life| life.shut_down(once::channel().0);
        let life = started();
        shut_down(&life);
        assert_eq!(life.check(), Err(Outcome::Closed { why: None }));
        assert_eq!(life.died(&crashed(), "oh", false), Next::End("oh".into()));
        for (idle, error, next) in [
            (true, crashed(), Next::End("oh".into())),
            (true, not_loaded(), Next::End("oh".into())),
            (false, crashed(), Next::Restart { lost: false }),
            (false, not_loaded(), Next::LoadAgain),
        ] {
            let life = started();
            life.died(&crashed(), "oh", false);
            shut_down(&life);
            assert_eq!(life.died(&error, "oh", idle), next, "{idle}, {error:?}");
        }
    }

    #[test]
    fn after_the_end_nothing_follows_and_jobs_are_refused_with_its_reason() {
        let life = started();
        assert!(life.end(Some("it was time".into())).is_none());
        assert_eq!(life.died(&crashed(), "oh", true), Next::Nothing);
        assert_eq!(life.check(), Err(Outcome::Closed { why: Some("it was time".into()) }));
        assert!(Life::new().0.end(None).is_some(), "somebody waits for the start");
    }
}
