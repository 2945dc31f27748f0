//! Starts that must fail: each is one error that names the cause and the cure, within a bounded time, and leaves nothing behind.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use cargo_offmain::Headers;
use cargo_offmain::browser::{Browser, Engine};
use serde_json::{Value, json};

use super::package::Package;
use super::stalling::Stalling;
use super::{Case, keep};
use crate::site::{Content, Site};

/// What a failed start may take on a busy machine, beyond a `startTime` that it waits for.
const LIMIT: Duration = Duration::from_secs(20);

/// Where a package that is not as it should be is served.
const CHANGED: &str = "/changed/";

/// What the text of a start error that is about a file must say to do.
const CURE: &str = "cargo offmain build";

const JS: &str = "js";
const RUST: &str = "rust";

/// All of them.
pub fn cases() -> Vec<Case> {
    let case = |name, run| Case { group: "start", name, skips: &[], needs: Content::Tests, run };
    vec![
        Case {
            skips: &[(Engine::Webkit, "WebKitGTK has shared memory by an environment variable, whatever the page's headers are")],
            ..case("a page that is not isolated is told the headers and the command that sends them", not_isolated)
        },
        case("a policy that forbids the module or the workers is a start error that says so", forbidden),
        case("under a strict policy with trusted types everything works, faults too", strict),
        case("trusted types that are required and do not list offmain's are a start error with the cure", trusted_types_without_ours),
        case("packages and a Rust app share one page whose policy allows one trusted type of a name", trusted_types_shared),
        case("a missing file is a start error that names it and the cure", missing_file),
        case("a file that is damaged or a page of the server is a start error that names it and the cure", damaged_file),
        case("a file that never comes is a start error after the start time", stalled_file),
        case("another version is a start error that names both versions", other_version),
        case("two jobs of one name are a start error that names it", duplicate_job),
        case("the error, the panic and the trap of init are the start error", failing_init),
        case("a panic of the facade's own code settles what is pending", facade_panics),
        Case {
            skips: &[(Engine::Webkit, "WebKitGTK gives its driver the console of pages, not of workers")],
            ..case("what a job's thread prints is in the console, with thread and job", prints)
        },
        Case {
            skips: &[
                (Engine::Firefox, "Firefox has room for more memories than a page can make in a reasonable time"),
                (Engine::Webkit, "WebKitGTK has room for more memories than a page can make in a reasonable time"),
            ],
            ..case("a page whose process is full of memories that nobody uses any more starts a pool all the same", full_of_memories)
        },
        case("an init that does not end is a start error after the start time", endless_init),
        case("an init may have threads of its own", init_with_threads),
    ]
}

fn not_isolated(browser: &mut Browser, site: &Site) -> Result<()> {
    let server = site.with_headers(Headers::plain())?;
    each([JS, RUST], |face| {
        let start = Start { alone: true, ..Start::of(face, "/pkg/") };
        let error = start.fails(browser, &server.url(""))?;
        error.is("notIsolated")?;
        error.says(&["Cross-Origin-Opener-Policy: same-origin", "Cross-Origin-Embedder-Policy: require-corp", "cargo offmain serve"])
    })
}

fn forbidden(browser: &mut Browser, site: &Site) -> Result<()> {
    let with_policy = |policy: &str| site.with_headers(Headers::isolated().and("Content-Security-Policy", policy));
    // A Rust app could not even start itself.
    let no_wasm = with_policy("script-src 'self'")?;
    let error = Start { alone: true, ..Start::of(JS, "/pkg/") }.fails(browser, &no_wasm.url(""))?;
    error.is("file")?;
    error.says(&["facade_bg.wasm", "content-security policy", "wasm-unsafe-eval"])?;
    let no_workers = with_policy("script-src 'self' 'wasm-unsafe-eval'; worker-src 'none'")?;
    each([JS, RUST], |face| {
        let error = Start { alone: true, ..Start::of(face, "/pkg/") }.fails(browser, &no_workers.url(""))?;
        error.is("file")?;
        error.says(&["coordinator.js", "content-security policy", "worker-src"])
    })
}

/// All that a page has to allow, as `docs/src/deploying.md` says.
pub(super) const STRICT: &str =
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; img-src 'self' data:; require-trusted-types-for 'script'";

fn strict(browser: &mut Browser, site: &Site) -> Result<()> {
    let server = site.with_headers(Headers::isolated().and("Content-Security-Policy", STRICT))?;
    each([JS, RUST], |face| {
        let told = Start { alone: true, ..Start::of(face, "/pkg/") }.end(browser, &server.url(""))?;
        ensure!(told["value"] == 42, "{face}: it ended otherwise: {told}");
        Ok(())
    })?;
    keep(browser, &server.url("/start.html"), "/pkg/", json!({ "workers": 1 }))?;
    let script = "const ends = [await submit('deep'), await submit('trap'), await submit('double', { number: 21 })]
        return { ends, violations }";
    let told = browser.run(script, &[], LIMIT)?;
    ensure!(told["ends"][1]["name"] == "JobTrapped" && told["ends"][2] == 42, "{told}");
    ensure!(told["violations"] == json!([]), "the policy was violated: {told}");
    Ok(())
}

/// The same, which also says by whom trusted types may be made.
fn listing(names: &str) -> Headers {
    Headers::isolated().and("Content-Security-Policy", &format!("{STRICT}; trusted-types {names}"))
}

/// Not each version of each engine has trusted types.
fn has_trusted_types(browser: &Browser) -> Result<bool> {
    Ok(browser.execute("return 'trustedTypes' in globalThis", &[])? == true)
}

fn trusted_types_without_ours(browser: &mut Browser, site: &Site) -> Result<()> {
    const CURE: &str = "`trusted-types offmain`";
    browser.goto(&site.url("/start.html"))?;
    if !has_trusted_types(browser)? {
        println!("    SKIPPED in {}: it has no trusted types", browser.engine());
        return Ok(());
    }
    let other = site.with_headers(listing("other"))?;
    each([JS, RUST], |face| {
        let error = Start { alone: true, ..Start::of(face, "/pkg/") }.fails(browser, &other.url(""))?;
        error.is("file")?;
        error.says(&["coordinator.js", CURE])
    })?;
    browser.goto(&other.url("/start.html"))?;
    browser.until("globalThis.startOnce", LIMIT)?;
    let told = browser.run("await import('/pkg/offmain_tests.js'); return violations", &[], LIMIT)?;
    ensure!(told == json!([]), "the import alone violates the policy: {told}");
    // Where nothing asks for trusted types, a list of them does no harm.
    let unasked = site.with_headers(Headers::isolated().and("Content-Security-Policy", "trusted-types other"))?;
    each([JS, RUST], |face| {
        let told = Start { alone: true, ..Start::of(face, "/pkg/") }.end(browser, &unasked.url(""))?;
        ensure!(told["value"] == 42, "{face}: it ended otherwise: {told}");
        Ok(())
    })?;
    // The coordinator makes workers, too: there the name is taken.
    let package = Package::copy()?;
    let script = [b"trustedTypes.createPolicy('offmain', {})\n", &package.read("coordinator.js")?[..]].concat();
    package.write("coordinator.js", &script)?;
    let server = site.with_files_and_headers(CHANGED, package.path(), listing("offmain"))?;
    each([JS, RUST], |face| {
        let error = Start { alone: true, ..Start::of(face, CHANGED) }.fails(browser, &server.url(""))?;
        error.is("file")?;
        error.says(&["comes with the workers' scripts", CURE])
    })
}

fn trusted_types_shared(browser: &mut Browser, site: &Site) -> Result<()> {
    let package = Package::copy()?;
    let server = site.with_files_and_headers(CHANGED, package.path(), listing("offmain"))?;
    let starts = [(JS, "/pkg/"), (JS, CHANGED), (RUST, "/pkg/"), (RUST, CHANGED)];
    each([starts.to_vec(), starts.into_iter().rev().collect()], |starts: Vec<_>| {
        browser.goto(&server.url("/start.html"))?;
        browser.until("globalThis.startOnce", LIMIT)?;
        let script = "const ends = []; for (const start of args[0]) ends.push(await startOnce(...start)); return { ends, violations }";
        let told = browser.run(script, &[json!(starts)], LIMIT * 2)?;
        ensure!(told == json!({ "ends": [42, 42, 42, 42], "violations": [] }), "{starts:?}: {told}");
        Ok(())
    })
}

fn missing_file(browser: &mut Browser, site: &Site) -> Result<()> {
    let by_face: [(&str, &[&str]); 2] = [
        (
            JS,
            &[
                "facade_bg.wasm",
                "coordinator.js",
                "module.js",
                "runtime.js",
                "runtime_bg.wasm",
                "pool-worker.js",
                "jobs.js",
                "jobs_bg.wasm",
            ],
        ),
        // The facade is in the app; `transfer.js`, which JavaScript's face imports itself, only the workers need here.
        (
            RUST,
            &["coordinator.js", "module.js", "runtime.js", "runtime_bg.wasm", "transfer.js", "pool-worker.js", "jobs.js", "jobs_bg.wasm"],
        ),
    ];
    let package = Package::copy()?;
    let server = site.with_files(CHANGED, package.path())?;
    each(by_face.into_iter().flat_map(|(face, files)| files.iter().map(move |&file| (face, file))), |(face, file)| {
        package.remove(file)?;
        // Each ends in another state: before the facade, in a worker that loaded early, in the coordinator.
        let alone = !["facade_bg.wasm", "pool-worker.js", "jobs_bg.wasm"].contains(&file);
        let start = Start { alone, ..Start::of(face, CHANGED) };
        let failed = start.fails(browser, &server.url("")).with_context(|| format!("without {file}"));
        package.restore(file)?;
        let error = failed?;
        error.is("file")?;
        error.says(&[file, CURE])
    })
}

fn damaged_file(browser: &mut Browser, site: &Site) -> Result<()> {
    const PAGE: &[u8] = b"<!doctype html><title>My app</title>";
    let modules = [(JS, "facade_bg.wasm"), (JS, "runtime_bg.wasm"), (JS, "jobs_bg.wasm"), (RUST, "jobs_bg.wasm")];
    let scripts = [(JS, "coordinator.js"), (RUST, "runtime.js"), (JS, "pool-worker.js"), (RUST, "jobs.js")];
    let package = Package::copy()?;
    let server = site.with_files(CHANGED, package.path())?;
    each(modules.into_iter().chain(scripts), |(face, file)| {
        let whole = package.read(file)?;
        // Half of a script may be a whole one; without its last brace it is none.
        let brace = whole.iter().rposition(|&byte| byte == b'}').filter(|_| file.ends_with(".js"));
        let ended = each([("cut short", &whole[..brace.unwrap_or(whole.len() / 2)]), ("a page", PAGE)], |(what, bytes)| {
            package.write(file, bytes)?;
            let start = Start { alone: bytes == PAGE, ..Start::of(face, CHANGED) };
            let error = start.fails(browser, &server.url("")).with_context(|| format!("{file} is {what}"))?;
            error.is("file")?;
            error.says(&[file, CURE])
        });
        package.restore(file)?;
        ended
    })
}

fn stalled_file(browser: &mut Browser, site: &Site) -> Result<()> {
    each([(JS, "coordinator.js"), (RUST, "runtime_bg.wasm"), (JS, "jobs_bg.wasm"), (RUST, "pool-worker.js")], |(face, file)| {
        let server = Stalling::start(&site.url(""), file)?;
        let start = Start { start_time_ms: 2000, alone: true, ..Start::of(face, "/pkg/") };
        let error = start.fails(browser, &server.url()).with_context(|| format!("{file} never comes"))?;
        error.is("slow")?;
        error.says(&["`startTime`"])
    })
}

fn other_version(browser: &mut Browser, site: &Site) -> Result<()> {
    let (ours, theirs) = ("offmain-protocol 0.1.0", "offmain-protocol 0.0.9");
    let files = [(JS, "jobs_bg.wasm", "job module"), (RUST, "jobs_bg.wasm", "job module"), (JS, "runtime_bg.wasm", "coordinator")];
    let package = Package::copy()?;
    let server = site.with_files(CHANGED, package.path())?;
    each(files, |(face, file, who)| {
        package.patch(file, ours, theirs)?;
        let failed = Start::of(face, CHANGED).fails(browser, &server.url(""));
        package.restore(file)?;
        let error = failed?;
        error.is("version")?;
        error.says(&[who, ours, theirs, "with one version of offmain"])
    })
}

fn duplicate_job(browser: &mut Browser, site: &Site) -> Result<()> {
    let package = Package::copy()?;
    package.patch("jobs_bg.wasm", "twin-2", "twin-1")?;
    let server = site.with_files(CHANGED, package.path())?;
    each([JS, RUST], |face| {
        let error = Start::of(face, CHANGED).fails(browser, &server.url(""))?;
        error.is("duplicateJob")?;
        error.says(&["two jobs are named `twin-1`", "`NAME`"])
    })
}

fn failing_init(browser: &mut Browser, site: &Site) -> Result<()> {
    let plans = [("fails", "init", "the cache is not there"), ("panic", "init", "the cache is broken"), ("traps", "worker", "nreachable")];
    each(plans, |(plan, code, said)| {
        let package = with_init(plan)?;
        let server = site.with_files(CHANGED, package.path())?;
        each([JS, RUST], |face| {
            let error = Start::of(face, CHANGED).fails(browser, &server.url(""))?;
            error.is(code)?;
            error.says(&[said, "init"])
        })
    })
}

/// Of the memories that a process has room for, the page takes all but what a worker took before, which ended; and then uses none of them.
fn full_of_memories(browser: &mut Browser, site: &Site) -> Result<()> {
    const FILL: &str = "
        const take = () => new WebAssembly.Memory({ initial: 1 })
        const fill = () => { const memories = []; try { for (;;) memories.push(take()) } catch { return memories } }
        // Those of the page before are collected.
        fill(); take()
        const url = URL.createObjectURL(new Blob([`const kept = []; const take = ${take}
            onmessage = ({ data }) => { for (let n = 0; n < data; n++) kept.push(take()); postMessage('taken') }`]))
        const worker = new Worker(url)
        await new Promise((taken) => { worker.onmessage = taken; worker.postMessage(args[0]) })
        const taken = fill().length
        worker.terminate()
        await new Promise((ended) => setTimeout(ended, 1000))
        return taken";
    // The facade takes one, the coordinator the next if there is one, and the third is what all workers share.
    each([(JS, 1), (JS, 2), (RUST, 1), (RUST, 2)], |(face, left)| {
        browser.goto(&site.url("/start.html"))?;
        browser.until("globalThis.startOnce", LIMIT)?;
        let taken = browser.run(FILL, &[left.into()], LIMIT)?;
        ensure!(taken.as_u64() > Some(10), "the page could take {taken} memories only");
        let told = browser
            .run("return await startOnce(args[0], '/pkg/')", &[face.into()], LIMIT)
            .with_context(|| format!("{face}, room for {left}"))?;
        ensure!(told == 42, "{face}, room for {left}: {told}");
        Ok(())
    })
}

fn endless_init(browser: &mut Browser, site: &Site) -> Result<()> {
    let package = with_init("stays")?;
    let server = site.with_files(CHANGED, package.path())?;
    each([JS, RUST], |face| {
        let start = Start { start_time_ms: 2000, ..Start::of(face, CHANGED) };
        let error = start.fails(browser, &server.url(""))?;
        error.is("slow")?;
        error.says(&["2000 ms", "`startTime`"])
    })
}

fn init_with_threads(browser: &mut Browser, site: &Site) -> Result<()> {
    let package = with_init("joins")?;
    let server = site.with_files(CHANGED, package.path())?;
    each([JS, RUST], |face| {
        let told = Start { alone: true, ..Start::of(face, CHANGED) }.end(browser, &server.url(""))?;
        ensure!(told["value"] == 42, "{face}: it ended otherwise: {told}");
        Ok(())
    })?;
    // And in the generation after the first.
    keep(browser, &server.url("/start.html"), CHANGED, json!({ "workers": 2 }))?;
    let told = browser.run("return [await submit('trap'), await submit('double', { number: 21 })]", &[], LIMIT)?;
    ensure!(told[0]["name"] == "JobTrapped" && told[1] == 42, "after a trap: {told}");
    Ok(())
}

/// A job waits for its thread, and the server has just lost what the thread's worker is made of.
fn facade_panics(browser: &mut Browser, site: &Site) -> Result<()> {
    keep(browser, &site.url("/start.html"), "/pkg/", json!({ "workers": 1 }))?;
    let script = "const pending = submit('stuck'); breakFacade(); return [await pending, await submit('stuck')]";
    let errors = browser.run(script, &[], LIMIT).context("the job is still pending")?;
    let says =
        |error: &Value, name: &str| error["name"] == name && error["message"].as_str().unwrap_or_default().contains("the facade panicked");
    ensure!(says(&errors[0], "JobLost") && says(&errors[1], "PoolClosed"), "they ended otherwise: {errors}");
    Ok(())
}

fn prints(browser: &mut Browser, site: &Site) -> Result<()> {
    keep(browser, &site.url("/start.html"), "/pkg/", json!({ "workers": 1 }))?;
    browser.run("await submit('print', { text: 'what it says' })", &[], LIMIT)?;
    let wanted = ["[speaker, print] out: what it says", "[speaker, print] err: what it says"];
    let mut lines = Vec::new();
    // The console comes by a way of its own.
    for _ in 0..50 {
        lines.extend(browser.console()?);
        if wanted.iter().all(|wanted| lines.iter().any(|line| line.contains(wanted))) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    bail!("the console shows only: {lines:?}")
}

/// Tries every item, and fails with all that was wrong.
fn each<T>(items: impl IntoIterator<Item = T>, mut trial: impl FnMut(T) -> Result<()>) -> Result<()> {
    let faults: Vec<String> = items.into_iter().filter_map(|item| trial(item).err()).map(|error| format!("{error:#}")).collect();
    ensure!(faults.is_empty(), "{}", faults.join("\n"));
    Ok(())
}

/// A package whose jobs' `init` ends as `plan` says; see `tests/jobs/src/failures.rs`.
fn with_init(plan: &str) -> Result<Package> {
    let package = Package::copy()?;
    package.patch("jobs_bg.wasm", "init: fine.", &format!("init: {plan}"))?;
    Ok(package)
}

/// A start as `tests/browser/start.js` tries it.
struct Start<'a> {
    face: &'static str,
    folder: &'a str,
    start_time_ms: u32,
    /// Do not try afterwards whether the same page can start another pool.
    alone: bool,
}

impl<'a> Start<'a> {
    fn of(face: &'static str, folder: &'a str) -> Self {
        Self { face, folder, start_time_ms: 10_000, alone: false }
    }

    /// Tries it in a page of the server at `address`, and tells what became of it.
    fn end(&self, browser: &Browser, address: &str) -> Result<Value> {
        let Self { face, folder, start_time_ms, alone } = self;
        let alone = if *alone { "&alone" } else { "" };
        browser.goto(&format!("{address}start.html?face={face}&folder={folder}&startTime={start_time_ms}{alone}"))?;
        browser.until("globalThis.trial", LIMIT)?;
        let limit = LIMIT + 2 * Duration::from_millis((*start_time_ms).into());
        browser.run("return await trial", &[], limit).context("the start neither succeeded nor failed")
    }

    /// Tries it in a page of the server at `address`. It must fail soon, leave no worker, and leave the page able to start another pool.
    fn fails(&self, browser: &Browser, address: &str) -> Result<Failure> {
        let Self { face, alone, .. } = self;
        let told = self.end(browser, address)?;
        let Some(message) = told["message"].as_str() else { bail!("{face}: it started: {told}") };
        ensure!(told["workersLeft"] == 0, "{face}: a worker was left running: {told}");
        ensure!(*alone || told["next"] == 42, "{face}: after it, the page cannot start another pool: {told}");
        Ok(Failure { face, code: told["code"].clone(), message: message.to_owned() })
    }
}

/// The error of a failed start.
struct Failure {
    face: &'static str,
    code: Value,
    message: String,
}

impl Failure {
    /// Checks the code, which only JavaScript has; in Rust it is the variant.
    fn is(&self, code: &str) -> Result<()> {
        ensure!(self.face != JS || self.code == code, "the code is {}, not `{code}`: {}", self.code, self.message);
        Ok(())
    }

    fn says(&self, parts: &[&str]) -> Result<()> {
        for part in parts {
            ensure!(self.message.contains(part), "{}: the error does not say `{part}`: {}", self.face, self.message);
        }
        Ok(())
    }
}
