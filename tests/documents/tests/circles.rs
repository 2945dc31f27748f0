//! No module uses one that uses it, and no script imports one that imports it.

use std::collections::{BTreeMap, BTreeSet};

use offmain_documents::sources::{code, crates, sources};

/// Circles there are, each as the folder of its crate and its modules. This list only becomes shorter.
const KNOWN: &[(&str, &[&str])] = &[];

/// Who uses whom.
type Uses = BTreeMap<String, BTreeSet<String>>;

#[test]
fn no_crate_has_a_circle_of_modules() {
    let found =
        crates().into_iter().flat_map(|folder| circles(&modules_of(&folder)).into_iter().map(move |circle| (folder.clone(), circle)));
    let known = KNOWN.iter().map(|(folder, circle)| ((*folder).to_owned(), circle.iter().map(|module| (*module).to_owned()).collect()));
    let (found, known): (BTreeSet<(String, Vec<String>)>, BTreeSet<_>) = (found.collect(), known.collect());
    assert_eq!(
        found, known,
        "left the circles there are, right those that are known: a new one is to be broken, and one that is gone leaves the list"
    );
}

#[test]
fn no_scripts_import_each_other() {
    let scripts = sources().into_iter().filter(|path| path.ends_with(".js") || path.ends_with(".ts"));
    let imports: Uses = scripts.map(|path| (path.clone(), imports(&path))).collect();
    assert!(imports.values().map(BTreeSet::len).sum::<usize>() > 50, "this test does not find imports: {imports:?}");
    assert_eq!(circles(&imports), Vec::<Vec<String>>::new());
}

/// The modules right below a crate's root, and which of them each uses.
fn modules_of(folder: &str) -> Uses {
    let below = format!("{folder}/src/");
    let files: Vec<_> = sources().into_iter().filter_map(|path| Some(path.strip_prefix(&below)?.strip_suffix(".rs")?.to_owned())).collect();
    let is_root = |file: &String| file == "lib" || file == "main";
    let module = |file: &str| file.split('/').next().unwrap_or_default().to_owned();
    let mut uses: Uses = files.iter().filter(|file| !is_root(file)).map(|file| (module(file), BTreeSet::new())).collect();
    let root: String = files.iter().filter(|file| is_root(file)).map(|file| code(&format!("{below}{file}.rs"))).collect();
    let exports = exports(&root, &uses);
    for file in files.iter().filter(|file| !is_root(file)) {
        let depth = file.trim_end_matches("/mod").split('/').count();
        for name in names_of_root(&code(&format!("{below}{file}.rs")), depth) {
            let used = if uses.contains_key(&name) { Some(&name) } else { exports.get(&name) };
            if let Some(used) = used.filter(|used| **used != module(file)) {
                let used = used.clone();
                uses.entry(module(file)).or_default().insert(used);
            }
        }
    }
    uses
}

/// The names that a crate's root gives to what its modules have, each with the module.
fn exports(root: &str, modules: &Uses) -> BTreeMap<String, String> {
    let uses = root.split(';').filter_map(|item| item.rsplit_once("use ")).filter_map(|(_, path)| path.split_once("::"));
    let ours = uses.map(|(module, names)| (module.trim_start_matches("self::"), names)).filter(|(module, _)| modules.contains_key(*module));
    ours.flat_map(|(module, names)| words(names).map(move |name| (name.to_owned(), module.to_owned()))).collect()
}

/// The names right below the crate's root that a module uses which lies so deep.
fn names_of_root(code: &str, depth: usize) -> Vec<String> {
    let from_root = format!("{}::", vec!["super"; depth].join("::"));
    let begins = |start: &str| code.match_indices(start).map(|(at, _)| at).collect::<Vec<_>>();
    let mut names = Vec::new();
    for (start, places) in [("crate::", begins("crate::")), (&*from_root, begins(&from_root))] {
        for place in places {
            // A longer word, such as `$crate`, or a longer way up, is something else.
            let before = code[..place].chars().next_back().unwrap_or(' ');
            if !is_word(before) && before != '$' && before != ':' && !code[place + start.len()..].starts_with("super") {
                names.extend(first_names(&code[place + start.len()..]));
            }
        }
    }
    names
}

/// The first name of a path, or those of a group of paths in braces.
fn first_names(path: &str) -> Vec<String> {
    let Some(group) = path.strip_prefix('{') else {
        return words(path).next().filter(|name| path.starts_with(*name)).map(str::to_owned).into_iter().collect();
    };
    let (mut open, mut starts, mut names) = (1, true, Vec::new());
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => open += 1,
            '}' => open -= 1,
            ',' if open == 1 => starts = true,
            _ if starts && is_word(letter) => {
                names.extend(words(&group[at..]).next().map(str::to_owned));
                starts = false;
            }
            _ => {}
        }
        if open == 0 {
            break;
        }
    }
    names
}

/// The scripts that one imports by a path.
fn imports(path: &str) -> BTreeSet<String> {
    let code = code(path);
    // What a comment takes from there is a type.
    let code: String = code.lines().filter(|line| !line.trim_start().starts_with(['/', '*'])).map(|line| format!("{line}\n")).collect();
    let after = [" from '", "import('", "import '"].into_iter().flat_map(|start| code.split(start).skip(1).collect::<Vec<_>>());
    let paths = after.filter_map(|rest| rest.split('\'').next()).filter(|import| import.starts_with('.'));
    let folder: Vec<&str> = path.rsplit_once('/').map(|(folder, _)| folder.split('/').collect()).unwrap_or_default();
    let resolved = paths.map(|import| {
        let mut at = folder.clone();
        for step in import.split('/') {
            match step {
                "." => {}
                ".." => drop(at.pop()),
                name => at.push(name),
            }
        }
        at.join("/")
    });
    resolved.collect()
}

/// Those that use each other, by however many steps: each circle once, in order.
fn circles(uses: &Uses) -> Vec<Vec<String>> {
    let reached = |from: &String| {
        let (mut reached, mut left) = (BTreeSet::new(), vec![from]);
        while let Some(next) = left.pop() {
            left.extend(uses.get(next).into_iter().flatten().filter(|used| reached.insert((*used).clone())));
        }
        reached
    };
    let all: BTreeMap<_, _> = uses.keys().map(|name| (name, reached(name))).collect();
    let circle = |name: &String| {
        all.keys().filter(|other| all[name].contains(**other) && all[**other].contains(name)).map(|other| (*other).clone()).collect()
    };
    let circles: BTreeSet<Vec<String>> = uses.keys().filter(|name| all[name].contains(*name)).map(circle).collect();
    circles.into_iter().collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter| !is_word(letter)).filter(|word| !word.is_empty())
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circle_is_found_and_what_only_leads_to_it_is_not_of_it() {
        let uses = [("a", vec!["b"]), ("b", vec!["c"]), ("c", vec!["b"]), ("d", vec![])];
        let uses = uses.into_iter().map(|(name, used)| (name.to_owned(), used.into_iter().map(str::to_owned).collect())).collect();
        assert_eq!(circles(&uses), [["b", "c"]]);
    }

    #[test]
    fn names_are_read_from_paths_and_groups() {
        let code = "use crate::{\n    a,\n    b::{c, d},\n};\nuse super::e;\nuse super::super::f;\n$crate::g!();\ncrate::h::i();";
        assert_eq!(names_of_root(code, 1), ["a", "b", "h", "e"]);
        assert_eq!(names_of_root(code, 2), ["a", "b", "h", "f"]);
    }
}
