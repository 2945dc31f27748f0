//! How much of a module's code comes from which crate, by the names of its functions.

use std::collections::{BTreeMap, HashMap};

use anyhow::Result;
use rustc_demangle::demangle;
use wasmparser::{KnownCustom, Name, Parser, Payload, TypeRef};

/// What has no Rust name.
const UNNAMED: &str = "without a name";

/// Bytes of function bodies by crate, and the data.
///
/// What was inlined counts for whoever called it, and a generic function for the crate that wrote it.
pub fn bytes_by_crate(wasm: &[u8]) -> Result<BTreeMap<String, usize>> {
    let (mut imported, mut sizes, mut names) = (0, Vec::new(), HashMap::new());
    let mut found = BTreeMap::new();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::CodeSectionEntry(body) => sizes.push(body.range().len()),
            Payload::DataSection(data) => _ = found.insert("data".to_owned(), data.range().len()),
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(subsections) = section.as_known() {
                    read_names(subsections, &mut names)?;
                }
            }
            _ => {}
        }
    }
    for (index, size) in (imported..).zip(sizes) {
        let name = names.get(&index).map_or("", String::as_str);
        *found.entry(crate_of(name)).or_insert(0) += size;
    }
    Ok(found)
}

fn read_names(subsections: wasmparser::NameSectionReader<'_>, names: &mut HashMap<u32, String>) -> Result<()> {
    for subsection in subsections {
        if let Name::Function(functions) = subsection? {
            for naming in functions {
                let naming = naming?;
                names.insert(naming.index, naming.name.to_owned());
            }
        }
    }
    Ok(())
}

/// The crate at the beginning of a function's path; of `<a::B as c::D>::e` that is `a`.
fn crate_of(name: &str) -> String {
    let path = format!("{:#}", demangle(name));
    let mut rest = path.as_str();
    while let Some(inner) = ["<", "&", "mut ", "dyn ", "*const ", "*mut ", "[", "("].iter().find_map(|mark| rest.strip_prefix(mark)) {
        rest = inner;
    }
    let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len());
    let (first, after) = rest.split_at(end);
    // The bindings generator has written out names with the crate's hash: `crate[hash]::path`.
    if !first.is_empty() && (after.starts_with("::") || after.starts_with('[')) { first.to_owned() } else { UNNAMED.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_belongs_to_the_crate_at_the_beginning_of_its_path() {
        let cases = [
            ("_ZN7offmain4link4Link6submit17h0123456789abcdefE", "offmain"),
            ("_ZN4core3ptr13drop_in_place17h0123456789abcdefE", "core"),
            ("_ZN60_$LT$alloc..string..String$u20$as$u20$core..fmt..Display$GT$3fmt17h0123456789abcdefE", "alloc"),
            ("_RNvNtCs1234_7mycrate3foo3bar", "mycrate"),
            ("<offmain_pool[0123abcd]::table::JobTable>::find", "offmain_pool"),
            ("memcpy", UNNAMED),
            ("", UNNAMED),
        ];
        for (name, expected) in cases {
            assert_eq!(crate_of(name), expected, "{name}");
        }
    }

    #[test]
    fn code_and_data_are_counted() {
        let module = [
            b"\0asm\x01\0\0\0".as_slice(),
            &[1, 4, 1, 0x60, 0, 0],  // a type without anything
            &[3, 2, 1, 0],           // one function of it
            &[10, 4, 1, 2, 0, 0x0b], // whose body has two bytes: no locals, an end
            &[0, 14, 4, b'n', b'a', b'm', b'e', 1, 7, 1, 0, 4, b'a', b':', b':', b'b'],
        ];
        let found = bytes_by_crate(&module.concat()).unwrap();
        assert_eq!(found, BTreeMap::from([("a".to_owned(), 2)]));
    }
}
