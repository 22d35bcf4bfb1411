//! The command-line reference, made from the commands themselves.

use std::fmt::Write;

use clap::CommandFactory;

use crate::args::Cli;

/// `docs/cli.md`.
#[must_use]
pub fn reference() -> String {
    let mut text = String::from(
        "# The command line\n\nMade from `licentia --help` by `UPDATE_DOCS=1 cargo test -p licentia-cli`.\n\n\
         Results go to stdout, messages to stderr. `--json` prints one object, or one a line. Exit status: 0 done, \
         1 the answer is no (an invalid licence, a failed check), 2 wrong usage, 3 could not be done (database \
         locked, port taken). An error is two lines: what happened and what to try.\n",
    );
    let mut command = Cli::command().term_width(100);
    command.build();
    describe(&command, &mut text);
    text
}

fn describe(command: &clap::Command, text: &mut String) {
    if !command.has_subcommands() || command.get_name() == "licentia" {
        let name = command.get_bin_name().unwrap_or(command.get_name());
        let help = command.clone().render_long_help();
        // Writing to a String cannot fail.
        let _ = write!(text, "\n## `{name}`\n\n```text\n{}\n```\n", trimmed(&help.to_string()));
    }
    for inner in command.get_subcommands().filter(|c| !c.is_hide_set() && c.get_name() != "help") {
        describe(inner, text);
    }
}

fn trimmed(help: &str) -> String {
    help.lines().map(str::trim_end).collect::<Vec<_>>().join("\n").trim().to_owned()
}
