//! Jobs that print.

use std::{
    mem::take,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use offmain_pool::JobContext;
use offmain_tests_contract::{Print, Printed};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::js_sys::{Function, Reflect, global};

use crate::threads::joined;

pub fn print(job: Print, _: &JobContext<Print>) -> Result<(), String> {
    let speak = move || {
        println!("out: {}", job.text);
        eprintln!("err: {}", job.text);
    };
    let thread = thread::Builder::new().name("speaker".into()).spawn(speak).map_err(|error| error.to_string())?;
    joined(thread)
}

pub fn printed(job: Printed, _: &JobContext<Printed>) -> Result<u32, String> {
    let line = |number: usize| format!("line {number}: {}", "\u{e9}".repeat(40));
    let text: String = (0..job.lines as usize).flat_map(|number| [line(number), "\n".into()]).collect();
    let print = || {
        if job.whole {
            return eprint!("{text}");
        }
        let mut rest = &text[..];
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(rest.floor_char_boundary(5));
            eprint!("{piece}");
            rest = after;
        }
    };
    let heard = heard(print).map_err(|error| format!("{error:?}"))?;
    let begin = "[offmain worker 1, printed] ";
    let wrong = heard.iter().enumerate().find(|(number, heard)| heard.strip_prefix(begin) != Some(&line(*number)));
    wrong.map_or(Ok(heard.len() as u32), |(number, heard)| Err(format!("line {number} is {heard}")))
}

/// What `console.error` is given meanwhile, in this worker.
fn heard(work: impl FnOnce()) -> Result<Vec<String>, JsValue> {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let ear = lines.clone();
    let listen = Closure::<dyn Fn(String)>::new(move |line| ear.lock().unwrap_or_else(PoisonError::into_inner).push(line));
    let console = Reflect::get(&global(), &"console".into())?;
    let before: Function = Reflect::get(&console, &"error".into())?.unchecked_into();
    Reflect::set(&console, &"error".into(), listen.as_ref())?;
    work();
    Reflect::set(&console, &"error".into(), &before)?;
    Ok(take(&mut *lines.lock().unwrap_or_else(PoisonError::into_inner)))
}
