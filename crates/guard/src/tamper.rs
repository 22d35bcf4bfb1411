//! Whether somebody looks into the program while it runs (M5): debuggers, profilers, libraries and variables of
//! instrumentation, and hardware breakpoints where they can be read and were asked for.
//!
//! Findings are facts with names; what follows is [`Policy::tampered`](crate::Policy). A customer's own monitoring is no
//! attack: the vendor allows it by name, in the build or, for one customer, in the licence's attribute `tamper_allow`.
//!
//! No call changes the process that is looked at. `PTRACE_TRACEME` would tell of a tracer that hides in another PID
//! namespace, and make the parent a tracer whom signals stop for: it is not used.

#[cfg(any(windows, target_os = "macos"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod linux;

use licentia_license::License;
use serde_json::Value;

use crate::environment::Environment;
use crate::finding::{Fact, Finding};

#[cfg(any(windows, target_os = "macos"))]
use self::elsewhere as system;
#[cfg(target_os = "linux")]
use self::linux as system;

/// Nothing is known of other systems.
#[cfg(not(any(target_os = "linux", windows, target_os = "macos")))]
mod system {
    pub(super) fn look(_: bool) -> Vec<super::Finding> {
        Vec::new()
    }

    pub(super) fn first_environment() -> String {
        String::new()
    }
}

/// Attribute of a licence that allows more names: an array, or words with commas between them.
const ATTRIBUTE: &str = "tamper_allow";

/// Variables that load somebody's code into a program, and what they have to hold to do so. A name may end with `*`.
const VARIABLES: &[(&str, Holds)] = &[
    // .NET: profilers of all versions, the instrumentation engine, start-up hooks.
    ("COR_ENABLE_PROFILING", Holds::Yes),
    ("COR_PROFILER*", Holds::Anything),
    ("CORECLR_ENABLE_PROFILING", Holds::Yes),
    ("CORECLR_PROFILER*", Holds::Anything),
    ("COMPlus_EnableEventPipe", Holds::Yes),
    ("COMPlus_Profiler*", Holds::Anything),
    ("DOTNET_EnableEventPipe", Holds::Yes),
    ("DOTNET_STARTUP_HOOKS", Holds::Anything),
    ("MicrosoftInstrumentationEngine_*", Holds::Anything),
    // The dynamic linkers'.
    ("LD_PRELOAD", Holds::Paths),
    ("LD_AUDIT", Holds::Paths),
    ("DYLD_INSERT_LIBRARIES", Holds::Paths),
    // Language agents.
    ("JAVA_TOOL_OPTIONS", Holds::One(&["-javaagent", "-agentlib", "-agentpath", "-Xdebug"])),
    ("_JAVA_OPTIONS", Holds::One(&["-javaagent", "-agentlib", "-agentpath", "-Xdebug"])),
    ("JDK_JAVA_OPTIONS", Holds::One(&["-javaagent", "-agentlib", "-agentpath", "-Xdebug"])),
    ("NODE_OPTIONS", Holds::One(&["--inspect", "--require", "-r ", "--import", "--loader"])),
    ("RUBYOPT", Holds::One(&["-r"])),
    ("PERL5OPT", Holds::One(&["-d", "-M"])),
    // Tools that start the program themselves.
    ("VALGRIND_LAUNCHER", Holds::Anything),
    ("FRIDA_*", Holds::Anything),
    ("DD_TRACE_ENABLED", Holds::Yes),
    ("DD_INTERNAL_PROFILING_*", Holds::Anything),
    ("NEW_RELIC_*", Holds::Anything),
    ("NEWRELIC_*", Holds::Anything),
];

/// What makes a variable's value matter.
#[derive(Clone, Copy)]
enum Holds {
    Anything,
    /// It switches something on.
    Yes,
    /// Each of the paths, with colons or blanks between, is one.
    Paths,
    /// One of these.
    One(&'static [&'static str]),
}

/// Names of libraries that look into the program they are loaded into.
const AGENTS: &[&str] = &[
    "frida-agent*",
    "frida-gadget*",
    "libfrida*",
    "vgpreload_*",
    "libMemoryProfiler*",
    "liboneagentproc*",
    "libnewrelic*",
    "*DatadogProfiler*",
    "Datadog.Trace*",
    "libheaptrack_preload*",
    "libjdwp*",
];

/// What is to be looked for, at the start, every ten minutes and on demand; from
/// [`Builder::tamper`](crate::Builder::tamper).
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct Tamper {
    allowed: Vec<String>,
    breakpoints: bool,
}

impl Tamper {
    /// Everything but hardware breakpoints.
    pub fn new() -> Self {
        Self::default()
    }

    /// What is no finding: a name (of a variable, a program, a library), or `NAME=DETAIL` where the detail counts too.
    /// A `*` stands for anything: `LD_PRELOAD=/opt/acme/*`.
    pub fn allow(mut self, name: impl Into<String>) -> Self {
        self.allowed.push(name.into());
        self
    }

    /// Looks for hardware breakpoints too, where the system lets a process read its own: Windows. On Linux only a tracer
    /// may, who is found himself.
    pub fn hardware_breakpoints(mut self) -> Self {
        self.breakpoints = true;
        self
    }

    /// All that is found and not allowed.
    pub(crate) fn check(
        &self,
        environment: &Environment,
        license: Option<&License>,
    ) -> Vec<Finding> {
        let mut findings = variables(environment);
        if environment.is_of_process() {
            findings.extend(system::look(self.breakpoints));
        }
        let more = license.map(allowed_by).unwrap_or_default();
        let allowed: Vec<&str> = self.allowed.iter().chain(&more).map(String::as_str).collect();
        findings.retain(|finding| !is_allowed(&allowed, finding));
        findings.sort_unstable();
        findings.dedup();
        findings
    }
}

fn allowed_by(license: &License) -> Vec<String> {
    match license.attributes.get(ATTRIBUTE) {
        Some(Value::Array(names)) => {
            names.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        }
        Some(Value::String(names)) => names.split(',').map(|name| name.trim().to_owned()).collect(),
        _ => Vec::new(),
    }
}

fn is_allowed(allowed: &[&str], finding: &Finding) -> bool {
    allowed.iter().any(|pattern| match pattern.split_once('=') {
        Some((name, detail)) => fits(name, &finding.name) && fits(detail, &finding.detail),
        None => fits(pattern, &finding.name),
    })
}

fn variables(environment: &Environment) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut look = |name: &str, value: &str| {
        let value = value.trim();
        let known = VARIABLES.iter().find(|(pattern, _)| fits(pattern, name));
        let Some((_, holds)) = known.filter(|_| !value.is_empty()) else { return };
        let mut found = |detail: &str| {
            findings.push(Finding::tamper(Fact::Variable, name, detail));
        };
        match holds {
            // Of values that are no path nothing is told: there may be a secret among them.
            Holds::Anything => found(""),
            Holds::Yes if !matches!(value, "0" | "false" | "off") => found(""),
            Holds::One(some) if some.iter().any(|part| value.contains(part)) => found(""),
            Holds::Paths => {
                value.split([':', ' ']).filter(|path| !path.is_empty()).for_each(found);
            }
            Holds::Yes | Holds::One(_) => {}
        }
    };
    for (name, value) in environment.variables() {
        look(name, value);
    }
    if environment.is_of_process() {
        // As the process was given it: what was preloaded may have cleaned up since.
        for entry in system::first_environment().split('\0') {
            if let Some((name, value)) = entry.split_once('=') {
                look(name, value);
            }
        }
    }
    findings
}

/// Findings of libraries by their names.
#[cfg(target_os = "linux")]
fn agents<'a>(paths: impl Iterator<Item = &'a str>) -> Vec<Finding> {
    let agent = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or_default();
        let known = AGENTS.iter().any(|pattern| fits(pattern, name));
        known.then(|| Finding::tamper(Fact::Agent, name, path))
    };
    paths.filter_map(agent).collect()
}

/// Whether a text fits a pattern in which `*` stands for anything.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(text) = text.strip_prefix(head) else { return false };
    if rest.is_empty() {
        return true;
    }
    text.char_indices().map(|(at, _)| &text[at..]).chain([""]).any(|tail| fits(rest, tail))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(tamper: &Tamper, variables: &[(&str, &str)]) -> Vec<String> {
        let environment = Environment::of_variables(variables.iter().copied());
        tamper.check(&environment, None).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn m5_the_seeds_variables_are_found_and_those_that_do_nothing_are_not() {
        let all = [
            ("CORECLR_ENABLE_PROFILING", "1"),
            ("CORECLR_PROFILER", "{846F5F1C-F9AE-4B07-969E-05C26BC060D8}"),
            ("COR_ENABLE_PROFILING", "0"),
            ("MicrosoftInstrumentationEngine_Host", "{x}"),
            ("LD_PRELOAD", "/tmp/a.so /tmp/b.so:/tmp/c.so"),
            ("DYLD_INSERT_LIBRARIES", " "),
            ("JAVA_TOOL_OPTIONS", "-Xmx1g"),
            ("_JAVA_OPTIONS", "-javaagent:/opt/agent.jar=secret"),
            ("NODE_OPTIONS", "--max-old-space-size=4096"),
            ("PATH", "/usr/bin"),
        ];
        assert_eq!(
            found(&Tamper::new(), &all),
            [
                "variable CORECLR_ENABLE_PROFILING",
                "variable CORECLR_PROFILER",
                "variable LD_PRELOAD (/tmp/a.so)",
                "variable LD_PRELOAD (/tmp/b.so)",
                "variable LD_PRELOAD (/tmp/c.so)",
                "variable MicrosoftInstrumentationEngine_Host",
                "variable _JAVA_OPTIONS",
            ]
        );
    }

    #[test]
    fn what_is_allowed_is_no_finding_by_name_by_place_and_by_licence() {
        let tamper = Tamper::new().allow("CORECLR_*").allow("LD_PRELOAD=/opt/acme/*");
        let both = [("CORECLR_PROFILER", "x"), ("LD_PRELOAD", "/opt/acme/a.so:/tmp/b.so")];
        assert_eq!(found(&tamper, &both), ["variable LD_PRELOAD (/tmp/b.so)"]);
        for allowed in [serde_json::json!(["LD_PRELOAD"]), serde_json::json!("x, LD_PRELOAD")] {
            let mut license = licensed();
            license.attributes.insert(ATTRIBUTE.into(), allowed);
            let environment = Environment::of_variables(both);
            assert_eq!(tamper.check(&environment, Some(&license)), []);
        }
    }

    fn licensed() -> License {
        let claims = serde_json::json!({
            "iss": "i", "sub": "s", "aud": "p", "jti": "j", "iat": 0, "tier": "T", "rank": 1, "plan": "p",
            "features": [], "limits": {}, "seats": 1, "nodes": null, "trial": false,
        });
        serde_json::from_value(claims).unwrap()
    }

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text) in [("a*", "a"), ("a*c", "abc"), ("*b*", "abc"), ("*", ""), ("a", "a")]
        {
            assert!(fits(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("a*", "b"), ("a*c", "abd"), ("a", "ab"), ("*é", "e")] {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
    }
}
