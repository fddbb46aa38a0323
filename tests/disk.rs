//! What lies in a directory.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Any JSON value.
pub type Json = serde_json::Value;

/// The names of all that lies in `dir` and below, with `/` between them; directories end with one.
pub fn names(dir: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    walk(dir, "", &mut |name, _| {
        found.insert(name);
    });
    found
}

/// The contents of all files in `dir` and below, by name.
pub fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    walk(dir, "", &mut |name, path| {
        if path.is_file() {
            found.insert(name, std::fs::read(path).expect("a readable file"));
        }
    });
    found
}

fn walk(dir: &Path, prefix: &str, visit: &mut dyn FnMut(String, &Path)) {
    for entry in std::fs::read_dir(dir).expect("a readable directory") {
        let path = entry.expect("a readable directory").path();
        let name = format!("{prefix}{}", path.file_name().unwrap_or_default().to_string_lossy());
        if path.is_dir() {
            visit(format!("{name}/"), &path);
            walk(&path, &format!("{name}/"), visit);
        } else {
            visit(name, &path);
        }
    }
}

/// A JSON file.
pub fn json(path: &Path) -> Json {
    let text = std::fs::read_to_string(path).expect("a readable file");
    serde_json::from_str(&text).expect("JSON")
}

/// Lines of JSON.
pub fn json_lines(text: &str) -> Vec<Json> {
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}
