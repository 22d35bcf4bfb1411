//! Debian's docker-registry in front of an authority, and skopeo that pushes and pulls.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::json;
use sha2::{Digest, Sha256};

use crate::Outcome;

/// A registry that runs; killed when dropped.
pub struct Registry {
    child: Child,
    /// `127.0.0.1:PORT`.
    pub host: String,
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Registry {
    /// Starts one with the configuration in a file, in which it finds a free port.
    #[must_use]
    pub fn start(config: &Path) -> Self {
        // It does not tell which port it took, so one is found first; whoever is faster makes another attempt needed.
        for _ in 0..20 {
            let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
            let host = free.local_addr().expect("its address").to_string();
            drop(free);
            let mut child = Command::new("docker-registry")
                .arg("serve")
                .arg(config)
                .env("REGISTRY_HTTP_ADDR", &host)
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .expect("docker-registry is installed: scripts/test does that");
            let log = BufReader::new(child.stderr.take().expect("a pipe"));
            let mut lines = log.lines().map_while(Result::ok);
            if lines.any(|line| line.contains("listening on")) {
                // What it says later must go somewhere.
                std::thread::spawn(move || lines.for_each(drop));
                return Self { child, host };
            }
            let _ = child.wait();
        }
        panic!("docker-registry does not start with {}", config.display());
    }

    /// Runs skopeo without anybody's credentials of this machine.
    #[must_use]
    pub fn skopeo(&self, args: &[&str]) -> Outcome {
        let output = Command::new("skopeo")
            .args(args)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", "/nonexistent")
            .env("REGISTRY_AUTH_FILE", "/nonexistent/auth.json")
            .output()
            .expect("skopeo is installed: scripts/test does that");
        Outcome {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Pushes an image.
    #[must_use]
    pub fn push(&self, image: &Path, name: &str, credentials: &str) -> Outcome {
        let from = format!("oci:{}:image", image.display());
        let to = format!("docker://{}/{name}", self.host);
        let way = ["copy", "--insecure-policy", "--dest-tls-verify=false", "--dest-creds"];
        self.skopeo(&[&way[..], &[credentials, &from, &to]].concat())
    }

    /// Pulls an image into a folder.
    #[must_use]
    pub fn pull(&self, name: &str, credentials: &str, into: &Path) -> Outcome {
        let from = format!("docker://{}/{name}", self.host);
        let to = format!("dir:{}", into.display());
        let way = ["copy", "--insecure-policy", "--src-tls-verify=false", "--src-creds"];
        self.skopeo(&[&way[..], &[credentials, &from, &to]].concat())
    }
}

/// An image in an OCI layout with one small layer, which says whose it is.
#[must_use]
pub fn image(folder: &Path, text: &str) -> PathBuf {
    let path = folder.join(format!("image-{text}"));
    let blobs = path.join("blobs/sha256");
    std::fs::create_dir_all(&blobs).expect("a folder");
    let put = |bytes: &[u8]| {
        let hash: String = Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect();
        std::fs::write(blobs.join(&hash), bytes).expect("a blob");
        (format!("sha256:{hash}"), bytes.len())
    };
    // A tar with one file: a header of 512 bytes, its text, and two empty blocks.
    let mut tar = vec![0_u8; 512];
    tar[..5].copy_from_slice(b"hello");
    tar[100..107].copy_from_slice(b"0000644");
    tar[124..135].copy_from_slice(format!("{:011o}", text.len()).as_bytes());
    tar[136..147].copy_from_slice(b"00000000000");
    tar[156] = b'0';
    tar[257..263].copy_from_slice(b"ustar\0");
    tar[263..265].copy_from_slice(b"00");
    tar[148..156].fill(b' ');
    let sum: u32 = tar.iter().map(|byte| u32::from(*byte)).sum();
    tar[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    tar.extend_from_slice(text.as_bytes());
    tar.resize(tar.len().next_multiple_of(512) + 1024, 0);
    let (layer, layer_size) = put(&tar);
    let config = json!({
        "architecture": "amd64", "os": "linux", "config": {},
        "rootfs": { "type": "layers", "diff_ids": [layer] },
    });
    let (config, config_size) = put(config.to_string().as_bytes());
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": { "mediaType": "application/vnd.oci.image.config.v1+json", "digest": config, "size": config_size },
        "layers": [{ "mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": layer, "size": layer_size }],
    });
    let (manifest, size) = put(manifest.to_string().as_bytes());
    let index = json!({
        "schemaVersion": 2,
        "manifests": [{
            "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": manifest, "size": size,
            "annotations": { "org.opencontainers.image.ref.name": "image" },
        }],
    });
    std::fs::write(path.join("index.json"), index.to_string()).expect("the index");
    std::fs::write(path.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#)
        .expect("the layout");
    path
}
