//! An application in this process: a store in memory, a clock set by hand, and real HTTP.

use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use actix_hallpass::hallpass::Sessions;
use actix_hallpass::hallpass::testing::MemoryStore;
use actix_hallpass::testing::TestAuth;
use actix_hallpass::{AuthBuilder, AuthError, AuthUser, MaybeAuthUser, RequireRecent};
use actix_web::dev::{Server, ServerHandle};
use actix_web::web::{self, ServiceConfig};
use actix_web::{App, HttpServer};

use crate::http::Client;
use crate::process::sessions_per_user;

/// A running application; stops when it is dropped.
pub(crate) struct TestApp {
    pub(crate) auth: Arc<TestAuth>,
    client: Client,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

/// Returns an empty store in memory in the mode that the tests run in, for an app that brings its store.
pub(crate) fn memory_store() -> MemoryStore {
    let sessions = sessions_per_user().map(|max| Sessions::PerDevice { max });
    MemoryStore::default().with_sessions(sessions.unwrap_or_default())
}

impl TestApp {
    /// Starts one with the auth routes at `/auth` and the handlers of [`describe`].
    pub(crate) fn start() -> Self {
        Self::with(|builder| builder)
    }

    pub(crate) fn with(change: impl FnOnce(AuthBuilder) -> AuthBuilder) -> Self {
        let change = |builder: AuthBuilder| match sessions_per_user() {
            Some(max) => change(builder.sessions(Sessions::PerDevice { max })),
            None => change(builder),
        };
        Self::serve(TestAuth::with(change), |auth| {
            HttpServer::new(move || {
                let auth = Arc::clone(&auth);
                App::new()
                    .configure(auth.routes("/auth"))
                    .configure(move |config| describe(&auth, config))
            })
            .workers(2)
            .bind("127.0.0.1:0")
            .map(|server| (server.addrs()[0], server.run()))
            .unwrap()
        })
    }

    /// Serves whatever application `serve` makes of the auth.
    pub(crate) fn serve(
        auth: TestAuth,
        serve: impl FnOnce(Arc<TestAuth>) -> (SocketAddr, Server) + Send + 'static,
    ) -> Self {
        let auth = Arc::new(auth);
        let (sender, receiver) = mpsc::channel();
        let of_thread = Arc::clone(&auth);
        let thread = thread::spawn(move || {
            actix_web::rt::System::new().block_on(async {
                let (address, server) = serve(of_thread);
                sender.send((address, server.handle())).unwrap();
                server.await.unwrap();
            });
        });
        let (address, handle) = receiver.recv().unwrap();
        Self { auth, client: Client::new(address), handle, thread: Some(thread) }
    }
}

impl Deref for TestApp {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        // Not graceful: idle keep-alive connections of the client would be waited for.
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The handlers of the table of guards and extractors: `/{open,optional,guarded}/{user,maybe,result}`.
fn describe(auth: &TestAuth, config: &mut ServiceConfig) {
    config
        .service(web::scope("/open").configure(handlers))
        .service(web::scope("/optional").wrap(auth.guard().optional()).configure(handlers))
        .service(web::scope("/guarded").wrap(auth.guard()).configure(handlers))
        .service(
            web::scope("/recent")
                .route("/handler", web::get().to(async |_: RequireRecent<300>| "recent"))
                .service(
                    web::scope("/guard")
                        .wrap(auth.guard().max_age(Duration::from_secs(300)))
                        .route("", web::get().to(async || "recent")),
                ),
        )
        .service(
            web::scope("/bound")
                .wrap(auth.guard().session_bound(Duration::ZERO))
                .route("", web::get().to(async || "in")),
        )
        .service(
            web::scope("/twice")
                .wrap(auth.guard())
                .service(web::scope("/again").wrap(auth.guard()).configure(handlers)),
        );
}

pub(crate) fn handlers(config: &mut ServiceConfig) {
    config
        .route("/user", web::get().to(user))
        .route("/maybe", web::get().to(maybe))
        .route("/result", web::get().to(result))
        .route("/text", web::get().to(text))
        .route("/uuid", web::get().to(other_id_type))
        .route("/nobody", web::get().to(async || "anybody"));
}

async fn user(user: AuthUser) -> String {
    format!("user {} {} [{}]", user.id, user.session_id, user.scope)
}

async fn maybe(MaybeAuthUser(user): MaybeAuthUser) -> String {
    user.map_or("anonymous".to_owned(), |user| format!("user {}", user.id))
}

async fn result(user: Result<AuthUser, AuthError>) -> String {
    match user {
        Ok(user) => format!("user {}", user.id),
        Err(error) => format!("error {}", error.code().as_str()),
    }
}

async fn text(user: AuthUser<String>) -> String {
    format!("user {}", user.id)
}

async fn other_id_type(user: AuthUser<std::net::Ipv4Addr>) -> String {
    user.id.to_string()
}
