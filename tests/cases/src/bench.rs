//! The page of the benchmarks, as the command opens it.

use std::time::Duration;

use anyhow::{Result, ensure};
use offmain_browser::Browser;
use offmain_tests_site::{Content, Site};
use serde_json::Value;

use crate::case::Case;

const LIMIT: Duration = Duration::from_secs(120);

/// All of them.
pub fn cases() -> Vec<Case> {
    let run = round_trip;
    vec![Case {
        group: "bench",
        name: "a quick round-trip gives figures, ratios and a chart of every row",
        skips: &[],
        needs: Content::Tests,
        run,
    }]
}

fn round_trip(browser: &mut Browser, site: &Site) -> Result<()> {
    browser.goto(&site.url("/bench.html?run=round-trip&quick&cores=2"))?;
    browser.until("globalThis.bench?.results.length || globalThis.bench?.error", LIMIT)?;
    let facts = browser.execute("return bench.results[0] ?? bench.error", &[])?;
    let chart = &facts["charts"][0];
    let rows = chart["rows"].as_array().map(Vec::as_slice).unwrap_or_default();
    ensure!(rows.iter().any(|row| row["kind"] == "offmain"), "no row of offmain's: {facts}");
    for row in rows {
        check(row).map_err(|why| anyhow::anyhow!("{why}: {row}"))?;
        let shown = browser.execute(
            "return [...document.querySelectorAll('#round-trip svg text')].some(text => text.textContent === arguments[0])",
            &[row["name"].clone()],
        )?;
        ensure!(shown == true, "the chart does not show {}", row["name"]);
    }
    ensure!(rows[0]["ratio"]["median"] == 1, "the floor is not the floor: {}", rows[0]);
    Ok(())
}

/// A row has figures in their order, or says why not; what offmain and the browser do is always measured.
fn check(row: &Value) -> Result<(), &'static str> {
    if row["kind"] == "peer" && row["missing"].is_string() {
        return Ok(());
    }
    let [p5, median, p95] = ["p5", "median", "p95"].map(|figure| row[figure].as_f64().unwrap_or(f64::NAN));
    if !(row["failed"].is_null() && row["n"] == 3) {
        return Err("it was not measured in three rounds");
    }
    if !(0.0 < p5 && p5 <= median && median <= p95) {
        return Err("its figures are in no order");
    }
    Ok(())
}
