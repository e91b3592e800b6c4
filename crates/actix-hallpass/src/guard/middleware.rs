//! The middleware that a guard is: what it does with a request, and the future of its answer.

use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready as ready_or_pending};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::{Error, HttpMessage as _, ResponseError as _};
use hallpass::AccessClaims;
use pin_project_lite::pin_project;

use crate::answer::{AuthError, head};
use crate::guard::Guard;
use crate::guard::admission::Admission;
use crate::guard::identified::Identified;
use crate::shared::Shared;

impl<S, B> Transform<S, ServiceRequest> for Guard
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = GuardMiddleware<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(GuardMiddleware { guard: self.clone(), service: Rc::new(service) }))
    }
}

/// The guard around one service.
#[derive(Debug)]
pub struct GuardMiddleware<S> {
    guard: Guard,
    service: Rc<S>,
}

impl<S, B> Service<ServiceRequest> for GuardMiddleware<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = GuardFuture<S, B>;

    forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        match self.guard.admit(&request) {
            Ok(Admission::Now(claims)) => self.let_in(request, claims),
            // Asked only now, so that a guarded request pays nothing for it.
            Ok(Admission::OnceAlive(..)) | Err(_) if self.guard.is_exempt(&request) => {
                GuardFuture::LetIn { inner: self.service.call(request) }
            }
            Ok(Admission::OnceAlive(bound, claims)) => {
                let check = Box::pin(self.guard.clone().check(bound, claims.clone()));
                let waiting = Waiting { service: Rc::clone(&self.service), request, claims };
                GuardFuture::Checking { check, waiting: Some(waiting) }
            }
            Err(error) => GuardFuture::refuse(request, &error),
        }
    }
}

impl<S, B> GuardMiddleware<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    fn let_in(&self, request: ServiceRequest, claims: Option<AccessClaims>) -> GuardFuture<S, B> {
        let shared = self.guard.shared.clone();
        request.extensions_mut().insert(Identified { shared, claims });
        GuardFuture::LetIn { inner: self.service.call(request) }
    }
}

/// A request whose session is being looked up, and where it goes then.
struct Waiting<S> {
    service: Rc<S>,
    request: ServiceRequest,
    claims: AccessClaims,
}

/// A look at the store on its way; it gives back the guard.
type Check = Pin<Box<dyn Future<Output = Result<Guard, AuthError>>>>;

pin_project! {
    /// The answer of a guard: the inner service's, at once or after a look at the store, or a refusal
    /// that is ready.
    #[doc(hidden)]
    #[project = GuardFutureProjection]
    pub enum GuardFuture<S: Service<ServiceRequest>, B> {
        LetIn { #[pin] inner: S::Future },
        Checking { check: Check, waiting: Option<Waiting<S>> },
        Refused { response: Option<ServiceResponse<EitherBody<B>>> },
    }
}

impl<S, B> GuardFuture<S, B>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    fn refuse(request: ServiceRequest, error: &AuthError) -> Self {
        let response = head::answer_to(request.method(), error.error_response());
        let response = request.into_response(response);
        Self::Refused { response: Some(response.map_into_right_body()) }
    }
}

impl<S: Service<ServiceRequest>> Waiting<S> {
    fn let_in(self, shared: Shared) -> S::Future {
        let Self { service, request, claims } = self;
        request.extensions_mut().insert(Identified { shared, claims: Some(claims) });
        service.call(request)
    }
}

impl<S, B> Future for GuardFuture<S, B>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Output = Result<ServiceResponse<EitherBody<B>>, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        const POLLED_AGAIN: &str = "a future is not polled after it is ready";
        if let GuardFutureProjection::Checking { check, waiting } = self.as_mut().project() {
            let checked = ready_or_pending!(check.as_mut().poll(context));
            let waiting = waiting.take().expect(POLLED_AGAIN);
            let next = match checked {
                Ok(guard) => Self::LetIn { inner: waiting.let_in(guard.shared) },
                Err(error) => Self::refuse(waiting.request, &error),
            };
            self.set(next);
        }
        match self.project() {
            GuardFutureProjection::LetIn { inner } => {
                let response = ready_or_pending!(inner.poll(context));
                Poll::Ready(response.map(ServiceResponse::map_into_left_body))
            }
            GuardFutureProjection::Refused { response } => {
                Poll::Ready(Ok(response.take().expect(POLLED_AGAIN)))
            }
            GuardFutureProjection::Checking { .. } => unreachable!("it has just been replaced"),
        }
    }
}
