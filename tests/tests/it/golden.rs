//! `lab golden` on the cases that come with the program, and on folders that are none.

use safetensors::SafeTensors;
use std::path::Path;
use tests::Program::Lab;
use tests::{asset, json_lines};

#[test]
fn our_cases_pass() {
    let told =
        Lab.succeeds(Path::new("."), ["golden".as_ref(), "--cases".as_ref(), asset("golden").as_os_str()]);
    assert!(told.err.contains(" 0 misses"), "{}", told.err);
    assert!(told.out.lines().count() > 300 && told.out.lines().all(|l| l.starts_with("ok ")), "{}", told.out);
}

#[test]
fn a_miss_is_exit_status_1() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["imresize-0.31", "upsample"] {
        let file = format!("{name}.safetensors");
        std::fs::copy(asset("golden").join(&file), dir.path().join(&file)).unwrap();
    }
    let told = Lab.succeeds(dir.path(), ["golden", "--cases", ".", "--json"]);
    let lines = json_lines(&told.out);
    assert_eq!(lines.len(), 2);
    assert!(
        lines.iter().all(|l| l["ok"] == true && l["error"].as_f64() <= l["allowed"].as_f64()),
        "{}",
        told.out
    );

    // One expected value of one case, far away from what it was.
    let path = dir.path().join("upsample.safetensors");
    let mut bytes = std::fs::read(&path).unwrap();
    let (header, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
    let start = 8 + header + metadata.info("output").unwrap().data_offsets.0;
    bytes[start..start + 8].copy_from_slice(&1e6_f64.to_le_bytes());
    std::fs::write(&path, bytes).unwrap();
    let told = Lab.tell(dir.path(), ["golden", "--cases", "."]);
    assert_eq!(told.status, Some(1), "{}", told.err);
    assert!(told.out.contains("MISS upsample output"), "{}", told.out);
    assert!(told.err.contains(" 1 misses"), "{}", told.err);
}

#[test]
fn no_cases_are_no_success() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("empty")).unwrap();
    std::fs::create_dir(dir.path().join("broken")).unwrap();
    std::fs::write(dir.path().join("broken/case.safetensors"), "not one").unwrap();
    assert!(Lab.refused(dir.path(), ["golden", "--cases", "missing"]).contains("missing"));
    assert!(Lab.refused(dir.path(), ["golden", "--cases", "empty"]).contains("no .safetensors file"));
    assert!(Lab.refused(dir.path(), ["golden", "--cases", "broken"]).contains("case.safetensors"));
    assert!(Lab.refused(dir.path(), ["golden", "--cases", "broken/case.safetensors"]).contains("folder"));
}
