//! The program of the README is the one that is compiled.

#[test]
fn the_readme_shows_the_minimal_example_line_for_line() {
    let example = include_str!("../../examples/minimal.rs");
    let (_, program) = example.split_once("\n\n").unwrap();
    for readme in
        [include_str!("../../README.md"), include_str!("../../crates/actix-hallpass/README.md")]
    {
        assert!(readme.contains(&format!("```rust,no_run\n{program}```\n")));
    }
    let lines = program.lines().filter(|line| !line.is_empty()).count();
    assert_eq!(lines, 18, "eighteen lines, two types to know");
}

#[test]
fn the_readme_lists_every_code_and_every_setting() {
    let readme = include_str!("../../README.md");
    for code in actix_hallpass::ErrorCode::ALL {
        let cell = format!("`{}`", code.as_str());
        assert!(readme.contains(&cell), "{cell}");
    }
    for variable in actix_hallpass::hallpass::Settings::VARIABLES {
        let line = format!("\n| `{}` | {} | {}", variable.name, variable.default, variable.rule);
        assert!(readme.contains(&line), "{line}");
    }
    for variable in ["DATABASE_URL", "MIGRATE", "DATABASE_POOL_SIZE", "TRUSTED_PROXIES"] {
        assert!(readme.contains(&format!("\n| `{variable}` | ")), "{variable}");
    }
}
