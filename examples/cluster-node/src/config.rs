//! The node's configuration: the section `license` of its YAML file. Other sections are other parts'.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Deserialize;

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("{path} cannot be read: {error}", path = .0.display(), error = .1)]
    Unreadable(PathBuf, std::io::Error),
    #[error("{path} is not a configuration: {error}", path = .0.display(), error = .1)]
    Malformed(PathBuf, serde_yaml_ng::Error),
    #[error("license.enforcement is `{0}`, which is none of strict, degrade, lenient")]
    Enforcement(String),
    #[error("the cluster has {nodes} nodes, but license.max_nodes is {max}")]
    TooManyNodes { nodes: u32, max: u32 },
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    license: License,
}

/// The section `license`, as BZZZ writes it, and what makes the node stand in for another product.
#[derive(Deserialize)]
#[serde(default)]
pub(crate) struct License {
    pub(crate) server_url: String,
    pub(crate) license_key: String,
    pub(crate) cluster_id: String,
    pub(crate) email: Option<String>,
    pub(crate) organization_name: Option<String>,
    pub(crate) terms_accepted_at: Option<Timestamp>,
    /// 0 is unlimited.
    max_nodes: u32,
    pub(crate) nodes: Option<u32>,
    pub(crate) enforcement: String,
    pub(crate) product: String,
    pub(crate) env_prefix: Option<String>,
    pub(crate) gates: Vec<String>,
    pub(crate) free_features: Vec<String>,
}

impl Default for License {
    fn default() -> Self {
        Self {
            server_url: String::new(),
            license_key: String::new(),
            cluster_id: String::new(),
            email: None,
            organization_name: None,
            terms_accepted_at: None,
            max_nodes: 0,
            nodes: None,
            enforcement: "strict".to_owned(),
            product: "bzzz".to_owned(),
            env_prefix: None,
            gates: ["task-distribution", "advanced-ai-integration"].map(str::to_owned).to_vec(),
            free_features: Vec::new(),
        }
    }
}

/// Reads the section.
pub(crate) fn read(path: &Path) -> Result<License, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| ConfigError::Unreadable(path.to_owned(), error))?;
    let file: File = serde_yaml_ng::from_str(&text)
        .map_err(|error| ConfigError::Malformed(path.to_owned(), error))?;
    let (nodes, max) = (file.license.nodes.unwrap_or(1), file.license.max_nodes);
    if max > 0 && nodes > max {
        return Err(ConfigError::TooManyNodes { nodes, max });
    }
    Ok(file.license)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<License, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.yaml");
        std::fs::write(&path, text).unwrap();
        read(&path)
    }

    #[test]
    fn the_seeds_configuration_is_read() {
        let license = parse(
            r#"
agent: { id: walnut }
license:
  server_url: "https://kaching.chorus.services"
  license_key: "BZZZ-2025-ABC123-XYZ"
  cluster_id: "bzzz-cluster-abc123-walnut"
  email: "customer@example.com"
  organization_name: "Example Corp"
  license_type: "standard"
  max_nodes: 10
  features:
    - "basic-coordination"
    - "task-distribution"
  expires_at: "2025-12-31T23:59:59Z"
  validated_at: "2025-09-01T10:30:00Z"
  terms_accepted_at: "2025-09-01T10:29:45Z"
"#,
        )
        .unwrap();
        assert_eq!(license.license_key, "BZZZ-2025-ABC123-XYZ");
        assert_eq!(license.terms_accepted_at.unwrap().to_string(), "2025-09-01T10:29:45Z");
        assert_eq!(license.enforcement, "strict");
        assert_eq!(license.gates.len(), 2);
    }

    #[test]
    fn a_mistake_is_named_and_zero_nodes_is_no_limit() {
        assert!(parse("license: { nodes: 500, max_nodes: 0 }").is_ok());
        assert!(parse("{}").is_ok());
        let error = parse("license: { nodes: 5, max_nodes: 4 }").err().unwrap().to_string();
        assert!(error.contains("5 nodes") && error.contains("max_nodes is 4"), "{error}");
        let error = parse("license:\n  nodes: many\n").err().unwrap().to_string();
        assert!(error.contains("license.nodes") && error.contains("line 2"), "{error}");
    }
}
