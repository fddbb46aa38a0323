//! A reader of the pickles in PyTorch's files: data only, nothing is ever run.
//!
//! A pickle is a program for a small stack machine that may call any Python function. This reader knows the instructions
//! that tensors in lists and dicts need, and a handful of names, each with one fixed meaning here; everything else is
//! refused. The work and the memory are linear in the pickle's length: objects stand in one list and refer to each other
//! by number, so that nothing is copied and nothing recurses, however deep or circular the pickle makes them.

use std::collections::HashMap;
use std::fmt::Display;

/// Longest pickle that is read, bytes; that of a generator of 32 stages has about 250 thousand.
const LONGEST: usize = 1 << 20;

/// Longest key of a storage or name of a function; they are copied, and one text may be referred to again and again.
const LONGEST_NAME: usize = 256;

/// A result whose error is the reason, in words.
pub(super) type Parsed<T> = std::result::Result<T, String>;

/// Number of an object.
pub(super) type Id = usize;

/// An object.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
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
pub(super) enum Name {
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
pub(super) enum Kind {
    F64,
    F32,
    F16,
    BF16,
    I64,
    I32,
}

/// Elements in the file that tensors share.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Storage {
    pub(super) key: String,
    pub(super) kind: Kind,
    /// How many elements.
    pub(super) len: usize,
}

/// A tensor: a view of a storage. Nothing of it is checked against the storage yet.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct View {
    pub(super) storage: Storage,
    pub(super) offset: usize,
    pub(super) shape: Vec<usize>,
    pub(super) strides: Vec<usize>,
}

/// All objects of a pickle.
#[derive(Debug)]
pub(super) struct Pickle {
    pub(super) objects: Vec<Value>,
    pub(super) root: Id,
    /// Bytes that it took.
    pub(super) length: usize,
}

/// Reads the pickle that `bytes` begin with.
pub(super) fn read(bytes: &[u8]) -> Parsed<Pickle> {
    let bytes = &bytes[..bytes.len().min(LONGEST)];
    let mut machine = Machine { bytes, at: 0, objects: Vec::new(), stack: Vec::new(), memo: HashMap::new() };
    let root = loop {
        if let Some(root) = machine.step()? {
            break root;
        }
    };
    Ok(Pickle { objects: machine.objects, root, length: machine.at })
}

impl Pickle {
    pub(super) fn get(&self, id: Id) -> &Value {
        &self.objects[id]
    }
}

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    objects: Vec<Value>,
    stack: Vec<Slot>,
    memo: HashMap<u32, Id>,
}

/// What lies on the stack.
#[derive(Clone, Copy)]
enum Slot {
    Object(Id),
    Mark,
}

impl Machine<'_> {
    /// One instruction; the result, if it was the last.
    fn step(&mut self) -> Parsed<Option<Id>> {
        let begin = self.at;
        match self.byte()? {
            0x80 => {
                let version = self.byte()?;
                if !(2..=5).contains(&version) {
                    return Err(format!("its pickle has protocol {version}, 2 to 5 are known"));
                }
            }
            0x95 => drop(self.take(8)?), // FRAME, for readers that fetch ahead
            b'.' => return self.pop().map(Some),
            b'(' => self.stack.push(Slot::Mark),
            b'N' => self.push(Value::None),
            0x88 => self.push(Value::Bool(true)),
            0x89 => self.push(Value::Bool(false)),
            b'K' => {
                let n = self.byte()?;
                self.push(Value::Int(n.into()));
            }
            b'M' => {
                let n = u16::from_le_bytes(self.array()?);
                self.push(Value::Int(n.into()));
            }
            b'J' => {
                let n = i32::from_le_bytes(self.array()?);
                self.push(Value::Int(n.into()));
            }
            0x8a => self.long()?,
            b'G' => {
                let x = f64::from_be_bytes(self.array()?);
                self.push(Value::Float(x));
            }
            b'X' | b'T' => {
                let n = u32::from_le_bytes(self.array()?);
                self.text(n as usize)?;
            }
            0x8c | b'U' => {
                let n = self.byte()?;
                self.text(n.into())?;
            }
            b'B' => {
                let n = u32::from_le_bytes(self.array()?);
                self.blob(n as usize)?;
            }
            b'C' => {
                let n = self.byte()?;
                self.blob(n.into())?;
            }
            b']' => self.push(Value::List(Vec::new())),
            b'}' => self.push(Value::Dict(Vec::new())),
            b')' => self.push(Value::Tuple(Vec::new())),
            b't' => {
                let items = self.pop_to_mark()?;
                self.push(Value::Tuple(items));
            }
            n @ 0x85..=0x87 => {
                let mut items = (0x85..=n).map(|_| self.pop()).collect::<Parsed<Vec<Id>>>()?;
                items.reverse();
                self.push(Value::Tuple(items));
            }
            b'a' => {
                let item = self.pop()?;
                self.append(vec![item])?;
            }
            b'e' => {
                let items = self.pop_to_mark()?;
                self.append(items)?;
            }
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.insert(&[key, value])?;
            }
            b'u' => {
                let items = self.pop_to_mark()?;
                self.insert(&items)?;
            }
            b'q' => {
                let n = self.byte()?;
                self.remember(n.into())?;
            }
            b'r' => {
                let n = u32::from_le_bytes(self.array()?);
                self.remember(n)?;
            }
            0x94 => self.remember(self.memo.len() as u32)?,
            b'h' => {
                let n = self.byte()?;
                self.recall(n.into())?;
            }
            b'j' => {
                let n = u32::from_le_bytes(self.array()?);
                self.recall(n)?;
            }
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.name(&module, &name)?;
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let (module, name) = (self.as_text(module)?, self.as_text(name)?);
                self.name(&module, &name)?;
            }
            b'Q' => {
                let id = self.pop()?;
                let storage = self.storage(id)?;
                self.push(Value::Storage(storage));
            }
            b'R' => {
                let (arguments, function) = (self.pop()?, self.pop()?);
                let value = self.call(function, arguments)?;
                self.push(value);
            }
            b'b' => {
                let (state, object) = (self.pop()?, self.top()?);
                self.build(object, state)?;
            }
            other => {
                return Err(format!(
                    "its pickle has instruction 0x{other:02x} at byte {begin}, which no file of tensors needs"
                ));
            }
        }
        Ok(None)
    }

    fn take(&mut self, n: usize) -> Parsed<&[u8]> {
        let end = self.at.checked_add(n).filter(|&end| end <= self.bytes.len());
        let end = end.ok_or_else(|| "its pickle does not end".to_string())?;
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn byte(&mut self) -> Parsed<u8> {
        Ok(self.take(1)?[0])
    }

    fn array<const N: usize>(&mut self) -> Parsed<[u8; N]> {
        self.take(N)?.try_into().map_err(|_| "its pickle does not end".to_string())
    }

    fn line(&mut self) -> Parsed<String> {
        let length = self.bytes[self.at..].iter().position(|&b| b == b'\n');
        let length = length.ok_or_else(|| "its pickle does not end".to_string())?;
        let line = String::from_utf8_lossy(self.take(length)?).into_owned();
        self.at += 1;
        Ok(line)
    }

    /// A whole number of up to 16 bytes, two's complement.
    fn long(&mut self) -> Parsed<()> {
        let n = usize::from(self.byte()?);
        let digits = self.take(n)?;
        if n > 16 {
            return Err(format!("its pickle has a number of {n} bytes"));
        }
        let sign = if digits.last().is_some_and(|d| d & 0x80 != 0) { 0xff } else { 0 };
        let mut all = [sign; 16];
        all[..n].copy_from_slice(digits);
        self.push(Value::Int(i128::from_le_bytes(all)));
        Ok(())
    }

    fn text(&mut self, n: usize) -> Parsed<()> {
        let text = String::from_utf8(self.take(n)?.to_vec());
        self.push(Value::Text(text.map_err(|_| "its pickle has text that is not UTF-8".to_string())?));
        Ok(())
    }

    fn blob(&mut self, n: usize) -> Parsed<()> {
        let bytes = self.take(n)?.to_vec();
        self.push(Value::Bytes(bytes));
        Ok(())
    }

    fn push(&mut self, value: Value) {
        self.stack.push(Slot::Object(self.objects.len()));
        self.objects.push(value);
    }

    fn pop(&mut self) -> Parsed<Id> {
        match self.stack.pop() {
            Some(Slot::Object(id)) => Ok(id),
            _ => Err(NOT_STACKED.into()),
        }
    }

    fn top(&self) -> Parsed<Id> {
        match self.stack.last() {
            Some(Slot::Object(id)) => Ok(*id),
            _ => Err(NOT_STACKED.into()),
        }
    }

    fn pop_to_mark(&mut self) -> Parsed<Vec<Id>> {
        let mut items = Vec::new();
        loop {
            match self.stack.pop() {
                Some(Slot::Object(id)) => items.push(id),
                Some(Slot::Mark) => break,
                None => return Err(NOT_STACKED.into()),
            }
        }
        items.reverse();
        Ok(items)
    }

    fn remember(&mut self, number: u32) -> Parsed<()> {
        let id = self.top()?;
        self.memo.insert(number, id);
        Ok(())
    }

    fn recall(&mut self, number: u32) -> Parsed<()> {
        let id =
            self.memo.get(&number).ok_or_else(|| "its pickle refers to what it does not hold".to_string())?;
        self.stack.push(Slot::Object(*id));
        Ok(())
    }

    fn append(&mut self, items: Vec<Id>) -> Parsed<()> {
        let list = self.top()?;
        match &mut self.objects[list] {
            Value::List(list) => list.extend(items),
            _ => return Err(NOT_STACKED.into()),
        }
        Ok(())
    }

    fn insert(&mut self, items: &[Id]) -> Parsed<()> {
        let dict = self.top()?;
        match (&mut self.objects[dict], items.len() % 2) {
            (Value::Dict(dict), 0) => dict.extend(items.chunks_exact(2).map(|pair| (pair[0], pair[1]))),
            _ => return Err(NOT_STACKED.into()),
        }
        Ok(())
    }

    fn name(&mut self, module: &str, name: &str) -> Parsed<()> {
        let known = match (module, name) {
            ("collections", "OrderedDict") => Name::OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2") => Name::RebuildTensor,
            ("torch._utils", "_rebuild_parameter") => Name::RebuildParameter,
            ("torch", "DoubleStorage") => Name::StorageOf(Kind::F64),
            ("torch", "FloatStorage") => Name::StorageOf(Kind::F32),
            ("torch", "HalfStorage") => Name::StorageOf(Kind::F16),
            ("torch", "BFloat16Storage") => Name::StorageOf(Kind::BF16),
            ("torch", "LongStorage") => Name::StorageOf(Kind::I64),
            ("torch", "IntStorage") => Name::StorageOf(Kind::I32),
            ("numpy.core.multiarray" | "numpy._core.multiarray", "scalar") => Name::NumpyScalar,
            ("numpy", "dtype") => Name::NumpyType,
            ("_codecs", "encode") => Name::Encode,
            _ => {
                let name: String = format!("{module}.{name}").chars().take(80).collect();
                return Err(format!(
                    "its pickle asks for {name}, which no file of tensors needs and which was not run; do not load it anywhere unless you know who made it"
                ));
            }
        };
        self.push(Value::Name(known));
        Ok(())
    }

    /// What a name gives for arguments.
    fn call(&self, function: Id, arguments: Id) -> Parsed<Value> {
        let (Value::Name(name), Value::Tuple(arguments)) =
            (&self.objects[function], &self.objects[arguments])
        else {
            return Err("its pickle calls what is no function".into());
        };
        let value = |i: usize| arguments.get(i).map(|&id| &self.objects[id]);
        let odd = || format!("its pickle has unknown arguments for {name:?}");
        match name {
            Name::OrderedDict if arguments.is_empty() => Ok(Value::Dict(Vec::new())),
            Name::RebuildTensor if (6..=7).contains(&arguments.len()) => match (value(0), value(1)) {
                (Some(Value::Storage(storage)), Some(offset)) => Ok(Value::Tensor(View {
                    storage: storage.clone(),
                    offset: whole(offset).ok_or_else(odd)?,
                    shape: self.wholes(arguments[2])?,
                    strides: self.wholes(arguments[3])?,
                })),
                _ => Err(odd()),
            },
            Name::RebuildParameter => match value(0) {
                Some(Value::Tensor(view)) => Ok(Value::Tensor(view.clone())),
                _ => Err(odd()),
            },
            Name::NumpyType => match value(0) {
                Some(Value::Text(code)) => numpy_type(code).map(Value::Type),
                _ => Err(odd()),
            },
            Name::NumpyScalar => match (value(0), value(1)) {
                (Some(Value::Type(kind)), Some(Value::Bytes(bytes))) if bytes.len() == kind.size() => {
                    Ok(Value::Float(kind.value(bytes)))
                }
                _ => Err(odd()),
            },
            // How protocol 2 writes bytes: as text of the code points 0 to 255.
            Name::Encode => match (value(0), value(1)) {
                (Some(Value::Text(text)), Some(Value::Text(code)))
                    if code == "latin1" && text.len() <= LONGEST_NAME =>
                {
                    let byte = |c| u8::try_from(c).map_err(|_| odd());
                    Ok(Value::Bytes(text.chars().map(|c| byte(u32::from(c))).collect::<Parsed<_>>()?))
                }
                _ => Err(odd()),
            },
            _ => Err(odd()),
        }
    }

    /// Sets an object's state. A dict's (the versions of a module's layers) says nothing that is needed.
    fn build(&self, object: Id, state: Id) -> Parsed<()> {
        match (&self.objects[object], &self.objects[state]) {
            (Value::Dict(_), Value::Dict(_)) => Ok(()),
            (Value::Type(_), Value::Tuple(state)) => match state.get(1).map(|&id| &self.objects[id]) {
                Some(Value::Text(order)) if matches!(order.as_str(), "<" | "=" | "|") => Ok(()),
                _ => Err("it has numbers that are big-endian; save it on a usual machine".into()),
            },
            _ => Err("its pickle sets the state of what is no dict".into()),
        }
    }

    /// `("storage", type, key, device, length)`, in the old format with None behind it. Where it was does not matter.
    fn storage(&self, id: Id) -> Parsed<Storage> {
        let odd = || "its pickle refers to something outside that is no storage".to_string();
        let Value::Tuple(parts) = &self.objects[id] else { return Err(odd()) };
        let parts: Vec<&Value> = parts.iter().take(7).map(|&id| &self.objects[id]).collect();
        match parts[..] {
            [
                Value::Text(word),
                Value::Name(Name::StorageOf(kind)),
                Value::Text(key),
                Value::Text(_),
                len,
                ref rest @ ..,
            ] if word == "storage" && key.len() <= LONGEST_NAME && matches!(rest, [] | [Value::None]) => {
                Ok(Storage { key: key.clone(), kind: *kind, len: whole(len).ok_or_else(odd)? })
            }
            _ => Err(odd()),
        }
    }

    fn as_text(&self, id: Id) -> Parsed<String> {
        match &self.objects[id] {
            Value::Text(text) if text.len() <= LONGEST_NAME => Ok(text.clone()),
            _ => Err("its pickle has a name that is none".into()),
        }
    }

    /// The whole numbers of a tuple.
    fn wholes(&self, id: Id) -> Parsed<Vec<usize>> {
        let numbers = match &self.objects[id] {
            Value::Tuple(items) if items.len() <= 8 => {
                items.iter().map(|&id| whole(&self.objects[id])).collect()
            }
            _ => None,
        };
        numbers.ok_or_else(|| "its pickle has a tensor whose shape makes no sense".into())
    }
}

const NOT_STACKED: &str = "its pickle takes what it has not stacked";

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
        other => Err(unknown_type(other)),
    }
}

fn unknown_type(name: impl Display) -> String {
    format!("it has NumPy numbers of type {name}; known are f2, f4, f8, i4 and i8")
}

impl Kind {
    /// Bytes of an element.
    pub(super) fn size(self) -> usize {
        match self {
            Kind::F64 | Kind::I64 => 8,
            Kind::F32 | Kind::I32 => 4,
            Kind::F16 | Kind::BF16 => 2,
        }
    }

    /// The element in [`Kind::size`] bytes.
    pub(super) fn value(self, bytes: &[u8]) -> f64 {
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
