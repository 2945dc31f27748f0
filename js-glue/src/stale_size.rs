//! A pass against a fault of V8, until Chromium 156: a thread does not hear at once that another one made the shared memory grow.
//!
//! V8 tells the other threads by an interrupt, which each handles when it next checks its stack. Until then `memory.fill`,
//! `memory.copy`, waits, atomic operations of code that is not optimised yet, and without trap handlers every access, are checked
//! against the size that this thread saw last. A thread that stays in one call and is handed a pointer into the new part traps with
//! "memory access out of bounds", though the program is sound. Mended in V8 by v8/v8@34241014663390c72e08c123faef6fedf395be8e (2026-09-29):
//! when no browser without it is left, this file, its call in `bindings.rs`, `worker-pool/src/platform/memory.rs` and
//! `std-edits/allocator-growth.patch` can go.
//!
//! One thread gets a pointer from another by an atomic operation that reads, or by a wait. So the pass has each of these followed by a
//! call of [`REFRESH`], which compares what this thread has seen, in a global of its own, with a word in the memory, what there is. If they
//! differ, `memory.grow` by no pages makes the thread see it. Each `memory.grow` of the module writes the word before it returns, so
//! before its thread can hand over anything.
//!
//! What was tried in Chromium 148 between taking a pointer and `memory.fill` by it, in runs of 200 rounds: with nothing 2 of 12 passed,
//! with `memory.size` 0 of 3, with an empty loop for its stack check, which code that is not optimised has not got, 78 of 80, with
//! `memory.grow` by no pages 40 of 40.
//! That alone takes microseconds and interrupts every other thread, hence the word. A look takes 2 ns behind an atomic load in V8 and is
//! not seen behind other atomic operations; in a module of 107 kB, compressed, all of them are 0.6.
//!
//! What else would do: a memory that has its maximum from the start on never grows. But one of 1 GiB took 10 ms to make in Chromium, not
//! 0.1, Windows commits all of it for each generation, and nobody could tell any more how much memory a pool really has.

use anyhow::{Context, Result};
use walrus::ir::{AtomicWidth, BinaryOp, Instr, LoadKind, MemArg};
use walrus::{ConstExpr, ExportItem, FunctionBuilder, FunctionId, GlobalKind, LocalFunction, MemoryId, Module, ValType, ir::Value};

use crate::stack_check::sequences;

/// The function that has its thread see the memory's size; named in stack traces of modules that keep names.
const REFRESH: &str = "refresh_memory_size";

/// The static of offmain-pool that holds the pages there are.
const PAGES: &str = "__offmain_memory_pages";

/// Address of the word that holds the pages there are. To be asked before the hooks are dropped.
pub(crate) fn word_of_pages(module: &Module) -> Result<u32> {
    let export = module.exports.iter().find(|export| export.name == PAGES).map(|export| export.item);
    let address = match export {
        Some(ExportItem::Global(global)) => match module.globals.get(global).kind {
            GlobalKind::Local(ConstExpr::Value(Value::I32(address))) => Some(address as u32),
            _ => None,
        },
        _ => None,
    };
    address.with_context(|| {
        format!("the job module does not tell where `{PAGES}` is\n  cure: use cargo-offmain and offmain-pool of the same release")
    })
}

/// Has every thread see the memory's size where it may take a pointer over, and returns how many places there were.
pub(crate) fn see_growth(module: &mut Module, word: u32) -> Result<usize> {
    let memory = module.memories.iter().find(|memory| memory.shared).context("the module has no shared memory")?.id();
    let word = Word { memory, address: word };
    let (refresh, grow) = (word.refresh(module), word.grow(module));
    let mut places = 0;
    for (_, function) in module.funcs.iter_local_mut().filter(|(id, _)| ![refresh, grow].contains(id)) {
        places += follow(function, memory, refresh, grow);
    }
    Ok(places)
}

fn follow(function: &mut LocalFunction, memory: MemoryId, refresh: FunctionId, grow: FunctionId) -> usize {
    let mut places = 0;
    for seq in sequences(function) {
        let instrs = &mut function.block_mut(seq).instrs;
        // From the last to the first, so that earlier positions stay valid.
        for at in (0..instrs.len()).rev() {
            match &instrs[at].0 {
                Instr::MemoryGrow(it) if it.memory == memory => instrs[at].0 = walrus::ir::Call { func: grow }.into(),
                instr if takes_over(instr) => {
                    instrs.insert(at + 1, (walrus::ir::Call { func: refresh }.into(), Default::default()));
                    places += 1;
                }
                _ => {}
            }
        }
    }
    places
}

/// Whether an instruction may read what another thread has written to hand something over.
fn takes_over(instr: &Instr) -> bool {
    match instr {
        Instr::AtomicRmw(_) | Instr::Cmpxchg(_) | Instr::AtomicWait(_) => true,
        Instr::Load(load) => match load.kind {
            LoadKind::I32 { atomic } | LoadKind::I64 { atomic } => atomic,
            LoadKind::I32_8 { kind }
            | LoadKind::I32_16 { kind }
            | LoadKind::I64_8 { kind }
            | LoadKind::I64_16 { kind }
            | LoadKind::I64_32 { kind } => kind.atomic(),
            LoadKind::F32 | LoadKind::F64 | LoadKind::V128 => false,
        },
        _ => false,
    }
}

/// Where the pages there are stand.
struct Word {
    memory: MemoryId,
    address: u32,
}

impl Word {
    const LOAD: LoadKind = LoadKind::I32 { atomic: true };
    const ARG: MemArg = MemArg { align: 4, offset: 0 };

    /// `if word != seen { memory.grow(0); seen = word }`, where `seen` is this thread's own, a global of its instance.
    fn refresh(&self, module: &mut Module) -> FunctionId {
        let seen = module.globals.add_local(ValType::I32, true, false, ConstExpr::Value(Value::I32(0)));
        let now = module.locals.add(ValType::I32);
        let mut builder = FunctionBuilder::new(&mut module.types, &[], &[]);
        builder.name(REFRESH.to_owned());
        let mut body = builder.func_body();
        body.i32_const(self.address as i32).load(self.memory, Self::LOAD, Self::ARG).local_tee(now);
        body.global_get(seen).binop(BinaryOp::I32Ne);
        let grow = |then: &mut walrus::InstrSeqBuilder| {
            then.i32_const(0).memory_grow(self.memory).drop().local_get(now).global_set(seen);
        };
        body.if_else(None, grow, |_| {});
        builder.finish(vec![], &mut module.funcs)
    }

    /// `memory.grow`, and where that succeeds, raises the word to the pages that there are now.
    fn grow(&self, module: &mut Module) -> FunctionId {
        let [pages, before, now, word] = [(); 4].map(|()| module.locals.add(ValType::I32));
        let mut builder = FunctionBuilder::new(&mut module.types, &[ValType::I32], &[ValType::I32]);
        builder.name("grow_memory".to_owned());
        let mut body = builder.func_body();
        body.local_get(pages).memory_grow(self.memory).local_tee(before);
        body.i32_const(-1).binop(BinaryOp::I32Ne);
        let publish = |then: &mut walrus::InstrSeqBuilder| {
            then.local_get(before).local_get(pages).binop(BinaryOp::I32Add).local_set(now);
            then.loop_(None, |again| {
                let start = again.id();
                again.i32_const(self.address as i32).load(self.memory, Self::LOAD, Self::ARG).local_tee(word);
                again.local_get(now).binop(BinaryOp::I32LtU);
                let raise = |then: &mut walrus::InstrSeqBuilder| {
                    then.i32_const(self.address as i32).local_get(word).local_get(now);
                    then.cmpxchg(self.memory, AtomicWidth::I32, Self::ARG).local_get(word).binop(BinaryOp::I32Ne).br_if(start);
                };
                again.if_else(None, raise, |_| {});
            });
        };
        body.if_else(None, publish, |_| {});
        body.local_get(before);
        builder.finish(vec![pages], &mut module.funcs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasmparser::{Operator, Parser, Payload};

    const MODULE: &str = r#"(module
        (import "e" "m" (memory 1 10 shared))
        (global (export "__offmain_memory_pages") i32 (i32.const 1024))
        (func (export "take") (result i64)
            i32.const 8 i32.atomic.load drop
            i32.const 8 i32.load drop
            i32.const 8 i32.load8_u drop
            i32.const 8 i32.const 1 i32.atomic.store
            block i32.const 8 i32.atomic.load8_u drop end
            i32.const 8 i32.const 1 i32.atomic.rmw.add drop
            i32.const 8 i32.const 1 i32.const 2 i32.atomic.rmw.cmpxchg drop
            i32.const 8 i32.const 1 i64.const 0 memory.atomic.wait32 drop
            i32.const 8 i32.const 1 memory.atomic.notify drop
            i32.const 8 i64.atomic.load)
        (func (export "grow") (param i32) (result i32) local.get 0 memory.grow)
        (func (export "fill") i32.const 0 i32.const 0 i32.const 0 memory.fill))"#;

    fn passed() -> (Vec<u8>, usize) {
        let mut module = Module::from_buffer(&wat::parse_str(MODULE).unwrap()).unwrap();
        let word = word_of_pages(&module).unwrap();
        let places = see_growth(&mut module, word).unwrap();
        (module.emit_wasm(), places)
    }

    #[test]
    fn whatever_reads_atomically_looks_at_the_size_behind_it() {
        let (wasm, places) = passed();
        wasmparser::Validator::new_with_features(wasmparser::WasmFeatures::all()).validate_all(&wasm).unwrap();
        assert_eq!(places, 6);
        let grows = |payload: &Payload| match payload {
            Payload::CodeSectionEntry(body) => {
                body.get_operators_reader().unwrap().into_iter().filter(|op| matches!(op, Ok(Operator::MemoryGrow { .. }))).count()
            }
            _ => 0,
        };
        // Those of the two functions of the pass.
        assert_eq!(Parser::new(0).parse_all(&wasm).map(|payload| grows(&payload.unwrap())).sum::<usize>(), 2);
    }

    #[test]
    fn growth_is_written_down_before_it_is_told() {
        let script = r#"
            const memory = new WebAssembly.Memory({ initial: 1, maximum: 10, shared: true });
            const module = new WebAssembly.Module(Buffer.from(process.argv[1], 'hex'));
            const { exports } = new WebAssembly.Instance(module, { e: { m: memory } });
            const word = () => new Uint32Array(memory.buffer)[256];
            console.log([exports.grow(0), word(), exports.grow(3), word(), exports.grow(7), word(), exports.grow(6), word()].join());
        "#;
        let hex: String = passed().0.iter().map(|byte| format!("{byte:02x}")).collect();
        let Ok(node) = std::process::Command::new("node").args(["-e", script, &hex]).output() else {
            println!("SKIPPED: no node to run the module in");
            return;
        };
        assert_eq!(String::from_utf8_lossy(&node.stdout).trim(), "1,1,1,4,-1,4,4,10", "{}", String::from_utf8_lossy(&node.stderr));
    }

    #[test]
    fn a_module_of_another_pool_is_refused() {
        let module = Module::from_buffer(&wat::parse_str("(module)").unwrap()).unwrap();
        assert!(format!("{:#}", word_of_pages(&module).unwrap_err()).contains("cure:"));
    }
}
