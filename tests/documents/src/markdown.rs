//! Pieces of code and tables in documents.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// A row of a table.
pub type Row = Vec<Cell>;

/// A cell of a table.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// Its text, without marks.
    pub text: String,
    /// The pieces of code in it.
    pub codes: Vec<String>,
}

/// The pieces of code within a document's text, in order; blocks of code are none.
pub fn codes(document: &str) -> Vec<String> {
    events(document).filter_map(|event| if let Event::Code(code) = event { Some(code.to_string()) } else { None }).collect()
}

/// A document's tables, without their heads.
pub fn tables(document: &str) -> Vec<Vec<Row>> {
    let (mut tables, mut in_head, mut cell) = (Vec::<Vec<Row>>::new(), false, None::<Cell>);
    for event in events(document) {
        match event {
            Event::Start(Tag::Table(_)) => tables.push(Vec::new()),
            Event::Start(Tag::TableHead) => in_head = true,
            Event::End(TagEnd::TableHead) => in_head = false,
            Event::Start(Tag::TableRow) => tables.last_mut().into_iter().for_each(|table| table.push(Row::new())),
            Event::Start(Tag::TableCell) => cell = (!in_head).then(Cell::default),
            Event::End(TagEnd::TableCell) => {
                tables.last_mut().and_then(|table| table.last_mut()).into_iter().for_each(|row| row.extend(cell.take()));
            }
            Event::Code(code) => cell.iter_mut().for_each(|cell| {
                cell.text += &code;
                cell.codes.push(code.to_string());
            }),
            Event::Text(text) => cell.iter_mut().for_each(|cell| cell.text += &text),
            _ => {}
        }
    }
    tables
}

/// The first table that has a row which begins with this.
pub fn table_with(document: &str, begins: &str) -> Vec<Row> {
    tables(document).into_iter().find(|table| table.iter().any(|row| row[0].text.starts_with(begins))).unwrap_or_default()
}

fn events(text: &str) -> Parser<'_> {
    Parser::new_ext(text, Options::ENABLE_TABLES)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "a `b` ``c `d` e``\n\n```js\n`no`\n```\n\n| x | y |\n| --- | --- |\n| `f` | g |\n| | h `i` |\n\nAfter it `j\nk`";

    #[test]
    fn codes_are_found_outside_of_blocks() {
        assert_eq!(codes(DOCUMENT), ["b", "c `d` e", "f", "i", "j k"]);
    }

    #[test]
    fn tables_have_rows_without_heads() {
        let table = table_with(DOCUMENT, "f");
        let texts: Vec<Vec<_>> = table.iter().map(|row| row.iter().map(|cell| &*cell.text).collect()).collect();
        assert_eq!(texts, [["f", "g"], ["", "h i"]]);
        assert_eq!(table[1][1].codes, ["i"]);
    }
}
