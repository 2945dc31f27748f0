//! The coordinator's core without a browser: by script, and by random orders of events.

mod clock;
mod end;
mod forged;
mod generations;
mod jobs;
mod lane;
mod leases;
mod loads;
mod model;
mod random;
mod shell;
mod size;
mod start;
