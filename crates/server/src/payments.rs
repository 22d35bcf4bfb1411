//! Section `[payments.PROVIDER]`: which providers tell of payments, and what becomes of licences by it.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use licentia_authority::payments::{OnRefund, Price, Provider, Rules, provider};
use licentia_issue::Secret;
use serde::Deserialize;

use crate::config::ConfigError;

const LONGEST_GRACE_DAYS: u32 = 365;

/// A provider.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Payments {
    /// What its deliveries are signed with; several while one is rolled.
    pub secrets: Secrets,
    /// A file with such secrets, one a line.
    pub secrets_file: Option<PathBuf>,
    /// Seconds that a signature may be old.
    pub tolerance_s: u32,
    /// What a price buys: `PRODUCT/PLAN` by the provider's id of the price.
    pub prices: BTreeMap<String, String>,
    /// What a refund of a whole payment leads to: `suspend`, `revoke` or `ignore`.
    pub on_refund: OnRefund,
    /// What a dispute leads to.
    pub on_dispute: OnRefund,
    /// Days that a licence goes on behind the end of what is paid, while its subscription does.
    pub grace_days: u32,
}

impl Default for Payments {
    fn default() -> Self {
        Self {
            secrets: Secrets::default(),
            secrets_file: None,
            tolerance_s: 300,
            prices: BTreeMap::new(),
            on_refund: OnRefund::Suspend,
            on_dispute: OnRefund::Suspend,
            grace_days: 3,
        }
    }
}

/// Secrets that do not print.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secrets(pub Vec<String>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({})", self.0.len())
    }
}

/// A provider that is configured.
#[derive(Clone)]
pub(crate) struct Till {
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) rules: Rules,
}

/// Those that are, by name.
pub(crate) type Tills = BTreeMap<String, Till>;

/// Reads the sections.
pub(crate) fn open(sections: &BTreeMap<String, Payments>) -> Result<Tills, ConfigError> {
    let open = |(name, section): (&String, &Payments)| {
        let wrong = |problem: String| ConfigError::Payments { provider: name.clone(), problem };
        section.open(name).map(|till| (name.clone(), till)).map_err(wrong)
    };
    sections.iter().map(open).collect()
}

impl Payments {
    fn open(&self, name: &str) -> Result<Till, String> {
        let secrets = self.secrets()?;
        if secrets.is_empty() {
            return Err(
                "needs the signing secret of the endpoint in `secrets` or `secrets_file`".into()
            );
        }
        if self.grace_days > LONGEST_GRACE_DAYS {
            return Err(format!("grace_days is more than {LONGEST_GRACE_DAYS}"));
        }
        let mut prices = BTreeMap::new();
        for (id, buys) in &self.prices {
            let buys: Price = buys.parse().map_err(|e| format!("prices.{id}: {e}"))?;
            prices.insert(id.clone(), buys);
        }
        let secrets = secrets.into_iter().map(Secret::new).collect();
        let provider = provider(name, secrets, self.tolerance_s)
            .ok_or_else(|| "is no provider that is known; there is `stripe`".to_owned())?;
        let rules = Rules {
            prices,
            on_refund: self.on_refund,
            on_dispute: self.on_dispute,
            grace_s: self.grace_days * 86_400,
        };
        Ok(Till { provider: Arc::from(provider), rules })
    }

    fn secrets(&self) -> Result<Vec<String>, String> {
        let mut secrets = self.secrets.0.clone();
        if let Some(path) = &self.secrets_file {
            let text = fs::read_to_string(path)
                .map_err(|error| format!("secrets_file {}: {error}", path.display()))?;
            secrets.extend(text.lines().map(|line| line.trim().to_owned()));
        }
        secrets.retain(|secret| !secret.is_empty());
        Ok(secrets)
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, ConfigError};

    fn problem(section: &str) -> String {
        let config = Config::load(Some(section), std::iter::empty()).unwrap();
        match config.check() {
            Err(error @ ConfigError::Payments { .. }) => error.to_string(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_provider_that_could_not_be_believed_is_a_mistake_that_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secrets");
        std::fs::write(&file, "whsec_1\n\nwhsec_2\n").unwrap();
        let good = format!(
            "[payments.stripe]\nsecrets_file = {file:?}\non_refund = \"revoke\"\n[payments.stripe.prices]\nprice_1 = \"bzzz/standard\"\n"
        );
        assert_eq!(problem(&good), "Ok(())");
        let config = Config::load(Some(&good), std::iter::empty()).unwrap();
        assert_eq!(config.payments["stripe"].secrets().unwrap(), ["whsec_1", "whsec_2"]);
        assert!(problem("[payments.stripe]\n").contains("secrets"));
        assert!(
            problem("[payments.mint]\nsecrets = [\"a\"]\n")
                .contains("[payments.mint] is no provider")
        );
        let price = "[payments.stripe]\nsecrets = [\"a\"]\nprices = { price_1 = \"bzzz\" }\n";
        assert!(problem(price).contains("prices.price_1"));
        let missing = "[payments.stripe]\nsecrets_file = \"/nowhere\"\n";
        assert!(problem(missing).contains("/nowhere"));
        let said =
            Config::load(Some("[payments.stripe]\nsecrets = [\"whsec_1\"]\n"), std::iter::empty());
        assert!(!format!("{said:?}").contains("whsec_1"));
    }
}
