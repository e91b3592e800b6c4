//! The observer that is used where an application brings none: it writes `tracing` events.

use hallpass::{AuthEvent, AuthEventKind, AuthObserver, RefreshRefusal, Severity, Throttle};

use crate::answer::error_chain::error_chain;

/// Writes each event to the target `hallpass`, warnings as warnings, the others as information.
#[derive(Debug)]
pub(crate) struct TracingObserver;

impl AuthObserver for TracingObserver {
    fn observe(&self, event: &AuthEvent) {
        let what = name(&event.kind);
        let reason = reason(&event.kind);
        let user = event.user_id.as_ref().map(tracing::field::display);
        let session = event.session_id.as_ref().map(tracing::field::display);
        let client = event.client_address.as_ref().map(tracing::field::display);
        let generation = event.generation;
        match event.kind.severity() {
            Severity::Info => {
                tracing::info!(target: "hallpass", user, session, generation, client, reason, "{what}");
            }
            Severity::Warning => {
                tracing::warn!(target: "hallpass", user, session, generation, client, reason, "{what}");
            }
        }
    }
}

fn name(kind: &AuthEventKind) -> &'static str {
    match kind {
        AuthEventKind::Registered => "registered",
        AuthEventKind::RegistrationRefused(_) => "registration refused",
        AuthEventKind::LoginSucceeded { .. } => "login succeeded",
        AuthEventKind::LoginRefused(_) => "login refused",
        AuthEventKind::Refreshed => "refreshed",
        AuthEventKind::Retried => "refresh retried",
        AuthEventKind::RefreshRefused(RefreshRefusal::Superseded) => "session superseded",
        AuthEventKind::RefreshRefused(_) => "refresh refused",
        AuthEventKind::WrongSecretPresented(_) => "refresh token with a wrong secret refused",
        AuthEventKind::RefreshConflicted => "refresh given up, the row changed too often",
        AuthEventKind::ReuseDetected => "refresh token reuse detected, session ended",
        AuthEventKind::LoggedOut => "logged out",
        AuthEventKind::SessionRevoked => "session revoked",
        AuthEventKind::SessionsEnded { .. } => "sessions ended",
        AuthEventKind::PasswordChanged => "password changed",
        AuthEventKind::PasswordAdopted => "password adopted",
        AuthEventKind::PasswordChangeRefused(_) => "password change refused",
        AuthEventKind::Throttled(Throttle::Registration) => "registration throttled",
        AuthEventKind::Throttled(_) => "password attempt throttled",
        AuthEventKind::InvalidAttemptsReplaced { .. } => "invalid count of attempts replaced",
        AuthEventKind::UserDisabled => "user disabled",
        AuthEventKind::UserEnabled => "user enabled",
        AuthEventKind::UserDeleted => "user deleted",
        AuthEventKind::EndedSessionPresented => "token of an ended session refused",
        AuthEventKind::Reauthenticated => "reauthenticated",
        AuthEventKind::ReauthenticationRefused(_) => "reauthentication refused",
        _ => "something else",
    }
}

/// Returns why something was refused, with the causes behind it.
fn reason(kind: &AuthEventKind) -> Option<String> {
    match kind {
        AuthEventKind::RegistrationRefused(refusal) => Some(error_chain(refusal)),
        AuthEventKind::LoginRefused(refusal)
        | AuthEventKind::ReauthenticationRefused(refusal)
        | AuthEventKind::PasswordChangeRefused(refusal) => Some(error_chain(refusal)),
        AuthEventKind::RefreshRefused(refusal) | AuthEventKind::WrongSecretPresented(refusal) => {
            Some(error_chain(refusal))
        }
        AuthEventKind::Throttled(throttle) => Some(throttle.to_string()),
        AuthEventKind::InvalidAttemptsReplaced { table, column } => {
            Some(format!("{table}.{column} was not a time in Unix seconds"))
        }
        _ => None,
    }
}
