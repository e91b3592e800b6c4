//! The application's members of an access token, read when somebody asks for them.

use serde::de::{Deserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value};

use crate::keys::jws;
use crate::token::app_claims::RESERVED;

/// The members of a verified token, `None` of one that has none, without hallpass's claims: those are not
/// the application's to read, and a type that takes all there is, or refuses what it does not know, would
/// stumble over them.
///
/// Nothing is read before a type asks for something: who takes no claims pays for none.
pub(crate) struct AppMembers<'a>(pub(crate) Option<&'a str>);

impl AppMembers<'_> {
    fn read(self) -> Result<Value, serde_json::Error> {
        let Some(token) = self.0 else { return Ok(Value::Object(Map::new())) };
        let payload = jws::payload_of_opened(token);
        let mut members: Map<String, Value> = serde_json::from_slice(&payload)?;
        members.retain(|name, _| !RESERVED.contains(&name.as_str()));
        Ok(Value::Object(members))
    }
}

impl<'de> Deserializer<'de> for AppMembers<'_> {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        self.read()?.deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        self.read()?.deserialize_option(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.read()?.deserialize_newtype_struct(name, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.read()?.deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct struct seq tuple tuple_struct map identifier ignored_any
    }
}
