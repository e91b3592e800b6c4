//! What the compiler says about a table that is not what hallpass needs.

/// The messages differ between versions of Rust: `.ci/run` compares them, with the version that CI has.
#[test]
#[ignore = "it compares messages of the compiler that CI has"]
#[cfg(all(feature = "sqlite", not(feature = "postgres")))]
fn a_table_that_does_not_fit_is_told_in_a_sentence() {
    trybuild::TestCases::new().compile_fail("tests/own_table/*.rs");
}
