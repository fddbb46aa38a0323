//! The objects that a pickle can contain.

use crate::error::Reason;

/// A result whose error does not contain the path of the file.
pub(crate) type Parsed<T> = std::result::Result<T, Reason>;

/// The number of an object: its index in `Pickle::objects`.
pub(crate) type Id = usize;

/// An object of a pickle. Lists, tuples and dicts refer to other objects by number.
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
    /// The NumPy type of a scalar.
    Type(Kind),
}

/// The names that a pickle may use.
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

/// The type of an element, stored in little-endian order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    F64,
    F32,
    F16,
    BF16,
    I64,
    I32,
}

/// A sequence of elements in the file, which several tensors may share.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Storage {
    pub(crate) key: String,
    pub(crate) kind: Kind,
    /// The number of elements.
    pub(crate) len: usize,
}

/// A tensor: a view of a storage. Whether it lies within the storage has not been checked yet.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct View {
    pub(crate) storage: Storage,
    /// The position of the first element in the storage; offset and strides count elements.
    pub(crate) offset: usize,
    pub(crate) shape: Vec<usize>,
    pub(crate) strides: Vec<usize>,
}

impl Kind {
    /// The size of an element in bytes.
    pub(crate) fn size(self) -> usize {
        match self {
            Self::F64 | Self::I64 => 8,
            Self::F32 | Self::I32 => 4,
            Self::F16 | Self::BF16 => 2,
        }
    }

    /// The value of an element, given its [`Kind::size`] bytes.
    pub(crate) fn value(self, bytes: &[u8]) -> f64 {
        let mut all = [0; 8];
        all[..bytes.len()].copy_from_slice(bytes);
        let [a, b, c, d, ..] = all;
        match self {
            Self::F64 => f64::from_le_bytes(all),
            Self::I64 => i64::from_le_bytes(all) as f64,
            Self::F32 => f32::from_le_bytes([a, b, c, d]).into(),
            Self::I32 => i32::from_le_bytes([a, b, c, d]).into(),
            Self::F16 => half::f16::from_le_bytes([a, b]).to_f64(),
            Self::BF16 => half::bf16::from_le_bytes([a, b]).to_f64(),
        }
    }
}
