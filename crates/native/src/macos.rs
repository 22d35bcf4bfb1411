//! UNTESTED. `proc_pidinfo` with `PROC_PIDTBSDINFO` (libproc.h, sys/proc_info.h).
#![expect(unsafe_code, reason = "a system call")]

use core::ffi::{c_int, c_void};

/// `struct proc_bsdinfo`, 136 bytes, of which the flags come first.
#[repr(C, align(8))]
struct BsdInfo {
    flags: u32,
    rest: [u8; 132],
}

unsafe extern "C" {
    fn proc_pidinfo(pid: c_int, flavor: c_int, arg: u64, buffer: *mut c_void, size: c_int)
    -> c_int;
    safe fn getpid() -> c_int;
}

pub(crate) fn is_traced() -> Option<bool> {
    const PROC_PIDTBSDINFO: c_int = 3;
    const PROC_FLAG_TRACED: u32 = 2;
    const SIZE: c_int = 136;
    let mut info = BsdInfo { flags: 0, rest: [0; 132] };
    // SAFETY: the buffer is as large as is said, and the system fills no more.
    let filled =
        unsafe { proc_pidinfo(getpid(), PROC_PIDTBSDINFO, 0, (&raw mut info).cast(), SIZE) };
    (filled == SIZE).then_some(info.flags & PROC_FLAG_TRACED != 0)
}
