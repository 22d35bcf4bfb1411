//! Progress of what goes through the tables of a database.

use indicatif::{ProgressBar, ProgressStyle};
use licentia_server::database::Progress;

/// A bar on a terminal; nothing elsewhere.
pub(crate) struct Tables {
    bar: ProgressBar,
    /// Copied once, compared once.
    comparing: bool,
    before: u64,
}

impl Tables {
    pub(crate) fn new() -> Self {
        let bar = ProgressBar::new(0);
        // A template of ours that is wrong shows a plain bar.
        if let Ok(style) = ProgressStyle::with_template("{msg:20} {wide_bar} {pos}/{len} {eta}") {
            bar.set_style(style);
        }
        Self { bar, comparing: false, before: 0 }
    }

    pub(crate) fn tell(&mut self, progress: Progress<'_>) {
        self.comparing |= progress.done < self.before;
        self.before = progress.done;
        self.bar.set_length(progress.of);
        self.bar.set_position(progress.done);
        let doing = if self.comparing { "check" } else { "copy" };
        self.bar.set_message(format!("{doing} {}", progress.table));
    }

    pub(crate) fn finish(self) {
        self.bar.finish_and_clear();
    }
}
