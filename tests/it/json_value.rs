//! JSON as a tree, for tests that look at documents; strict, and no two members of an object may be called the same.

use auditbox::text::json_reader::Reader;

/// A JSON value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Value {
    Text(String),
    Number(i64),
    List(Vec<Value>),
    Object(Vec<(String, Value)>),
    Other(String),
}

impl Value {
    /// Of a text that holds nothing else. No two members of an object may be called the same.
    pub(crate) fn parse(text: &[u8]) -> Value {
        let mut reader = Reader::new(text).expect("text");
        let value = Value::read(&mut reader).expect("JSON");
        assert!(reader.is_at_end(), "one document");
        value
    }

    fn read(reader: &mut Reader) -> Option<Value> {
        let written = reader.written()?;
        let mut inner = Reader::new(written)?;
        Some(match written.first()? {
            b'"' => {
                let mut text = Vec::new();
                inner.string(&mut text)?;
                Value::Text(String::from_utf8(text).ok()?)
            }
            b'[' => {
                let mut list = Vec::new();
                inner.array(&mut |element| Value::read(element).map(|value| list.push(value)))?;
                Value::List(list)
            }
            b'{' => {
                let mut members: Vec<(String, Value)> = Vec::new();
                inner.object(&mut |name, value| {
                    let name = String::from_utf8(name.to_vec()).ok()?;
                    assert!(members.iter().all(|(other, _)| *other != name), "two members {name}");
                    Value::read(value).map(|value| members.push((name, value)))
                })?;
                Value::Object(members)
            }
            _ => {
                let text = str::from_utf8(written).ok()?;
                text.parse().map_or_else(|_| Value::Other(text.to_owned()), Value::Number)
            }
        })
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        let Value::Object(members) = self else { panic!("no object: {self:?}") };
        members.iter().find(|(other, _)| other == name).map(|(_, value)| value)
    }

    pub(crate) fn list(&self, name: &str) -> &[Value] {
        match self.get(name) {
            None => &[],
            Some(Value::List(list)) => list,
            Some(other) => panic!("{name} is no list: {other:?}"),
        }
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Value::Text(text) => Some(text),
            other => panic!("{name} is no text: {other:?}"),
        }
    }
}
