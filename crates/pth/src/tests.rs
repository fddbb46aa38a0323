//! Tests with files written by PyTorch, and with damaged and malicious files.

use crate::TorchFile;
use crate::pickle;
use crate::value::Value;
use candle_core::Tensor;
use proptest::prelude::*;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use zip::write::SimpleFileOptions;

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn assets() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/official")
}

/// Writes a file with these bytes and opens it.
fn open(bytes: &[u8]) -> crate::Result<TorchFile> {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("file.pth");
    std::fs::write(&path, bytes).expect("a file");
    TorchFile::open(&path)
}

/// A zip archive with these entries.
fn archive(entries: &[(&str, &[u8])], options: SimpleFileOptions) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        writer.start_file(*name, options).expect("an entry");
        writer.write_all(bytes).expect("an entry");
    }
    writer.finish().expect("an archive").into_inner()
}

fn stored() -> SimpleFileOptions {
    SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored)
}

/// The pickle of a list with one tensor: a view with this offset, shape and strides of storage "0", which has
/// 6 elements.
fn one_tensor(offset: u8, shape: [u8; 2], strides: [u8; 2]) -> Vec<u8> {
    let mut bytes =
        b"\x80\x02]ctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\n".to_vec();
    bytes.extend(b"X\x01\0\0\x000X\x03\0\0\0cpuK\x06tQK");
    bytes.push(offset);
    bytes.extend([b'K', shape[0], b'K', shape[1], 0x86, b'K', strides[0], b'K', strides[1], 0x86]);
    bytes.extend(b"\x89ccollections\nOrderedDict\n)RtRa.");
    bytes
}

/// The elements of the tensor that [`one_tensor`] describes, where the storage contains 0 to 5.
fn values(pickle: &[u8]) -> crate::Result<Vec<f32>> {
    let data: Vec<u8> = (0..6u8).flat_map(|i| f32::from(i).to_le_bytes()).collect();
    let file = open(&archive(&[("x/data.pkl", pickle), ("x/data/0", &data)], stored()))?;
    Ok(file.list()?[0].flatten_all()?.to_vec1()?)
}

#[test]
fn views_are_read_by_offset_and_strides() -> Outcome {
    assert_eq!(values(&one_tensor(0, [2, 3], [3, 1]))?, [0., 1., 2., 3., 4., 5.]);
    assert_eq!(values(&one_tensor(0, [3, 2], [1, 3]))?, [0., 3., 1., 4., 2., 5.]);
    assert_eq!(values(&one_tensor(1, [2, 2], [2, 1]))?, [1., 2., 3., 4.]);
    assert_eq!(values(&one_tensor(5, [2, 2], [0, 0]))?, [5.; 4]);
    assert!(values(&one_tensor(6, [0, 2], [2, 1]))?.is_empty());
    for (offset, shape, strides) in
        [(1, [2, 3], [3, 1]), (0, [2, 3], [4, 1]), (6, [1, 1], [1, 1]), (0, [200, 200], [0, 0])]
    {
        let error = values(&one_tensor(offset, shape, strides)).expect_err("a view beyond its storage");
        assert!(error.to_string().contains("storage"), "{error}");
    }
    Ok(())
}

#[test]
fn both_formats_are_read() -> Outcome {
    for (name, amp) in [("zip", f64::from(0.7f32)), ("legacy", 0.7)] {
        let folder = assets().join(name);
        let reals = TorchFile::open(&folder.join("reals.pth"))?.list()?;
        assert_eq!(reals.iter().map(Tensor::dims).collect::<Vec<_>>(), [[1, 3, 12, 14], [1, 3, 15, 18]]);
        // The channels are the row, the column and their product, each scaled to -1 to 1.
        let corners = reals[1].flatten_all()?.to_vec1::<f32>()?;
        assert_eq!([corners[0], corners[17], corners[269]], [-1.0, -1.0, 1.0]);
        assert_eq!([corners[270], corners[287], corners[539]], [-1.0, 1.0, 1.0]);
        assert_eq!([corners[540], corners[557], corners[809]], [1.0, -1.0, 1.0]);
        assert_eq!(TorchFile::open(&folder.join("noise_amp.pth"))?.numbers()?, [1.0, amp]);
    }
    Ok(())
}

#[test]
fn functions_are_never_called() {
    let call = |name: &[u8]| [b"\x80\x02", name, b"X\x07\0\0\0touch /\x85R."].concat();
    for name in [
        b"cos\nsystem\n".as_slice(),
        b"cposix\nsystem\n",
        b"c__builtin__\neval\n",
        b"ctorch.storage\n_load_from_bytes\n",
        b"\x8c\x02os\x8c\x06system\x93",
    ] {
        for bytes in [call(name), archive(&[("x/data.pkl", &call(name))], stored())] {
            let error = open(&bytes).expect_err("a call").to_string();
            assert!(error.contains("asks for ") && error.contains("was not run"), "{error}");
        }
    }
    let error = open(&call(b"cos\nsystem\n")).expect_err("a call").to_string();
    assert!(error.contains("os.system"), "{error}");
}

#[test]
fn invalid_files_are_refused_with_the_reason() {
    let pickle = one_tensor(0, [2, 3], [3, 1]);
    let data = [0u8; 24];
    let entries: [(&str, &[u8]); 2] = [("x/data.pkl", &pickle), ("x/data/0", &data)];
    let whole = archive(&entries, stored());
    let mut flipped = whole.clone();
    // The last byte of the storage lies just before the first entry of the archive's directory.
    let position = whole.windows(4).position(|w| w == b"PK\x01\x02").expect("a directory") - 1;
    flipped[position] ^= 1;
    let big: [(&str, &[u8]); 3] = [entries[0], entries[1], ("x/byteorder", b"big")];
    let legacy = |little: u8| {
        let head =
            b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}X\r\0\0\0little_endian";
        [head.as_slice(), &[little], b"s.\x80\x02]."].concat()
    };
    for (bytes, expected) in [
        (b"".to_vec(), "no file that torch.save wrote"),
        (b"<html>not found</html>".to_vec(), "no file that torch.save wrote"),
        (b"\x80\x02K\x01.".to_vec(), "no file that torch.save wrote"),
        (b"\x80\x02]".to_vec(), "does not end"),
        (b"\x80\x02\x95".to_vec(), "does not end"),
        (b"\x80\x02R.".to_vec(), "not stacked"),
        (b"\x80\x02h\x07.".to_vec(), "does not hold"),
        (b"\x80\x02i.".to_vec(), "instruction 0x69"),
        (b"\x80\x09.".to_vec(), "protocol 9"),
        (whole[..whole.len() - 9].to_vec(), "no whole zip archive"),
        (whole[..whole.len() / 2].to_vec(), "no whole zip archive"),
        (flipped, "broken entry x/data/0"),
        (archive(&[("x/other", b"")], stored()), "without data.pkl"),
        (archive(&big, stored()), "big-endian"),
        (legacy(0x89), "big-endian"),
        (legacy(0x88), "does not end"),
    ] {
        let error = open(&bytes).expect_err(expected).to_string();
        assert!(error.contains(expected), "{expected}: {error}");
    }
    let missing = archive(&entries[..1], stored());
    let error = open(&missing).expect("a pickle").list().expect_err("no storage").to_string();
    assert!(error.contains("storage"), "{error}");
}

/// A long text is stored only once, even if the pickle refers to it many times.
#[test]
fn long_texts_are_not_copied() {
    let mut bytes = b"\x80\x02c_codecs\nencode\n".to_vec();
    bytes.extend(b"X\0\0\x08\0");
    bytes.extend([b'x'; 0x80000]);
    bytes.extend(b"X\x06\0\0\0latin1\x86q\0");
    bytes.extend(b"Rc_codecs\nencode\nh\0".repeat(1000));
    assert!(format!("{:?}", pickle::read(&bytes).expect_err("a long text")).contains("unknown arguments"));
}

const FILES: [&str; 6] = [
    "zip/1/netG.pth",
    "zip/reals.pth",
    "zip/noise_amp.pth",
    "legacy/1/netG.pth",
    "legacy/reals.pth",
    "legacy/noise_amp.pth",
];

/// The number in [`FILES`] of a file of the official program, and its content with some bytes changed and
/// perhaps the end cut off.
fn damaged() -> impl Strategy<Value = (usize, Vec<u8>)> {
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6);
    let cut = prop::option::weighted(0.2, any::<prop::sample::Index>());
    (0..FILES.len(), changes, cut).prop_map(|(file, changes, cut)| {
        let mut bytes = std::fs::read(assets().join(FILES[file])).expect("a file of ours");
        for (index, byte) in changes {
            let position = index.index(bytes.len());
            bytes[position] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        (file, bytes)
    })
}

/// Reads everything in the file and checks that there are never more elements than the file has bytes.
fn read_all(bytes: &[u8]) {
    let Ok(file) = open(bytes) else { return };
    let tensors = [file.list().ok(), file.named().ok().map(|named| named.into_values().collect())];
    for tensors in tensors.into_iter().flatten() {
        let elements: usize = tensors.iter().map(Tensor::elem_count).sum();
        assert!(elements <= bytes.len());
    }
    let _ = file.numbers();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_files_do_not_panic_or_grow((_, bytes) in damaged()) {
        read_all(&bytes);
    }

    /// The checksums of an archive detect nearly all damage, so the pickle is changed here before it is
    /// packed.
    #[test]
    fn damaged_pickles_in_intact_archives_do_not_panic_or_grow(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        shape: [u8; 2],
        strides: [u8; 2],
    ) {
        let mut pickle = one_tensor(0, shape, strides);
        for (index, byte) in changes {
            let position = index.index(pickle.len());
            pickle[position] = byte;
        }
        read_all(&archive(&[("x/data.pkl", &pickle), ("x/data/0", &[0; 24])], stored()));
    }

    #[test]
    fn a_pickle_has_no_more_objects_than_bytes(mut bytes in prop::collection::vec(
        prop_oneof![
            2 => any::<u8>(),
            5 => prop::sample::select(b"(.NKMJGXTUBC]})taesuqrhjcQRb\x80\x85\x86\x87\x88\x89\x8a\x8c\x93\x94\x95\n\x00\x01".to_vec()),
        ],
        0..200,
    )) {
        bytes.push(b'.');
        if let Ok(pickle) = pickle::read(&bytes) {
            prop_assert!(pickle.objects.len() <= bytes.len() && pickle.length <= bytes.len());
            let held = pickle.objects.iter().map(|o| match o {
                Value::List(items) | Value::Tuple(items) => items.len(),
                Value::Dict(entries) => 2 * entries.len(),
                Value::Text(text) => text.len(),
                Value::Bytes(bytes) => bytes.len(),
                _ => 0,
            });
            prop_assert!(held.sum::<usize>() <= bytes.len());
        }
    }
}
