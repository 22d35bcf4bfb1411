//! What code this process has loaded, with handles to it.

use std::fs::File;
use std::io;
use std::path::PathBuf;

/// One file that code was loaded from.
pub(super) struct Code {
    pub(super) path: PathBuf,
    /// The file as it was loaded, as far as the system still has it.
    pub(super) file: io::Result<File>,
    pub(super) is_program: bool,
}

/// The executable and, where the system tells them, the libraries.
#[cfg(target_os = "linux")]
pub(super) fn loaded() -> Vec<Code> {
    use std::collections::BTreeMap;
    use std::fs;

    // The kernel opens what runs, whatever its name leads to now.
    let program = fs::read_link("/proc/self/exe").map(|path| bare(&path.to_string_lossy()).0);
    let mut all = Vec::new();
    if let Ok(path) = &program {
        let file = File::open("/proc/self/exe");
        all.push(Code { path: path.clone(), file, is_program: true });
    }
    let maps = fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let executable = maps.lines().filter_map(mapped).filter(|(mode, ..)| mode.contains('x'));
    let mut libraries = BTreeMap::new();
    for (_, range, name) in executable {
        let (path, gone) = bare(name);
        if Some(&path) != program.as_ref().ok() {
            libraries.entry(path).or_insert((range, gone));
        }
    }
    for (path, (range, gone)) in libraries {
        // Only root may open a mapping itself; without that, what was replaced since cannot be read any more.
        let place = format!("/proc/self/map_files/{range}");
        let file = if gone { File::open(place) } else { File::open(&path) };
        all.push(Code { path, file, is_program: false });
    }
    all
}

/// Mode, range and path of a line of `/proc/PID/maps` that maps a file.
#[cfg(target_os = "linux")]
fn mapped(line: &str) -> Option<(&str, &str, &str)> {
    let mut words = line.splitn(6, ' ');
    let (range, mode) = (words.next()?, words.next()?);
    let path = words.nth(3)?.trim_start();
    path.starts_with('/').then_some((mode, range, path))
}

/// The path, and whether it was deleted or replaced since.
#[cfg(target_os = "linux")]
fn bare(name: &str) -> (PathBuf, bool) {
    match name.strip_suffix(" (deleted)") {
        Some(path) => (path.into(), true),
        None => (name.into(), false),
    }
}

/// The executable alone. Untested outside Linux.
#[cfg(not(target_os = "linux"))]
pub(super) fn loaded() -> Vec<Code> {
    let Ok(path) = std::env::current_exe() else { return Vec::new() };
    let path = std::fs::canonicalize(&path).unwrap_or(path);
    let file = File::open(&path);
    vec![Code { path, file, is_program: true }]
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_maps_are_read() {
        let line = "7f1c0a000000-7f1c0a200000 r-xp 00026000 fe:01 9437 /usr/lib/a b.so (deleted)";
        let (mode, range, name) = mapped(line).unwrap();
        assert_eq!((mode, range), ("r-xp", "7f1c0a000000-7f1c0a200000"));
        assert_eq!(bare(name), ("/usr/lib/a b.so".into(), true));
        assert_eq!(mapped("7ffc-7ffd r-xp 00000000 00:00 0                  [vdso]"), None);
        assert_eq!(mapped("55d0-55d1 rw-p 00000000 00:00 0 "), None);
    }

    #[test]
    fn this_process_knows_its_program_and_its_libraries() {
        let all = loaded();
        let program = all.iter().find(|code| code.is_program).unwrap();
        assert_eq!(Some(&program.path), std::env::current_exe().ok().as_ref());
        assert!(all.iter().any(|code| code.path.to_string_lossy().contains("libc.so")));
        assert!(all.iter().all(|code| code.file.is_ok()));
    }
}
