//! `consingan import`: folders of the official program, whole and broken.

use safetensors::SafeTensors;
use std::path::{Path, PathBuf};
use tests::{asset, files, json_lines, refused, succeeds, tiny_run};

/// A copy of a folder that came with the program.
fn copy(dir: &Path, name: &str) -> PathBuf {
    let folder = dir.join(name);
    for (file, bytes) in files(&asset("official").join(name)) {
        let path = folder.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    folder
}

fn tensor(path: &Path, name: &str) -> Vec<f32> {
    let bytes = std::fs::read(path).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let data = tensors.tensor(name).unwrap().data();
    data.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect()
}

#[test]
fn an_imported_run_serves_every_command() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    for (name, task) in [("zip", "generation"), ("legacy", "harmonization")] {
        let folder = asset("official").join(name);
        let told = succeeds(dir, ["import".as_ref(), folder.as_os_str(), "--json".as_ref()]);
        let run = format!("runs/{name}");
        assert_eq!(json_lines(&told.out)[0]["run"], run.as_str());
        assert_eq!(json_lines(&told.out)[0]["task"], task);

        succeeds(dir, ["sample", &run, "--reconstruction", "--format", "safetensors", "--out", name]);
        let ours = tensor(&dir.join(name).join("reconstruction.safetensors"), "image");
        let expected = tensor(&folder.join("expected.safetensors"), "reconstruction");
        assert_eq!(ours.len(), expected.len());
        let worst = ours.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst < 1e-4, "{name}: {worst}");

        assert!(succeeds(dir, ["inspect", &run]).out.contains("smooth.png"));
        let told = succeeds(dir, ["inspect", &run, "--json"]);
        assert_eq!(json_lines(&told.out)[0]["finished"], true);
        assert_eq!(json_lines(&told.out)[0]["info"]["sizes"], serde_json::json!([[12, 14], [15, 18]]));
        succeeds(dir, ["sample", &run, "-n", "2", "--size", "20x33", "--start-stage", "1"]);
        succeeds(dir, ["evaluate", &run, "-n", "2"]);
        succeeds(dir, ["report", &run, "-n", "2"]);
        assert!(succeeds(dir, ["train", "--resume", &run]).err.contains("finished"));
    }
}

#[test]
fn an_imported_run_holds_the_files_of_a_trained_one() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let folder = copy(dir, "zip");
    succeeds(dir, ["import", "zip", "--out", "a"]);
    succeeds(dir, ["import", "zip", "--out", "b", "--threads", "1"]);
    let (a, b) = (files(&dir.join("a")), files(&dir.join("b")));
    let trained = files(&tiny_run(dir, "c", &["--niter", "1"]));
    assert_eq!(a.keys().collect::<Vec<_>>(), trained.keys().collect::<Vec<_>>());
    for name in a.keys().filter(|name| !name.contains("tfevents")) {
        assert_eq!(a[name], b[name], "{name}");
    }
    // The names that PyTorch would load.
    let network = dir.join("a/stage-1/generator.safetensors");
    assert_eq!(tensor(&network, "tail.0.bias").len(), 3);
    assert_eq!(files(&folder), files(&asset("official/zip")));
}

#[test]
fn broken_folders_are_refused_and_nothing_is_made() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    /// What a file of the folder `own` becomes.
    type Change = fn(own: &Path, bytes: Vec<u8>) -> Vec<u8>;
    fn other(own: &Path, name: &str) -> Vec<u8> {
        std::fs::read(own.join(name)).unwrap()
    }
    let cases: [(&str, Change, &str); 9] = [
        ("1/netG.pth", |_, b| b[..b.len() / 2].to_vec(), "1/netG.pth"),
        ("reals.pth", |_, b| b[..b.len() - 30].to_vec(), "reals.pth"),
        ("fixed_noise.pth", |_, _| Vec::new(), "fixed_noise.pth: is no file that torch.save wrote"),
        (
            "noise_amp.pth",
            |_, _| b"\x80\x02cposix\nsystem\nX\x09\0\0\0touch hit\x85R.".to_vec(),
            "posix.system",
        ),
        ("0/netD.pth", |own, _| other(own, "0/netG.pth"), "netD.pth: does not fit"),
        ("0/netG.pth", |own, _| other(own, "1/netG.pth"), "belongs to no layer"),
        ("1/netG.pth", |own, _| other(own, "0/netG.pth"), "1/netG.pth"),
        ("reals.pth", |own, _| other(own, "fixed_noise.pth"), "picture of [1, 4, "),
        ("fixed_noise.pth", |own, _| other(own, "reals.pth"), "item 1 is [1, 3, "),
    ];
    for name in ["zip", "legacy"] {
        let folder = copy(dir, name);
        for (file, change, expected) in &cases {
            let path = folder.join(file);
            let whole = std::fs::read(&path).unwrap();
            std::fs::write(&path, change(&asset("official").join(name), whole.clone())).unwrap();
            let error = refused(dir, ["import", name, "--out", "runs/x"]);
            assert!(error.contains(expected), "{file}: {error}");
            std::fs::remove_file(&path).unwrap();
            let error = refused(dir, ["import", name, "--out", "runs/x"]);
            assert!(error.contains(file) && error.contains("is not there"), "{file}: {error}");
            std::fs::write(&path, whole).unwrap();
        }
        for (from, to, expected) in [
            ("nfc\t-\t4", "nfc\t-\t5", "fixed_noise.pth"),
            ("nfc\t-\t4", "nfc\t-\t1024", "fixed_noise.pth"),
            ("num_layer\t-\t", "num_layer\t-\t1", "1"),
            ("train_stages\t-\t2", "train_stages\t-\t3", "there are 3 stages"),
            ("activation\t-\t", "activation\t-\tx", "parameters.txt"),
            ("nc_im\t-\t3", "nc_im\t-\t1", "reals.pth"),
        ] {
            let path = folder.join("parameters.txt");
            let whole = std::fs::read_to_string(&path).unwrap();
            assert!(whole.contains(from));
            std::fs::write(&path, whole.replace(from, to)).unwrap();
            let error = refused(dir, ["import", name, "--out", "runs/x"]);
            assert!(error.contains(expected), "{to}: {error}");
            std::fs::write(&path, whole).unwrap();
        }
        assert!(refused(dir, ["import", name, "--out", name]).contains("exists already"));
    }
    assert!(refused(dir, ["import", "nothing"]).contains("no folder"));
    assert!(refused(dir, ["import", "zip/0"]).contains("parameters.txt"));
    assert!(!dir.join("hit").exists() && !dir.join("runs").exists());
}
