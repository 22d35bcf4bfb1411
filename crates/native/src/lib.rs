//! The few calls of Windows and macOS by which a process asks whether a debugger is attached to it. On Linux `/proc`
//! tells that without any, and nothing here does anything.
//!
//! UNTESTED: the project's machines are Linux. The declarations are those of the systems' own documentation.

#[cfg(target_os = "macos")]
mod macos;
#[cfg(windows)]
mod windows;

/// Whether the debug registers of this thread hold a breakpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breakpoints {
    /// None does.
    Clear,
    /// One does.
    Set,
    /// The system does not let a process see its own.
    Unreadable,
}

/// Whether a debugger is attached; `None` where the system was not asked, or did not say.
#[must_use]
pub fn is_traced() -> Option<bool> {
    #[cfg(windows)]
    return Some(windows::is_traced());
    #[cfg(target_os = "macos")]
    return macos::is_traced();
    #[cfg(not(any(windows, target_os = "macos")))]
    None
}

/// Looks at the debug registers of the calling thread.
#[must_use]
pub fn breakpoints() -> Breakpoints {
    #[cfg(all(windows, target_arch = "x86_64"))]
    return windows::breakpoints();
    #[cfg(not(all(windows, target_arch = "x86_64")))]
    Breakpoints::Unreadable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn linux_is_not_asked_here() {
        assert_eq!((is_traced(), breakpoints()), (None, Breakpoints::Unreadable));
    }
}
