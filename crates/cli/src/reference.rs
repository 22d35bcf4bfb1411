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
         locked, port taken). An error is two lines: what happened and what to try.\n\n\
         `--data` and `--json` go with every command; they are told once, at the first.\n\n",
    );
    // The value of a variable in the shell that makes the reference is nobody's business.
    let mut command = Cli::command().term_width(120).mut_args(|arg| arg.hide_env_values(true));
    command.build();
    let mut sections = String::new();
    describe(&command, &mut text, &mut sections);
    text + &sections
}

fn describe(command: &clap::Command, contents: &mut String, sections: &mut String) {
    let first = command.get_name() == "licentia";
    if !command.has_subcommands() || first {
        let name = command.get_bin_name().unwrap_or(command.get_name());
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        let mut command = command.clone().mut_args(|arg| {
            let told_before = arg.is_global_set() && !first;
            if told_before { arg.hide(true) } else { arg }
        });
        let help = trimmed(&command.render_long_help().to_string());
        // Writing to a String cannot fail.
        let _ = writeln!(contents, "- [`{name}`](#{}): {about}", name.replace(' ', "-"));
        let _ = write!(sections, "\n## `{name}`\n\n```text\n{help}\n```\n");
    }
    for inner in command.get_subcommands().filter(|c| !c.is_hide_set() && c.get_name() != "help") {
        describe(inner, contents, sections);
    }
}

fn trimmed(help: &str) -> String {
    help.lines().map(str::trim_end).collect::<Vec<_>>().join("\n").trim().to_owned()
}
