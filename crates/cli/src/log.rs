//! A line of the log as text: time, level, what it is about, the message, its fields.

use std::fmt;

use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// For people.
pub(crate) struct Text;

impl<S, N> FormatEvent<S, N> for Text
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut line: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        SystemTime.format_time(&mut line)?;
        write!(line, " {:>5} ", event.metadata().level())?;
        let mut said = String::new();
        context.format_fields(Writer::new(&mut said), event)?;
        if !said.starts_with('[') {
            write!(line, "[License] ")?;
        }
        // A field may hold what somebody sent: it stays on its line.
        for letter in said.chars() {
            match letter {
                letter if letter.is_control() => write!(line, "{}", letter.escape_default())?,
                letter => line.write_char(letter)?,
            }
        }
        writeln!(line)
    }
}
