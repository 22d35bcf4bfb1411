//! Linux: what `/proc` says of this process.

use std::collections::BTreeSet;
use std::fs;

use super::agents;
use crate::finding::{Fact, Finding};

/// Programs that watch others; their names may go on behind these.
const PROFILERS: &[&str] = &[
    "perf",
    "bpftrace",
    "uftrace",
    "heaptrack",
    "sysprof",
    "valgrind",
    "callgrind",
    "massif",
    "frida",
    "gdb",
    "lldb",
    "strace",
    "ltrace",
    "rr",
    "py-spy",
    "rbspy",
    "samply",
];

pub(super) fn look(_breakpoints: bool) -> Vec<Finding> {
    let mut findings = tracers();
    findings.extend(watchers());
    let maps = fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let paths = maps.lines().filter_map(|line| line.find('/').map(|at| &line[at..]));
    findings.extend(agents(paths));
    findings
}

/// The environment that the process was started with.
pub(super) fn first_environment() -> String {
    let bytes = fs::read("/proc/self/environ").unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Who is attached to a thread of this process: a tool may choose one.
fn tracers() -> Vec<Finding> {
    let threads = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let tracers: BTreeSet<u32> = threads
        .filter_map(|thread| fs::read_to_string(thread.path().join("status")).ok())
        .filter_map(|status| field(&status, "TracerPid:"))
        .filter(|tracer| *tracer != 0)
        .collect();
    let finding = |pid| {
        let name = name_of(pid).unwrap_or_else(|| "unknown".to_owned());
        Finding::tamper(Fact::Debugger, name, format!("process {pid}"))
    };
    tracers.into_iter().map(finding).collect()
}

/// Tools that watch without being attached: those whose command line names this process, and those that started it.
fn watchers() -> Vec<Finding> {
    let own = std::process::id();
    let ancestors = ancestors(own);
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let watcher = |pid: u32| {
        let name =
            name_of(pid).filter(|name| PROFILERS.iter().any(|known| is_tool(known, name)))?;
        let watches =
            ancestors.contains(&pid) || names(&fs::read(format!("/proc/{pid}/cmdline")).ok()?, own);
        watches.then(|| Finding::tamper(Fact::Profiler, name, format!("process {pid}")))
    };
    pids.filter(|pid| *pid != own).filter_map(watcher).collect()
}

/// `perf`, and `perf_6.1`, but not `performance-d`.
fn is_tool(known: &str, name: &str) -> bool {
    let rest = name.strip_prefix(known);
    rest.is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_alphabetic()))
}

/// Whether a command line holds this process's id as a number of its own.
fn names(command_line: &[u8], pid: u32) -> bool {
    let pid = pid.to_string();
    command_line
        .split(|byte| matches!(byte, 0 | b' ' | b',' | b'='))
        .any(|word| word == pid.as_bytes() || word.strip_prefix(b"-p") == Some(pid.as_bytes()))
}

fn ancestors(own: u32) -> BTreeSet<u32> {
    let mut all = BTreeSet::new();
    let mut pid = own;
    while let Some(parent) = fs::read_to_string(format!("/proc/{pid}/status"))
        .ok()
        .and_then(|status| field(&status, "PPid:"))
        .filter(|parent| *parent != 0)
    {
        if !all.insert(parent) {
            break;
        }
        pid = parent;
    }
    all
}

fn name_of(pid: u32) -> Option<String> {
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
    Some(name.trim().to_owned())
}

fn field(status: &str, name: &str) -> Option<u32> {
    status.lines().find_map(|line| line.strip_prefix(name))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_and_command_lines_are_told_apart() {
        for name in ["perf", "perf_6.1", "gdb"] {
            assert!(PROFILERS.iter().any(|known| is_tool(known, name)), "{name}");
        }
        for name in ["performance-d", "gdbus", "rrdcached", "sh"] {
            assert!(!PROFILERS.iter().any(|known| is_tool(known, name)), "{name}");
        }
        for line in ["perf\0record\0-p\x00123", "perf\0record\0-p123", "perf\0stat\0--pid=7,123"] {
            assert!(names(line.as_bytes(), 123), "{line}");
        }
        assert!(!names(b"perf\0record\0-a\0sleep\x001234", 123));
    }

    #[test]
    fn a_process_that_nobody_watches_has_no_tracer() {
        assert_eq!(field("Name:\tx\nTracerPid:\t42\n", "TracerPid:"), Some(42));
        assert!(ancestors(std::process::id()).len() > 1);
        let names: Vec<_> = agents(["/usr/lib/libc.so.6", "/tmp/frida-agent-64.so"].into_iter())
            .into_iter()
            .map(|finding| finding.name)
            .collect();
        assert_eq!(names, ["frida-agent-64.so"]);
    }
}
