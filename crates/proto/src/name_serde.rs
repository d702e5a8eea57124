//! Names as values of serde: the text they are. Behind the feature `serde`.
use alloc::string::String;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::name::Domain;

impl Serialize for Domain {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Names in DNS answers may hold underscores, so they are read leniently.
impl<'de> Deserialize<'de> for Domain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse_lenient(&text)
            .map_err(|error| D::Error::custom(format_args!("{text:?} is no domain name: {error}")))
    }
}
