//! Named meters.

/// What a product counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meter {
    /// e.g. `cpu_hours`.
    pub name: String,
    /// e.g. `h`.
    pub unit: String,
    /// Decimal places of the integer that is reported.
    pub scale: u8,
}
