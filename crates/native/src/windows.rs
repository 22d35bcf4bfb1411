//! UNTESTED. `IsDebuggerPresent`, `CheckRemoteDebuggerPresent`, `GetThreadContext` (Win32, kernel32).
#![expect(unsafe_code, reason = "system calls")]

use core::ffi::c_void;

#[link(name = "kernel32")]
unsafe extern "system" {
    safe fn IsDebuggerPresent() -> i32;
    safe fn GetCurrentProcess() -> *mut c_void;
    fn CheckRemoteDebuggerPresent(process: *mut c_void, present: *mut i32) -> i32;
    #[cfg(target_arch = "x86_64")]
    safe fn GetCurrentThread() -> *mut c_void;
    #[cfg(target_arch = "x86_64")]
    fn GetThreadContext(thread: *mut c_void, context: *mut Context) -> i32;
}

pub(crate) fn is_traced() -> bool {
    let mut present = 0;
    // SAFETY: a pseudo handle of this process, and a place for the answer.
    let asked = unsafe { CheckRemoteDebuggerPresent(GetCurrentProcess(), &raw mut present) };
    IsDebuggerPresent() != 0 || (asked != 0 && present != 0)
}

/// `CONTEXT` of winnt.h for x86-64: 1232 bytes, of which the flags and the debug registers are named.
#[cfg(target_arch = "x86_64")]
#[repr(C, align(16))]
struct Context {
    homes: [u64; 6],
    flags: u32,
    mx_csr: u32,
    segments: [u16; 6],
    e_flags: u32,
    debug: [u64; 6],
    rest: [u8; 1232 - 48 - 8 - 16 - 48],
}

#[cfg(target_arch = "x86_64")]
pub(crate) fn breakpoints() -> crate::Breakpoints {
    /// `CONTEXT_AMD64 | CONTEXT_DEBUG_REGISTERS`.
    const DEBUG_REGISTERS: u32 = 0x0010_0010;
    let mut context = Context {
        homes: [0; 6],
        flags: DEBUG_REGISTERS,
        mx_csr: 0,
        segments: [0; 6],
        e_flags: 0,
        debug: [0; 6],
        rest: [0; 1232 - 48 - 8 - 16 - 48],
    };
    // SAFETY: a pseudo handle of this thread, and a context of the size and alignment that the system fills. For the
    // running thread the debug registers are those of its last switch, which is what is wanted.
    let read = unsafe { GetThreadContext(GetCurrentThread(), &raw mut context) };
    match (read, context.debug) {
        (0, _) => crate::Breakpoints::Unreadable,
        (_, [0, 0, 0, 0, ..]) => crate::Breakpoints::Clear,
        _ => crate::Breakpoints::Set,
    }
}
