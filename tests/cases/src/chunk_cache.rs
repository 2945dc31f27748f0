//! chunk-cache's page shows what its jobs decode, whatever the way by which it gets there.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use offmain_browser::Browser;
use offmain_tests_site::{Content, Site};

use crate::case::{Case, START_LIMIT};

/// 24 frames of 20 MB are decoded, and some again, on a slow machine that draws without a graphics card. Firefox alone took 75 s of it for the
/// decoding, and more beside two other browsers.
const LIMIT: Duration = Duration::from_secs(300);

/// What these are about, and what has to be built for them.
const GROUP: &str = "chunk-cache";

/// All of them.
pub fn cases() -> Vec<Case> {
    let name = "scrubbed by lease, by transfer and by copy, the film is shown pixel for pixel, and nothing stays lent";
    vec![Case { group: GROUP, name, skips: &[], needs: Content::ChunkCache, run: scrubs }]
}

fn scrubs(browser: &mut Browser, site: &Site) -> Result<()> {
    browser.goto(&site.url("/chunk-cache/page/?workers=2"))?;
    browser.until("globalThis.chunkCache", START_LIMIT)?;
    browser.run("await chunkCache.ready", &[], LIMIT).context("chunk-cache does not get ready")?;
    let told = browser.run(SCRUB, &[], LIMIT)?;
    let ways = told["ways"].as_array().context("it tells of no ways")?;
    ensure!(ways.len() == 3, "{told}");
    for way in ways {
        ensure!(way["shown"] == way["expected"] && way["shown"].is_u64(), "what is shown is not what was decoded: {way}");
        ensure!(way["chunks"].as_u64().is_some_and(|chunks| chunks >= 2), "it was not handed out: {way}");
        ensure!(way["before"] != way["shown"], "another frame looks the same: {way}");
    }
    ensure!(told["lent"] == 0 && told["copied"] == 0, "{told}");
    ensure!(told["alarm"] == "", "the page complains: {told}");
    Ok(())
}

/// Moves the slider to and fro for each way, and leaves it at a frame of its own.
const SCRUB: &str = "
    const slider = document.getElementById('frame')
    const ways = []
    for (const [way, last] of [['lease', 5], ['transfer', 14], ['copy', 21]]) {
      document.querySelector(`[value=${way}]`).click()
      const before = chunkCache.shown()
      for (const number of [3, 23, 11, 2, 17, 8, last]) {
        slider.value = number
        slider.dispatchEvent(new Event('input'))
        await new Promise((resolve) => setTimeout(resolve, 30))
      }
      await chunkCache.select(last)
      const [shown, expected] = [chunkCache.shown(), await chunkCache.expected(last)]
      ways.push({ way, before, shown, expected, chunks: chunkCache.player.costs(way).chunks })
    }
    const { leases } = await chunkCache.pool.stats()
    return { ways, ...leases, alarm: document.getElementById('alarm').textContent }";
