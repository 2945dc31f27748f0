//! What the page says of a suite: charts of rows, each with its distribution, and goals.

use serde::Deserialize;

/// One suite's facts.
#[derive(Debug, Clone, Deserialize)]
pub struct Facts {
    pub name: String,
    pub title: String,
    /// How it is measured, for a reader.
    pub how: String,
    pub charts: Vec<Chart>,
    pub goals: Vec<Goal>,
}

/// One quantity.
#[derive(Debug, Clone, Deserialize)]
pub struct Chart {
    pub key: String,
    pub title: String,
    pub unit: String,
    /// The row that ratios refer to.
    pub floor: Option<String>,
    /// Whether more is better.
    pub more: bool,
    pub rows: Vec<Row>,
    /// Its picture.
    pub svg: String,
}

/// One way to do it.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Row {
    pub name: String,
    /// `raw`, `offmain` or `peer`.
    pub kind: String,
    pub version: Option<String>,
    /// Why it has no figures.
    pub missing: Option<String>,
    /// What went wrong while it was measured.
    pub failed: Option<String>,
    #[serde(flatten)]
    pub figures: Option<Distribution>,
    /// How many times as large as the floor.
    pub ratio: Option<Distribution>,
}

/// What many figures say.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Distribution {
    pub n: usize,
    pub p5: f64,
    pub median: f64,
    pub p95: f64,
}

/// A bound that a row should keep.
#[derive(Debug, Clone, Deserialize)]
pub struct Goal {
    pub text: String,
    pub figure: Option<f64>,
    pub unit: String,
    /// `None` where it was not measured.
    pub met: Option<bool>,
}

impl Facts {
    /// Rows that began and did not come to an end, but for those of peers, whose own affair that is.
    pub fn failures(&self) -> impl Iterator<Item = (&str, &str)> {
        let rows = self.charts.iter().flat_map(|chart| &chart.rows).filter(|row| row.kind != "peer");
        rows.filter_map(|row| Some((row.name.as_str(), row.failed.as_deref()?)))
    }
}

impl Row {
    /// The name, with the version where it is somebody else's.
    pub fn title(&self) -> String {
        self.version.as_ref().map_or_else(|| self.name.clone(), |version| format!("{} {version}", self.name))
    }

    /// Why there are no figures.
    pub fn reason(&self) -> String {
        match (&self.failed, &self.missing) {
            (Some(why), _) => format!("failed: {why}"),
            (None, Some(why)) => why.clone(),
            (None, None) => "not measured".to_owned(),
        }
    }
}

impl Goal {
    /// In a word.
    pub fn verdict(&self) -> &'static str {
        match self.met {
            Some(true) => "met",
            Some(false) => "MISSED",
            None => "not measured",
        }
    }

    /// The figure with its unit.
    pub fn figure(&self) -> String {
        self.figure.map_or("–".to_owned(), |figure| format!("{} {}", number(figure), self.unit))
    }
}

/// Three digits are what a figure of a browser is worth.
pub fn number(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return if value == 0.0 { "0".to_owned() } else { "?".to_owned() };
    }
    let decimals = (2 - value.abs().log10().floor() as i32).max(0) as usize;
    let digits = format!("{value:.decimals$}");
    if decimals == 0 { grouped(&digits) } else { digits.trim_end_matches('0').trim_end_matches('.').to_owned() }
}

/// With a space after each three digits.
fn grouped(digits: &str) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |digits| ("-", digits));
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap_or_default()).collect();
    format!("{sign}{}", groups.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits() {
        let cases = [
            (0.0, "0"),
            (0.004_567, "0.00457"),
            (0.5, "0.5"),
            (1.0, "1"),
            (43.21, "43.2"),
            (99.96, "100"),
            (999.6, "1 000"),
            (1_234_567.0, "1 234 567"),
            (-2.5, "-2.5"),
            (f64::NAN, "?"),
        ];
        for (value, text) in cases {
            assert_eq!(number(value), text, "{value}");
        }
    }

    #[test]
    fn a_row_without_figures_says_why() {
        let row = |text: &str| serde_json::from_str::<Row>(text).unwrap();
        assert_eq!(row(r#"{ "name": "a", "kind": "peer", "missing": "not built" }"#).reason(), "not built");
        assert_eq!(row(r#"{ "name": "a", "kind": "peer", "failed": "it threw" }"#).reason(), "failed: it threw");
        let measured = row(r#"{ "name": "a", "kind": "peer", "version": "1.2", "n": 3, "p5": 1, "median": 2, "p95": 3 }"#);
        assert!(measured.figures.is_some_and(|figures| figures.n == 3 && figures.median == 2.0));
        assert_eq!(measured.title(), "a 1.2");
    }
}
