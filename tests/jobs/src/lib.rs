//! The job module of the browser tests. Ordinary Rust: threads, channels, locks, clocks.

mod data;
mod failures;
mod threads;
mod web;

use offmain_tests_contract::*;

offmain_pool::jobs! {
    init: threads::open,
    Double => data::double,
    Half => data::half,
    Echo => data::echo,
    Sha => data::sha,
    Make => data::make,
    Steps => data::steps,
    TooMuch => data::too_much,
    Nap => failures::nap,
    Stubborn => failures::stubborn,
    Stuck => failures::stuck,
    Panic => failures::panic,
    PanicInThread => failures::panic_in_thread,
    PanicWithLock => failures::panic_with_lock,
    Trap => failures::trap,
    Overflow => failures::overflow,
    Sum => threads::sum,
    Deep => threads::deep,
    Clocks => threads::clocks,
    Locals => threads::locals,
    Crowd => threads::crowd,
    Print => threads::print,
    Visit => threads::visit,
    FirstTwin => failures::twin,
    SecondTwin => failures::twin,
    async Fetch => web::fetch,
    async AwaitThread => web::await_thread,
}
