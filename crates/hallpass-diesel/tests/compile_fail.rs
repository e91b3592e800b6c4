//! What the compiler says about a table that is not what hallpass needs.

/// The messages differ between versions of Rust, so they are compared where everything is tested:
/// with the version that CI has.
#[test]
#[cfg(all(feature = "sqlite", not(feature = "postgres")))]
fn a_table_that_does_not_fit_is_told_in_a_sentence() {
    if std::env::var_os("HALLPASS_TEST_ALL").is_some() {
        trybuild::TestCases::new().compile_fail("tests/own_table/*.rs");
    }
}
