//! The table.

use serde::Serialize;

use super::load::Measured;
use super::probe::Fsync;
use crate::failure::Failure;
use crate::output::{Output, note};

/// One number of connections.
#[derive(Serialize)]
pub(crate) struct Row {
    connections: usize,
    per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    errors: usize,
    echo_per_second: f64,
    echo_p50_ms: f64,
    ratio_to_echo: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    processor_us: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    echo_processor_us: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_error: Option<String>,
}

impl Row {
    pub(crate) fn of(connections: usize, asked: &Measured, echo: &Measured) -> Self {
        Self {
            connections,
            per_second: round(asked.rate()),
            p50_ms: asked.quantile_ms(500),
            p99_ms: asked.quantile_ms(990),
            errors: asked.errors,
            echo_per_second: round(echo.rate()),
            echo_p50_ms: echo.quantile_ms(500),
            ratio_to_echo: (asked.rate() / echo.rate() * 1000.0).round() / 1000.0,
            processor_us: asked.processor_us().map(tenths),
            echo_processor_us: echo.processor_us().map(tenths),
            first_error: asked.error.clone(),
        }
    }
}

fn round(rate: f64) -> f64 {
    rate.round()
}

fn tenths(us: f64) -> f64 {
    (us * 10.0).round() / 10.0
}

/// Prints them.
pub(crate) fn print(
    kind: &str,
    activations: usize,
    fsync: &Fsync,
    rows: &[Row],
    out: Output,
) -> Result<(), Failure> {
    if !out.json {
        note(&format!(
            "{kind}, {activations} activations, fsync p50 {:.2} ms, p99 {:.2} ms",
            fsync.p50_ms, fsync.p99_ms
        ));
        for row in rows {
            if let Some(error) = &row.first_error {
                note(&format!("the first error at {} connections: {error}", row.connections));
            }
        }
    }
    if out.json {
        return rows.iter().try_for_each(|row| {
            let line = serde_json::json!({
                "bench": kind, "activations": activations, "fsync_p50_ms": fsync.p50_ms,
                "fsync_p99_ms": fsync.p99_ms, "row": row,
            });
            out.line(&line.to_string())
        });
    }
    out.list(
        rows,
        [
            "connections",
            "a second",
            "p50 ms",
            "p99 ms",
            "errors",
            "echo a second",
            "echo p50 ms",
            "÷ echo",
            "CPU µs",
            "echo CPU µs",
        ],
        |row| {
            [
                row.connections.to_string(),
                row.per_second.to_string(),
                format!("{:.2}", row.p50_ms),
                format!("{:.2}", row.p99_ms),
                row.errors.to_string(),
                row.echo_per_second.to_string(),
                format!("{:.2}", row.echo_p50_ms),
                format!("{:.3}", row.ratio_to_echo),
                row.processor_us.map_or_else(String::new, |us| us.to_string()),
                row.echo_processor_us.map_or_else(String::new, |us| us.to_string()),
            ]
        },
    )
}
