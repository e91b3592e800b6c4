//! JSON in which no member comes twice: two readers of one text must not see two meanings.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeOwned, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;

pub(crate) const TWICE: &str = "a member comes twice";

/// Why a text is not the JSON that was asked for, without a word of the text: it may hold secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem} at line {line} column {column}")]
pub struct MalformedJson {
    problem: &'static str,
    line: usize,
    column: usize,
}

/// Reads a `T` from a JSON object in which no object, at any depth, has a member twice.
///
/// An array is refused: serde would read it as the members in the order of their declaration.
///
/// RFC 7515 §4 and RFC 7519 §4 let a reader refuse duplicate names or take the last one; taking
/// either silently lets an attacker show one value to a proxy and another one to the server.
///
/// # Errors
/// [`MalformedJson`] for malformed JSON, a duplicate member, or what is not an object or no `T`.
///
/// ```
/// use std::collections::BTreeMap;
///
/// let read = hallpass::json::from_slice::<BTreeMap<String, u8>>;
/// assert_eq!(read(br#"{"a": 1}"#).unwrap()["a"], 1);
/// assert!(read(br#"{"a": 1, "\u0061": 2}"#).is_err());
/// assert!(hallpass::json::from_slice::<(u8,)>(b"[1]").is_err());
/// ```
pub fn from_slice<T: DeserializeOwned>(json: &[u8]) -> Result<T, MalformedJson> {
    serde_json::from_slice::<UniqueObject>(json).map_err(MalformedJson::of)?;
    serde_json::from_slice(json).map_err(MalformedJson::of)
}

impl MalformedJson {
    /// Keeps the place and drops the message, which quotes the input.
    pub(crate) fn of(error: serde_json::Error) -> Self {
        let problem = match error.classify() {
            Category::Io => "unreadable JSON",
            Category::Syntax => "a syntax error",
            Category::Data => "a missing, repeated or ill-typed member",
            Category::Eof => "an early end",
        };
        Self { problem, line: error.line(), column: error.column() }
    }
}

/// A JSON object that has no member twice, nor has any object in it.
struct UniqueObject;

impl<'de> Deserialize<'de> for UniqueObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(UniqueObjectVisitor)
    }
}

struct UniqueObjectVisitor;

impl<'de> Visitor<'de> for UniqueObjectVisitor {
    type Value = UniqueObject;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object without duplicate members")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<UniqueObject, A::Error> {
        UniqueMembersVisitor.visit_map(map).map(|UniqueMembers| UniqueObject)
    }
}

/// Any JSON value whose objects have no member twice.
pub(crate) struct UniqueMembers;

impl<'de> Deserialize<'de> for UniqueMembers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueMembersVisitor)
    }
}

/// A text of the input, where it stands there as it is, else a copy without its escapes.
///
/// Transparent, so that it reads whatever a text can be read from: with `arbitrary_precision`, which another
/// crate of the application may have turned on, serde_json has names that can't be read as anything else.
#[derive(Deserialize, PartialEq, Eq, Hash)]
#[serde(transparent)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

/// The names that an object has had so far.
#[derive(Default)]
pub(crate) struct UniqueNames<'a>(HashSet<Text<'a>>);

impl<'a> UniqueNames<'a> {
    /// Refuses a name that has come before.
    pub(crate) fn add<E: Error>(&mut self, name: Text<'a>) -> Result<(), E> {
        if self.0.insert(name) { Ok(()) } else { Err(E::custom(TWICE)) }
    }

    /// Returns whether there has been none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

struct UniqueMembersVisitor;

impl<'de> Visitor<'de> for UniqueMembersVisitor {
    type Value = UniqueMembers;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON without duplicate members")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<UniqueMembers, A::Error> {
        let mut names = UniqueNames::default();
        while let Some(name) = map.next_key()? {
            map.next_value::<UniqueMembers>()?;
            names.add(name)?;
        }
        Ok(UniqueMembers)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<UniqueMembers, A::Error> {
        while sequence.next_element::<UniqueMembers>()?.is_some() {}
        Ok(UniqueMembers)
    }

    fn visit_bool<E>(self, _: bool) -> Result<UniqueMembers, E> {
        Ok(UniqueMembers)
    }

    fn visit_i64<E>(self, _: i64) -> Result<UniqueMembers, E> {
        Ok(UniqueMembers)
    }

    fn visit_u64<E>(self, _: u64) -> Result<UniqueMembers, E> {
        Ok(UniqueMembers)
    }

    fn visit_f64<E>(self, _: f64) -> Result<UniqueMembers, E> {
        Ok(UniqueMembers)
    }

    fn visit_str<E>(self, _: &str) -> Result<UniqueMembers, E> {
        Ok(UniqueMembers)
    }

    fn visit_unit<E>(self) -> Result<UniqueMembers, E> {
        Ok(UniqueMembers)
    }
}

/// Reads a member that may be left out but, when it is there, is a `T` and not `null`.
///
/// For `#[serde(default, deserialize_with = "…")]`, where serde alone reads `null` as left out.
pub(crate) fn not_null<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// Reads whether a member is there at all, be it `null`.
pub(crate) fn is_present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_member_twice_is_refused_at_any_depth_and_in_any_spelling_and_number() {
        const TWELVE: &str =
            r#""a":0,"b":0,"c":0,"d":0,"e":0,"f":0,"g":0,"h":0,"i":0,"j":0,"k":0,"l":0"#;
        for (json, is_accepted) in [
            (r#"{"a":1,"b":[true,null,-1,1.5,"x",{"a":1}]}"#, true),
            (r#"{"x":[{"a":1},{"a":1}]}"#, true),
            (r#"[{"a":1}]"#, false),
            ("1", false),
            (r#"{"a":1,"a":1}"#, false),
            (r#"{"a":1,"\u0061":1}"#, false),
            (r#"{"a":{"b":[{"c":1,"c":2}]}}"#, false),
            (r#"{"a":1} x"#, false),
            (&format!("{{{TWELVE}}}"), true),
            (&format!("{{{TWELVE},\"d\":0}}"), false),
            (&format!("{{{TWELVE},\"k\":0}}"), false),
            (&format!("{{{TWELVE},\"l\":0}}"), false),
        ] {
            assert_eq!(from_slice::<Value>(json.as_bytes()).is_ok(), is_accepted, "{json}");
        }
    }
}
