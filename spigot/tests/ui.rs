//! What `#[sip_router]` says to mistakes, word for word, and what it accepts.

#[test]
fn mistakes_are_explained() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}

#[test]
fn unusual_code_compiles() {
    trybuild::TestCases::new().pass("tests/ui/pass/*.rs");
}
