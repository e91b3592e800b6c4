//! The contender `by-hand`: the guard people write themselves, of actix-web-httpauth and jsonwebtoken.
//!
//! It checks what hallpass checks and reads no claim that the handler does not need. Settings are
//! environment variables: BIND, WORKERS, ACCESS_TOKEN_SECRET, TOKEN_ISSUER and TOKEN_AUDIENCE.

use std::env;
use std::io;

use actix_web::dev::ServiceRequest;
use actix_web::web::{self, Data, ReqData};
use actix_web::{App, Error, HttpMessage as _, HttpServer, rt};
use actix_web_httpauth::extractors::AuthenticationError;
use actix_web_httpauth::extractors::bearer::{self, BearerAuth};
use actix_web_httpauth::middleware::HttpAuthentication;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::Deserialize;

#[derive(Clone, Deserialize)]
struct Claims {
    sub: String,
}

/// What an access token is checked with; made once.
struct Verification {
    key: DecodingKey,
    validation: Validation,
}

impl Verification {
    fn from_environment() -> io::Result<Self> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = 0;
        validation.set_issuer(&[setting("TOKEN_ISSUER")?]);
        validation.set_audience(&[setting("TOKEN_AUDIENCE")?]);
        // Without this, a token that lacks one of these claims is let through.
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        let key = DecodingKey::from_secret(setting("ACCESS_TOKEN_SECRET")?.as_bytes());
        Ok(Self { key, validation })
    }
}

async fn validator(
    request: ServiceRequest,
    credentials: BearerAuth,
) -> Result<ServiceRequest, (Error, ServiceRequest)> {
    let verification = request.app_data::<Data<Verification>>().expect("`main` puts it there");
    match decode::<Claims>(credentials.token(), &verification.key, &verification.validation) {
        Ok(token) => {
            request.extensions_mut().insert(token.claims);
            Ok(request)
        }
        Err(_) => {
            let refusal = AuthenticationError::from(bearer::Config::default())
                .with_error(bearer::Error::InvalidToken);
            Err((refusal.into(), request))
        }
    }
}

async fn me(claims: ReqData<Claims>) -> String {
    format!("hello, user {}", claims.sub)
}

#[actix_web::main]
async fn main() -> io::Result<()> {
    let verification = Data::new(Verification::from_environment()?);
    let server = HttpServer::new(move || {
        let guard = HttpAuthentication::bearer(validator);
        App::new()
            .app_data(verification.clone())
            .service(web::scope("/me").wrap(guard).route("", web::get().to(me)))
    })
    .workers(workers()?)
    .bind(bind())?;
    let addresses = server.addrs();
    let running = rt::spawn(server.run());
    // Its first turn starts the workers and the signal handlers.
    rt::task::yield_now().await;
    for address in addresses {
        println!("listening on http://{address}");
    }
    running.await?
}

fn setting(variable: &str) -> io::Result<String> {
    env::var(variable).map_err(|error| io::Error::other(format!("{variable}: {error}")))
}

fn bind() -> String {
    env::var("BIND").unwrap_or_else(|_| "127.0.0.1:0".to_owned())
}

fn workers() -> io::Result<usize> {
    let number = env::var("WORKERS").unwrap_or_else(|_| "1".to_owned());
    number.parse().map_err(|error| io::Error::other(format!("WORKERS: {error}")))
}
