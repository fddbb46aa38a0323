//! Gives the few names that a pickle of tensors asks for their fixed meaning. No Python code is involved.

use crate::error::Reason;
use crate::value::{Id, Kind, Name, Parsed, Storage, Value, View};

/// The longest key of a storage and the longest name of a function, in bytes. There must be a limit because
/// these texts are copied, and a pickle can refer to the same text many times.
pub(crate) const LONGEST_NAME: usize = 256;

/// Looks up a name that a pickle asks for. This list contains everything that a file can use.
pub(crate) fn name(module: &str, name: &str) -> Parsed<Name> {
    match (module, name) {
        ("collections", "OrderedDict") => Ok(Name::OrderedDict),
        ("torch._utils", "_rebuild_tensor_v2") => Ok(Name::RebuildTensor),
        ("torch._utils", "_rebuild_parameter") => Ok(Name::RebuildParameter),
        ("torch", "DoubleStorage") => Ok(Name::StorageOf(Kind::F64)),
        ("torch", "FloatStorage") => Ok(Name::StorageOf(Kind::F32)),
        ("torch", "HalfStorage") => Ok(Name::StorageOf(Kind::F16)),
        ("torch", "BFloat16Storage") => Ok(Name::StorageOf(Kind::BF16)),
        ("torch", "LongStorage") => Ok(Name::StorageOf(Kind::I64)),
        ("torch", "IntStorage") => Ok(Name::StorageOf(Kind::I32)),
        ("numpy.core.multiarray" | "numpy._core.multiarray", "scalar") => Ok(Name::NumpyScalar),
        ("numpy", "dtype") => Ok(Name::NumpyType),
        ("_codecs", "encode") => Ok(Name::Encode),
        _ => {
            let name: String = format!("{module}.{name}").chars().take(80).collect();
            Err(Reason::Foreign(name))
        }
    }
}

/// The result of calling `function` (the number of a name) with `arguments` (the number of a tuple).
pub(crate) fn call(objects: &[Value], function: Id, arguments: Id) -> Parsed<Value> {
    let (Value::Name(name), Value::Tuple(arguments)) = (&objects[function], &objects[arguments]) else {
        return Err("its pickle calls what is no function".into());
    };
    let value = |i: usize| arguments.get(i).map(|&id| &objects[id]);
    let invalid = || Reason::Damaged(format!("its pickle has unknown arguments for {name:?}"));
    match name {
        Name::OrderedDict if arguments.is_empty() => Ok(Value::Dict(Vec::new())),
        Name::RebuildTensor if (6..=7).contains(&arguments.len()) => match (value(0), value(1)) {
            (Some(Value::Storage(storage)), Some(offset)) => Ok(Value::Tensor(View {
                storage: storage.clone(),
                offset: whole(offset).ok_or_else(invalid)?,
                shape: wholes(objects, arguments[2])?,
                strides: wholes(objects, arguments[3])?,
            })),
            _ => Err(invalid()),
        },
        Name::RebuildParameter => match value(0) {
            Some(Value::Tensor(view)) => Ok(Value::Tensor(view.clone())),
            _ => Err(invalid()),
        },
        Name::NumpyType => match value(0) {
            Some(Value::Text(code)) => numpy_type(code).map(Value::Type),
            _ => Err(invalid()),
        },
        Name::NumpyScalar => match (value(0), value(1)) {
            (Some(Value::Type(kind)), Some(Value::Bytes(bytes))) if bytes.len() == kind.size() => {
                Ok(Value::Float(kind.value(bytes)))
            }
            _ => Err(invalid()),
        },
        // Protocol 2 writes bytes as text of the code points 0 to 255.
        Name::Encode => match (value(0), value(1)) {
            (Some(Value::Text(text)), Some(Value::Text(code)))
                if code == "latin1" && text.len() <= LONGEST_NAME =>
            {
                let byte = |c| u8::try_from(c).map_err(|_| invalid());
                Ok(Value::Bytes(text.chars().map(|c| byte(u32::from(c))).collect::<Parsed<_>>()?))
            }
            _ => Err(invalid()),
        },
        _ => Err(invalid()),
    }
}

/// Sets the state of an object. The state of a dict (versions of the layers of a module) is not needed and
/// ignored; the state of a NumPy type contains its byte order.
pub(crate) fn build(objects: &[Value], object: Id, state: Id) -> Parsed<()> {
    match (&objects[object], &objects[state]) {
        (Value::Dict(_), Value::Dict(_)) => Ok(()),
        (Value::Type(_), Value::Tuple(state)) => match state.get(1).map(|&id| &objects[id]) {
            Some(Value::Text(order)) if matches!(order.as_str(), "<" | "=" | "|") => Ok(()),
            _ => Err(Reason::Unsupported("has numbers that are big-endian".into())),
        },
        _ => Err("its pickle sets the state of what is no dict".into()),
    }
}

/// Reads a reference to a storage: the tuple `("storage", type, key, device, length)`, followed by `None` in
/// the old format. The device has no influence.
pub(crate) fn storage(objects: &[Value], id: Id) -> Parsed<Storage> {
    let invalid = || Reason::from("its pickle refers to something outside that is no storage");
    let Value::Tuple(parts) = &objects[id] else { return Err(invalid()) };
    let parts: Vec<&Value> = parts.iter().take(7).map(|&id| &objects[id]).collect();
    match parts[..] {
        [
            Value::Text(word),
            Value::Name(Name::StorageOf(kind)),
            Value::Text(key),
            Value::Text(_),
            len,
            ref rest @ ..,
        ] if word == "storage" && key.len() <= LONGEST_NAME && matches!(rest, [] | [Value::None]) => {
            Ok(Storage { key: key.clone(), kind: *kind, len: whole(len).ok_or_else(invalid)? })
        }
        _ => Err(invalid()),
    }
}

/// The elements of a tuple of up to 8 whole numbers, such as a shape.
fn wholes(objects: &[Value], id: Id) -> Parsed<Vec<usize>> {
    let numbers = match &objects[id] {
        Value::Tuple(items) if items.len() <= 8 => items.iter().map(|&id| whole(&objects[id])).collect(),
        _ => None,
    };
    numbers.ok_or_else(|| "its pickle has a tensor whose shape makes no sense".into())
}

fn whole(value: &Value) -> Option<usize> {
    match value {
        Value::Int(n) => usize::try_from(*n).ok(),
        _ => None,
    }
}

fn numpy_type(code: &str) -> Parsed<Kind> {
    match code {
        "f8" => Ok(Kind::F64),
        "f4" => Ok(Kind::F32),
        "f2" => Ok(Kind::F16),
        "i8" => Ok(Kind::I64),
        "i4" => Ok(Kind::I32),
        other => Err(Reason::Unsupported(format!(
            "has NumPy numbers of type {other}, known are f2, f4, f8, i4 and i8"
        ))),
    }
}
