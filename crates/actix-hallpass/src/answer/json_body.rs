//! Reads a JSON body: small, of the right type, no member twice.

use std::fmt::Display;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap,
};
use actix_web::web::{Bytes, Payload};
use hallpass::{ErrorCode, json};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::answer::problem::Problem;

/// More than any login needs, less than a nuisance.
const MAXIMUM_BYTES: usize = 8 * 1024;

/// The type of every body.
const JSON: &str = "application/json";

/// The name of no coding (RFC 9110 §12.5.3).
const IDENTITY: &str = "identity";

/// How long a body may take to come: else whoever sends none of what was announced keeps a
/// connection, and a thousand of them keep the server from accepting others.
const PATIENCE: Duration = Duration::from_secs(10);

/// Reads the body as a `T`, or says what is wrong with it.
pub(crate) async fn read<T: DeserializeOwned>(
    request: &HttpRequest,
    payload: Payload,
) -> Result<T, Problem> {
    check_type(request.headers())?;
    parse(&bytes(request, payload).await?)
}

/// Reads a body that may be left out, in which case it is a default `T`.
pub(crate) async fn read_if_any<T: DeserializeOwned + Default>(
    request: &HttpRequest,
    payload: Payload,
) -> Result<T, Problem> {
    let body = bytes(request, payload).await?;
    if body.is_empty() {
        return Ok(T::default());
    }
    check_type(request.headers())?;
    parse(&body)
}

/// Checks type and coding of a body. A refusal says what is taken instead (RFC 9110 §15.5.16).
///
/// A form or a text with JSON in it can be sent across sites without a preflight (login CSRF), so
/// the type must be `application/json`, whatever its parameters.
fn check_type(headers: &HeaderMap) -> Result<(), Problem> {
    let (is_json, is_encoded) = (is_json(headers), is_encoded(headers));
    if is_json && !is_encoded {
        return Ok(());
    }
    let mut problem = Problem::new(ErrorCode::UnsupportedMediaType);
    if !is_json {
        problem = problem.with_alternative(ACCEPT, JSON);
    }
    if is_encoded {
        problem = problem.with_alternative(ACCEPT_ENCODING, IDENTITY);
    }
    Err(problem)
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|value| value.split(';').next()).unwrap_or_default();
    essence.trim().eq_ignore_ascii_case(JSON)
}

/// Returns whether there is another coding than none in the list (RFC 9110 §8.4), which may have several
/// lines and empty elements.
fn is_encoded(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(CONTENT_ENCODING);
    let mut codings = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    codings.any(|coding| {
        let coding = coding.trim_ascii();
        !coding.is_empty() && !coding.eq_ignore_ascii_case(IDENTITY.as_bytes())
    })
}

async fn bytes(request: &HttpRequest, payload: Payload) -> Result<Bytes, Problem> {
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let announced = announced.and_then(|value| value.parse::<usize>().ok());
    if announced.is_some_and(|bytes| bytes > MAXIMUM_BYTES) {
        return Err(Problem::new(ErrorCode::BodyTooLarge));
    }
    match timeout(PATIENCE, payload.to_bytes_limited(MAXIMUM_BYTES)).await {
        Ok(Ok(Ok(bytes))) => Ok(bytes),
        Ok(Ok(Err(error))) => Err(broken_off(&error)),
        Ok(Err(_)) => Err(Problem::new(ErrorCode::BodyTooLarge)),
        Err(error) => Err(broken_off(&error)),
    }
}

fn broken_off(error: &dyn Display) -> Problem {
    Problem::new(ErrorCode::InvalidRequest).because(error)
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    json::from_slice(body).map_err(|error| Problem::new(ErrorCode::InvalidRequest).because(&error))
}
