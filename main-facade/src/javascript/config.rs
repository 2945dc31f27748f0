//! Reads a config as JavaScript writes it.

use js_sys::{Array, Object, Reflect};
use offmain_protocol::{
    Config, ConfigError, LaneChoice, Workers,
    limits::{self, Range},
    reason,
};
use wasm_bindgen::{JsCast, JsValue};

use super::Fault;
use crate::link::string_of;

/// The fields that are not simply a number, or have no default.
const OTHERS: [&str; 4] = ["workers", "parallelism", "timeout", "lane"];

/// The config that an app passes to `start`.
pub(super) fn read_config(config: &JsValue) -> Result<Config, Fault> {
    let mut settings = Config::default();
    // `instanceof` would refuse an object of another frame.
    if !config.is_object() {
        return Err(Fault::config(reason::no_config(&text_of(config))));
    }
    let object: &Object = config.unchecked_ref();
    for key in Object::keys(object).iter().filter_map(|key| key.as_string()) {
        let value = Reflect::get(object, &key.as_str().into()).unwrap_or_default();
        if value.is_undefined() {
            continue;
        }
        match key.as_str() {
            "workers" => settings.workers = read_workers(&value)?,
            "parallelism" => settings.parallelism = Some(whole(&limits::PARALLELISM, &value)? as u32),
            "timeout" => settings.timeout_ms = Some(whole(&limits::TIMEOUT_MS, &value)?),
            "lane" => {
                settings.lane = match value.as_string().as_deref() {
                    Some("auto") => LaneChoice::Automatic,
                    Some("message") => LaneChoice::Message,
                    _ => return Err(refused(&key, &value, "'auto' or 'message'".into()).into()),
                }
            }
            _ => {
                let known = settings.numbers().map(|(range, _)| range.name);
                match settings.numbers().into_iter().find(|(range, _)| range.name == key) {
                    Some((range, number)) => *number = whole(range, &value)?,
                    None => return Err(Fault::config(reason::unknown_field(&key, &[&OTHERS[..], &known].concat()))),
                }
            }
        }
    }
    settings.validate()?;
    Ok(settings)
}

/// `'auto'`, a number, or a pair of least and greatest number.
pub(super) fn read_workers(value: &JsValue) -> Result<Option<Workers>, ConfigError> {
    let whole = |value: &JsValue| whole(&limits::WORKERS, value).map(|number| number as u32);
    let workers = match value.dyn_ref::<Array>() {
        Some(pair) if pair.length() == 2 => Workers { min: whole(&pair.get(0))?, max: whole(&pair.get(1))? },
        None if value.as_string().as_deref() == Some("auto") => return Ok(None),
        None if value.as_f64().is_some() => Workers::from(whole(value)?),
        _ => {
            let allowed = format!("'auto', a number from {} to {}, or [least, greatest]", limits::WORKERS.min, limits::WORKERS.max);
            return Err(refused(limits::WORKERS.name, value, allowed));
        }
    };
    workers.validate()?;
    Ok(Some(workers))
}

fn whole(range: &Range, value: &JsValue) -> Result<u64, ConfigError> {
    let number = value.as_f64().filter(|number| number.fract() == 0.0 && *number >= 0.0).ok_or_else(|| range.refuse(text_of(value)))?;
    range.check(number as u64)?;
    Ok(number as u64)
}

fn refused(field: &str, value: &JsValue, allowed: String) -> ConfigError {
    ConfigError { field: field.into(), value: text_of(value), allowed }
}

/// As one would write it: text in quotes, objects with what is in them.
fn text_of(value: &JsValue) -> String {
    let text = if value.is_object() || value.is_string() { js_sys::JSON::stringify(value).ok() } else { None };
    text.and_then(|text| text.as_string()).unwrap_or_else(|| string_of(value))
}
