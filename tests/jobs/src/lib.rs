//! The job module of the browser tests. The folder is `tests/jobs`, the crate `offmain-tests-jobs`.
//!
//! Ordinary Rust: threads, channels, locks, clocks.
#![cfg_attr(target_arch = "wasm32", feature(stdarch_wasm_atomic_wait))]

#[cfg(target_arch = "wasm32")]
mod allocators;
mod data;
mod ends;
mod failures;
mod faults;
mod leases;
mod memory;
mod moving;
mod pieces;
mod printing;
mod threads;
mod timing;
mod values;
mod web;

use offmain_tests_contract::*;

fn init() -> Result<(), String> {
    threads::count_init();
    failures::init()
}

offmain_pool::jobs! {
    init: init,
    Double => data::double,
    Half => data::half,
    Numbers => data::numbers,
    Letter => data::letter,
    Match => data::matched,
    ReportLarge => data::report_large,
    Echo => data::echo,
    Sha => data::sha,
    Make => data::make,
    Steps => data::steps,
    TooMuch => data::too_much,
    Carry => moving::carry,
    Now => web::now,
    Take => moving::take,
    CopiedChunk => moving::copied_chunk,
    LentChunk => moving::lent_chunk,
    Nap => failures::nap,
    Stubborn => failures::stubborn,
    Stuck => failures::stuck,
    Chunk => leases::chunk,
    Holders => leases::holders,
    WatchChunk => leases::watch_chunk,
    WasFree => leases::was_free,
    ForgetChunks => leases::forget_chunks,
    Lend => leases::lend,
    LendShelf => leases::lend_shelf,
    LendSteps => leases::lend_steps,
    LendLate => leases::lend_late,
    TakeBack => leases::take_back,
    Grow => leases::grow,
    Panic => failures::panic,
    PanicInThread => failures::panic_in_thread,
    PanicWithLock => failures::panic_with_lock,
    Fault => faults::fault,
    Trap => failures::trap,
    Overflow => failures::overflow,
    Sum => threads::sum,
    Deep => threads::deep,
    Clocks => threads::clocks,
    Locals => threads::locals,
    Keep => ends::keep,
    Values => ends::values,
    Crowd => threads::crowd,
    Print => printing::print,
    Printed => printing::printed,
    Visit => threads::visit,
    Fresh => threads::fresh,
    Used => threads::used,
    Random => threads::random,
    Dive => threads::dive,
    NameTag => threads::name_tag,
    Cores => threads::cores,
    Spin => timing::spin,
    Spawns => timing::spawns,
    Looks => timing::looks,
    Waits => timing::waits,
    PingPong => timing::ping_pong,
    Allocations => timing::allocations,
    Pieces => pieces::pieces,
    TakePages => memory::take_pages,
    Hoard => memory::hoard,
    OneClock => timing::one_clock,
    HandOver => timing::hand_over,
    BlockingFetch => web::blocking_fetch,
    PanicInAwait => web::panic_in_await,
    async PanicInAsync => web::panic_in_async,
    FirstTwin => failures::twin,
    SecondTwin => failures::twin,
    async Fetch => web::fetch,
    async AwaitThread => web::await_thread,
    ValueAny => values::say,
    async ValueLater => values::say_later,
    ValueNumbers => values::say,
    ValueOctets => values::say,
    ValueBytes => values::say,
    ValueTable => values::say,
    ValueIndexed => values::say,
    ValuePairs => values::say,
    ValueTree => values::say,
    ValueShape => values::say,
    ValueUnit => values::say,
    ValueRecord => values::say,
    ValueWide => values::say,
    ValueLetters => values::say,
    ValueMatch => values::say,
    ValueFailure => values::say,
    ValuePicture => values::say,
    ValueNothing => values::say,
}
