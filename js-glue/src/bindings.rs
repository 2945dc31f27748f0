//! From what the compiler wrote to what a browser loads: bindings, passes over the module, files.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use walrus::ir::Value;
use walrus::{ConstExpr, ExportItem, GlobalKind, ImportKind, Module, ModuleConfig};
use wasm_bindgen_cli_support::Bindgen;

use crate::job_crate::GENERATOR;
use crate::leave_out::{Part, drop_handlers};
use crate::script::{rename, shrink};
use crate::stack_check::{add_stack_checks, add_stack_globals};
use crate::stale_size::{see_growth, word_of_pages};
use crate::try_edges::widen_try_edges;

/// What a module asks of the memory it imports, in pages of 64 KiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pages {
    /// At the start.
    pub initial: u64,
    /// At most.
    pub maximum: u64,
}

/// Exports that outlive the generator under names of our own, because it takes back the linker's:
/// a thread that is used again needs to lay its thread-locals afresh.
const KEPT: &[(&str, &str)] = &[("__tls_base", "__offmain_tls_base")];

/// Binds a module with shared memory, adds stack checks, and writes `<name>.js` and `<name>_bg.wasm` into `out`.
pub fn bind_jobs(wasm: &Path, out: &Path, name: &str, dev: bool, leave_out: Option<Part>) -> Result<Pages> {
    let mut module = parse(wasm)?;
    keep_exports(&mut module);
    check_imports(&module, wasm)?;
    replace_places(&mut module)?;
    let word = word_of_pages(&module)?;
    drop_hooks(&mut module);
    // The generator would call the `main` of a test binary in each thread; `cargo offmain test` has a job that calls it.
    let _ = module.exports.remove("main");
    let mut output = generator(module, name, dev).generate_output().with_context(|| cannot_bind(wasm))?;
    let module = output.wasm_mut();
    never_declare_dead(module)?;
    if leave_out == Some(Part::Handlers) {
        drop_handlers(module);
    }
    if leave_out == Some(Part::StackChecks) {
        add_stack_globals(module)?;
    } else {
        add_stack_checks(module)?;
    }
    widen_try_edges(module);
    // Last: what it adds does not throw, and needs no room at those edges.
    see_growth(module, word)?;
    let pages = imported_pages(module)?;
    if !dev {
        // The trap keeps its name, as it is what a stack trace must show; the others would be a tenth of the file.
        strip(module, |name| name.starts_with("__offmain"));
    }
    output.emit(out).with_context(|| format!("cannot write to {}", out.display()))?;
    Ok(pages)
}

/// Binds a module with a memory of its own and writes `<name>.js` and `<name>_bg.wasm` into `out`.
/// Returns the path of the second.
pub fn bind_plain(wasm: &Path, out: &Path, name: &str, dev: bool) -> Result<PathBuf> {
    let module = parse(wasm)?;
    check_imports(&module, wasm)?;
    let mut output = generator(module, name, dev).generate_output().with_context(|| cannot_bind(wasm))?;
    if !dev {
        strip(output.wasm_mut(), |_| false);
    }
    output.emit(out).with_context(|| format!("cannot write to {}", out.display()))?;
    Ok(out.join(format!("{name}_bg.wasm")))
}

/// As [`bind_plain`], for a script that instantiates the module itself: without what would load it, and without comments.
pub fn bind_bare(wasm: &Path, out: &Path, name: &str, dev: bool) -> Result<PathBuf> {
    let module = parse(wasm)?;
    check_imports(&module, wasm)?;
    let mut output = for_bundlers(module, name, dev).generate_output().with_context(|| cannot_bind(wasm))?;
    let script = output.start().context("the bindings have no script of their own, which this generator used to make")?;
    let mut script = script.clone();
    let module = output.wasm_mut();
    if !dev {
        strip(module, |_| false);
        script = rename(&shrink(&script), &shorten(module));
    }
    let bound = out.join(format!("{name}_bg.wasm"));
    for (path, content) in [(out.join(format!("{name}.js")), script.into_bytes()), (bound.clone(), module.emit_wasm())] {
        fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(bound)
}

/// The functions that only module and script call of each other have names of sixty letters, some of them hashes, which no compression
/// makes small. Gives those names and the new ones. What `app.js` calls keeps its name: it has no underscore, or begins the module.
fn shorten(module: &mut Module) -> HashMap<String, String> {
    let imports = module.imports.iter_mut().map(|import| &mut import.name);
    let exports = module.exports.iter_mut().map(|export| &mut export.name);
    let mut names = HashMap::new();
    for name in imports.chain(exports).filter(|name| name.contains('_') && *name != "__wbindgen_start") {
        let short = format!("${}", names.len());
        *name = names.entry(name.clone()).or_insert(short).clone();
    }
    names
}

fn cannot_bind(wasm: &Path) -> String {
    format!("cannot generate bindings for {}", wasm.display())
}

fn generator(module: Module, name: &str, dev: bool) -> Bindgen {
    let mut bindgen = Bindgen::new();
    bindgen.web(true).expect("the first target chosen").omit_default_module_path(false);
    with_input(bindgen, module, name, dev)
}

fn for_bundlers(module: Module, name: &str, dev: bool) -> Bindgen {
    let mut bindgen = Bindgen::new();
    bindgen.bundler(true).expect("the first target chosen");
    with_input(bindgen, module, name, dev)
}

fn with_input(mut bindgen: Bindgen, module: Module, name: &str, dev: bool) -> Bindgen {
    // Only names that are kept are worth reading: of a large module's time here, a quarter went into them.
    bindgen.input_module(name, module).typescript(false).demangle(dev).remove_producers_section(true);
    bindgen
}

fn parse(wasm: &Path) -> Result<Module> {
    let bytes = fs::read(wasm).with_context(|| format!("cannot read {}", wasm.display()))?;
    ModuleConfig::new()
        // LLVM's output for threads does not validate before the generator has been over it.
        .strict_validate(false)
        .generate_producers_section(false)
        .parse(&bytes)
        .with_context(|| format!("{} is not a wasm module", wasm.display()))
}

fn keep_exports(module: &mut Module) {
    for (linkers, ours) in KEPT {
        let item: Option<ExportItem> = module.exports.iter().find(|export| export.name == *linkers).map(|export| export.item);
        if let Some(item) = item {
            module.exports.add(ours, item);
        }
    }
}

/// The functions of wasm-bindgen by which JavaScript values get a place and give it back, and the pool's own in their stead, whose list
/// of places outlives a thread (`worker-pool/src/platform/places.rs`).
const PLACES: &[(&str, &str)] = &[
    ("__externref_table_alloc", "__offmain_place_take"),
    ("__externref_table_dealloc", "__offmain_place_give_back"),
    ("__externref_drop_slice", "__offmain_places_give_back"),
];

/// Nothing but the generator calls those functions, and it finds them by their exports.
fn replace_places(module: &mut Module) -> Result<()> {
    for (theirs, ours) in PLACES {
        let function = |name: &str| match module.exports.iter().find(|export| export.name == name).map(|export| (export.id(), export.item))
        {
            Some((id, ExportItem::Function(function))) => Ok((id, function)),
            _ => bail!("the module has no function `{name}`, which wasm-bindgen {GENERATOR} and offmain-pool used to have"),
        };
        let ((id, old), (_, new)) = (function(theirs)?, function(ours)?);
        if module.types.get(module.funcs.get(old).ty()) != module.types.get(module.funcs.get(new).ty()) {
            bail!("`{theirs}` of wasm-bindgen has not the type of `{ours}` any more");
        }
        module.exports.get_mut(id).item = ExportItem::Function(new);
    }
    Ok(())
}

/// The hooks of std and the job table: linked by now, and nothing that JavaScript could call.
fn drop_hooks(module: &mut Module) {
    let is_hook =
        |name: &str| name.starts_with("__getrandom_") || name.starts_with("__offmain_") && KEPT.iter().all(|(_, ours)| name != *ours);
    let hooks: Vec<_> = module.exports.iter().filter(|export| is_hook(&export.name)).map(|export| export.id()).collect();
    for id in hooks {
        module.exports.delete(id);
    }
}

/// Where one instance traps, the bindings set a word of the memory, and every instance on it refuses its next call. But each worker
/// here has an instance of its own, and those that did not trap have their time to finish. So that word is nowhere: what JavaScript
/// writes before the beginning of an array is lost, and what it reads there is no number.
fn never_declare_dead(module: &mut Module) -> Result<()> {
    const FLAG: &str = "__instance_terminated";
    let flag = module.exports.iter().find(|export| export.name == FLAG).map(|export| export.item);
    let Some(ExportItem::Global(flag)) = flag else { bail!("the bindings have no global `{FLAG}`, which this generator used to make") };
    module.globals.get_mut(flag).kind = GlobalKind::Local(ConstExpr::Value(Value::I32(-4)));
    Ok(())
}

/// The linker turns a function that nobody defines into an import, which no browser could satisfy.
fn check_imports(module: &Module, wasm: &Path) -> Result<()> {
    let undefined: Vec<_> = module
        .imports
        .iter()
        .filter(|import| import.module == "env" && matches!(import.kind, ImportKind::Function(_)))
        .map(|import| import.name.as_str())
        .collect();
    if undefined.is_empty() {
        return Ok(());
    }
    let cure = if undefined.iter().any(|name| name.starts_with("__offmain_")) {
        "register the crate's jobs with `offmain_pool::jobs!`, which links the pool"
    } else {
        "build what defines them for wasm32-unknown-unknown (a C library?), or do without"
    };
    bail!("{} needs functions that nothing defines: {}\n  cure: {cure}", wasm.display(), undefined.join(", "))
}

/// Drops custom sections and the names that `keep` does not want.
fn strip(module: &mut Module, keep: impl Fn(&str) -> bool) {
    let sections: Vec<_> = module.customs.iter().map(|(id, _)| id).collect();
    for id in sections {
        module.customs.delete(id);
    }
    let unwanted = |name: &Option<String>| name.as_deref().is_some_and(|name| !keep(name));
    for function in module.funcs.iter_mut() {
        if unwanted(&function.name) {
            function.name = None;
        }
    }
    let globals: Vec<_> = module.globals.iter().map(|global| global.id()).collect();
    for id in globals {
        module.globals.get_mut(id).name = None;
    }
    let data: Vec<_> = module.data.iter().map(|data| data.id()).collect();
    for id in data {
        module.data.get_mut(id).name = None;
    }
    for memory in module.memories.iter_mut() {
        memory.name = None;
    }
    for table in module.tables.iter_mut() {
        table.name = None;
    }
    for element in module.elements.iter_mut() {
        element.name = None;
    }
    let locals: Vec<_> = module.locals.iter().map(|local| local.id()).collect();
    for id in locals {
        module.locals.get_mut(id).name = None;
    }
}

fn imported_pages(module: &Module) -> Result<Pages> {
    let memory = module.memories.iter().find(|memory| memory.import.is_some() && memory.shared).context(
        "the job module does not import a shared memory\n  cure: keep --shared-memory and --import-memory in .cargo/shared-memory.toml",
    )?;
    Ok(Pages {
        initial: memory.initial,
        maximum: memory.maximum.context("the shared memory has no maximum\n  cure: keep --max-memory in .cargo/shared-memory.toml")?,
    })
}
