//! Scripts that are written in parts and shipped as one file, so that a page makes no more requests for the parts.

use std::collections::{BTreeMap, BTreeSet};

/// The script `entry` with the parts that it imports written into it, each once, before what uses it. Parts are found by their names in `parts`;
/// other imports stay, at the head of the script. A part's exports become ordinary declarations, so no two parts may declare the same name.
pub(crate) fn join(entry: &str, parts: &[(&str, &str)]) -> String {
    let mut joined = Joined { parts, added: BTreeSet::new(), imports: BTreeMap::new(), text: String::new() };
    joined.add(entry, true);
    let imports =
        joined.imports.iter().flat_map(|(file, names)| names.iter().map(move |names| format!("import {names} from './{file}'\n")));
    imports.chain([joined.text]).collect()
}

struct Joined<'a> {
    parts: &'a [(&'a str, &'a str)],
    added: BTreeSet<&'a str>,
    /// What is imported from files that are no parts, by file.
    imports: BTreeMap<String, BTreeSet<String>>,
    text: String,
}

impl Joined<'_> {
    fn add(&mut self, script: &str, is_entry: bool) {
        let mut lines = script.lines();
        while let Some(line) = lines.next() {
            let mut statement = line.to_owned();
            if line.starts_with("import {") && !line.contains('}') {
                // It goes on to the line with the file.
                for line in lines.by_ref() {
                    statement.push_str(line);
                    if line.starts_with('}') {
                        break;
                    }
                }
            }
            match from_beside(&statement) {
                Some(("import", _, file)) if self.add_part(file) => {}
                Some(("import", names, file)) => {
                    let names: String = names.split_whitespace().collect::<Vec<_>>().join(" ").replace(", }", " }");
                    self.imports.entry(file.to_owned()).or_default().insert(names);
                }
                Some(("export", names, file)) if self.add_part(file) => self.line(&format!("export {names}")),
                _ => self.line(statement.strip_prefix("export ").filter(|_| !is_entry).unwrap_or(&statement)),
            }
        }
    }

    /// Adds the part of this name, unless that has been done. False if there is no such part.
    fn add_part(&mut self, file: &str) -> bool {
        let Some(&(name, script)) = self.parts.iter().find(|(name, _)| *name == file) else { return false };
        if self.added.insert(name) {
            self.add(script, false);
        }
        true
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }
}

/// The parts of a statement that imports or exports what another script has: its first word, the names, the file.
fn from_beside(statement: &str) -> Option<(&str, &str, &str)> {
    let (word, rest) = statement.split_once(' ').filter(|(word, _)| ["import", "export"].contains(word))?;
    let (names, file) = rest.split_once(" from './").or_else(|| rest.split_once("from './"))?;
    Some((word, names, file.trim_end().strip_suffix('\'')?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_stand_before_what_uses_them_once() {
        let parts = [
            ("a.js", "// A.\nimport { b } from './b.js'\nimport { kept } from './kept.js'\nexport const a = () => b + kept\n"),
            ("b.js", "export const b = 1\nexport class Other {}\n"),
        ];
        let entry = "import * as all from './all.js'\nimport {\n  a,\n  c,\n} from './a.js'\nimport { b } from './b.js'\nexport { Other } from './b.js'\nexport const sum = () => a() + b + all.c\n";
        let expected = "import * as all from './all.js'\nimport { kept } from './kept.js'\n// A.\nconst b = 1\nclass Other {}\nconst a = () => b + kept\nexport { Other }\nexport const sum = () => a() + b + all.c\n";
        assert_eq!(join(entry, &parts), expected);
    }
}
