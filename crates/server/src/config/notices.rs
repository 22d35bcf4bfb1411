//! Section `[notices]`: how long before its end a licence's customer is told.

use serde::Deserialize;

/// When notices are given.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Notices {
    /// Days before the end. That it has ended is told in any case.
    pub days: Vec<u32>,
}

impl Default for Notices {
    fn default() -> Self {
        Self { days: vec![30, 7, 1] }
    }
}

impl Notices {
    pub(crate) fn set(&mut self, key: &str, value: &str) -> Result<(), &'static str> {
        match key {
            "DAYS" => {
                let days = value.split(',').map(str::trim).filter(|text| !text.is_empty());
                self.days = days
                    .map(str::parse)
                    .collect::<Result<_, _>>()
                    .map_err(|_| "wants numbers of days, e.g. 30,7,1")?;
                Ok(())
            }
            _ => Err("is not a setting that is known"),
        }
    }

    /// From the longest before to the end itself, each once; what is nearer than a day or further than ten years is no
    /// notice.
    #[must_use]
    pub fn all(&self) -> Vec<u32> {
        let mut days: Vec<u32> =
            self.days.iter().copied().filter(|days| (1..=3_650).contains(days)).collect();
        days.push(0);
        days.sort_unstable_by(|a, b| b.cmp(a));
        days.dedup();
        days
    }
}
