//! What a pickle holds.

use crate::error::Reason;

/// A result whose error does not know the file's name.
pub(crate) type Parsed<T> = std::result::Result<T, Reason>;

/// Number of an object.
pub(crate) type Id = usize;

/// An object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    None,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
    List(Vec<Id>),
    Tuple(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    Name(Name),
    Storage(Storage),
    Tensor(View),
    /// NumPy's type of a scalar.
    Type(Kind),
}

/// The names that have a meaning.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Name {
    OrderedDict,
    RebuildTensor,
    RebuildParameter,
    StorageOf(Kind),
    NumpyScalar,
    NumpyType,
    Encode,
}

/// The type of an element, little-endian.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    F64,
    F32,
    F16,
    BF16,
    I64,
    I32,
}

/// Elements in the file that tensors share.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Storage {
    pub(crate) key: String,
    pub(crate) kind: Kind,
    /// How many elements.
    pub(crate) len: usize,
}

/// A tensor: a view of a storage. Nothing of it is checked against the storage yet.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct View {
    pub(crate) storage: Storage,
    pub(crate) offset: usize,
    pub(crate) shape: Vec<usize>,
    pub(crate) strides: Vec<usize>,
}

impl Kind {
    /// Bytes of an element.
    pub(crate) fn size(self) -> usize {
        match self {
            Kind::F64 | Kind::I64 => 8,
            Kind::F32 | Kind::I32 => 4,
            Kind::F16 | Kind::BF16 => 2,
        }
    }

    /// The element in [`Kind::size`] bytes.
    pub(crate) fn value(self, bytes: &[u8]) -> f64 {
        let mut all = [0; 8];
        all[..bytes.len()].copy_from_slice(bytes);
        let [a, b, c, d, ..] = all;
        match self {
            Kind::F64 => f64::from_le_bytes(all),
            Kind::I64 => i64::from_le_bytes(all) as f64,
            Kind::F32 => f32::from_le_bytes([a, b, c, d]).into(),
            Kind::I32 => i32::from_le_bytes([a, b, c, d]).into(),
            Kind::F16 => half::f16::from_le_bytes([a, b]).to_f64(),
            Kind::BF16 => half::bf16::from_le_bytes([a, b]).to_f64(),
        }
    }
}
