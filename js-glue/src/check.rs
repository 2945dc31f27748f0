//! The promise that a module for the main thread or the coordinator can never wait, checked on the binary.
//!
//! `Atomics.wait` throws on the main thread, but the instruction `memory.atomic.wait32` does not throw in every
//! browser: Firefox blocks, silently. So the module may hold no such instruction and no shared memory.

use std::collections::BTreeMap;
use std::fmt;

use wasmparser::{KnownCustom, MemoryType, Name, Operator, Parser, Payload, TypeRef};

/// What a module that passed holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// How many functions were looked through.
    pub functions: u32,
    /// How many memories it has, none of them shared.
    pub memories: u32,
}

/// Why a module may not run on the main thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckError {
    /// It is not a wasm module.
    Unreadable(String),
    /// What it does that could block, one line each.
    CanBlock(Vec<String>),
}

/// Instead of the name of a function.
const NO_NAME: &str = "its name was stripped";

/// Findings that are shown; a module with threads has dozens.
const SHOWN: usize = 8;

impl fmt::Display for CheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CheckError::Unreadable(why) => {
                write!(
                    f,
                    "not a readable wasm module: {why}\n  cure: name the .wasm file that cargo or the bindings generator wrote, whole"
                )
            }
            CheckError::CanBlock(findings) => {
                writeln!(f, "this module could block the main thread:")?;
                for finding in findings.iter().take(SHOWN) {
                    writeln!(f, "  {finding}")?;
                }
                if findings.len() > SHOWN {
                    writeln!(f, "  and {} more", findings.len() - SHOWN)?;
                }
                if findings.iter().any(|finding| finding.contains(NO_NAME)) {
                    writeln!(f, "  the module that cargo wrote, below target/, still has the names")?;
                }
                write!(
                    f,
                    "  cure: compile it without the target feature `atomics` and without `--shared-memory`; leave to jobs what locks, parks or joins"
                )
            }
        }
    }
}

impl std::error::Error for CheckError {}

impl From<wasmparser::BinaryReaderError> for CheckError {
    fn from(error: wasmparser::BinaryReaderError) -> Self {
        // The parser shows bytes over many lines.
        CheckError::Unreadable(format!("{} (at byte {})", error.message().split_whitespace().collect::<Vec<_>>().join(" "), error.offset()))
    }
}

/// Looks through a module for shared memory and for instructions that wait.
///
/// # Errors
///
/// [`CheckError::CanBlock`] with every finding, or [`CheckError::Unreadable`].
pub fn check(wasm: &[u8]) -> Result<Report, CheckError> {
    let mut report = Report::default();
    if !wasm.starts_with(b"\0asm") {
        return Err(CheckError::Unreadable("it does not begin as one".to_owned()));
    }
    let mut findings = Vec::new();
    let mut waits: Vec<(u32, &str)> = Vec::new();
    let mut names = BTreeMap::new();
    let mut index = 0;
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    let import = import?;
                    match import.ty {
                        TypeRef::Func(_) | TypeRef::FuncExact(_) => index += 1,
                        TypeRef::Memory(memory) => {
                            memory_of(&memory, &format!("it imports {}.{}", import.module, import.name), &mut report, &mut findings);
                        }
                        _ => {}
                    }
                }
            }
            Payload::MemorySection(memories) => {
                for memory in memories {
                    memory_of(&memory?, "it has a memory of its own", &mut report, &mut findings);
                }
            }
            Payload::CodeSectionEntry(body) => {
                for operator in body.get_operators_reader()? {
                    let name = match operator? {
                        Operator::MemoryAtomicWait32 { .. } => "memory.atomic.wait32",
                        Operator::MemoryAtomicWait64 { .. } => "memory.atomic.wait64",
                        _ => continue,
                    };
                    if waits.last() != Some(&(index, name)) {
                        waits.push((index, name));
                    }
                }
                index += 1;
                report.functions += 1;
            }
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(section) = section.as_known() {
                    names = function_names(section);
                }
            }
            _ => {}
        }
    }
    findings.extend(waits.iter().map(|(index, wait)| {
        let name = names.get(index).map_or(NO_NAME.to_owned(), |name| format!("{:#}", rustc_demangle::demangle(name)));
        format!("{wait} in function {index} ({name})")
    }));
    if findings.is_empty() { Ok(report) } else { Err(CheckError::CanBlock(findings)) }
}

fn memory_of(memory: &MemoryType, what: &str, report: &mut Report, findings: &mut Vec<String>) {
    report.memories += 1;
    if memory.shared {
        findings.push(format!("shared memory: {what}"));
    }
}

/// The names of functions, where the module kept them. Damage in this section is no reason to fail.
fn function_names(section: wasmparser::NameSectionReader<'_>) -> BTreeMap<u32, String> {
    let mut names = BTreeMap::new();
    for name in section.into_iter().flatten() {
        if let Name::Function(functions) = name {
            names.extend(functions.into_iter().flatten().map(|naming| (naming.index, naming.name.to_owned())));
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Report, CheckError> {
        check(&wat::parse_str(text).unwrap())
    }

    fn findings(text: &str) -> Vec<String> {
        match of(text) {
            Err(CheckError::CanBlock(findings)) => findings,
            other => panic!("expected findings, got {other:?}"),
        }
    }

    #[test]
    fn a_module_with_its_own_memory_passes() {
        let report = of("(module (memory 1) (func (drop (i32.load (i32.const 0)))))").unwrap();
        assert_eq!(report, Report { functions: 1, memories: 1 });
    }

    #[test]
    fn shared_memory_is_found_imported_and_defined() {
        assert_eq!(findings(r#"(module (import "env" "memory" (memory 1 2 shared)))"#), ["shared memory: it imports env.memory"]);
        assert_eq!(findings("(module (memory 1 2 shared))"), ["shared memory: it has a memory of its own"]);
    }

    #[test]
    fn waits_are_found_with_the_function_that_holds_them() {
        let text = r#"(module (import "env" "f" (func)) (memory 1)
            (func $lock (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))))
            (func $ok (drop (memory.atomic.notify (i32.const 0) (i32.const 1))))
            (func $long (drop (memory.atomic.wait64 (i32.const 0) (i64.const 0) (i64.const -1)))))"#;
        assert_eq!(findings(text), ["memory.atomic.wait32 in function 1 (lock)", "memory.atomic.wait64 in function 3 (long)"]);
    }

    #[test]
    fn what_is_no_module_is_unreadable() {
        assert!(matches!(check(b"<!doctype html>"), Err(CheckError::Unreadable(_))));
    }
}
