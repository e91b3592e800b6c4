//! How the routes are mounted.

use std::future::ready;

use actix_web::http::Method;
use actix_web::web::{self, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Resource};
use hallpass::ErrorCode;

use crate::answer::head;
use crate::answer::problem::Problem;
use crate::routes::catalogue::{ROUTES, Route};
use crate::shared::Shared;

/// Returns what mounts the routes below `base`.
pub(crate) fn mount(shared: Shared, base: &str) -> impl FnOnce(&mut ServiceConfig) + use<> {
    let base = base.trim_matches('/').to_owned();
    move |config| {
        let routes = ROUTES.iter().filter(|route| route.is_mounted(&shared));
        let resources = routes.map(|route| resource(&shared, route));
        if base.is_empty() {
            // A scope at the root would swallow the paths of the application.
            resources.for_each(|resource| {
                config.service(resource);
            });
            return;
        }
        let scope = web::scope(&format!("/{base}")).default_service(web::to(not_found));
        config.service(resources.fold(scope, |scope, resource| scope.service(resource)));
    }
}

/// Returns the resource that answers the methods of `route`, and refuses others.
///
/// It has its `Shared` with it, so that an application may mount two with two bases.
fn resource(shared: &Shared, route: &'static Route) -> Resource {
    let shared = shared.clone();
    let handle = move |request: HttpRequest, payload: Payload| {
        let (shared, method) = (shared.clone(), request.method().clone());
        let answer = (route.handler)(shared.clone(), request, payload);
        async move {
            let answer = answer.await;
            let response =
                answer.unwrap_or_else(|problem| problem.in_realm(shared.realm()).into_response());
            head::answer_to(&method, response)
        }
    };
    let refuse = move |method: Method| {
        let refusal = Problem::method_not_allowed(&route.methods()).into_response();
        ready(head::answer_to(&method, refusal))
    };
    let resource = web::resource(route.path).name(route.name).default_service(web::to(refuse));
    let methods = route.methods().into_iter();
    methods.fold(resource, |it, method| it.route(web::method(method).to(handle.clone())))
}

async fn not_found(method: Method) -> HttpResponse {
    head::answer_to(&method, Problem::new(ErrorCode::NotFound).into_response())
}
