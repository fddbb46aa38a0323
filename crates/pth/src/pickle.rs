//! Reads the pickles in files of PyTorch as data; no code from a pickle is ever run.
//!
//! A pickle is a program for a small stack machine that may call any Python function. This reader supports
//! only the instructions that tensors in lists and dicts need, and a dozen names, each with one fixed
//! meaning; everything else is refused. Time and memory are linear in the length of the pickle: all objects
//! are stored in one list and refer to each other by number, so that nothing is copied and no function
//! recurses, however deeply or circularly objects are nested.

use crate::calls::{self, LONGEST_NAME};
use crate::value::{Id, Parsed, Value};
use std::collections::HashMap;

/// The longest pickle that is read, in bytes. The pickle of a generator of 32 stages has about 250,000 bytes.
const LONGEST: usize = 1 << 20;

/// All objects of a pickle.
#[derive(Debug)]
pub(crate) struct Pickle {
    /// The objects, at the index given by their number.
    pub(crate) objects: Vec<Value>,
    /// The number of the object that the whole pickle stands for.
    pub(crate) root: Id,
    /// The length of the pickle in bytes.
    pub(crate) length: usize,
}

/// Reads the pickle at the start of `bytes`.
pub(crate) fn read(bytes: &[u8]) -> Parsed<Pickle> {
    let bytes = &bytes[..bytes.len().min(LONGEST)];
    let mut machine =
        Machine { bytes, position: 0, objects: Vec::new(), stack: Vec::new(), memo: HashMap::new() };
    let root = loop {
        if let Some(root) = machine.step()? {
            break root;
        }
    };
    Ok(Pickle { objects: machine.objects, root, length: machine.position })
}

impl Pickle {
    pub(crate) fn get(&self, id: Id) -> &Value {
        &self.objects[id]
    }
}

/// The state of the stack machine.
struct Machine<'a> {
    bytes: &'a [u8],
    /// The position in `bytes` of the next byte.
    position: usize,
    objects: Vec<Value>,
    stack: Vec<Slot>,
    /// Objects that the pickle has stored under a number to refer to them later.
    memo: HashMap<u32, Id>,
}

/// An element of the stack: the number of an object, or a mark that starts a group of objects.
#[derive(Clone, Copy)]
enum Slot {
    Object(Id),
    Mark,
}

impl Machine<'_> {
    /// Executes one instruction. Returns the number of the root object if the instruction was the last one.
    fn step(&mut self) -> Parsed<Option<Id>> {
        let start = self.position;
        match self.byte()? {
            0x80 => {
                let version = self.byte()?;
                if !(2..=5).contains(&version) {
                    return Err(format!("its pickle has protocol {version}, 2 to 5 are known").into());
                }
            }
            0x95 => drop(self.take(8)?), // FRAME is only needed by readers that read ahead.
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
                self.push(Value::Name(calls::name(&module, &name)?));
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let (module, name) = (self.as_text(module)?, self.as_text(name)?);
                self.push(Value::Name(calls::name(&module, &name)?));
            }
            b'Q' => {
                let id = self.pop()?;
                let storage = calls::storage(&self.objects, id)?;
                self.push(Value::Storage(storage));
            }
            b'R' => {
                let (arguments, function) = (self.pop()?, self.pop()?);
                let value = calls::call(&self.objects, function, arguments)?;
                self.push(value);
            }
            b'b' => {
                let (state, object) = (self.pop()?, self.top()?);
                calls::build(&self.objects, object, state)?;
            }
            other => {
                return Err(format!(
                    "its pickle has instruction 0x{other:02x} at byte {start}, which no file of tensors needs"
                )
                .into());
            }
        }
        Ok(None)
    }

    /// The next `n` bytes.
    fn take(&mut self, n: usize) -> Parsed<&[u8]> {
        let end = self.position.checked_add(n).filter(|&end| end <= self.bytes.len());
        let end = end.ok_or(DOES_NOT_END)?;
        let taken = &self.bytes[self.position..end];
        self.position = end;
        Ok(taken)
    }

    fn byte(&mut self) -> Parsed<u8> {
        Ok(self.take(1)?[0])
    }

    fn array<const N: usize>(&mut self) -> Parsed<[u8; N]> {
        self.take(N)?.try_into().map_err(|_| DOES_NOT_END.into())
    }

    /// The text up to the next line feed.
    fn line(&mut self) -> Parsed<String> {
        let length = self.bytes[self.position..].iter().position(|&b| b == b'\n');
        let length = length.ok_or(DOES_NOT_END)?;
        let line = String::from_utf8_lossy(self.take(length)?).into_owned();
        self.position += 1;
        Ok(line)
    }

    /// Reads an integer of up to 16 bytes in two's complement.
    fn long(&mut self) -> Parsed<()> {
        let n = usize::from(self.byte()?);
        let digits = self.take(n)?;
        if n > 16 {
            return Err(format!("its pickle has a number of {n} bytes").into());
        }
        let sign = if digits.last().is_some_and(|d| d & 0x80 != 0) { 0xff } else { 0 };
        let mut all = [sign; 16];
        all[..n].copy_from_slice(digits);
        self.push(Value::Int(i128::from_le_bytes(all)));
        Ok(())
    }

    /// Reads a text of `n` bytes.
    fn text(&mut self, n: usize) -> Parsed<()> {
        let text = String::from_utf8(self.take(n)?.to_vec());
        self.push(Value::Text(text.map_err(|_| "its pickle has text that is not UTF-8")?));
        Ok(())
    }

    /// Reads `n` bytes as a bytes object.
    fn blob(&mut self, n: usize) -> Parsed<()> {
        let bytes = self.take(n)?.to_vec();
        self.push(Value::Bytes(bytes));
        Ok(())
    }

    /// Adds an object and puts its number on the stack.
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

    /// Removes the objects above the uppermost mark, and the mark, from the stack. Returns the objects in
    /// stack order.
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

    /// Stores the uppermost object in the memo.
    fn remember(&mut self, number: u32) -> Parsed<()> {
        let id = self.top()?;
        self.memo.insert(number, id);
        Ok(())
    }

    /// Puts an object from the memo on the stack.
    fn recall(&mut self, number: u32) -> Parsed<()> {
        let id = self.memo.get(&number).ok_or("its pickle refers to what it does not hold")?;
        self.stack.push(Slot::Object(*id));
        Ok(())
    }

    /// Appends items to the list on top of the stack.
    fn append(&mut self, items: Vec<Id>) -> Parsed<()> {
        let list = self.top()?;
        match &mut self.objects[list] {
            Value::List(list) => list.extend(items),
            _ => return Err(NOT_STACKED.into()),
        }
        Ok(())
    }

    /// Inserts items, alternately keys and values, into the dict on top of the stack.
    fn insert(&mut self, items: &[Id]) -> Parsed<()> {
        let dict = self.top()?;
        match (&mut self.objects[dict], items.len() % 2) {
            (Value::Dict(dict), 0) => dict.extend(items.chunks_exact(2).map(|pair| (pair[0], pair[1]))),
            _ => return Err(NOT_STACKED.into()),
        }
        Ok(())
    }

    fn as_text(&self, id: Id) -> Parsed<String> {
        match &self.objects[id] {
            Value::Text(text) if text.len() <= LONGEST_NAME => Ok(text.clone()),
            _ => Err("its pickle has a name that is none".into()),
        }
    }
}

const DOES_NOT_END: &str = "its pickle does not end";

const NOT_STACKED: &str = "its pickle takes what it has not stacked";
