//! A throw-away PostgreSQL for tests, of the packages that the system has. A dev-dependency only.
//!
//! [`Cluster::shared`] starts one a test binary, [`Cluster::database`] makes a database in it, empty and owned
//! by a role that may nothing else. Nothing of it outlives the process that started it, however that ends: a
//! watcher of its own waits for the end of a pipe, then stops the server and removes its folder.
//!
//! PostgreSQL refuses to run as root, so root hands over to the user `postgres`.

#![expect(clippy::panic, reason = "a test that cannot be set up must fail loudly")]

use std::fs;
use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Stops the server of the folder `$1` and removes the folder, as soon as its input ends.
const WATCH: &str = r#"
    cat >/dev/null
    pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)
    if [ -n "$pid" ]; then
        kill -QUIT "$pid" 2>/dev/null
        while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
    fi
    rm -rf "$1"
"#;

const ROLE: &str = "licentia";
const PASSWORD: &str = "correct-horse-battery";

/// What a cluster is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disk {
    /// Fast: an answer means nothing after a crash of the machine, which is not what is tested.
    Careless,
    /// As in production.
    Durable,
}

/// A server with its data, gone with the value.
pub struct Cluster {
    folder: PathBuf,
    port: u16,
    databases: AtomicU32,
    /// Its input is open as long as the cluster is wanted.
    watcher: Child,
}

impl Cluster {
    /// The one cluster of this test binary.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(Disk::Careless))
    }

    /// A cluster of one's own.
    #[must_use]
    pub fn start(disk: Disk) -> Self {
        let mut cluster = Self::prepare();
        let data = cluster.data();
        run(command("initdb")
            .args(["--auth=trust", "--username=postgres", "--encoding=UTF8"])
            .args(["--locale=C.UTF-8", "--no-sync", "--no-instructions", "-D"])
            .arg(&data));
        let mut settings = String::from(
            "max_connections = 200\nshared_buffers = 64MB\nlisten_addresses = '127.0.0.1'\n",
        );
        settings.push_str(&format!("unix_socket_directories = '{}'\n", cluster.folder.display()));
        if disk == Disk::Careless {
            settings.push_str("fsync = off\nfull_page_writes = off\n");
        }
        cluster.configure(&settings);
        // Passwords are asked for over the network, as they are in production.
        let access = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n\
                      local replication all trust\n";
        fs::write(data.join("pg_hba.conf"), access).unwrap_or_else(|e| panic!("pg_hba.conf: {e}"));
        cluster.boot();
        cluster.sql(&format!("CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'"));
        cluster
    }

    /// A hot standby that follows this cluster, with the name that `synchronous_standby_names` may list.
    #[must_use]
    pub fn standby(&self, name: &str) -> Self {
        let mut standby = Self::prepare();
        let source = format!(
            "host={} port={} user=postgres application_name={name}",
            self.folder.display(),
            self.port
        );
        run(command("pg_basebackup")
            .args(["-d", &source, "-R", "-X", "stream", "-c", "fast", "--no-sync", "-D"])
            .arg(standby.data()));
        standby.configure(&format!("unix_socket_directories = '{}'\n", standby.folder.display()));
        standby.boot();
        standby
    }

    /// The URL of a new, empty database, by the role that owns it.
    pub fn database(&self) -> String {
        let name = format!("test{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql(&format!("CREATE DATABASE {name} OWNER {ROLE}"));
        self.url(&name)
    }

    /// The URL of a database on this cluster.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{ROLE}:{PASSWORD}@{}/{database}", self.address())
    }

    /// The URL of a database that lives on whichever of several clusters is the primary.
    #[must_use]
    pub fn url_of_all(clusters: &[&Self], database: &str) -> String {
        let hosts: Vec<String> = clusters.iter().map(|cluster| cluster.address()).collect();
        format!("postgres://{ROLE}:{PASSWORD}@{}/{database}", hosts.join(","))
    }

    /// The password in every URL, which must be seen nowhere else.
    #[must_use]
    pub fn password() -> &'static str {
        PASSWORD
    }

    /// Host and port.
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Runs statements as the superuser, each on its own; what they print.
    pub fn sql(&self, statement: &str) -> String {
        self.sql_in("postgres", statement)
    }

    /// Runs statements as the superuser in a database; what they print.
    pub fn sql_in(&self, database: &str, statement: &str) -> String {
        let mut psql = command("psql");
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-h"]);
        psql.arg(&self.folder).args([
            "-p",
            &self.port.to_string(),
            "-d",
            database,
            "-c",
            statement,
        ]);
        run(&mut psql)
    }

    /// Stops the server at once, as if its machine lost power.
    pub fn kill(&self) {
        run(command("pg_ctl").args(["stop", "-m", "immediate", "-w", "-s", "-D"]).arg(self.data()));
    }

    /// Starts the server again, on the same port.
    pub fn restart(&self) {
        if let Err(error) = self.try_boot() {
            panic!("{error}");
        }
    }

    /// Encrypts connections from now on, with this certificate and its key, both as PEM.
    pub fn serve_tls(&self, certificate: &str, key: &str) {
        use std::os::unix::fs::PermissionsExt;
        for (name, text) in [("server.crt", certificate), ("server.key", key)] {
            let path = self.data().join(name);
            let written = fs::write(&path, text)
                .and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(0o600)));
            written.unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            if is_root() {
                run(Command::new("chown").arg("postgres").arg(&path));
            }
        }
        self.configure("ssl = on\n");
        self.sql("SELECT pg_reload_conf()");
    }

    /// Makes a standby the primary.
    pub fn promote(&self) {
        run(command("pg_ctl").args(["promote", "-w", "-s", "-D"]).arg(self.data()));
    }

    /// Appends to the configuration; read at the next start, or by `SELECT pg_reload_conf()`.
    pub fn configure(&self, settings: &str) {
        let path = self.data().join("postgresql.conf");
        let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        fs::write(&path, text + settings).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn prepare() -> Self {
        let folder = tempfile::Builder::new().prefix("licentia-pg").tempdir();
        let folder = folder.unwrap_or_else(|e| panic!("a temporary folder: {e}")).keep();
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(&folder));
        }
        let watcher = Command::new("setsid")
            .args(["sh", "-c", WATCH, "licentia-pg-watch"])
            .arg(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|e| panic!("setsid: {e}"));
        Self { folder, port: 0, databases: AtomicU32::new(0), watcher }
    }

    /// Starts the server on a free port. Another program may take it meanwhile; then on another.
    fn boot(&mut self) {
        let mut failure = io::Error::other("no port is free");
        for _ in 0..5 {
            self.port = free_port();
            match self.try_boot() {
                Ok(()) => return,
                Err(error) => failure = error,
            }
        }
        panic!("{failure}");
    }

    fn try_boot(&self) -> io::Result<()> {
        let log = self.folder.join("log");
        let port = format!("-p {}", self.port);
        let mut start = command("pg_ctl");
        start.args(["start", "-w", "-s", "-o", &port, "-l"]).arg(&log).arg("-D").arg(self.data());
        output(&mut start).map(drop).map_err(|error| {
            io::Error::other(format!("{error}\n{}", fs::read_to_string(&log).unwrap_or_default()))
        })
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.watcher.stdin.take());
        let _ = self.watcher.wait();
    }
}

/// One of PostgreSQL's programs, as a user that may run it.
fn command(program: &str) -> Command {
    let path = programs().join(program);
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]).arg(path);
        command
    } else {
        Command::new(path)
    };
    // The folder of a test may be closed to that user.
    command.current_dir("/");
    command
}

/// Debian keeps them out of the search path, one folder a version; the newest is taken.
fn programs() -> &'static Path {
    static PROGRAMS: OnceLock<PathBuf> = OnceLock::new();
    PROGRAMS.get_or_init(|| {
        let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        let newest = versions
            .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
            .max()
            .map(|version| PathBuf::from(format!("/usr/lib/postgresql/{version}/bin")));
        let in_path = || {
            let path = std::env::var_os("PATH").unwrap_or_default();
            std::env::split_paths(&path).find(|folder| folder.join("initdb").exists())
        };
        newest.or_else(in_path).unwrap_or_else(|| {
            panic!("PostgreSQL is not installed here; on Debian: apt-get install postgresql")
        })
    })
}

fn is_root() -> bool {
    static ROOT: OnceLock<bool> = OnceLock::new();
    *ROOT.get_or_init(|| run(Command::new("id").arg("-u")).trim() == "0")
}

fn free_port() -> u16 {
    let free = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    free.unwrap_or_else(|e| panic!("a free port: {e}")).port()
}

fn run(command: &mut Command) -> String {
    output(command).unwrap_or_else(|error| panic!("{error}"))
}

fn output(command: &mut Command) -> io::Result<String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| {
        io::Error::new(error.kind(), format!("{:?}: {error}", command.get_program()))
    })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(io::Error::other(format!("{command:?}: {}\n{said}", output.status)))
}
