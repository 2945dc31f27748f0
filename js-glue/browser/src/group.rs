//! A child process that leads a group of its own, ended as a whole: when its `Group` is dropped, or when the task is interrupted.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// Leaders of every living group, so that Ctrl-C ends them too: a group of its own hears nothing of the terminal's.
static LEADERS: Mutex<Vec<i32>> = Mutex::new(Vec::new());

/// A running program and all it started.
pub struct Group {
    child: Child,
}

impl Group {
    /// Starts `command` as the leader of a new process group.
    pub fn start(command: &mut Command) -> Result<Self> {
        use std::os::unix::process::CommandExt;
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command.process_group(0).spawn().with_context(|| format!("{name} could not be started"))?;
        leaders().push(child.id().cast_signed());
        Ok(Self { child })
    }

    /// The leader, to read its pipes.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Time for which the threads of the leader and of all that descend from it have computed so far, or would have if a core had been
    /// free, in nanoseconds: what they want, however busy the machine is.
    pub fn wanted_ns(&self) -> u64 {
        self.members().map(wanted_ns_of).sum()
    }

    /// Memory of the leader and all that descend from it, in bytes; what several of them share counts once. Files that they map do not:
    /// another browser's processes share these, so that their part changes with who else is there.
    pub fn memory(&self) -> u64 {
        self.members().filter_map(memory_of).sum()
    }

    /// Threads of the leader and of all that descend from it whose name begins so; the system keeps 15 letters of a name.
    pub fn threads(&self, name: &str) -> usize {
        self.members().map(|pid| threads_of(pid).filter(|thread| named(thread, name)).count()).sum()
    }

    /// Stops all its processes for `time`, as a machine that is suspended does.
    pub fn suspend(&self, time: Duration) {
        let members: Vec<Pid> = self.members().filter_map(Pid::from_raw).collect();
        // One that has ended by now needs no signal.
        let tell = |signal| members.iter().for_each(|&pid| kill_process(pid, signal).unwrap_or_default());
        tell(Signal::STOP);
        thread::sleep(time);
        tell(Signal::CONT);
    }

    fn members(&self) -> impl Iterator<Item = i32> {
        let leader = self.child.id().cast_signed();
        descendants(leader).into_iter().chain([leader])
    }

    /// How the leader ended, or `None` while it runs.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let leader = self.child.id().cast_signed();
        end(leader);
        // Reaps the leader; it has been killed, so this returns at once.
        let _ = self.child.wait();
        leaders().retain(|&other| other != leader);
    }
}

/// The processor time that the first thread of each process below all groups has used, in nanoseconds, by process: a page runs on such a
/// thread in every engine. Empty where the system does not tell.
pub fn main_threads() -> HashMap<i32, u64> {
    let leaders = leaders().clone();
    leaders.into_iter().flat_map(descendants).filter_map(|pid| Some((pid, first_thread_ns(pid)?))).collect()
}

/// Memory of all that descends from the leaders of all groups, in bytes; what several share counts once.
pub fn memory() -> u64 {
    let leaders = leaders().clone();
    leaders.into_iter().flat_map(descendants).filter_map(memory_of).sum()
}

/// Ends all groups and the task itself at Ctrl-C or a request to terminate.
pub fn end_all_on_interrupt() -> Result<()> {
    ctrlc::set_handler(|| {
        for &leader in leaders().iter() {
            end(leader);
        }
        std::process::exit(130);
    })
    .context("the handler for Ctrl-C could not be set")
}

fn leaders() -> std::sync::MutexGuard<'static, Vec<i32>> {
    LEADERS.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Kills the group of `leader` and what its members started in groups of their own: browsers put helpers there.
fn end(leader: i32) {
    let descendants = descendants(leader);
    let Some(leader) = Pid::from_raw(leader) else { return };
    let _ = kill_process_group(leader, Signal::KILL);
    for pid in descendants.into_iter().filter_map(Pid::from_raw) {
        let _ = kill_process(pid, Signal::KILL);
    }
}

/// All processes below `root`, read from /proc; empty where there is none.
fn descendants(root: i32) -> HashSet<i32> {
    let parents: HashMap<i32, i32> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(|pid: i32| Some((pid, parent_of(pid)?)))
        .collect();
    let mut found = HashSet::from([root]);
    loop {
        let before = found.len();
        let below: Vec<i32> = parents.iter().filter(|(_, parent)| found.contains(parent)).map(|(&pid, _)| pid).collect();
        found.extend(below);
        if found.len() == before {
            found.remove(&root);
            return found;
        }
    }
}

/// The parent of `pid`.
fn parent_of(pid: i32) -> Option<i32> {
    stat(pid)?.split_whitespace().nth(1)?.parse().ok()
}

/// What the threads of `pid` have computed and waited for a core; of those that have ended by now, nothing.
fn wanted_ns_of(pid: i32) -> u64 {
    threads_of(pid).filter_map(|thread| schedule_of(&thread)).map(|[computed, waited]| computed + waited).sum()
}

/// The folders of a process's threads.
fn threads_of(pid: i32) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten().map(|thread| thread.path())
}

fn named(thread: &Path, name: &str) -> bool {
    fs::read_to_string(thread.join("comm")).is_ok_and(|text| text.starts_with(name))
}

/// Nanoseconds that a thread has computed, and that it waited for a core. In a process's own folder this is of its first thread.
fn schedule_of(folder: &Path) -> Option<[u64; 2]> {
    let text = fs::read_to_string(folder.join("schedstat")).ok()?;
    let mut numbers = text.split_whitespace().map_while(|number| number.parse().ok());
    Some([numbers.next()?, numbers.next()?])
}

fn first_thread_ns(pid: i32) -> Option<u64> {
    schedule_of(Path::new(&format!("/proc/{pid}"))).map(|[computed, _]| computed)
}

fn memory_of(pid: i32) -> Option<u64> {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let kilobytes = |key: &str| rollup.lines().find_map(|line| line.strip_prefix(key)?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    Some((kilobytes("Pss_Anon:")? + kilobytes("Pss_Shmem:")?) * 1024)
}

/// The fields of `stat` after the command name. That may hold spaces and brackets, so they are counted from its last bracket.
fn stat(pid: i32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(stat.rsplit_once(')')?.1.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[test]
    fn dropping_a_group_ends_what_its_leader_started() -> Result<()> {
        let group = Group::start(Command::new("sh").args(["-c", "sleep 300 & wait"]))?;
        let leader = group.child.id().cast_signed();
        let limit = Instant::now() + Duration::from_secs(10);
        let child = loop {
            if let Some(&child) = descendants(leader).iter().next() {
                break child;
            }
            anyhow::ensure!(Instant::now() < limit, "the shell started nothing");
            std::thread::yield_now();
        };
        drop(group);
        while parent_of(child).is_some_and(|_| !is_zombie(child)) {
            anyhow::ensure!(Instant::now() < limit, "the child outlived its group");
            std::thread::yield_now();
        }
        Ok(())
    }

    #[test]
    fn a_group_that_computes_uses_time_and_one_that_sleeps_does_not() -> Result<()> {
        let (busy, idle) =
            (Group::start(Command::new("sh").args(["-c", "while :; do :; done"]))?, Group::start(Command::new("sleep").arg("300"))?);
        let limit = Instant::now() + Duration::from_secs(10);
        while busy.wanted_ns() < 50_000_000 {
            anyhow::ensure!(Instant::now() < limit, "the loop used no time");
            std::thread::sleep(Duration::from_millis(10));
        }
        anyhow::ensure!(idle.wanted_ns() < 50_000_000, "sleeping used time");
        Ok(())
    }

    #[test]
    fn a_first_thread_that_computes_is_seen() -> Result<()> {
        // The loop is below the leader, as a page is below its driver.
        let busy = Group::start(Command::new("sh").args(["-c", "sh -c 'while :; do :; done' & wait"]))?;
        let leader = busy.child.id().cast_signed();
        let limit = Instant::now() + Duration::from_secs(10);
        let ten_ms = |pid: i32| main_threads().get(&pid).is_some_and(|ns| *ns > 10_000_000);
        while !descendants(leader).into_iter().any(ten_ms) {
            anyhow::ensure!(Instant::now() < limit, "the loop used no time");
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    fn is_zombie(pid: i32) -> bool {
        fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| stat.contains(") Z "))
    }
}
