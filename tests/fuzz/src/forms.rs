//! Bytes as the form of a JavaScript value: reading gives an error, or a value that comes back when it is written.

use std::collections::BTreeMap;

use offmain_protocol::form::{self, Attach, Attached};
use serde::{Deserialize, Serialize, de::IgnoredAny};

/// A value as a job may have one.
#[derive(Debug, Serialize, Deserialize)]
struct Node {
    name: Option<String>,
    numbers: Vec<f64>,
    by_name: BTreeMap<i32, Node>,
    kind: Kind,
    #[serde(default)]
    children: Vec<Node>,
}

#[derive(Debug, Serialize, Deserialize)]
enum Kind {
    Plain,
    Large(i128),
    Pair(char, bool),
    Named { id: u16 },
}

/// Three attachments; further ones are kept as they come.
struct Beside(Vec<Vec<u8>>);

impl Attached for Beside {
    fn copy(&self, index: u32, offset: u64, length: Option<u64>) -> Option<Vec<u8>> {
        let bytes = self.0.get(index as usize)?.get(usize::try_from(offset).ok()?..)?;
        let length = length.map_or(Ok(bytes.len()), usize::try_from).ok()?;
        Some(bytes.get(..length)?.to_vec())
    }
}

impl Attach for Beside {
    fn attach(&mut self, bytes: &[u8]) -> u32 {
        self.0.push(bytes.to_vec());
        self.0.len() as u32 - 1
    }
}

/// Each first byte asks for another type.
pub fn try_bytes(bytes: &[u8]) {
    let Some((&which, form)) = bytes.split_first() else { return };
    let beside = Beside(vec![vec![1; 100], Vec::new(), vec![7; 8]]);
    match which % 3 {
        0 => drop(form::read::<IgnoredAny>(form, &beside, 0)),
        1 => drop(form::blob_path(form, which.into())),
        _ => {
            let Ok(node) = form::read::<Node>(form, &beside, 0) else { return };
            let mut beside = Beside(Vec::new());
            let form = form::write(&node, &mut beside, 0).expect("what was read is written");
            let again = form::read::<Node>(&form, &beside, 0).expect("what was written is read");
            assert_eq!(format!("{again:?}"), format!("{node:?}"));
        }
    }
}
