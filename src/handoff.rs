//! Placeholder until the scope branch lands.
use crate::procedure::{FieldName, Procedure};
use crate::secret::Secret;
use crate::setup::Connection;
use std::collections::BTreeMap;
pub struct Sheet;
pub fn sheet(_c: &Connection, _p: &Procedure, _s: &BTreeMap<FieldName, Secret>) -> Sheet {
    Sheet
}
pub fn markdown(_s: &Sheet) -> String {
    String::new()
}
