//! Two `Auth`s over one table, with the same secrets and issuer, for two audiences.

use std::sync::Arc;

use actix_hallpass::hallpass::testing::MemoryStore;
use actix_hallpass::hallpass::{UserId, UserStore as _};

use crate::app::{TestApp, memory_store};
use crate::forge::{self, ACCESS_SECRET, REFRESH_SECRET};
use crate::http::Tokens;

struct World {
    store: Arc<MemoryStore>,
    api: TestApp,
    admin: TestApp,
}

impl World {
    fn new() -> Self {
        let store = Arc::new(memory_store());
        let app = |audience: &str| {
            TestApp::with(|builder| {
                let builder = builder.store(store.clone()).audience(audience);
                builder.access_token_secret(ACCESS_SECRET).refresh_token_secret(REFRESH_SECRET)
            })
        };
        let (api, admin) = (app("api"), app("admin"));
        Self { store, api, admin }
    }

    fn is_logged_in(&self) -> bool {
        self.store.load(&UserId::new(1)).unwrap().unwrap().session.is_some()
    }
}

fn audiences(tokens: &Tokens) -> [String; 2] {
    let audience = |token| forge::payload(token)["aud"].as_str().unwrap().to_owned();
    [audience(&tokens.access), audience(&tokens.refresh)]
}

#[test]
fn a_refresh_token_gives_no_access_token_of_another_audience() {
    let World { store, api, admin } = World::new();
    let first = api.session("ada");
    assert_eq!(audiences(&first), ["api", "api#refresh"]);
    let before = store.load(&UserId::new(1)).unwrap();
    admin.refresh(&first.refresh).assert_refused(401, "refresh_invalid");
    admin.get_with_token("/guarded/user", &first.access).assert_refused(401, "token_invalid");
    assert_eq!(store.load(&UserId::new(1)).unwrap(), before, "nothing is written");
    let second = api.refresh(&first.refresh).tokens();
    assert_eq!(audiences(&second), ["api", "api#refresh"]);
    admin.refresh(&first.refresh).assert_refused(401, "refresh_invalid");
    api.refresh(&second.refresh).tokens();
}

#[test]
fn a_logout_takes_no_token_of_another_audience() {
    let world = World::new();
    let tokens = world.api.session("ada");
    assert_eq!(world.admin.logout(&tokens.refresh).status, 204);
    let answer = world.admin.send_with_token("POST", "/auth/logout", &tokens.access);
    assert_eq!(answer.status, 204);
    assert!(world.is_logged_in());
    assert_eq!(world.api.logout(&tokens.refresh).status, 204);
    assert!(!world.is_logged_in());
}

#[test]
fn without_an_audience_it_is_the_issuer() {
    let app = TestApp::with(|builder| builder.issuer("https://id.example"));
    let tokens = app.session("ada");
    assert_eq!(audiences(&tokens), ["https://id.example", "https://id.example#refresh"]);
}
