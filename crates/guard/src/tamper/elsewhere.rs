//! Windows and macOS, through the calls of the system. UNTESTED: no such machine has run this.

use licentia_native::{Breakpoints, is_traced};

use crate::finding::{Fact, Finding};

pub(super) fn look(breakpoints: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    if is_traced() == Some(true) {
        findings.push(Finding::tamper(Fact::Debugger, "unknown", ""));
    }
    if breakpoints && licentia_native::breakpoints() == Breakpoints::Set {
        findings.push(Finding::tamper(Fact::Breakpoint, "debug registers", ""));
    }
    findings
}

/// The system tells no other than the current one.
pub(super) fn first_environment() -> String {
    String::new()
}
