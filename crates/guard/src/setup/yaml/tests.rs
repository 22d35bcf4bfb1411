use super::*;

const SEED: &str = r#"# BZZZ agent
agent:
  id: walnut   # the host
  models: [a, b]
license: # from KACHING
  # where
  server_url: "https://kaching.chorus.services"
  license_key: "OLD" # typed by hand
  custom: 'kept: # as it is'
  features:
    - "basic-coordination"
    - "task-distribution"

  email: customer@example.com

# the rest
github:
  token: |
    license: not a section
logging: {level: info}
"#;

fn text(value: &str) -> Value {
    Value::Text(value.into())
}

#[test]
fn what_is_not_set_stays_byte_for_byte() {
    let values = [
        ("server_url", text("https://kaching.chorus.services")),
        ("license_key", text("BZZZ-2025-ABC123-XYZ")),
        ("email", text("customer@example.com")),
        ("max_nodes", Value::Number(10)),
        ("features", Value::List(vec!["a".into(), "b".into(), "c \"d\"".into()])),
    ];
    let wanted = SEED
        .replace("\"OLD\" #", "\"BZZZ-2025-ABC123-XYZ\" #")
        .replace(
            "    - \"basic-coordination\"\n    - \"task-distribution\"\n",
            "    - \"a\"\n    - \"b\"\n    - \"c \\\"d\\\"\"\n",
        )
        .replace("customer@example.com\n", "customer@example.com\n  max_nodes: 10\n");
    let once = set(SEED, "license", &values).unwrap();
    assert_eq!(once, wanted);
    assert_eq!(set(&once, "license", &values).unwrap(), wanted, "a second time changes nothing");
    let dos = SEED.replace('\n', "\r\n");
    assert_eq!(set(&dos, "license", &values).unwrap(), wanted.replace('\n', "\r\n"));
}

#[test]
fn an_old_configuration_gets_the_section_at_its_end() {
    let values = [("license_key", text("K")), ("features", Value::List(Vec::new()))];
    let section = "license:\n  license_key: \"K\"\n  features: []\n";
    for (before, after) in [
        ("", section.to_owned()),
        ("agent:\n  id: x", format!("agent:\n  id: x\n\n{section}")),
        ("agent:\n  id: x\n\n", format!("agent:\n  id: x\n\n{section}")),
        ("# only a comment\n", format!("# only a comment\n\n{section}")),
        ("models:\n- a\n- b\n", format!("models:\n- a\n- b\n\n{section}")),
    ] {
        assert_eq!(set(before, "license", &values).unwrap(), after);
    }
}

#[test]
fn an_empty_section_is_filled_in_whatever_it_is_spelled_like() {
    let values = [("license_key", text("K"))];
    for (before, after) in [
        ("license:\nb: 1\n", "license:\n  license_key: \"K\"\nb: 1\n"),
        ("license: {} # x\nb: 1\n", "license: # x\n  license_key: \"K\"\nb: 1\n"),
        ("license: ~", "license:\n  license_key: \"K\"\n"),
        ("\"license\":\n    license_key: 1\n", "\"license\":\n    license_key: \"K\"\n"),
        ("license:\n  'license_key': ''", "license:\n  'license_key': \"K\"\n"),
        (
            "a:\n  license: x\nlicense:\n  license_key: |\n    old\n    text\n  b: 1\n",
            "a:\n  license: x\nlicense:\n  license_key: \"K\"\n  b: 1\n",
        ),
    ] {
        assert_eq!(set(before, "license", &values).unwrap(), after, "{before}");
    }
}

#[test]
fn what_is_not_understood_is_left_alone() {
    let set = |text: &str| set(text, "license", &[("license_key", Value::Number(1))]);
    let style = |line| Err(YamlError::Style { section: "license".into(), line });
    assert_eq!(set("license: { a: 1 }\n"), style(1));
    assert_eq!(set("license: &anchor\n  a: 1\n"), style(1));
    assert_eq!(set("license:\n- a\n"), style(2));
    assert_eq!(set("license:\n\ta: 1\n"), style(2));
    assert_eq!(set("license:\n    a: 1\n  b: 2\n"), style(3));
    assert_eq!(set("- a\n- b\n"), Err(YamlError::NotAMapping { line: 1 }));
    assert_eq!(set("{a: 1}\n"), Err(YamlError::NotAMapping { line: 1 }));
    assert_eq!(set("just text\n"), Err(YamlError::NotAMapping { line: 1 }));
    let twice = YamlError::Twice { section: "license".into(), line: 3 };
    assert_eq!(set("license:\n  a: 1\nlicense:\n  a: 2\n"), Err(twice));
}
