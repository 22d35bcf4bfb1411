//! Where there are no files to read, commands of the system tell; not tested on either.

use licentia_license::fingerprint::Component;

/// A command that tells a component where there are no files to read.
pub(super) struct Told {
    pub(super) component: Component,
    pub(super) program: &'static str,
    pub(super) arguments: &'static [&'static str],
    /// The line that counts has this in it.
    pub(super) line: &'static str,
}

#[cfg(target_os = "macos")]
pub(super) const TOLD: &[Told] = &[
    Told {
        component: Component::Machine,
        program: "/usr/sbin/ioreg",
        arguments: &["-rd1", "-c", "IOPlatformExpertDevice"],
        line: "IOPlatformUUID",
    },
    Told {
        component: Component::Board,
        program: "/usr/sbin/sysctl",
        arguments: &["hw.model"],
        line: "hw.model",
    },
    Told {
        component: Component::Cpu,
        program: "/usr/sbin/sysctl",
        arguments: &["machdep.cpu.brand_string"],
        line: "machdep.cpu.brand_string",
    },
];
#[cfg(target_os = "windows")]
pub(super) const TOLD: &[Told] = &[
    Told {
        component: Component::Machine,
        program: r"C:\Windows\System32\reg.exe",
        arguments: &["query", r"HKLM\SOFTWARE\Microsoft\Cryptography", "/v", "MachineGuid"],
        line: "MachineGuid",
    },
    Told {
        component: Component::Board,
        program: r"C:\Windows\System32\reg.exe",
        arguments: &["query", r"HKLM\HARDWARE\DESCRIPTION\System\BIOS", "/v", "SystemProductName"],
        line: "SystemProductName",
    },
    Told {
        component: Component::Cpu,
        program: r"C:\Windows\System32\reg.exe",
        arguments: &[
            "query",
            r"HKLM\HARDWARE\DESCRIPTION\System\CentralProcessor\0",
            "/v",
            "ProcessorNameString",
        ],
        line: "ProcessorNameString",
    },
];
#[cfg(not(any(target_os = "macos", target_os = "windows")))]
pub(super) const TOLD: &[Told] = &[];
