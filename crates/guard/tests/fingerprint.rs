//! Collection of fingerprints from made-up `/etc`, `/proc` and `/sys`, and from this machine beside Python.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use licentia::fingerprint::{Machine, Outcome};
use licentia_license::fingerprint::{Bind, Component, Fingerprint, HostMac, Parts};
use tempfile::TempDir;

const ID: &str = "3d1219c7c4c5404aaa1f6d2a48adfda4";
const CPU: &str = "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Xeon\nstepping\t: 1\n\
                   microcode\t: 0x1\ncpu MHz\t\t: 2700.000\nbogomips\t: 5400.00\n\nprocessor\t: 1\n";
const MOUNTS: &str = "28 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n";
const ROUTES: &str =
    "Iface\tDestination\tGateway\neth0\t00000000\t010200C0\ndocker0\t000011AC\t0\n";

/// A machine that is described by files.
struct Root(TempDir);

impl Root {
    fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn usual() -> Self {
        let root = Self::empty();
        root.write("etc/machine-id", &format!("{ID}\n"))
            .write("sys/class/dmi/id/sys_vendor", "ACME\n")
            .write("sys/class/dmi/id/product_name", "To Be Filled By O.E.M.\n")
            .write("sys/class/dmi/id/board_name", "X11\n")
            .write("proc/cpuinfo", CPU)
            .write("proc/self/mountinfo", MOUNTS)
            .write("proc/sys/kernel/hostname", "walnut\n")
            .write("proc/net/route", ROUTES)
            .write("sys/block/nvme0n1/device/serial", "S4EWNX0R   \n")
            .write("sys/block/nvme0n1/removable", "0\n")
            .write("sys/block/sdb/device/serial", "stick\n")
            .write("sys/block/sdb/removable", "1\n")
            .write("sys/block/loop0/serial", "loop\n")
            .card("eth0", "52:54:00:00:00:01", "2")
            .write("sys/class/net/docker0/address", "02:42:00:00:00:01\n")
            .write("sys/class/net/docker0/ifindex", "3\n")
            .write("sys/class/net/lo/address", "00:00:00:00:00:00\n");
        root
    }

    fn write(&self, path: &str, text: &str) -> &Self {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    fn remove(&self, path: &str) -> &Self {
        let path = self.0.path().join(path);
        if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.unwrap();
        self
    }

    fn card(&self, name: &str, mac: &str, index: &str) -> &Self {
        let card = format!("sys/class/net/{name}");
        self.write(&format!("{card}/address"), &format!("{mac}\n"))
            .write(&format!("{card}/addr_assign_type"), "0\n")
            .write(&format!("{card}/ifindex"), &format!("{index}\n"))
            .write(&format!("{card}/device/vendor"), "0x1af4\n")
    }

    fn machine(&self) -> Machine {
        Machine::under(self.0.path(), "bzzz")
    }

    fn parts(&self) -> Parts {
        match self.machine().fingerprints().first() {
            Some(Fingerprint::Parts(parts)) => parts.clone(),
            _ => Parts::default(),
        }
    }

    fn outcome(&self, source: &str) -> Option<Outcome> {
        let machine = self.machine();
        let about = machine.explanations().iter().find(|about| about.source == source);
        about.map(|about| about.outcome.clone())
    }
}

fn part(component: Component, value: &str) -> Parts {
    Parts::default().with("bzzz", component, value)
}

#[test]
fn every_component_is_found_and_nothing_that_passes() {
    let cpu = "vendor_id=GenuineIntel\nmodel name=Xeon\nstepping=1";
    let expected = part(Component::Machine, ID)
        .with("bzzz", Component::Board, "sys_vendor=ACME\nboard_name=X11")
        .with("bzzz", Component::Cpu, cpu)
        .with("bzzz", Component::Disk, "S4EWNX0R")
        .with("bzzz", Component::Network, "52:54:00:00:00:01");
    let root = Root::usual();
    assert_eq!(root.parts(), expected);
    let host = Fingerprint::HostMac(HostMac::of("walnut", [0x52, 0x54, 0, 0, 0, 1]));
    assert_eq!(root.machine().fingerprints()[1], host);
}

#[test]
fn a_restart_with_another_clock_rate_name_and_docker_network_is_the_same_machine() {
    let root = Root::usual();
    let before = root.parts();
    root.write("proc/cpuinfo", &CPU.replace("2700.000", "800.000").replace("0x1", "0x2"))
        .write("proc/sys/kernel/hostname", "other\n")
        .write("sys/class/net/veth12/address", "02:42:00:00:00:09\n")
        .remove("sys/class/net/docker0")
        .remove("sys/block/sdb");
    assert_eq!(root.parts(), before);
}

#[test]
fn a_new_network_card_locks_nobody_out_and_a_copied_disk_does_not_suffice() {
    let root = Root::usual();
    let bind = Bind::to(Fingerprint::Parts(root.parts()));
    root.remove("sys/class/net/eth0").card("enp1s0", "52:54:00:99:99:99", "2");
    assert!(bind.admits(root.machine().fingerprints()));
    assert_eq!(bind.differences(&root.parts()), [Component::Network]);
    root.write("sys/block/nvme0n1/device/serial", "OTHER");
    assert!(!bind.admits(root.machine().fingerprints()));
}

#[test]
fn addresses_that_are_not_the_cards_own_do_not_count() {
    let root = Root::usual();
    root.write("sys/class/net/eth0/addr_assign_type", "3\n");
    let why = root.outcome("/sys/class/net/eth0/address");
    assert!(matches!(why, Some(Outcome::LeftOut(_))), "{why:?}");
    // A card in a bond goes by another's address, a radio by a random one; both know their own.
    root.write("sys/class/net/eth0/bonding_slave/perm_hwaddr", "52:54:00:00:00:01\n")
        .card("wlan0", "aa:bb:cc:dd:ee:ff", "5")
        .write("sys/class/net/wlan0/addr_assign_type", "1\n")
        .write("sys/class/net/wlan0/phy80211/macaddress", "00:11:22:33:44:55\n");
    let both = part(Component::Network, "52:54:00:00:00:01").with(
        "bzzz",
        Component::Network,
        "00:11:22:33:44:55",
    );
    let bind = Bind::to(Fingerprint::Parts(both));
    assert_eq!(bind.differences(&root.parts()), []);
}

#[test]
fn in_a_container_the_images_machine_id_counts_only_where_it_was_mounted() {
    let root = Root::usual();
    let overlay = "600 500 0:50 / / rw - overlay overlay rw,lowerdir=/a\n";
    root.write("proc/self/mountinfo", overlay);
    let why = root.outcome("/etc/machine-id");
    assert_eq!(why, Some(Outcome::LeftOut("it came with the image that this runs from")));
    assert!(!root.parts().components().any(|c| c == Component::Machine));
    let mounted = "601 600 254:1 /etc/machine-id /etc/machine-id ro - ext4 /dev/vda1 rw\n";
    root.write("proc/self/mountinfo", &format!("{overlay}{mounted}"));
    assert_eq!(root.outcome("/etc/machine-id"), Some(Outcome::Used));
    root.write("proc/self/mountinfo", MOUNTS).write(".dockerenv", "");
    assert!(!root.parts().components().any(|c| c == Component::Machine));
}

#[test]
fn where_no_disk_has_a_serial_number_the_root_file_system_stands_in() {
    let root = Root::usual();
    root.remove("sys/block/nvme0n1").write("sys/block/vda/removable", "0\n");
    let links = root.0.path().join("dev/disk/by-uuid");
    fs::create_dir_all(&links).unwrap();
    symlink("../../vdb1", links.join("1111-1111")).unwrap();
    symlink("../../vda1", links.join("2222-2222")).unwrap();
    let bind = Bind::to(Fingerprint::Parts(part(Component::Disk, "2222-2222")));
    assert_eq!(bind.differences(&root.parts()), []);
    assert_eq!(root.outcome("/sys/block/vda"), Some(Outcome::Absent));
}

#[test]
fn a_board_without_a_bios_is_known_by_its_device_tree() {
    let root = Root::usual();
    root.remove("sys/class/dmi")
        .write("proc/device-tree/model", "Raspberry Pi 4\0")
        .write("proc/device-tree/serial-number", "10000000abc\0");
    let bind = Bind::to(Fingerprint::Parts(part(Component::Board, "Raspberry Pi 4\n10000000abc")));
    assert_eq!(bind.differences(&root.parts()), []);
}

#[test]
fn it_says_what_it_could_not_read_and_never_what_it_read() {
    let root = Root::usual();
    root.write("etc/machine-id", "uninitialized\n")
        .write("sys/block/nvme0n1/device/serial", "0000 0000\n")
        .remove("proc/cpuinfo");
    // A folder where a file belongs cannot be read, by root neither.
    fs::create_dir(root.0.path().join("proc/cpuinfo")).unwrap();
    let machine = root.machine();
    let said = format!("{machine:?}");
    for raw in ["ACME", "X11", "walnut", "52:54", "0000 0000"] {
        assert!(!said.contains(raw), "{raw} in {said}");
    }
    assert_eq!(root.outcome("/etc/machine-id"), Some(Outcome::LeftOut("it was never filled in")));
    assert_eq!(root.outcome("/var/lib/dbus/machine-id"), Some(Outcome::Absent));
    assert!(matches!(root.outcome("/proc/cpuinfo"), Some(Outcome::Unreadable(_))));
    assert_eq!(root.outcome("/sys/class/dmi/id"), Some(Outcome::Used));
}

#[test]
fn what_this_user_may_not_read_is_told() {
    let root = Root::usual();
    let file = root.0.path().join("sys/block/nvme0n1/device/serial");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).unwrap();
    // Root reads it all the same.
    let denied = Outcome::Unreadable(std::io::ErrorKind::PermissionDenied);
    let expected = if fs::read(&file).is_ok() { Outcome::Used } else { denied };
    assert_eq!(root.outcome("/sys/block/nvme0n1/device/serial"), Some(expected));
}

#[test]
fn an_empty_machine_has_no_fingerprint_and_says_why() {
    let root = Root::empty();
    let machine = root.machine();
    assert_eq!(machine.fingerprints(), []);
    let parts: Vec<_> = machine.explanations().iter().map(|about| about.part).collect();
    for part in ["machine", "board", "cpu", "disk", "network", "host-mac"] {
        assert!(parts.contains(&part), "{part} in {parts:?}");
    }
    assert!(machine.explanations().iter().all(|about| about.outcome != Outcome::Used));
}

#[test]
fn here_it_is_the_same_twice_and_host_mac_is_pythons() {
    let machine = Machine::here("bzzz");
    assert_eq!(machine.fingerprints(), Machine::here("bzzz").fingerprints());
    assert!(!machine.fingerprints().is_empty());
    let program = "import hashlib, platform, uuid\n\
                   node = uuid.getnode()\n\
                   print(node >> 40 & 1, hashlib.sha256(f\"{platform.node()}:{node}\".encode()).hexdigest()[:16])";
    let python = Command::new("python3").args(["-c", program]).output().unwrap();
    let python = String::from_utf8(python.stdout).unwrap();
    let (random, expected) = python.trim().split_once(' ').unwrap();
    let ours = machine.fingerprints().iter().find_map(|fingerprint| match fingerprint {
        Fingerprint::HostMac(hash) => Some(hash.digits()),
        _ => None,
    });
    // Without a network Python makes a number up; then there is nothing to agree with.
    let expected = (random == "0" && Path::new("/proc/net/route").exists()).then_some(expected);
    assert_eq!(ours.as_deref(), expected);
}
