//! What goes wrong inside is for the log: no cause reaches a client.

use std::sync::Arc;

use actix_hallpass::hallpass::testing::Verb;
use actix_hallpass::hallpass::{PasswordChangeError, StoreError};
use actix_hallpass::{AccountError, RunError};
use actix_web::ResponseError;
use serde_json::json;

use crate::app::{TestApp, memory_store};

#[test]
fn a_failing_store_is_503_and_its_message_goes_to_the_log_alone() {
    let app = TestApp::with(|builder| {
        let store = memory_store()
            .before(|_, _| Err(StoreError::Unavailable("password=s3cret host=db.internal".into())));
        builder.store(Arc::new(store))
    });
    let token = app.auth.token_for(1).mint();
    let authorization = format!("Bearer {token}");
    for answer in [
        app.login("ada", "correct horse"),
        app.register("ada", "correct horse"),
        app.send("POST", "/auth/logout", &[("Authorization", &authorization)], ""),
        app.post_with_token(
            "/auth/reauthenticate",
            &token,
            &json!({ "password": "correct horse" }),
        ),
        app.post_with_token(
            "/auth/password",
            &token,
            &json!({ "current_password": "correct horse", "new_password": "another horse" }),
        ),
        app.get_with_token("/bound", &token),
    ] {
        answer.assert_refused(503, "unavailable");
        assert_eq!(answer.header("retry-after"), Some("1"));
        assert!(!answer.body.contains("s3cret") && !answer.body.contains("db.internal"));
    }
}

#[test]
fn a_store_that_panics_is_500_and_the_server_goes_on() {
    let app = TestApp::with(|builder| {
        let store = memory_store().before(|_, verb| {
            assert_ne!(verb, Verb::LoadByLogin, "password=s3cret");
            Ok(())
        });
        builder.store(Arc::new(store))
    });
    for _ in 0..3 {
        let answer = app.login("ada", "correct horse");
        answer.assert_refused(500, "internal");
        assert!(!answer.body.contains("s3cret"));
    }
    assert_eq!(app.register("ada", "correct horse").status, 201);
}

#[test]
fn a_fault_is_one_line_of_the_log_with_its_reason_and_none_before_it_is_answered() {
    let unavailable = || StoreError::Unavailable("no route to db.internal".into());
    let (errors, log) = crate::log::during(|| {
        [
            AccountError::from(unavailable()),
            AccountError::from(PasswordChangeError::from(unavailable())),
            AccountError::from(RunError::Busy),
        ]
    });
    assert_eq!(log, "", "to make and to convert an error logs nothing");
    for (error, expected) in errors.iter().zip([
        ["ERROR", "unavailable", "reason=\"the database is unavailable: no route to db.internal\""],
        ["ERROR", "unavailable", "reason=\"the database is unavailable: no route to db.internal\""],
        ["WARN", "busy", "reason=\"all hashing permits were taken for too long\""],
    ]) {
        let (response, log) = crate::log::during(|| error.error_response());
        assert_eq!(response.status(), 503);
        assert_eq!(log.lines().count(), 1, "{log}");
        for part in expected {
            assert!(log.contains(part), "{part}: {log}");
        }
    }
}
