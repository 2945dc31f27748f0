//! Job modules that lack a part of what keeps them whole, to measure what that part costs.

use walrus::ir::{Block, Instr};
use walrus::{LocalFunction, Module, passes};

use crate::stack_check::sequences;

/// A part of a job module that a build may leave out. What lacks one is for benchmarks: a fault in it spoils foreign memory, or ends
/// more than its job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The checks of the stack pointer; the globals stay.
    StackChecks,
    /// What catches a panic, or cleans up as one passes.
    Handlers,
}

/// Puts in place of each `try` what it protects, and drops what nobody calls any more.
pub fn drop_handlers(module: &mut Module) {
    module.funcs.iter_local_mut().for_each(|(_, function)| unprotect(function));
    passes::gc::run(module);
}

fn unprotect(function: &mut LocalFunction) {
    for id in sequences(function) {
        for (instr, _) in &mut function.block_mut(id).instrs {
            let seq = match instr {
                Instr::Try(legacy) => legacy.seq,
                Instr::TryTable(table) => table.seq,
                _ => continue,
            };
            *instr = Block { seq }.into();
        }
    }
}
