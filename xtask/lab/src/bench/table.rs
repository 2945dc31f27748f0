//! A suite's facts as lines for a terminal.

use std::fmt::Write as _;

use super::facts::{Chart, Facts, Goal, Row, number};

/// A table for each chart, then the goals.
pub fn table(facts: &Facts) -> String {
    let mut text = format!("\n{}: {}\n", facts.name, facts.title);
    for chart in &facts.charts {
        text += &chart_lines(chart);
    }
    for goal in &facts.goals {
        text += &goal_line(goal);
    }
    text
}

fn chart_lines(chart: &Chart) -> String {
    let better = if chart.more { "more" } else { "less" };
    let title = format!("{} ({}, {better} is better)", chart.title, chart.unit);
    let ratio = chart.floor.as_ref().map_or(String::new(), |floor| format!("× {floor}"));
    let mut text = format!("  {title:<64} {:>4} {:>9} {:>22}   {ratio}\n", "n", "median", "p5 to p95");
    for row in &chart.rows {
        text += &row_line(row);
    }
    text
}

fn row_line(row: &Row) -> String {
    let mut text = format!("    {:<62}", row.title());
    let _ = match row.figures {
        None => writeln!(text, " {}", row.reason()),
        Some(figures) => {
            let spread = format!("{} to {}", number(figures.p5), number(figures.p95));
            let ratio = row.ratio.map_or(String::new(), |ratio| number(ratio.median));
            let failed = row.failed.as_ref().map_or(String::new(), |why| format!("   then failed: {why}"));
            writeln!(text, " {:>4} {:>9} {spread:>22}   {ratio}{failed}", figures.n, number(figures.median))
        }
    };
    text
}

fn goal_line(goal: &Goal) -> String {
    format!("  {:<12} {}: {}\n", goal.verdict(), goal.text, goal.figure())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn facts() -> Facts {
        let spread = |n: u32, median: f64| json!({ "n": n, "p5": median / 2.0, "median": median, "p95": median * 2.0 });
        let mut floor = spread(20, 40.0);
        floor["name"] = json!("echo");
        floor["kind"] = json!("raw");
        floor["ratio"] = spread(20, 1.0);
        serde_json::from_value(json!({
            "name": "trip", "title": "A trip", "how": "",
            "charts": [{ "key": "time", "title": "One job", "unit": "µs", "floor": "echo", "more": false, "svg": "", "rows": [
                floor, { "name": "peer", "kind": "peer", "version": "3", "missing": "not built" },
                { "name": "ours", "kind": "offmain", "failed": "it hangs" },
                { "name": "theirs", "kind": "peer", "failed": "it panics" },
            ] }],
            "goals": [
                { "text": "ours ≤ 1 × echo", "figure": 1.25, "unit": "×", "met": false },
                { "text": "ours ≤ 9 ms", "figure": 2, "unit": "ms", "met": true },
                { "text": "ours ≤ 1 × peer", "figure": null, "unit": "×", "met": null },
            ],
        }))
        .unwrap()
    }

    #[test]
    fn every_row_and_goal_has_a_line() {
        let text = table(&facts());
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert!(lines.contains(&vec!["echo", "20", "40", "20", "to", "80", "1"]), "{text}");
        assert!(lines.contains(&vec!["peer", "3", "not", "built"]), "{text}");
        assert!(lines.contains(&vec!["ours", "failed:", "it", "hangs"]), "{text}");
        for goal in ["MISSED       ours ≤ 1 × echo: 1.25 ×", "met          ours ≤ 9 ms: 2 ms", "not measured ours ≤ 1 × peer: –"]
        {
            assert!(text.contains(goal), "{goal} is not in {text}");
        }
    }

    #[test]
    fn what_failed_is_told() {
        assert_eq!(facts().failures().collect::<Vec<_>>(), [("ours", "it hangs")]);
    }
}
