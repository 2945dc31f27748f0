//! What was seen, as text.

use serde_json::Value;

use super::build::Peer;
use super::faults::FAULTS;

/// One cell with all its words.
pub fn line(cell: &Value) -> String {
    let text = |field: &str| cell[field].as_str().unwrap_or_default();
    let with = |what: &str, words: &str| if words.is_empty() { what.to_owned() } else { format!("{what} `{words}`") };
    let next = with(text("next"), text("nextText"));
    format!("{}{}{next}", with(in_short(cell), text("text")), if next.is_empty() { "" } else { "; then " })
}

/// A table with a row for each fault and a column for each peer.
pub fn markdown(peers: &[&Peer], seen: &[Value]) -> String {
    let of = |name: &str, fault: &str| seen.iter().find(|cell| cell["peer"] == name && cell["fault"] == fault);
    let title = |name: &str| {
        let cell = of(name, FAULTS[0].0);
        let field = |field: &str| cell.and_then(|cell| cell[field].as_str()).unwrap_or("?");
        format!("{} {}", field("name"), field("version"))
    };
    let mut rows = vec![
        std::iter::once(String::new()).chain(peers.iter().map(|peer| title(peer.name))).collect::<Vec<_>>(),
        vec!["---".to_owned(); peers.len() + 1],
    ];
    for (fault, words) in FAULTS {
        let cells = peers.iter().map(|peer| of(peer.name, fault).map_or_else(String::new, cell));
        rows.push(std::iter::once(words.to_owned()).chain(cells).collect());
    }
    rows.iter().map(|row| format!("| {} |\n", row.join(" | "))).collect()
}

fn cell(cell: &Value) -> String {
    match cell["next"].as_str() {
        Some(next) => format!("{}; {next}", in_short(cell)),
        None => in_short(cell).to_owned(),
    }
}

fn in_short(cell: &Value) -> &str {
    match cell["sees"].as_str() {
        Some("nothing") => "pending",
        Some(sees) => sees,
        None => "?",
    }
}
