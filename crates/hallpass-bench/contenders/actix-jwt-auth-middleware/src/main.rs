//! The contender `actix-jwt-auth-middleware`: a guarded route with the crate of that name.
//!
//! It takes the same token as the others, with two additions, marked below: version 0.5.0 can't read
//! `Authorization: Bearer`, and no version checks `iss` and `aud`. Settings are environment variables:
//! BIND, WORKERS, ACCESS_TOKEN_SECRET, TOKEN_ISSUER and TOKEN_AUDIENCE.

use std::env;
use std::future::{Ready, ready};
use std::io;

use actix_jwt_auth_middleware::{AuthenticationService, Authority};
use actix_web::dev::{Payload, Service as _, ServiceRequest};
use actix_web::error::{ErrorBadRequest, ErrorUnauthorized};
use actix_web::http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use actix_web::web::{self, Data};
use actix_web::{App, Error, FromRequest, HttpMessage as _, HttpRequest, HttpServer, rt};
use jwt_compact::TimeOptions;
use jwt_compact::alg::{Hs256, Hs256Key};
use serde::{Deserialize, Serialize};

/// The header in which the crate looks for the bare token.
const ACCESS_TOKEN: HeaderName = HeaderName::from_static("access_token");

/// Whose tokens are taken, and for whom they are made.
struct Expected {
    issuer: String,
    audience: String,
}

#[derive(Clone, Deserialize, Serialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
}

/// Does what the crate's derive does, and checks `iss` and `aud`, for which the crate has no place.
impl FromRequest for Claims {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let expected = request.app_data::<Data<Expected>>().expect("`main` puts it there");
        ready(match request.extensions().get::<Claims>() {
            Some(claims) if claims.are_for(expected) => Ok(claims.clone()),
            Some(_) => Err(ErrorUnauthorized("the token is not for this service")),
            None => Err(ErrorBadRequest("the route has no guard")),
        })
    }
}

impl Claims {
    fn are_for(&self, expected: &Expected) -> bool {
        self.iss == expected.issuer && self.aud == expected.audience
    }
}

/// Shows the crate the bearer token in the header of its own.
///
/// Its `enable_authorization_header` takes `Bearer` for a part of the token and answers 400 to every one
/// (michaelvanstraten/actix-jwt-auth-middleware#25: repaired, and not published).
fn show_bearer_token(request: &mut ServiceRequest) {
    let authorization = request.headers().get(AUTHORIZATION);
    let token = authorization.and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
    if let Some(Ok(token)) = token.map(HeaderValue::from_bytes) {
        request.headers_mut().insert(ACCESS_TOKEN, token);
    }
}

/// Is never asked: access tokens are not renewed here.
async fn refuse_renewal() -> Result<(), Error> {
    Err(ErrorUnauthorized("log in"))
}

async fn me(claims: Claims) -> String {
    format!("hello, user {}", claims.sub)
}

#[actix_web::main]
async fn main() -> io::Result<()> {
    let key = Hs256Key::new(setting("ACCESS_TOKEN_SECRET")?);
    let authority = Authority::<Claims, Hs256, _, _>::new()
        .refresh_authorizer(refuse_renewal)
        .renew_access_token_automatically(false)
        .enable_cookie_tokens(false)
        .enable_header_tokens(true)
        .access_token_name(ACCESS_TOKEN.as_str())
        .algorithm(Hs256)
        .time_options(TimeOptions::from_leeway(chrono::Duration::zero()))
        .verifying_key(key)
        .build()
        .map_err(io::Error::other)?;
    let expected = Data::new(Expected {
        issuer: setting("TOKEN_ISSUER")?,
        audience: setting("TOKEN_AUDIENCE")?,
    });
    let server = HttpServer::new(move || {
        let guarded = web::scope("/me")
            .wrap(AuthenticationService::new(authority.clone()))
            .wrap_fn(|mut request, service| {
                show_bearer_token(&mut request);
                service.call(request)
            })
            .route("", web::get().to(me));
        App::new().app_data(expected.clone()).service(guarded)
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
