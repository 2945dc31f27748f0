//! A pass that makes a stack overflow a trap, where it would silently overwrite other threads' memory.
//!
//! All threads' stacks lie in one memory, and a frame is taken by lowering the global `__stack_pointer`, which
//! nothing checks. The pass adds a global `__offmain_stack_limit`, which each thread sets to the lowest address of its
//! stack, and looks at every place that lowers the pointer:
//!
//! | code | check before the pointer is set |
//! | --- | --- |
//! | prologue `pointer - constant` | the frame is larger than `pointer - limit` |
//! | prologue with alignment, or a computed size | the new value is below the limit, or above the old one: it wrapped |
//! | value from a local (unoptimised code, restore after a catch) | the new value is below the limit |
//! | epilogue `value + constant`, plain constant | none: it raises the pointer, or is the generator's own start-up stack |
//!
//! A leaf function may use some bytes below the pointer without lowering it, LLVM's red zone; the checks leave room for it.
//! While the limit is 0, as for a stack at the bottom of the memory, only a wrap below address 0 traps.

use anyhow::{Context, Result};
use walrus::ir::{
    BinaryOp, Binop, Call, Const, GlobalGet, IfElse, Instr, InstrSeqId, InstrSeqType, LocalGet, LocalSet, Unreachable, Value,
};
use walrus::{ConstExpr, FunctionBuilder, FunctionId, GlobalId, LocalFunction, LocalId, Module, ModuleLocals, ValType};

/// The exported global that each thread sets to the lowest address its stack may reach.
/// After an overflow it holds [`OVERFLOWED`], so that whoever sees the trap knows its cause.
pub const STACK_LIMIT: &str = "__offmain_stack_limit";

/// The exported global that holds a thread's stack pointer: a worker that begins on the module's own stack takes another one.
pub const STACK_POINTER: &str = "__offmain_stack_pointer";

/// The function that traps; its name is what a stack trace shows.
pub const STACK_OVERFLOW: &str = "__offmain_stack_overflow";

/// What [`STACK_LIMIT`] holds after an overflow.
pub const OVERFLOWED: i32 = -1;

/// Adds the checks to every function of `module` and returns how many there are.
pub fn add_stack_checks(module: &mut Module) -> Result<usize> {
    let (pointer, limit) = add_stack_globals(module)?;
    let overflow = trap(module, limit);
    let pass = Pass { pointer, limit, overflow };
    let mut added = 0;
    for (id, function) in module.funcs.iter_local_mut() {
        if id != overflow {
            added += pass.function(function, &mut module.locals);
        }
    }
    Ok(added)
}

/// What workers set, stack pointer and limit, without anybody who looks at them.
pub fn add_stack_globals(module: &mut Module) -> Result<(GlobalId, GlobalId)> {
    let pointer =
        stack_pointer(module).context("the module has no __stack_pointer: was it stripped before the stack checks were added?")?;
    module.exports.add(STACK_POINTER, pointer);
    let limit = module.globals.add_local(ValType::I32, true, false, ConstExpr::Value(Value::I32(0)));
    module.globals.get_mut(limit).name = Some(STACK_LIMIT.to_owned());
    module.exports.add(STACK_LIMIT, limit);
    Ok((pointer, limit))
}

fn stack_pointer(module: &Module) -> Option<GlobalId> {
    module.globals.iter().find(|global| global.name.as_deref() == Some("__stack_pointer")).map(|global| global.id())
}

fn trap(module: &mut Module, limit: GlobalId) -> FunctionId {
    let mut builder = FunctionBuilder::new(&mut module.types, &[], &[]);
    builder.name(STACK_OVERFLOW.to_owned());
    builder.func_body().i32_const(OVERFLOWED).global_set(limit).unreachable();
    let function = builder.finish(vec![], &mut module.funcs);
    module.exports.add(STACK_OVERFLOW, function);
    function
}

/// `WebAssemblyFrameLowering::RedZoneSize` in LLVM.
const RED_ZONE: u32 = 128;

struct Pass {
    pointer: GlobalId,
    limit: GlobalId,
    overflow: FunctionId,
}

/// What lowers the stack pointer, as far as it has to be told apart.
enum Lowering {
    /// `pointer - frame`.
    Frame(i32),
    /// Computed from the pointer, so it must not be above it.
    Computed,
    /// From elsewhere.
    Value,
}

impl Pass {
    fn function(&self, function: &mut LocalFunction, locals: &mut ModuleLocals) -> usize {
        let mut added = 0;
        let mut scratch = None;
        for seq in sequences(function) {
            // From the last to the first, so that earlier positions stay valid.
            for at in (0..function.block(seq).instrs.len()).rev() {
                let Some(lowering) = self.lowering(&function.block(seq).instrs, at) else { continue };
                let check = match lowering {
                    Lowering::Frame(frame) => self.frame_check(function, frame),
                    other => {
                        let scratch = *scratch.get_or_insert_with(|| locals.add(ValType::I32));
                        self.value_check(function, scratch, matches!(other, Lowering::Computed))
                    }
                };
                let check = check.into_iter().map(|instr| (instr, Default::default()));
                function.block_mut(seq).instrs.splice(at..at, check);
                added += 1;
            }
        }
        added
    }

    /// How the instruction at `at` lowers the stack pointer, if it does.
    fn lowering(&self, instrs: &[(Instr, walrus::ir::InstrLocId)], at: usize) -> Option<Lowering> {
        if !matches!(&instrs[at].0, Instr::GlobalSet(set) if set.global == self.pointer) {
            return None;
        }
        let mut before = instrs[..at].iter().rev().map(|(instr, _)| instr).filter(|instr| !matches!(instr, Instr::LocalTee(_)));
        Some(match (before.next(), before.next(), before.next()) {
            (Some(Instr::Const(_)), ..) => return None,
            (Some(Instr::Binop(Binop { op: BinaryOp::I32Add })), Some(Instr::Const(Const { value: Value::I32(raise) })), _)
                if *raise >= 0 =>
            {
                return None;
            }
            (
                Some(Instr::Binop(Binop { op: BinaryOp::I32Sub })),
                Some(Instr::Const(Const { value: Value::I32(frame) })),
                Some(Instr::GlobalGet(get)),
            ) if get.global == self.pointer => Lowering::Frame(*frame),
            (Some(Instr::Binop(Binop { op: BinaryOp::I32Sub | BinaryOp::I32And })), ..) => Lowering::Computed,
            _ => Lowering::Value,
        })
    }

    /// `if pointer - limit < frame + red zone { overflow() }`; the value to set stays below on the operand stack.
    fn frame_check(&self, function: &mut LocalFunction, frame: i32) -> Vec<Instr> {
        vec![
            GlobalGet { global: self.pointer }.into(),
            GlobalGet { global: self.limit }.into(),
            binop(BinaryOp::I32Sub),
            Const { value: Value::I32((frame as u32).saturating_add(RED_ZONE) as i32) }.into(),
            binop(BinaryOp::I32LtU),
            self.overflow_if(function),
        ]
    }

    /// `if value < limit + red zone (or value > pointer) { overflow() }`
    fn value_check(&self, function: &mut LocalFunction, scratch: LocalId, may_wrap: bool) -> Vec<Instr> {
        let mut check: Vec<Instr> = vec![
            LocalSet { local: scratch }.into(),
            LocalGet { local: scratch }.into(),
            GlobalGet { global: self.limit }.into(),
            Const { value: Value::I32(RED_ZONE as i32) }.into(),
            binop(BinaryOp::I32Add),
            binop(BinaryOp::I32LtU),
        ];
        if may_wrap {
            check.extend([
                LocalGet { local: scratch }.into(),
                GlobalGet { global: self.pointer }.into(),
                binop(BinaryOp::I32GtU),
                binop(BinaryOp::I32Or),
            ]);
        }
        check.extend([self.overflow_if(function), LocalGet { local: scratch }.into()]);
        check
    }

    fn overflow_if(&self, function: &mut LocalFunction) -> Instr {
        let builder = function.builder_mut();
        let alternative = builder.dangling_instr_seq(InstrSeqType::Simple(None)).id();
        let mut trap = builder.dangling_instr_seq(InstrSeqType::Simple(None));
        trap.instr(Call { func: self.overflow }).instr(Unreachable {});
        IfElse { consequent: trap.id(), alternative }.into()
    }
}

fn binop(op: BinaryOp) -> Instr {
    Binop { op }.into()
}

/// Every instruction sequence of a function.
pub(crate) fn sequences(function: &LocalFunction) -> Vec<InstrSeqId> {
    struct Collect(Vec<InstrSeqId>);
    impl<'instr> walrus::ir::Visitor<'instr> for Collect {
        fn start_instr_seq(&mut self, seq: &'instr walrus::ir::InstrSeq) {
            self.0.push(seq.id());
        }
    }
    let mut collect = Collect(Vec::new());
    walrus::ir::dfs_in_order(&mut collect, function, function.entry_block());
    collect.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recursion with a frame of 1 KiB, a frame larger than all memory, an aligned frame, and an epilogue each.
    const MODULE: &str = r#"(module
        (memory (export "memory") 1)
        (global $__stack_pointer (export "sp") (mut i32) (i32.const 32768))
        (func $deep (export "deep") (param i32) (local i32)
            global.get $__stack_pointer i32.const 1024 i32.sub local.tee 1 global.set $__stack_pointer
            local.get 0 if local.get 0 i32.const 1 i32.sub call $deep end
            local.get 1 i32.const 1024 i32.add global.set $__stack_pointer)
        (func (export "huge") (local i32)
            global.get $__stack_pointer i32.const 1000000 i32.sub local.tee 0 global.set $__stack_pointer
            local.get 0 i32.const 1000000 i32.add global.set $__stack_pointer)
        (func (export "aligned") (param i32) (local i32)
            global.get $__stack_pointer local.tee 1 local.get 0 i32.sub i32.const -64 i32.and global.set $__stack_pointer
            local.get 1 global.set $__stack_pointer))"#;

    fn checked() -> (Vec<u8>, usize) {
        let mut module = Module::from_buffer(&wat::parse_str(MODULE).unwrap()).unwrap();
        let added = add_stack_checks(&mut module).unwrap();
        (module.emit_wasm(), added)
    }

    #[test]
    fn every_lowering_is_checked_and_the_module_stays_valid() {
        let (wasm, added) = checked();
        wasmparser::Validator::new().validate_all(&wasm).unwrap();
        // Three prologues, and the restore from a local, which a pass cannot tell from a lowering.
        assert_eq!(added, 4);
    }

    #[test]
    fn an_overflow_traps_and_says_so() {
        let script = r#"
            const bytes = Buffer.from(process.argv[1], 'hex');
            const fresh = (limit) => {
              const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
              exports.__offmain_stack_limit.value = limit;
              return exports;
            };
            const outcome = (limit, name, argument) => {
              const exports = fresh(limit);
              try { exports[name](argument); } catch (error) {
                return String(exports.__offmain_stack_limit.value === -1 && /unreachable/.test(error.message) && /__offmain_stack_overflow/.test(error.stack));
              }
              return exports.sp.value === 32768 ? 'fits' : 'leaks';
            };
            console.log([
              outcome(16256, 'deep', 15), outcome(16256, 'deep', 16), outcome(0, 'deep', 30), outcome(0, 'deep', 31),
              outcome(16256, 'huge'), outcome(0, 'huge'),
              outcome(16256, 'aligned', 16384), outcome(16256, 'aligned', 16385), outcome(0, 'aligned', 40000),
            ].join());
        "#;
        let hex: String = checked().0.iter().map(|byte| format!("{byte:02x}")).collect();
        let Ok(node) = std::process::Command::new("node").args(["-e", script, &hex]).output() else {
            println!("SKIPPED: no node to run the module in");
            return;
        };
        assert_eq!(
            String::from_utf8_lossy(&node.stdout).trim(),
            "fits,true,fits,true,true,true,fits,true,true",
            "{}",
            String::from_utf8_lossy(&node.stderr)
        );
    }

    #[test]
    fn a_module_without_a_stack_pointer_is_refused() {
        let mut module = Module::from_buffer(&wat::parse_str("(module)").unwrap()).unwrap();
        assert!(add_stack_checks(&mut module).is_err());
    }
}
