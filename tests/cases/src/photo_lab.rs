//! photo-lab's page does what it promises, as it stands and as Vite bundles it.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use cargo_offmain::{Server, ServerOptions};
use offmain_browser::Browser;
use offmain_tests_site::{Content, vite};
use serde_json::{Value, json};

use crate::case::Case;

/// The samples and the broken files, on a slow machine whose cores have other work too.
const LIMIT: Duration = Duration::from_secs(180);

/// Starting the pool.
const START_LIMIT: Duration = Duration::from_secs(60);

/// All of them.
pub fn cases() -> Vec<Case> {
    let case = |group, name, run| Case { group, name, skips: &[], needs: Content::PhotoLab, run };
    vec![
        case("photo-lab", "every sample becomes pictures, every broken file one clear error, and the pool goes on", |browser, site| {
            works(browser, &site.url("/photo-lab/page/"), SAMPLES)
        }),
        case("photo-lab", "cancelling all ends every photograph, and the next one is worked on", |browser, site| {
            cancels(browser, &site.url("/photo-lab/page/"))
        }),
        case("vite", "the bundled page does the same: pictures, errors, and the pool goes on", |browser, _| {
            let server = bundled()?;
            // What could be different is how files are found, not what is done with each photograph.
            works(browser, &server.url("/"), 2)
        }),
    ]
}

fn bundled() -> Result<Server> {
    Server::start(ServerOptions::new(vite::bundle()?))
}

/// Works on so many samples, and on everything else.
fn works(browser: &Browser, url: &str, samples: usize) -> Result<()> {
    open(browser, url)?;
    let results = browser.run(&format!("{ADD_SAMPLES}{REST}"), &[json!(samples)], LIMIT).context("the photographs")?;
    let results = results.as_array().context("photoLab.results() is no list")?;
    for (name, outcome, error) in EXPECTED.iter().take(samples).chain(&EXPECTED[SAMPLES..]) {
        let result =
            results.iter().find(|result| result["name"] == *name).with_context(|| format!("there is no result for {name}: {results:?}"))?;
        ensure!(result["outcome"] == *outcome, "{name} is {} and not {outcome}: {}", result["outcome"], result["reason"]);
        let told = result["error"].as_str().unwrap_or_default();
        ensure!(told.contains(error), "{name}: the error does not say `{error}`: {told}");
        if *outcome == "done" {
            ensure!(result["kinds"] == json!(KINDS), "{name}: its pictures are {}, by their first bytes", result["kinds"]);
        }
    }
    // The samples, and one more after the broken files; of those that were cancelled, some may have been done before.
    let done = results.iter().filter(|result| result["outcome"] == "done").count();
    let enough = if samples == SAMPLES { done == SAMPLES + 1 } else { done > samples };
    ensure!(enough, "not all photographs are done: {results:?}");
    Ok(())
}

fn cancels(browser: &Browser, url: &str) -> Result<()> {
    open(browser, url)?;
    let results = browser.run(CANCEL, &[], LIMIT)?;
    let photos: Vec<&Value> = results.as_array().into_iter().flatten().collect();
    let (last, cancelled) = photos.split_last().context("there is no result")?;
    ensure!(cancelled.iter().all(|photo| photo["outcome"] == "cancelled"), "after cancelling all: {cancelled:?}");
    ensure!(last["outcome"] == "done", "the photograph after them is {last}");
    Ok(())
}

fn open(browser: &Browser, url: &str) -> Result<()> {
    browser.goto(url)?;
    browser.until("globalThis.photoLab", START_LIMIT)?;
    browser.run("await photoLab.ready", &[], START_LIMIT).context("photo-lab's pool did not start").map(drop)
}

/// Samples that are whole.
const SAMPLES: usize = 6;

/// What each file becomes, and what its error must say; the whole samples first.
const EXPECTED: &[(&str, &str, &str)] = &[
    ("astronaut.png", "done", ""),
    ("chelsea.png", "done", ""),
    ("coffee.png", "done", ""),
    ("hubble_deep_field.jpg", "done", ""),
    ("retina.jpg", "done", ""),
    ("rocket.jpg", "done", ""),
    ("truncated.jpg", "failed", "damaged or cut short"),
    ("empty.jpg", "failed", "empty"),
    ("text.png", "failed", "not a photograph"),
    ("bomb.png", "failed", "60000 × 60000"),
    ("again.png", "done", ""),
];

/// The pictures of one photograph, in the order of their names.
const KINDS: &[&str] = &["avif avif", "jpeg jpeg", "png png"];

/// Adds the samples, and cancels all but the first `args[0]` of them as they come; the broken one is none.
pub(crate) const ADD_SAMPLES: &str = "
    let samples = 0
    const cancelMore = ({ detail: photo }) => {
      if (photo.name !== 'truncated.jpg' && ++samples > args[0]) photo.cancel()
    }
    photoLab.lab.addEventListener('added', cancelMore)
    await photoLab.addSamples()
    photoLab.lab.removeEventListener('added', cancelMore)";

/// After the samples, broken files, and one more photograph after all of them; each result with its pictures' kinds by their first bytes.
const REST: &str = "
    await photoLab.addBroken()
    const again = photoLab.lab.photos[0].file
    await photoLab.addFiles([new File([again], 'again.png')])
    await photoLab.whenIdle()
    const begins = { avif: [4, 'ftypavif'], png: [1, 'PNG'], jpeg: [6, 'JFIF'] }
    const kindOf = async url => {
      const start = new TextDecoder('latin1').decode(await (await fetch(url)).arrayBuffer()).slice(0, 16)
      return Object.keys(begins).find(kind => start.startsWith(begins[kind][1], begins[kind][0])) ?? start
    }
    const kinds = async outputs => {
      const all = Object.entries(outputs).filter(([name]) => !name.startsWith('thumbnail'))
      return (await Promise.all(all.map(async ([name, url]) => `${name} ${await kindOf(url)}`))).sort()
    }
    return Promise.all(photoLab.results().map(async ({ name, outcome, error, reason, outputs }) => ({ name, outcome, error, reason, kinds: await kinds(outputs) })))";

/// Adds the samples, cancels them while they are worked on, and adds one more.
const CANCEL: &str = "
    photoLab.addLarge()
    photoLab.addLarge()
    while (photoLab.lab.photos.length < 2) await new Promise(resolve => setTimeout(resolve, 10))
    photoLab.cancelAll()
    await photoLab.whenIdle()
    const file = await (await fetch('../photos/chelsea.png')).blob()
    await photoLab.addFiles([new File([file], 'after.png')])
    return photoLab.results().map(({ outcome, reason }) => ({ outcome, reason }))";
