//! What the sandbox gave out, read from its own state.

/// The texts of all codes and tokens in the sandbox's own state.
pub fn issued(state: &serde_json::Value, found: &mut Vec<String>) {
    match state {
        serde_json::Value::Object(map) => {
            for name in ["text", "code"] {
                found.extend(map.get(name).and_then(|text| text.as_str()).map(str::to_owned));
            }
            map.values().for_each(|value| issued(value, found));
        }
        serde_json::Value::Array(list) => list.iter().for_each(|value| issued(value, found)),
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::String(_) => {}
    }
}
