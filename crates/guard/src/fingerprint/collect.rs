//! What Linux says of its machine in `/etc`, `/proc`, `/sys` and `/dev`.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use licentia_license::fingerprint::{Component, Fingerprint, HostMac, Parts};
use sha2::{Digest, Sha256};

use super::told::Told;
use super::{Explanation, Machine, Outcome, SealSecret};

/// Of a longer file only this much is read, in bytes; a processor's first lines are enough.
const MAX_READ: u64 = 16 * 1024;
/// Block devices that are no disks, or that come and go.
const NO_DISKS: &[&str] = &["loop", "ram", "zram", "dm-", "md", "sr", "fd", "nbd"];
/// What tells one model of processor from another and never changes, on x86 and on ARM.
const CPU_FIELDS: &[&str] = &[
    "vendor_id",
    "cpu family",
    "model",
    "model name",
    "stepping",
    "CPU implementer",
    "CPU architecture",
    "CPU variant",
    "CPU part",
    "CPU revision",
];
/// What makers leave in fields they did not fill in.
const PLACEHOLDERS: &[&str] = &[
    "default string",
    "n/a",
    "none",
    "not applicable",
    "not specified",
    "system manufacturer",
    "system product name",
    "system serial number",
    "to be filled by o.e.m.",
    "uninitialized",
    "unknown",
];

/// Reads one machine.
pub(super) struct Collector<'a> {
    root: &'a Path,
    product: &'a str,
    parts: Parts,
    explanations: Vec<Explanation>,
    /// Over the machine id alone; where there is none, over board and processor.
    unique: Option<[u8; 32]>,
    model: Option<Sha256>,
}

impl<'a> Collector<'a> {
    pub(super) fn new(root: &'a Path, product: &'a str) -> Self {
        Self {
            root,
            product,
            parts: Parts::default(),
            explanations: Vec::new(),
            unique: None,
            model: None,
        }
    }

    pub(super) fn finish(mut self) -> Machine {
        self.machine_id();
        self.board();
        self.cpu();
        self.disks();
        self.network();
        let host_mac = self.host_mac();
        let parts = (!self.parts.is_empty()).then_some(Fingerprint::Parts(self.parts));
        let unique = self.unique.map(|secret| SealSecret { secret, is_unique: true });
        let model =
            self.model.map(|hash| SealSecret { secret: hash.finalize().into(), is_unique: false });
        Machine {
            seal: unique.or(model),
            fingerprints: parts.into_iter().chain(host_mac).collect(),
            explanations: self.explanations,
        }
    }

    fn machine_id(&mut self) {
        let image = self.in_container() && !self.is_mounted("/etc/machine-id");
        for path in ["etc/machine-id", "var/lib/dbus/machine-id"] {
            let id = self.filled(path).and_then(|id| {
                let hexadecimal = id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit());
                if image {
                    Err(Outcome::LeftOut("it came with the image that this runs from"))
                } else if hexadecimal {
                    Ok(id.to_ascii_lowercase())
                } else {
                    Err(Outcome::LeftOut("it is no machine id"))
                }
            });
            if self.take(Component::Machine, path, id) {
                return;
            }
        }
    }

    fn board(&mut self) {
        let folder = "sys/class/dmi/id";
        let names = ["sys_vendor", "product_name", "board_vendor", "board_name"];
        let mut known = Vec::new();
        let mut why = Outcome::Absent;
        for name in names {
            match self.filled(&format!("{folder}/{name}")) {
                Ok(value) => known.push(format!("{name}={value}")),
                Err(Outcome::Absent) => {}
                Err(outcome) => why = outcome,
            }
        }
        let value = if known.is_empty() { Err(why) } else { Ok(known.join("\n")) };
        if self.take(Component::Board, folder, value) {
            return;
        }
        // Boards without a BIOS; the serial number is there for all to read.
        let tree = "proc/device-tree";
        let value = self.filled(&format!("{tree}/model")).map(|model| {
            let serial = self.read(&format!("{tree}/serial-number")).unwrap_or_default();
            format!("{model}\n{serial}")
        });
        self.take(Component::Board, tree, value);
    }

    fn cpu(&mut self) {
        let path = "proc/cpuinfo";
        let value = self.read(path).and_then(|text| {
            let first = text.split("\n\n").next().unwrap_or_default();
            let fields: Vec<_> = first
                .lines()
                .filter_map(|line| line.split_once(':'))
                .map(|(name, value)| (name.trim(), value.trim()))
                .filter(|(name, _)| CPU_FIELDS.contains(name))
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            let unnamed = Outcome::LeftOut("it does not name the model");
            if fields.is_empty() { Err(unnamed) } else { Ok(fields.join("\n")) }
        });
        self.take(Component::Cpu, path, value);
    }

    fn disks(&mut self) {
        let mut found = 0;
        for name in self.list("sys/block") {
            let disk = format!("sys/block/{name}");
            let passing = NO_DISKS.iter().any(|prefix| name.starts_with(prefix));
            if passing || self.read(&format!("{disk}/removable")).is_ok_and(|it| it == "1") {
                continue;
            }
            let (source, serial) = self.serial(&disk);
            found += usize::from(self.take(Component::Disk, &source, serial));
        }
        if found == 0 {
            let (source, id) = self.root_file_system();
            self.take(Component::Disk, &source, id);
        }
    }

    /// A disk's serial number, or the most telling of the reasons why there is none.
    fn serial(&self, disk: &str) -> (String, Result<String, Outcome>) {
        let mut why = (disk.to_owned(), Err(Outcome::Absent));
        for file in ["serial", "device/serial", "wwid", "device/wwid"] {
            let source = format!("{disk}/{file}");
            match self.filled(&source) {
                Ok(serial) => return (source, Ok(serial)),
                Err(Outcome::Absent) => {}
                Err(outcome) => why = (source, Err(outcome)),
            }
        }
        why
    }

    /// The id of the file system that `/` is on.
    fn root_file_system(&self) -> (String, Result<String, Outcome>) {
        let folder = "dev/disk/by-uuid";
        let device =
            self.mounts().into_iter().find(|mount| mount.at == "/").map(|mount| mount.from);
        let of_root = |name: &String| {
            let target = fs::read_link(self.root.join(folder).join(name)).ok();
            let target = target.as_deref().and_then(Path::file_name);
            target.is_some() && target == device.as_deref().and_then(|d| Path::new(d).file_name())
        };
        let id = self.list(folder).into_iter().find(of_root);
        (folder.to_owned(), id.ok_or(Outcome::Absent))
    }

    fn network(&mut self) {
        for name in self.list("sys/class/net") {
            let card = format!("sys/class/net/{name}");
            // Bridges, tunnels, veth and lo have no device behind them.
            if !self.root.join(&card).join("device").exists() {
                continue;
            }
            let (source, address) = self.permanent_address(&card);
            self.take(Component::Network, &source, address);
        }
        if !self.explanations.iter().any(|it| it.part == Component::Network.as_str()) {
            let none = Outcome::LeftOut("no physical network card is to be seen");
            self.take(Component::Network, "sys/class/net", Err(none));
        }
    }

    /// What the card was made with, whatever address it goes by now.
    fn permanent_address(&self, card: &str) -> (String, Result<String, Outcome>) {
        for file in ["phy80211/macaddress", "bonding_slave/perm_hwaddr"] {
            let source = format!("{card}/{file}");
            if let Some(mac) = self.mac(&source) {
                return (source, Ok(mac_text(mac)));
            }
        }
        let source = format!("{card}/address");
        let given = self.read(&format!("{card}/addr_assign_type")).is_ok_and(|it| it != "0");
        let address = match self.mac(&source) {
            _ if given => Err(Outcome::LeftOut("its address is not the card's own")),
            Some(mac) => Ok(mac_text(mac)),
            None => Err(Outcome::LeftOut("it has no MAC address")),
        };
        (source, address)
    }

    /// As Python's `uuid.getnode()` finds it on Linux: of the interfaces with an IPv4 address, the first in
    /// the kernel's order that has a MAC address.
    fn host_mac(&mut self) -> Option<Fingerprint> {
        let part = "host-mac";
        let hostname = self.read("proc/sys/kernel/hostname");
        let outcome = hostname.as_ref().map_or_else(Clone::clone, |_| Outcome::Used);
        self.explain(part, "proc/sys/kernel/hostname", outcome);
        let routes = self.read("proc/net/route").unwrap_or_default();
        let names: BTreeSet<_> =
            routes.lines().skip(1).filter_map(|line| line.split_whitespace().next()).collect();
        let first = names
            .into_iter()
            .filter(|name| !name.contains('/'))
            .filter_map(|name| {
                let interface = format!("sys/class/net/{name}");
                let index: u32 = self.read(&format!("{interface}/ifindex")).ok()?.parse().ok()?;
                let source = format!("{interface}/address");
                Some((index, self.mac(&source)?, source))
            })
            .min();
        let Some((_, mac, source)) = first else {
            let none = Outcome::LeftOut("no interface has both an IPv4 route and a MAC address");
            self.explain(part, "proc/net/route", none);
            return None;
        };
        self.explain(part, &source, Outcome::Used);
        Some(Fingerprint::HostMac(HostMac::of(&hostname.ok()?, mac)))
    }

    /// Takes what a command says.
    pub(super) fn told(&mut self, told: &Told) {
        let output = Command::new(told.program)
            .args(told.arguments)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output();
        let value = match output {
            Ok(output) => String::from_utf8_lossy(&output.stdout)
                .lines()
                .find(|line| line.contains(told.line))
                .map(|line| line.trim().to_owned())
                .ok_or(Outcome::Absent),
            Err(error) => Err(Outcome::Unreadable(error.kind())),
        };
        self.take(told.component, told.program, value);
    }

    /// Hashes a value, or remembers why there is none. Whether it counts.
    fn take(&mut self, component: Component, source: &str, value: Result<String, Outcome>) -> bool {
        let used = value.is_ok();
        let outcome = match value {
            Ok(value) => {
                self.seal(component, &value);
                let parts = std::mem::take(&mut self.parts);
                self.parts = parts.with(self.product, component, &value);
                Outcome::Used
            }
            Err(outcome) => outcome,
        };
        self.explain(component.as_str(), source, outcome);
        used
    }

    /// Only what stays when a disk or card is changed.
    fn seal(&mut self, component: Component, value: &str) {
        let start = || Sha256::new().chain_update(b"licentia seal secret\n");
        match component {
            Component::Machine => self.unique = Some(start().chain_update(value).finalize().into()),
            Component::Board | Component::Cpu => {
                let hash = self.model.take().unwrap_or_else(start);
                self.model = Some(hash.chain_update(value).chain_update(b"\n"));
            }
            _ => {}
        }
    }

    fn explain(&mut self, part: &'static str, source: &str, outcome: Outcome) {
        let source = Path::new("/").join(source).display().to_string();
        self.explanations.push(Explanation { part, source, outcome });
    }

    fn mac(&self, path: &str) -> Option<[u8; 6]> {
        let text = self.read(path).ok()?;
        let bytes: Vec<u8> = text
            .split(':')
            .map(|byte| u8::from_str_radix(byte, 16))
            .collect::<Result<_, _>>()
            .ok()?;
        let mac: [u8; 6] = bytes.try_into().ok()?;
        (mac != [0; 6] && mac != [0xff; 6]).then_some(mac)
    }

    fn in_container(&self) -> bool {
        let marks = [".dockerenv", "run/.containerenv", "var/run/secrets/kubernetes.io"];
        marks.iter().any(|mark| self.root.join(mark).exists())
            || self.mounts().iter().any(|mount| mount.at == "/" && mount.kind == "overlay")
    }

    fn is_mounted(&self, path: &str) -> bool {
        self.mounts().iter().any(|mount| mount.at == path)
    }

    /// The mounts of this process, see proc_pid_mountinfo(5).
    fn mounts(&self) -> Vec<Mount> {
        let text = self.read("proc/self/mountinfo").unwrap_or_default();
        let mount = |line: &str| {
            let (left, right) = line.split_once(" - ")?;
            let at = left.split(' ').nth(4)?.to_owned();
            let mut right = right.split(' ').map(str::to_owned);
            Some(Mount { at, kind: right.next()?, from: right.next()? })
        };
        text.lines().filter_map(mount).collect()
    }

    /// A file's text, without what surrounds it.
    fn read(&self, path: &str) -> Result<String, Outcome> {
        let bytes = read_some(&self.root.join(path)).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Outcome::Absent,
            kind => Outcome::Unreadable(kind),
        })?;
        let text = String::from_utf8_lossy(&bytes);
        let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
        if text.is_empty() { Err(Outcome::LeftOut("it is empty")) } else { Ok(text.to_owned()) }
    }

    /// As [`Self::read`], where makers leave words and noughts that mean nothing.
    fn filled(&self, path: &str) -> Result<String, Outcome> {
        let text = self.read(path)?;
        let nought = text.chars().all(|c| matches!(c, '0' | '.' | '-' | ' '));
        if nought || PLACEHOLDERS.contains(&text.to_lowercase().as_str()) {
            return Err(Outcome::LeftOut("it was never filled in"));
        }
        Ok(text)
    }

    fn list(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.root.join(folder)).into_iter().flatten().flatten();
        let mut names: Vec<_> =
            entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        names
    }
}

struct Mount {
    at: String,
    kind: String,
    from: String,
}

fn mac_text(mac: [u8; 6]) -> String {
    mac.map(|byte| format!("{byte:02x}")).join(":")
}

fn read_some(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(MAX_READ).read_to_end(&mut bytes)?;
    Ok(bytes)
}
