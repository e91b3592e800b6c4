//! The names of a type's fields, as serde reads them, without a value of the type.

use std::fmt::{self, Display};

use serde::de::{self, DeserializeOwned, Deserializer, Visitor};
use serde::forward_to_deserialize_any;

/// Returns the names of the members that a `T` is read from, aliases included. There are none where serde
/// asks for them only when it has a value: for a map, a struct with a flattened field, and a tagged enum.
pub(crate) fn field_names<T: DeserializeOwned>() -> &'static [&'static str] {
    let mut names: &'static [&'static str] = &[];
    // It fails: all that is wanted is what it asks for.
    let _ = T::deserialize(Asked(&mut names));
    names
}

/// Gives no value, and takes note of the names that are asked for.
struct Asked<'a>(&'a mut &'static [&'static str]);

/// No value is given.
#[derive(Debug)]
struct NoValue;

impl<'de> Deserializer<'de> for Asked<'_> {
    type Error = NoValue;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, NoValue> {
        *self.0 = fields;
        Err(NoValue)
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, NoValue> {
        Err(NoValue)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, NoValue> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, NoValue> {
        *self.0 = variants;
        Err(NoValue)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NoValue> {
        visitor.visit_some(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

impl de::Error for NoValue {
    fn custom<T: Display>(_message: T) -> Self {
        Self
    }
}

impl std::error::Error for NoValue {}

impl Display for NoValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("there is no value")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "its names are what counts")]
    struct Fields {
        plain: u8,
        #[serde(rename = "renamed", alias = "alias")]
        other: u8,
    }

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "its names are what counts")]
    struct Wrapped(Fields);

    #[test]
    fn the_names_are_those_that_serde_reads() {
        for name in ["plain", "renamed", "alias"] {
            assert!(field_names::<Fields>().contains(&name), "{name}");
            assert!(field_names::<Wrapped>().contains(&name), "{name}");
            assert!(field_names::<Option<Fields>>().contains(&name), "{name}");
        }
        assert!(!field_names::<Fields>().contains(&"other"));
        assert!(field_names::<BTreeMap<String, u8>>().is_empty());
    }
}
