//! `docs/benchmarks.md`: what each engine's last whole run found. The words around the sections are written by hand.

use std::fs;

use anyhow::{Context, Result};
use cargo_offmain::browser::Engine;

use super::facts::{Chart, Facts, Goal, Row, number};
use crate::command::workspace;

/// Puts the facts into the engine's section, and the pictures beside the document.
pub fn write(engine: Engine, environment: &str, suites: &[Facts]) -> Result<()> {
    let docs = workspace().join("docs");
    let path = docs.join("benchmarks.md");
    let text = fs::read_to_string(&path).with_context(|| format!("no document {}", path.display()))?;
    for (facts, chart) in suites.iter().flat_map(|facts| facts.charts.iter().map(move |chart| (facts, chart))) {
        fs::write(docs.join(picture(engine, facts, chart)), &chart.svg)?;
    }
    fs::write(&path, replaced(&text, engine, &section(engine, environment, suites))?)?;
    println!("\nwritten: {}", path.display());
    Ok(())
}

fn picture(engine: Engine, facts: &Facts, chart: &Chart) -> String {
    format!("bench-{engine}-{}-{}.svg", facts.name, chart.key)
}

/// `text` with another section between the two marks of the engine.
fn replaced(text: &str, engine: Engine, section: &str) -> Result<String> {
    let [begin, end] = ["begin", "end"].map(|which| format!("<!-- {which} {engine} -->"));
    let part = |mark: &str| text.split_once(mark).with_context(|| format!("docs/benchmarks.md has no line `{mark}`"));
    Ok(format!("{}{begin}\n{section}{end}{}", part(&begin)?.0, part(&end)?.1))
}

fn section(engine: Engine, environment: &str, suites: &[Facts]) -> String {
    let mut text = format!("\n{environment}. All of it: `cargo xtask bench --engine {engine}`.\n");
    for facts in suites {
        text += &format!("\n### {}\n\n{}\n`cargo xtask bench {} --engine {engine}`\n", facts.title, wrapped(&facts.how), facts.name);
        for chart in &facts.charts {
            text += &format!("\n![{}]({})\n\n{}", chart.title, picture(engine, facts, chart), chart_rows(chart));
        }
        if !facts.goals.is_empty() {
            text += "\n| goal | found | |\n| --- | --- | --- |\n";
            text.extend(facts.goals.iter().map(goal_row));
        }
    }
    text + "\n"
}

fn chart_rows(chart: &Chart) -> String {
    let floor = chart.floor.as_ref().map_or(String::new(), |floor| format!("× {floor}"));
    let head = format!("| {}, {} | median | p5 to p95 | n | {floor} |\n| --- | ---: | ---: | ---: | ---: |\n", chart.title, chart.unit);
    head + &chart.rows.iter().map(chart_row).collect::<String>()
}

fn chart_row(row: &Row) -> String {
    let Some(figures) = row.figures else { return format!("| {} | {} | | | |\n", row.title(), cell(&row.reason())) };
    let spread = format!("{} to {}", number(figures.p5), number(figures.p95));
    let ratio = row.ratio.map_or(String::new(), |ratio| number(ratio.median));
    format!("| {} | {} | {spread} | {} | {ratio} |\n", row.title(), number(figures.median), figures.n)
}

fn goal_row(goal: &Goal) -> String {
    format!("| {} | {} | {} |\n", goal.text, goal.figure(), goal.verdict())
}

/// An error's text may have bars and lines of its own.
fn cell(text: &str) -> String {
    text.lines().next().unwrap_or_default().replace('|', "\\|")
}

/// In lines as long as those around it.
fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().expect("there is always one");
        if last.is_empty() {
            last.push_str(word);
        } else if last.chars().count() + word.chars().count() < 120 {
            last.push(' ');
            last.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_replaces_that_of_its_engine_alone() {
        let text = "a\n<!-- begin chromium -->\nold\n<!-- end chromium -->\nb\n<!-- begin firefox -->\n<!-- end firefox -->\n";
        let once = replaced(text, Engine::Chromium, "new\n").unwrap();
        assert_eq!(once, text.replace("old", "new"));
        assert_eq!(replaced(&once, Engine::Chromium, "new\n").unwrap(), once);
        assert!(replaced(text, Engine::Webkit, "new\n").unwrap_err().to_string().contains("<!-- begin webkit -->"));
    }

    #[test]
    fn a_section_has_every_row_its_picture_and_the_command_that_makes_it() {
        let facts: Facts = serde_json::from_value(serde_json::json!({
            "name": "round-trip", "title": "A trip", "how": "There and back.",
            "charts": [{ "key": "time", "title": "One job", "unit": "µs", "floor": "echo", "more": false, "svg": "<svg/>", "rows": [
                { "name": "echo", "kind": "raw", "n": 9, "p5": 30, "median": 40.04, "p95": 50, "ratio": { "n": 9, "p5": 1, "median": 1, "p95": 1 } },
                { "name": "peer", "kind": "peer", "missing": "not | built\nat all" },
            ] }],
            "goals": [{ "text": "echo ≤ 30 µs", "figure": 40.04, "unit": "µs", "met": false }],
        }))
        .unwrap();
        let text = section(Engine::Firefox, "Firefox 1, 2 cores", &[facts]);
        for line in [
            "Firefox 1, 2 cores. All of it: `cargo xtask bench --engine firefox`.",
            "`cargo xtask bench round-trip --engine firefox`",
            "![One job](bench-firefox-round-trip-time.svg)",
            "| One job, µs | median | p5 to p95 | n | × echo |",
            "| echo | 40 | 30 to 50 | 9 | 1 |",
            "| peer | not \\| built | | | |",
            "| echo ≤ 30 µs | 40 µs | MISSED |",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in {text}");
        }
    }

    #[test]
    fn the_document_has_a_place_for_every_engine() {
        let text = fs::read_to_string(workspace().join("docs/benchmarks.md")).unwrap();
        for engine in Engine::ALL {
            replaced(&text, engine, "").unwrap();
        }
    }

    #[test]
    fn long_lines_are_wrapped_and_cells_stay_cells() {
        assert!(wrapped(&"word ".repeat(100)).lines().all(|line| line.len() <= 120));
        assert_eq!(cell("a | b\nc"), "a \\| b");
    }
}
