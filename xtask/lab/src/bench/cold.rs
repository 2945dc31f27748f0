//! Copies of the tests' package that no browser has seen: at addresses of their own, with modules whose bytes differ.

use std::fs;

use anyhow::{Context, Result};
use offmain_tests_site::command::made;
use serde_json::json;

/// Two rows that load one each, in eleven turns, and some to spare.
const COPIES: usize = 30;

/// Makes them at `/cold/<number>/` of the site, and a list.
pub fn copies() -> Result<()> {
    let cold = made("site/cold");
    for number in 0..COPIES {
        let folder = cold.join(number.to_string());
        fs::create_dir_all(&folder)?;
        for entry in fs::read_dir(made("site/pkg")).context("the tests' package is not built")? {
            let entry = entry?;
            let mut bytes = fs::read(entry.path())?;
            if entry.path().extension().is_some_and(|extension| extension == "wasm") {
                bytes.extend(custom_section(number));
            }
            fs::write(folder.join(entry.file_name()), bytes)?;
        }
    }
    Ok(fs::write(cold.join("list.json"), json!((0..COPIES).collect::<Vec<_>>()).to_string())?)
}

/// A section that no engine looks into: its id, its length, and `cold` with a number for a name.
fn custom_section(number: usize) -> Vec<u8> {
    let name = format!("cold{number}");
    let length = name.len() as u8;
    [&[0, length + 1, length], name.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_with_a_section_more_is_a_module() {
        let module = [b"\0asm\x01\0\0\0".as_slice(), &custom_section(12)].concat();
        cargo_offmain::check(&module).unwrap();
        assert_ne!(custom_section(1), custom_section(2));
    }
}
