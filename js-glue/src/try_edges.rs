//! A pass against a fault of WebKitGTK 2.50: its interpreter looks for the handler of an exception one instruction too late.
//!
//! So a panic passes by a `catch` if the call is the last instruction before it (or before `catch_all`, `delegate`), and it ends
//! in the handlers of a `try` that begins right behind the call, which then drop what does not exist: other threads' memory was
//! spoilt that way. LLVM writes such calls often, most of all in async functions. The pass puts an instruction that does nothing
//! between the call and the edge. With `JSC_useWasmIPInt=0` in its environment, that browser needs no such pass.

use std::collections::HashSet;

use walrus::ir::{Const, Drop, Instr, InstrSeqId, LegacyCatch, Value};
use walrus::{LocalFunction, Module};

use crate::stack_check::sequences;

/// Parts what may throw from the edges of what a `try` protects, and returns how many places there were.
pub fn widen_try_edges(module: &mut Module) -> usize {
    module.funcs.iter_local_mut().map(|(_, function)| widen(function)).sum()
}

fn widen(function: &mut LocalFunction) -> usize {
    let all = sequences(function);
    let protected: HashSet<InstrSeqId> =
        all.iter().flat_map(|id| &function.block(*id).instrs).flat_map(|(instr, _)| protected_by(instr)).collect();
    let mut added = 0;
    for id in all {
        let instrs = &mut function.block_mut(id).instrs;
        let edge_behind = |at: usize| match instrs.get(at + 1) {
            Some((next, _)) => matches!(next, Instr::Try(_) | Instr::TryTable(_)),
            None => protected.contains(&id),
        };
        let edges: Vec<usize> = (0..instrs.len()).filter(|at| may_throw(&instrs[*at].0) && edge_behind(*at)).collect();
        // From the last to the first, so that earlier positions stay valid.
        for at in edges.iter().rev() {
            let nothing: [Instr; 2] = [Const { value: Value::I32(0) }.into(), Drop {}.into()];
            instrs.splice(at + 1..at + 1, nothing.map(|instr| (instr, Default::default())));
        }
        added += edges.len();
    }
    added
}

/// The sequences of an instruction that a `catch`, a `catch_all`, a `delegate` or the `end` of a `try_table` ends.
fn protected_by(instr: &Instr) -> Vec<InstrSeqId> {
    match instr {
        Instr::TryTable(table) => vec![table.seq],
        Instr::Try(legacy) => {
            let handlers = legacy.catches.iter().filter_map(|catch| match catch {
                LegacyCatch::Catch { handler, .. } | LegacyCatch::CatchAll { handler } => Some(*handler),
                LegacyCatch::Delegate { .. } => None,
            });
            // The last handler is ended by `end`.
            let ended_by_a_catch = legacy.catches.len().saturating_sub(1);
            std::iter::once(legacy.seq).chain(handlers.take(ended_by_a_catch)).collect()
        }
        _ => Vec::new(),
    }
}

fn may_throw(instr: &Instr) -> bool {
    matches!(instr, Instr::Call(_) | Instr::CallIndirect(_) | Instr::CallRef(_) | Instr::Throw(_) | Instr::Rethrow(_) | Instr::ThrowRef(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasmparser::{Operator, Parser, Payload};

    const MODULE: &str = r#"(module
        (tag $t)
        (table 1 funcref)
        (func $panics)
        (func (result i32)
            try (result i32) call $panics i32.const 0 call_indirect (result i32) catch $t i32.const 2 call $panics catch_all i32.const 3 end)
        (func
            try try call $panics delegate 0 catch $t try call $panics catch_all try rethrow 1 delegate 0 end end)
        (func
            call $panics try call $panics unreachable catch_all call $panics end)
        (func
            block call $panics try_table (catch_all 0) call $panics end call $panics end))"#;

    /// How many instructions that may throw stand right before the beginning or the end of what is protected.
    fn throws_at_edges(wasm: &[u8]) -> usize {
        let mut count = 0;
        for payload in Parser::new(0).parse_all(wasm) {
            let Payload::CodeSectionEntry(body) = payload.unwrap() else { continue };
            let mut throws_before = false;
            // The constructs around, each with whether its `end` ends what is protected.
            let mut around = vec![false];
            for operator in body.get_operators_reader().unwrap() {
                let edge = match operator.as_ref().unwrap() {
                    Operator::Try { .. } | Operator::TryTable { .. } => {
                        around.push(matches!(operator, Ok(Operator::TryTable { .. })));
                        true
                    }
                    Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => {
                        around.push(false);
                        false
                    }
                    Operator::End => around.pop().unwrap(),
                    Operator::Delegate { .. } => {
                        around.pop();
                        true
                    }
                    Operator::Catch { .. } | Operator::CatchAll => true,
                    _ => false,
                };
                count += usize::from(edge && throws_before);
                throws_before = matches!(operator, Ok(Operator::Call { .. } | Operator::CallIndirect { .. } | Operator::Rethrow { .. }));
            }
        }
        count
    }

    #[test]
    fn what_throws_is_never_next_to_an_edge() {
        let before = wat::parse_str(MODULE).unwrap();
        assert_eq!(throws_at_edges(&before), 8);
        let mut module = Module::from_buffer(&before).unwrap();
        assert_eq!(widen_try_edges(&mut module), 8);
        let after = module.emit_wasm();
        wasmparser::Validator::new_with_features(wasmparser::WasmFeatures::all()).validate_all(&after).unwrap();
        assert_eq!(throws_at_edges(&after), 0);
    }
}
