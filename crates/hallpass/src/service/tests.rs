//! The check of an access token, as the guard asks for it.

use super::world::World;
use crate::AccessTokenError;
use crate::forge;

#[test]
fn an_access_token_is_verified_by_the_clock_and_for_ids_of_the_store_alone() {
    let world = World::new();
    let verify = |subject: &str, exp: u64| {
        let payload = format!(
            r#"{{"iss":"hallpass","aud":"hallpass","sub":"{subject}","iat":1,"exp":{exp},"jti":"j","sid":"s"}}"#
        );
        let header = r#"{"typ":"at+jwt","alg":"HS256"}"#;
        world.service.verify_access(&forge::token(header, &payload, forge::ACCESS_SECRET))
    };
    assert!(verify("1", 2_000_000_001).is_ok());
    assert!(matches!(verify("1", 2_000_000_000), Err(AccessTokenError::Expired { .. })));
    for subject in ["01", "+1", "1.0", "", "ada"] {
        assert_eq!(verify(subject, 2_000_000_001), Err(AccessTokenError::Subject), "{subject}");
    }
}
