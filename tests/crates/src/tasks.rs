//! tokio: timers on `Instant`, blocking tasks on threads.

use std::{
    thread,
    time::{Duration, Instant},
};

use offmain_pool::JobContext;
use tokio::{
    runtime::Builder,
    sync::mpsc,
    task::{JoinSet, spawn_blocking},
    time::{sleep, timeout},
};

use crate::Tasks;

const WAIT: Duration = Duration::from_millis(30);

pub fn tasks(job: Tasks, _: &JobContext<Tasks>) -> Result<Vec<String>, String> {
    let runtime = Builder::new_current_thread().enable_time().build().map_err(|error| error.to_string())?;
    runtime.block_on(run(job.tasks)).map_err(|error| error.to_string())
}

/// What went wrong.
async fn run(tasks: u32) -> Result<Vec<String>, tokio::task::JoinError> {
    let mut wrong = Vec::new();
    let here = thread::current().id();
    let (send, mut receive) = mpsc::unbounded_channel();
    let mut all = JoinSet::new();
    for task in 0..tasks {
        let send = send.clone();
        all.spawn(async move {
            let begun = Instant::now();
            sleep(WAIT).await;
            let blocking = spawn_blocking(move || {
                thread::sleep(WAIT);
                thread::current().id()
            });
            let elsewhere = blocking.await? != here;
            let _ = send.send(task);
            Ok::<_, tokio::task::JoinError>((elsewhere, begun.elapsed()))
        });
    }
    drop(send);
    let mut heard = Vec::new();
    while let Some(task) = receive.recv().await {
        heard.push(task);
    }
    heard.sort_unstable();
    if !heard.iter().copied().eq(0..tasks) {
        wrong.push(format!("of {tasks} tasks these were heard: {heard:?}"));
    }
    while let Some(end) = all.join_next().await {
        let (elsewhere, took) = end??;
        if !elsewhere || took < 2 * WAIT {
            wrong.push(format!("a blocking task was on another thread: {elsewhere}, after {took:?}"));
        }
    }
    if timeout(WAIT, sleep(Duration::from_secs(3600))).await.is_ok() {
        wrong.push("an hour was over before its timeout".into());
    }
    Ok(wrong)
}
