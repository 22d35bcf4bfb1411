//! `docs/enforcement.md` and `spec/vectors/enforcement.json` are made from the machine itself:
//! `UPDATE_DOCS=1 cargo test -p licentia --lib table`.

use std::fmt::Write;
use std::path::Path;

use serde_json::{Value, json};

use super::tests::search;
use super::*;

/// Ends of leases, graces and licences in the table, and when the event comes.
const LEASE: i64 = 100;
const SIGNED_GRACE: i64 = 80;
const NOW: i64 = 60;

const GRANTED: Event = Event::Answered { expires: None, lease: LEASE };

fn refused(code: &str, grace_until: Option<i64>) -> Event {
    Event::Refused { code: code.into(), grace_until }
}

/// How a state is reached, so that another implementation can get there too.
fn states() -> Vec<(&'static str, Vec<(Event, i64)>)> {
    vec![
        ("before the first verdict", vec![]),
        ("Licensed, with a lease", vec![(GRANTED, 0)]),
        ("Licensed, offline", vec![(Event::Verified { expires: Some(LEASE) }, 0)]),
        ("Grace, authority away", vec![(GRANTED, 0), (Event::Unreachable, 50)]),
        (
            "Grace, revoked with a grace",
            vec![(GRANTED, 0), (refused("revoked", Some(SIGNED_GRACE)), 50)],
        ),
        ("Free or Stopped, suspended", vec![(GRANTED, 0), (refused("suspended", None), 50)]),
    ]
}

fn events() -> Vec<(&'static str, Event, i64)> {
    vec![
        ("the licence checks out, offline", Event::Verified { expires: Some(LEASE) }, NOW),
        ("the authority grants", Event::Answered { expires: None, lease: 160 }, NOW),
        ("no licence is found", Event::NoLicense(Reason::Missing), NOW),
        ("the licence does not check out", Event::Invalid(Invalid::BadSignature), NOW),
        ("the licence has expired", Event::Invalid(Invalid::Expired { at: NOW }), NOW),
        ("the activation proof does not check out", Event::InvalidProof, NOW),
        ("a signed grace, no licence yet", Event::Graced { until: SIGNED_GRACE }, NOW),
        ("suspended", refused("suspended", None), NOW),
        ("revoked with a grace", refused("revoked", Some(SIGNED_GRACE)), NOW),
        ("no free seat", refused("no_free_seat", None), NOW),
        ("no answer that counts", Event::Unreachable, NOW),
        ("the clock was set back", Event::ClockSetBack, NOW),
        ("a list is stale", Event::ListStale { deadline: 90 }, NOW),
        ("tampering", Event::Tampered, NOW),
        ("the code is not the release's", Event::Integrity, NOW),
        ("the program is found clean", Event::Clean, NOW),
        ("the machine slept past the lease", Event::Slept, 200),
        ("the lease and every grace end", Event::Timer, LEASE),
        ("shut-down", Event::ShutDown, NOW),
    ]
}

fn presets() -> [(&'static str, Policy); 3] {
    [("strict", Policy::strict()), ("degrade", Policy::degrade()), ("lenient", Policy::lenient())]
}

fn reach(policy: Policy, history: &[(Event, i64)]) -> Machine {
    history
        .iter()
        .fold(Machine::new(policy), |machine, (event, now)| machine.on(event.clone(), *now))
}

fn described(event: &Event, now: i64) -> Value {
    let (name, more) = match event {
        Event::Verified { expires } => ("verified", json!({ "expires": expires })),
        Event::Answered { expires, lease } => {
            ("answered", json!({ "expires": expires, "lease": lease }))
        }
        Event::NoLicense(reason) => ("no_license", json!({ "code": reason.code() })),
        Event::Invalid(invalid) => ("invalid", json!({ "code": invalid.code() })),
        Event::InvalidProof => ("invalid_proof", json!({})),
        Event::Graced { until } => ("graced", json!({ "until": until })),
        Event::Refused { code, grace_until } => {
            ("refused", json!({ "code": code, "grace_until": grace_until }))
        }
        Event::Unreachable => ("unreachable", json!({})),
        Event::ClockSetBack => ("clock_set_back", json!({})),
        Event::ListStale { deadline } => ("list_stale", json!({ "deadline": deadline })),
        Event::Tampered => ("tampered", json!({})),
        Event::Integrity => ("integrity", json!({})),
        Event::Clean => ("clean", json!({})),
        Event::Timer => ("timer", json!({})),
        Event::Slept => ("slept", json!({})),
        Event::ShutDown => ("shut_down", json!({})),
    };
    let mut described = json!({ "event": name, "now": now });
    if let (Value::Object(described), Value::Object(more)) = (&mut described, more) {
        described.extend(more);
    }
    described
}

fn outcome(machine: &Machine) -> Value {
    let until = match machine.standing() {
        Standing::Grace { until } => Some(*until),
        _ => None,
    };
    json!({
        "standing": machine.standing().as_str(),
        "until": until,
        "reason": machine.reason().map(Reason::code),
        "judged": machine.is_judged(),
    })
}

fn cell(machine: &Machine) -> String {
    let why = |machine: &Machine| {
        machine.reason().map(|reason| format!(" `{}`", reason.code())).unwrap_or_default()
    };
    match machine.standing() {
        Standing::Licensed => "Licensed".to_owned(),
        Standing::Grace { until } => {
            let what = match *until {
                LEASE => "the lease",
                SIGNED_GRACE => "the signed grace",
                _ => "the list's end",
            };
            format!("Grace to {what}{}", why(machine))
        }
        Standing::Free if !machine.is_judged() => "undecided".to_owned(),
        Standing::Free => format!("Free{}", why(machine)),
        Standing::Stopped { .. } => format!("**Stopped**{}", why(machine)),
    }
}

fn seen() -> String {
    let mut text = String::from(
        "| code | a refused check or a refused start says | and then what to do |\n|---|---|---|\n",
    );
    let reasons = [
        Reason::Missing,
        Reason::Unreadable("licenses/license.key: …".into()),
        Reason::Invalid(Invalid::BadSignature),
        Reason::InvalidProof,
        Reason::Expired,
        Reason::Refused("suspended".into()),
        Reason::Refused("revoked".into()),
        Reason::Refused("no_free_seat".into()),
        Reason::Unreachable,
        Reason::ClockSetBack,
        Reason::Tampered,
        Reason::Integrity,
        Reason::ShutDown,
    ];
    for reason in reasons {
        let _ = writeln!(text, "| `{}` | {reason} | {} |", reason.code(), reason.advice());
    }
    text
}

fn document() -> String {
    let searched = search();
    let mut text = format!(
        "# What the guard does when\n\n\
         Made from the state machine by `UPDATE_DOCS=1 cargo test -p licentia --lib table`. The same cases for other\n\
         languages: `spec/vectors/enforcement.json`.\n\n\
         *Licensed* and *Grace* allow all that the licence grants. *Free* allows the free tier's features. *Stopped* allows\n\
         nothing and is final for the process; a restart, or set-up, begins anew. *Undecided* is *Free* until the authority\n\
         has been asked. Every single arm of a preset can be set alone.\n\n\
         The machine is searched exhaustively: {} policies (the presets and each single override of them), {} states,\n\
         {} transitions. In each of them:\n\n\
         - nothing runs in full past the end of its licence;\n\
         - under `strict` and `degrade` nothing runs in full past the end of the last lease or signed grace;\n\
         - under `lenient` no failure of ours leads out of Licensed;\n\
         - no failure makes anything last longer, and a clock that was set back alone ends nothing;\n\
         - Stopped is final;\n\
         - from Free up again only by a grant, and only where `recovery` is automatic;\n\
         - whatever is not Licensed has a reason.\n",
        searched.policies, searched.states, searched.transitions
    );
    for (state, history) in states() {
        let _ = write!(
            text,
            "\n## {state}\n\n| event | strict | degrade | lenient |\n|---|---|---|---|\n"
        );
        for (what, event, now) in events() {
            let [strict, degrade, lenient] =
                presets().map(|(_, policy)| cell(&reach(policy, &history).on(event.clone(), now)));
            let _ = writeln!(text, "| {what} | {strict} | {degrade} | {lenient} |");
        }
    }
    let _ = write!(text, "\n## What the user sees\n\n{}", seen());
    text.push_str(
        "\n## The state file\n\n\
         | found at a start | what counts | and with the authority away |\n|---|---|---|\n\
         | `new`: none yet | nothing | as the preset says |\n\
         | `kept`: sealed here | cluster id, generation, lease, clock mark, usage | an unexpired lease runs |\n\
         | `foreign`: copied from another machine, or changed | the cluster id: the seat is reclaimed or taken over | as the preset says |\n\
         | `damaged`: torn | nothing | as the preset says |\n\
         | `unreadable` | nothing | as the preset says |\n\
         | an older one, restored | all of it; the authority calls its generation stale, which costs one activation | its lease, where that still runs |\n\
         | another process runs on it | its lease and its refusals: one seat for both; the second takes over when the first ends | the same |\n\n\
         A folder that cannot be written or locked hinders nobody: it is logged, and a restart while the authority is away\n\
         finds no lease. Where a machine has no id of its own the seal is for machines of its model, else for the product\n\
         only, and the log says so. The access token is never in the file.\n",
    );
    text
}

fn vectors() -> String {
    let mut cases = Vec::new();
    for (preset, policy) in presets() {
        for (state, history) in states() {
            for (what, event, now) in events() {
                cases.push(json!({
                    "name": format!("{preset}: {state}: {what}"),
                    "preset": preset,
                    "history": history.iter().map(|(event, now)| described(event, *now)).collect::<Vec<_>>(),
                    "event": described(&event, now),
                    "expect": outcome(&reach(policy, &history).on(event.clone(), now)),
                }));
            }
        }
    }
    let mut text = String::from("[\n");
    for (index, case) in cases.iter().enumerate() {
        let comma = if index + 1 < cases.len() { "," } else { "" };
        let _ = writeln!(text, "{case}{comma}");
    }
    text.push_str("]\n");
    text
}

#[test]
#[expect(clippy::disallowed_methods, reason = "UPDATE_DOCS is told to the test itself")]
fn the_table_of_events_and_its_vectors_are_those_of_the_machine() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for (path, text) in
        [("docs/enforcement.md", document()), ("spec/vectors/enforcement.json", vectors())]
    {
        let path = root.join(path);
        if std::env::var("UPDATE_DOCS").is_ok() {
            std::fs::write(&path, &text).unwrap();
        }
        assert!(
            std::fs::read_to_string(&path).unwrap_or_default() == text,
            "{} is stale: UPDATE_DOCS=1 cargo test -p licentia --lib table",
            path.display()
        );
    }
}
