use super::*;

/// A catalogue that is right; each mistake below changes one thing in it.
const GOOD: &str = r#"[product]
code = "acme"
name = "Acme"
default_plan = "pro"
project_seed = "00ff7A"

[[plan]]
code = "free"
tier = "FREE"
rank = 1
seats = 1

[[plan]]
code = "pro"
tier = "PRO"
rank = 2
seats = "unlimited"
overage = 2
reclaim_after = "10m"
takeovers_per_day = 5
on_clone = "suspend"
nodes = 10
trial = "30d"
heartbeat = "90s"
grace = "2h"
features = ["search", "export"]
limits = { max_agents = 1_000, tokens = "unlimited" }
info = { price = "$49/month" }

[[meter]]
name = "cpu_hours"
unit = "h"
scale = 3
"#;

#[test]
fn a_sunset_is_the_end_of_its_day_and_a_profile_is_named() {
    let more = "profile = \"caio\"\nsunset = { v1 = \"2026-12-31\" }\ndefault_plan";
    let product = parse(&GOOD.replacen("default_plan", more, 1)).unwrap().product;
    // 2027-01-01T00:00:00Z
    assert_eq!(product.sunset, [(Scheme::V1, 1_798_761_600)].into());
    assert_eq!(product.profile, Some(Profile::Caio));
    for wrong in ["{ v1 = \"soon\" }", "{ v7 = \"2026-12-31\" }", "{ v1 = \"2026-02-30\" }"] {
        let text = GOOD.replacen("default_plan", &format!("sunset = {wrong}\ndefault_plan"), 1);
        assert_eq!(parse(&text).unwrap_err().line, 4, "{wrong}");
    }
}

#[test]
fn m10_a_plan_may_say_how_often_a_licence_may_ask() {
    let with = |value: &str| {
        parse(&GOOD.replacen(
            "nodes = 10",
            &format!("nodes = 10\ncontacts_per_minute = {value}"),
            1,
        ))
    };
    assert_eq!(with("600").unwrap().plans[1].contacts_per_minute, Some(600));
    for wrong in ["0", "\"unlimited\"", "-1"] {
        assert_eq!(with(wrong).unwrap_err().field, "[[plan]] \"pro\": contacts_per_minute");
    }
    let with = |value: &str| {
        parse(&GOOD.replacen("nodes = 10", &format!("nodes = 10\noffline = {value}"), 1))
    };
    assert_eq!(with("\"90d\"").unwrap().plans[1].offline_s, Some(90 * 86_400));
    for wrong in ["\"0d\"", "\"unlimited\"", "90"] {
        assert_eq!(with(wrong).unwrap_err().field, "[[plan]] \"pro\": offline");
    }
}

#[test]
fn a_quota_is_on_a_meter_and_its_limit_says_how_much() {
    let with = |limits: &str, more: &str| {
        let limits =
            format!("limits = {{ max_agents = 1_000, tokens = \"unlimited\"{limits} }}\n{more}");
        parse(&GOOD.replacen("limits = { max_agents = 1_000, tokens = \"unlimited\" }", &limits, 1))
    };
    let quotas =
        |text: &str| with(", cpu_hours = 100", &format!("quotas = {{ cpu_hours = {text} }}"));
    for (text, per, kind) in [
        ("{ per = \"month\" }", Window::Month, QuotaKind::Soft),
        ("{ per = \"hour\", kind = \"hard\" }", Window::Hour, QuotaKind::Hard),
        ("{ per = \"total\", kind = \"soft\" }", Window::Total, QuotaKind::Soft),
    ] {
        let plan = quotas(text).unwrap().plans.remove(1);
        assert_eq!(plan.quotas, [("cpu_hours".into(), Quota { per, kind })].into());
    }
    for (wrong, part) in [
        (quotas("{ per = \"week\" }"), "\"hour\" or \"day\" or \"month\" or \"total\""),
        (quotas("{ kind = \"hard\" }"), "missing"),
        (quotas("{ per = \"day\", kind = \"firm\" }"), "\"soft\" or \"hard\""),
        (quotas("{ per = \"day\", limit = 3 }"), "unknown key"),
        (quotas("5"), "expected a table"),
        (with("", "quotas = { cpu_hours = { per = \"day\" } }"), "needs the limit `cpu_hours`"),
        (with("", "quotas = { tokens = { per = \"day\" } }"), "add a [[meter]]"),
    ] {
        let error = wrong.unwrap_err();
        assert!(error.message.contains(part), "{error}");
    }
    let broken = with("", "on_chain_broken = \"revoke\"").unwrap().plans.remove(1);
    assert_eq!(broken.on_chain_broken, OnChainBroken::Revoke);
}

#[test]
fn c7_what_may_be_fetched_is_read_and_checked() {
    let with = |text: &str| {
        let plan = format!("distribution = {text}\nlimits = {{ max_agents = 1_000");
        parse(&GOOD.replacen("limits = { max_agents = 1_000", &plan, 1))
    };
    let read = with(
        "{ channels = [\"stable\"], versions = \">=1, <3\", maintenance = \"365d\", \
         repositories = [\"acme/app/{version}\"] }",
    );
    let expected = Distribution {
        channels: vec!["stable".into()],
        versions: Some(">=1, <3".into()),
        maintenance_s: Some(365 * 86_400),
        repositories: vec!["acme/app/{version}".into()],
    };
    assert_eq!(read.unwrap().plans[1].distribution, expected);
    for (wrong, key) in [
        ("{ channels = [\"Stable\"] }", "channels"),
        ("{ versions = \"one\" }", "versions"),
        ("{ maintenance = \"ever\" }", "maintenance"),
        ("{ repositories = [\"/\"] }", "repositories"),
        ("{ channel = [] }", "channel"),
    ] {
        let error = with(wrong).unwrap_err();
        assert!(error.field.ends_with(key), "{error}");
    }
}

#[test]
fn every_key_is_read() {
    let catalog = parse(GOOD).unwrap();
    assert_eq!(
        catalog.product,
        ProductEntry {
            code: "acme".into(),
            name: "Acme".into(),
            key_prefix: "ACME".into(),
            scheme: Scheme::Jwt,
            enforcement: Enforcement::Strict,
            heartbeat_s: 900,
            grace_s: 86_400,
            default_plan: "pro".into(),
            profile: None,
            sunset: BTreeMap::new(),
            warning: BTreeMap::new(),
            trial_once_per: vec![TrialOf::Customer],
            upgrade: None,
            project_seed: Some(vec![0, 0xff, 0x7a]),
        }
    );
    assert_eq!(
        catalog.plans[0],
        PlanEntry {
            code: "free".into(),
            tier: "FREE".into(),
            rank: 1,
            seats: Some(1),
            overage: 0,
            reclaim_after_s: None,
            takeovers_per_day: 3,
            on_clone: OnClone::Warn,
            on_chain_broken: OnChainBroken::Warn,
            nodes: None,
            trial_s: None,
            telemetry: false,
            heartbeat_s: None,
            grace_s: None,
            offline_s: None,
            contacts_per_minute: None,
            features: vec![],
            limits: BTreeMap::new(),
            quotas: BTreeMap::new(),
            distribution: Distribution::default(),
            info: BTreeMap::new(),
        }
    );
    assert_eq!(
        catalog.plans[1],
        PlanEntry {
            code: "pro".into(),
            tier: "PRO".into(),
            rank: 2,
            seats: None,
            overage: 2,
            reclaim_after_s: Some(600),
            takeovers_per_day: 5,
            on_clone: OnClone::Suspend,
            on_chain_broken: OnChainBroken::Warn,
            nodes: Some(10),
            trial_s: Some(2_592_000),
            telemetry: false,
            heartbeat_s: Some(90),
            grace_s: Some(7_200),
            offline_s: None,
            contacts_per_minute: None,
            features: vec!["search".into(), "export".into()],
            limits: BTreeMap::from([("max_agents".into(), Some(1_000)), ("tokens".into(), None)]),
            quotas: BTreeMap::new(),
            distribution: Distribution::default(),
            info: BTreeMap::from([("price".into(), "$49/month".into())]),
        }
    );
    assert_eq!(catalog.meters, [Meter { name: "cpu_hours".into(), unit: "h".into(), scale: 3 }]);
}

/// What to replace in [`GOOD`], by what; line, column and field of the mistake; a part of the message.
type Mistake = (&'static str, &'static str, usize, usize, &'static str, &'static str);

#[rustfmt::skip]
const MISTAKES: &[Mistake] = &[
    // The text as a whole.
    ("[product]", "[product", 1, 9, "", "unclosed table"),
    ("name = \"Acme\"", "name = \"Acme", 3, 13, "", "invalid basic string"),
    ("rank = 1", "rank = 1\nrank = 2", 11, 1, "", "duplicate key"),
    ("[[meter]]", "[[meters]]", 30, 3, "meters", "unknown key; known here: product, plan, meter"),
    ("[[meter]]", "[meter]", 30, 1, "meter", "expected tables headed [[meter]], found a table"),

    // The product.
    ("name = \"Acme\"", "", 1, 1, "[product]: name", "missing"),
    ("name = \"Acme\"", "name = \" \"", 3, 8, "[product]: name", "expected some text"),
    ("name = \"Acme\"", "name = 3", 3, 8, "[product]: name", "expected a text in quotes, found 3"),
    ("name = \"Acme\"", "name = \"Acme\"\nprefix = \"A\"", 4, 1, "[product]: prefix", "unknown key; known here: code, name, key_prefix"),
    ("code = \"acme\"", "code = \"Acme\"", 2, 8, "[product]: code", "found \"Acme\""),
    ("code = \"acme\"", "code = \"-acme\"", 2, 8, "[product]: code", "no dash first"),
    ("code = \"acme\"", "code = \"a-c\"", 1, 1, "[product]: key_prefix", "missing, and the code makes none"),
    ("code = \"acme\"", "code = \"acme\"\nkey_prefix = \"AC-ME\"", 3, 14, "[product]: key_prefix", "no dash, found \"AC-ME\""),
    ("code = \"acme\"", "code = \"acme\"\nkey_prefix = \"ABCDEFGHIJKLMNOPQ\"", 3, 14, "[product]: key_prefix", "1 to 16"),
    ("code = \"acme\"", "code = \"acme\"\nscheme = \"v9\"", 3, 10, "[product]: scheme", "expected \"jwt\" or \"v2\" or \"v1\" or \"short\" or \"opaque\", found \"v9\""),
    ("code = \"acme\"", "code = \"acme\"\nenforcement = \"hard\"", 3, 15, "[product]: enforcement", "expected \"strict\" or \"degrade\" or \"lenient\", found \"hard\""),
    ("code = \"acme\"", "code = \"acme\"\nheartbeat = 15", 3, 13, "[product]: heartbeat", "expected a duration such as \"90s\", \"15m\", \"24h\" or \"30d\", found 15"),
    ("code = \"acme\"", "code = \"acme\"\nheartbeat = \"0m\"", 3, 13, "[product]: heartbeat", "found \"0m\""),
    ("code = \"acme\"", "code = \"acme\"\nheartbeat = \"2d\"", 3, 13, "[product]: heartbeat", "grace (86400 s) must not be shorter than the heartbeat interval (172800 s)"),
    ("code = \"acme\"", "code = \"acme\"\ngrace = \"14m\"", 3, 9, "[product]: grace", "must not be shorter"),
    ("default_plan = \"pro\"", "default_plan = \"team\"", 4, 16, "[product]: default_plan", "expected the code of a plan, one of free, pro"),
    ("\"00ff7A\"", "\"00ff7\"", 5, 16, "[product]: project_seed", "expected 1 to 64 bytes in hex"),
    ("\"00ff7A\"", "\"00ff7é\"", 5, 16, "[product]: project_seed", "expected 1 to 64 bytes in hex"),
    ("\"00ff7A\"", "\"\"", 5, 16, "[product]: project_seed", "expected 1 to 64 bytes in hex"),

    // The plans.
    ("code = \"free\"", "", 7, 1, "[[plan]] 1: code", "missing"),
    ("code = \"free\"", "code = \"pro\"", 14, 8, "[[plan]] \"pro\": code", "another plan has this code already"),
    ("tier = \"FREE\"", "tier = \"FREE-2\"", 9, 8, "[[plan]] \"free\": tier", "expected a name without dash, found \"FREE-2\""),
    ("rank = 1", "rank = 0", 10, 8, "[[plan]] \"free\": rank", "expected a number from 1 on, found 0"),
    ("rank = 1", "rank = -1", 10, 8, "[[plan]] \"free\": rank", "expected a whole number from 0 on, found -1"),
    ("rank = 1", "rank = 1.5", 10, 8, "[[plan]] \"free\": rank", "expected a whole number from 0 on, found a number with a decimal point"),
    ("seats = 1", "", 7, 1, "[[plan]] \"free\": seats", "missing"),
    ("seats = 1", "seat = 1", 11, 1, "[[plan]] \"free\": seat", "unknown key; known here: code, tier, rank, seats"),
    ("seats = 1", "seats = \"many\"", 11, 9, "[[plan]] \"free\": seats", "expected a whole number from 0 on or \"unlimited\", found \"many\""),
    ("seats = 1", "seats = 4294967296", 11, 9, "[[plan]] \"free\": seats", "the number is too large"),
    ("overage = 2", "overage = \"unlimited\"", 18, 11, "[[plan]] \"pro\": overage", "expected a whole number from 0 on, found \"unlimited\""),
    ("\"10m\"", "\"soon\"", 19, 17, "[[plan]] \"pro\": reclaim_after", "expected a duration"),
    ("\"suspend\"", "\"stop\"", 21, 12, "[[plan]] \"pro\": on_clone", "expected \"warn\" or \"reactivate\" or \"suspend\", found \"stop\""),
    ("\"30d\"", "\"99999d\"", 23, 9, "[[plan]] \"pro\": trial", "the duration is too long"),
    ("\"30d\"", "\"1.5d\"", 23, 9, "[[plan]] \"pro\": trial", "expected a duration"),
    ("\"30d\"", "\"é\"", 23, 9, "[[plan]] \"pro\": trial", "expected a duration"),
    ("\"2h\"", "\"1m\"", 25, 9, "[[plan]] \"pro\": grace", "grace (60 s) must not be shorter than the heartbeat interval (90 s)"),
    ("\"90s\"\ngrace = \"2h\"", "\"2d\"", 24, 13, "[[plan]] \"pro\": heartbeat", "grace (86400 s)"),
    ("\"export\"]", "\"search\"]", 26, 23, "[[plan]] \"pro\": features[1]", "\"search\" stands here twice"),
    ("\"export\"]", "\"ex port\"]", 26, 23, "[[plan]] \"pro\": features[1]", "expected a name without white space"),
    ("[\"search\", \"export\"]", "\"search\"", 26, 12, "[[plan]] \"pro\": features", "expected a list in brackets, found \"search\""),
    ("1_000", "-1", 27, 25, "[[plan]] \"pro\": limits.max_agents", "expected a whole number from 0 on or \"unlimited\", found -1"),
    ("1_000", "true", 27, 25, "[[plan]] \"pro\": limits.max_agents", "found true"),
    ("1_000", "9007199254740992", 27, 25, "[[plan]] \"pro\": limits.max_agents", "the number is too large"),
    ("\"$49/month\"", "49", 28, 18, "[[plan]] \"pro\": info.price", "expected a text in quotes, found 49"),

    // The meters.
    ("\"cpu_hours\"", "\"cpu hours\"", 31, 8, "[[meter]] \"cpu hours\": name", "expected a name without white space"),
    ("scale = 3", "scale = 10", 33, 9, "[[meter]] \"cpu_hours\": scale", "expected at most 9 decimal places"),
    ("scale = 3", "scale = 3\n[[meter]]\nname = \"cpu_hours\"", 35, 8, "[[meter]] \"cpu_hours\": name", "another meter has this name already"),
];

#[test]
fn a_mistake_is_told_with_line_column_field_and_what_is_expected() {
    for (right, wrong, line, column, field, message) in MISTAKES {
        assert!(GOOD.contains(right), "{right}");
        let error = parse(&GOOD.replacen(right, wrong, 1)).expect_err(wrong);
        assert_eq!(
            (error.line, error.column, error.field.as_str()),
            (*line, *column, *field),
            "{wrong}: {error}"
        );
        assert!(error.message.contains(message), "{wrong}: {error}");
    }
}

#[test]
fn a_mistake_reads_as_one_line() {
    let error = parse(&GOOD.replace("1_000", "\"many\"")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 27, column 25: [[plan]] \"pro\": limits.max_agents: \
         expected a whole number from 0 on or \"unlimited\", found \"many\""
    );
    assert!(parse("[product").unwrap_err().to_string().starts_with("line 1, column 9: unclosed"));
}

#[test]
fn an_empty_text_lacks_a_product_and_a_product_alone_lacks_a_plan() {
    let missing = |text: &str| {
        parse(text).map(drop).map_err(|error| (error.line, error.field, error.message))
    };
    assert_eq!(missing(""), Err((1, "product".into(), "missing".into())));
    let product_only = GOOD.split("[[plan]]").next().unwrap();
    assert_eq!(missing(product_only), Err((7, "plan".into(), "missing".into())));
}

fn example(text: &str) -> Catalog {
    parse(text).unwrap_or_else(|error| panic!("{error}"))
}

fn plan<'a>(catalog: &'a Catalog, code: &str) -> &'a PlanEntry {
    catalog.plans.iter().find(|plan| plan.code == code).unwrap()
}

fn tiers(catalog: &Catalog) -> Vec<(&str, u32)> {
    catalog.plans.iter().map(|plan| (plan.tier.as_str(), plan.rank)).collect()
}

const DAY_S: u32 = 86_400;

#[test]
fn the_tmws_example_holds_its_matrix() {
    let tmws = example(include_str!("../../../../examples/catalogs/tmws.toml"));
    assert_eq!((tmws.product.code.as_str(), tmws.product.key_prefix.as_str()), ("tmws", "TMWS"));
    assert_eq!(tiers(&tmws), [("FREE", 1), ("PRO", 2), ("ENTERPRISE", 3)]);
    for (code, memories, agents, rate, trial_days, price, sla) in [
        ("free", Some(1_000), Some(3), 100, 30, "$0/month", "none"),
        ("pro", Some(100_000), Some(50), 1_000, 30, "$49/month", "99%"),
        ("enterprise", None, None, 10_000, 14, "$999/year", "99.9%"),
    ] {
        let plan = plan(&tmws, code);
        assert_eq!(plan.limits["max_memories"], memories);
        assert_eq!(plan.limits["max_agents"], agents);
        assert_eq!(plan.limits["requests_per_minute"], Some(rate));
        assert_eq!(plan.trial_s, Some(trial_days * DAY_S));
        assert_eq!((plan.info["price"].as_str(), plan.info["sla"].as_str()), (price, sla));
    }
    assert_eq!(plan(&tmws, "enterprise").info["trial"], "14 days + POC");
    assert_eq!(plan(&tmws, "free").features, ["semantic-search"]);
    assert_eq!(
        plan(&tmws, "pro").features,
        ["semantic-search", "workflow-automation", "custom-models"]
    );
    assert_eq!(
        plan(&tmws, "enterprise").features,
        [
            "semantic-search",
            "workflow-automation",
            "custom-models",
            "rbac",
            "multi-tenant",
            "priority-support"
        ]
    );
}

#[test]
fn the_caio_example_is_strict() {
    let caio = example(include_str!("../../../../examples/catalogs/caio.toml"));
    assert_eq!(
        (caio.product.code.as_str(), caio.product.enforcement),
        ("caio", Enforcement::Strict)
    );
    assert_eq!(tiers(&caio), [("STANDARD", 1), ("ENTERPRISE", 2)]);
}

#[test]
fn the_bzzz_example_holds_tiers_nodes_features_and_meters() {
    let bzzz = example(include_str!("../../../../examples/catalogs/bzzz.toml"));
    let product = &bzzz.product;
    assert_eq!(
        (product.enforcement, product.heartbeat_s, product.grace_s),
        (Enforcement::Strict, 900, DAY_S)
    );
    assert_eq!(product.default_plan, "standard");
    assert_eq!(tiers(&bzzz), [("EVALUATION", 1), ("STANDARD", 2), ("ENTERPRISE", 3)]);
    let counts: Vec<_> = bzzz.plans.iter().map(|plan| (plan.seats, plan.nodes)).collect();
    assert_eq!(counts, [(Some(1), Some(3)), (Some(2), Some(10)), (Some(10), None)]);
    let all = ["basic-coordination", "task-distribution", "advanced-ai-integration"];
    assert_eq!(plan(&bzzz, "evaluation").features, all[..2]);
    assert_eq!(plan(&bzzz, "standard").features, all);
    assert_eq!(plan(&bzzz, "enterprise").features, all);
    let meters: Vec<_> =
        bzzz.meters.iter().map(|meter| (meter.name.as_str(), meter.scale)).collect();
    assert_eq!(
        meters,
        [("tokens", 0), ("context_operations", 0), ("cpu_hours", 3), ("temporal_nav_hops", 0)]
    );
    assert_eq!(bzzz.meters[2].unit, "h");
}

#[test]
fn the_volcanic_pixels_example_errs_unlocked() {
    let volcanic = example(include_str!("../../../../examples/catalogs/volcanic-pixels.toml"));
    assert_eq!(volcanic.product.enforcement, Enforcement::Lenient);
    assert_eq!(volcanic.product.key_prefix, "VOLCANIC");
}

#[test]
fn the_muonroi_example_degrades_and_each_tier_adds_features() {
    let muonroi = example(include_str!("../../../../examples/catalogs/muonroi.toml"));
    let product = &muonroi.product;
    assert_eq!(
        (product.enforcement, product.heartbeat_s, product.grace_s),
        (Enforcement::Degrade, 240 * 60, DAY_S)
    );
    assert_eq!(tiers(&muonroi), [("Free", 1), ("Licensed", 2), ("Enterprise", 3)]);
    let free = ["http.request", "api.validate"];
    let licensed =
        ["rule-engine", "workflow", "db.query", "db.save", "db.add", "db.update", "db.delete"];
    let enterprise = [
        "multi-tenant",
        "advanced-auth",
        "audit-trail",
        "anti-tampering",
        "grpc",
        "message-bus",
        "distributed-cache",
    ];
    assert_eq!(plan(&muonroi, "free").features, free);
    assert_eq!(plan(&muonroi, "licensed").features, [&free[..], &licensed].concat());
    assert_eq!(plan(&muonroi, "enterprise").features, [&free[..], &licensed, &enterprise].concat());
}

#[test]
fn a_text_that_breaks_off_anywhere_is_a_mistake_or_a_catalogue_never_a_crash() {
    for (end, _) in GOOD.char_indices() {
        if let Err(error) = parse(&GOOD[..end]) {
            assert!(error.line <= GOOD.lines().count() + 1 && error.column >= 1, "{error}");
        }
    }
}

#[test]
fn terms_are_read_and_their_mistakes_told() {
    let with = |product: &str, plan: &str| {
        let text = GOOD.replacen("[[plan]]", &format!("{product}\n[[plan]]"), 1).replacen(
            "rank = 1",
            &format!("rank = 1\n{plan}"),
            1,
        );
        parse(&text)
    };
    let day = |text: &str| {
        let date: Date = text.parse().unwrap();
        date.to_zoned(TimeZone::UTC).unwrap().timestamp().as_second()
    };
    let good = with(
        "trial_once_per = [\"machine\", \"domain\", \"machine\"]\nwarning = { v1 = \"2027-01-01\" }\n\
         upgrade = { until = \"2027-06-30\", plan = \"free\" }",
        "telemetry = true",
    )
    .unwrap();
    assert_eq!(good.product.trial_once_per, [TrialOf::Domain, TrialOf::Machine]);
    assert_eq!(good.product.warning, [(Scheme::V1, day("2027-01-01"))].into());
    let upgrade = Upgrade { until: day("2027-07-01"), days: 30, plan: Some("free".into()) };
    assert_eq!(good.product.upgrade, Some(upgrade));
    assert!(good.plans[0].telemetry && !good.plans[1].telemetry);
    for (product, plan, field, message) in [
        ("trial_once_per = [\"house\"]", "", "trial_once_per[0]", "\"customer\" or \"domain\""),
        ("trial_once_per = \"machine\"", "", "trial_once_per", "a list in brackets"),
        ("warning = { v9 = \"2027-01-01\" }", "", "warning.v9", "a scheme such as"),
        ("warning = { v1 = \"soon\" }", "", "warning.v1", "the first day"),
        ("upgrade = { until = \"soon\" }", "", "until", "the last day"),
        ("upgrade = { until = \"2027-06-30\", days = 91 }", "", "days", "1 to 90 days"),
        ("upgrade = { until = \"2027-06-30\", day = 9 }", "", "day", "unknown key"),
        ("", "telemetry = \"yes\"", "telemetry", "true or false"),
    ] {
        let error = with(product, plan).unwrap_err();
        assert!(error.field.ends_with(field) && error.message.contains(message), "{error}");
    }
}
