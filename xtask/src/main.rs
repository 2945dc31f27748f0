//! Project tasks: `cargo xtask demo` and `cargo xtask test`.

mod browser;
mod group;
mod setup;
mod step;

use browser::{Browser, Engine};
use serde_json::json;
use std::time::Duration;

fn main() -> anyhow::Result<()> {
    group::end_all_on_interrupt()?;
    let programs = setup::Programs::ensure(&Engine::ALL, std::path::Path::new("target/offmain/tools"))?;
    for engine in Engine::ALL {
        let step = step::Step::begin(engine.name());
        let mut b = Browser::start(engine, &programs)?;
        b.goto(&std::env::args().nth(1).unwrap())?;
        println!("{:?}", b.execute("console.log('from page'); return [crossOriginIsolated, navigator.userAgent, typeof SharedArrayBuffer, innerWidth, innerHeight]", &[])?);
        println!("{:?}", b.run("new Worker(URL.createObjectURL(new Blob([`console.warn('from worker')`]))); await new Promise(r => setTimeout(r, 300)); return args_ok = args", &[json!(3)], Duration::from_secs(5)));
        println!("{:?}", b.run("await new Promise(r => setTimeout(r, 300)); return args[0] + 1", &[json!(3)], Duration::from_secs(5)));
        println!("{:?}", b.run("throw new TypeError('odd')", &[json!(3)], Duration::from_secs(5)));
        println!("{:?}", b.run("await new Promise(() => 0)", &[json!(3)], Duration::from_secs(1)));
        println!("{:?}", b.console());
        let _ = b.resize(1000, 700);
        std::fs::write(format!("/tmp/shot-{engine}.png"), b.screenshot()?)?;
        drop(b);
        step.end();
    }
    Ok(())
}
