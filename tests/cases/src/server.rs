//! The server of the tests, which is that of `cargo offmain serve` and `test` too, as browsers see it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Result, ensure};
use cargo_offmain::{Server, ServerOptions};
use offmain_browser::Browser;
use offmain_tests_site::command::workspace;
use offmain_tests_site::{Content, Site};
use serde_json::json;

use crate::case::Case;

const LIMIT: Duration = Duration::from_secs(20);

/// All of them.
pub fn cases() -> Vec<Case> {
    let case = |name, run| Case { group: "server", name, skips: &[], needs: Content::Tests, run };
    vec![case("the server takes the posts of its own pages and workers, by either name, and of no other page", only_own_posts)]
}

/// Posts as a page and as a worker, which waits as those of `cargo offmain test` do.
const POST: &str = "
    const worker = new Worker(URL.createObjectURL(new Blob([`onmessage = ({ data }) => {
      const request = new XMLHttpRequest()
      request.open('POST', data, false)
      try { request.send('x') } catch {}
      postMessage(request.status)
    }`])))
    const waited = new Promise((told) => (worker.onmessage = ({ data }) => told(data)))
    worker.postMessage(`${args[0]}worker`)
    const { status } = await fetch(`${args[0]}page`, { method: 'POST', body: 'x', mode: args[1] }).catch(() => ({ status: 0 }))
    return [status, await waited]";

fn only_own_posts(browser: &mut Browser, site: &Site) -> Result<()> {
    let taken = Arc::new(Mutex::new(Vec::new()));
    let heard = taken.clone();
    let options = ServerOptions::new(workspace().join("tests/browser")).post(move |path, _| {
        heard.lock().expect("nobody panics with it").push(path.to_owned());
        Ok("taken".to_owned())
    });
    let server = Server::start(options)?;
    let by_number = server.url("");
    let by_name = by_number.replace("127.0.0.1", "localhost");
    for own in [&by_number, &by_name] {
        browser.goto(&format!("{own}start.html"))?;
        let told = browser.run(POST, &[json!(own), json!("cors")], LIMIT)?;
        ensure!(told == json!([200, 200]), "{own}: {told}");
    }
    // The answers are kept from these pages whatever the server does; what counts is what it heard.
    for (page, server) in [(site.url(""), &by_number), (by_name.clone(), &by_number)] {
        browser.goto(&format!("{page}start.html"))?;
        browser.run(POST, &[json!(server), json!("no-cors")], LIMIT)?;
    }
    let mut taken = taken.lock().expect("nobody panics with it").clone();
    taken.sort();
    ensure!(taken == ["/page", "/page", "/worker", "/worker"], "the server took {taken:?}");
    Ok(())
}
