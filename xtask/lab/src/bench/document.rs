//! `target/bench/benchmarks.md`: what the last whole run of each suite found in each engine, with its charts. What the figures mean is in
//! `docs/src/figures.md`.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use offmain_browser::Engine;
use offmain_tests_site::command::target;

use super::facts::{Chart, Facts, Goal, Row, number};

/// The folder of the document and its charts.
fn folder() -> PathBuf {
    target().join("bench")
}

/// Puts a suite's facts into the engine's section, in the place of what was found before, and the charts beside the document. `order`
/// names all suites.
pub fn write(engine: Engine, environment: &str, facts: &Facts, order: &[String]) -> Result<()> {
    let path = folder().join("benchmarks.md");
    fs::create_dir_all(folder()).with_context(|| format!("cannot make the folder {}", folder().display()))?;
    let text = if path.exists() { fs::read_to_string(&path)? } else { empty() };
    for chart in &facts.charts {
        fs::write(folder().join(picture(engine, facts, chart)), &chart.svg)?;
    }
    fs::write(&path, replaced(&text, engine, &facts.name, &section(engine, environment, facts), order)?)?;
    println!("written: {}", path.display());
    Ok(())
}

/// The document before anything was measured.
fn empty() -> String {
    let sections = Engine::ALL.map(|engine| {
        let [begin, end] = marks(engine);
        format!("\n## {engine}\n\n{begin}\n{end}\n")
    });
    format!("# Benchmarks\n\nHow it is measured, and why goals are missed: docs/src/figures.md\n{}", sections.concat())
}

/// The lines between which an engine's sections are.
fn marks(engine: Engine) -> [String; 2] {
    ["begin", "end"].map(|which| format!("<!-- {which} {engine} -->"))
}

fn picture(engine: Engine, facts: &Facts, chart: &Chart) -> String {
    format!("bench-{engine}-{}-{}.svg", facts.name, chart.key)
}

/// `text` with another section of one suite between the two marks of the engine.
fn replaced(text: &str, engine: Engine, suite: &str, section: &str, order: &[String]) -> Result<String> {
    let [begin, end] = marks(engine);
    let missing = |mark: &str| format!("benchmarks.md has no line `{mark}`");
    let (before, rest) = text.split_once(&begin).with_context(|| missing(&begin))?;
    let (inside, after) = rest.split_once(&end).with_context(|| missing(&end))?;
    let mark = |name: &str| format!("<!-- {name} -->\n");
    let found = |name: &String| {
        let (_, rest) = inside.split_once(&mark(name))?;
        Some(rest.split_once("<!-- ").map_or(rest, |(section, _)| section))
    };
    let sections = order.iter().filter_map(|name| Some((name, if name == suite { section } else { found(name)? })));
    let inside: String = sections.map(|(name, section)| format!("{}{section}", mark(name))).collect();
    Ok(format!("{before}{begin}\n{inside}{end}{after}"))
}

fn section(engine: Engine, environment: &str, facts: &Facts) -> String {
    let command = format!("`cargo xtask bench {} --engine {engine}`", facts.name);
    let mut text = format!("\n### {}\n\n{}\n{command}: {environment}\n", facts.title, wrapped(&facts.how));
    for chart in &facts.charts {
        text += &format!("\n![{}]({})\n\n{}", chart.title, picture(engine, facts, chart), chart_rows(chart));
    }
    if !facts.goals.is_empty() {
        text += "\n| goal | found | |\n| --- | --- | --- |\n";
        text.extend(facts.goals.iter().map(goal_row));
    }
    if facts.goals.iter().any(|goal| goal.met == Some(false)) {
        text += &format!("\nWhy a goal is missed, and what was tried: docs/src/figures.md, \"{}\"\n", facts.name);
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
    fn a_suite_replaces_its_own_section_of_its_engine_alone_and_the_order_stays() {
        let text = "a\n<!-- begin chromium -->\n<!-- end chromium -->\nb\n<!-- begin firefox -->\n<!-- end firefox -->\n";
        let order = ["first", "second"].map(str::to_owned);
        let put = |text: &str, suite, section| replaced(text, Engine::Chromium, suite, section, &order).unwrap();
        let both = put(&put(text, "second", "2\n"), "first", "1\n");
        let wanted = "a\n<!-- begin chromium -->\n<!-- first -->\n1\n<!-- second -->\n2\n<!-- end chromium -->\nb\n<!-- begin firefox -->\n<!-- end firefox -->\n";
        assert_eq!(both, wanted);
        assert_eq!(put(&both, "first", "new\n"), wanted.replace('1', "new"));
        assert_eq!(put(&both, "second", "2\n"), wanted);
        let error = replaced(text, Engine::Webkit, "first", "1\n", &order).unwrap_err().to_string();
        assert!(error.contains("<!-- begin webkit -->"), "{error}");
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
        let text = section(Engine::Firefox, "Firefox 1, 2 cores", &facts);
        for line in [
            "`cargo xtask bench round-trip --engine firefox`: Firefox 1, 2 cores",
            "![One job](bench-firefox-round-trip-time.svg)",
            "| One job, µs | median | p5 to p95 | n | × echo |",
            "| echo | 40 | 30 to 50 | 9 | 1 |",
            "| peer | not \\| built | | | |",
            "| echo ≤ 30 µs | 40 µs | MISSED |",
            "Why a goal is missed, and what was tried: docs/src/figures.md, \"round-trip\"",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in {text}");
        }
    }

    #[test]
    fn the_empty_document_has_a_place_for_every_engine() {
        for engine in Engine::ALL {
            replaced(&empty(), engine, "", "", &[]).unwrap();
        }
    }

    #[test]
    fn long_lines_are_wrapped_and_cells_stay_cells() {
        assert!(wrapped(&"word ".repeat(100)).lines().all(|line| line.len() <= 120));
        assert_eq!(cell("a | b\nc"), "a \\| b");
    }
}
