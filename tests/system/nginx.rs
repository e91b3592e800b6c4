//! Behind nginx, as Debian has it: what a client gets through it, and whose address counts.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use actix_hallpass::hallpass::LoginThrottle;
use actix_hallpass::testing::TestAuth;
use actix_web::rt::net::TcpSocket;
use actix_web::web::{self, Bytes, PayloadConfig};
use actix_web::{App, HttpServer};
use serde_json::json;
use tempfile::TempDir;

use crate::app::TestApp;
use crate::databases::{KEEPER, program, say_not_tested};
use crate::http::Client;

const FIVE_MEGABYTES: usize = 5_000_000;

/// An nginx of the test's own; stops when it is dropped.
struct Nginx {
    keeper: Child,
    address: SocketAddr,
    directory: TempDir,
}

impl Nginx {
    /// Starts one in front of `upstream`, an address or a socket of nginx's syntax. `None` if there is none.
    fn start(upstream: &str) -> Option<Self> {
        let program = program("nginx").inspect_err(|why| say_not_tested("nginx", why)).ok()?;
        let directory = tempfile::tempdir().unwrap();
        let address = free_address();
        let keeper = keep(&program, directory.path(), &configuration(address, upstream));
        let nginx = Self { keeper, address, directory };
        nginx.wait_until_it_answers();
        Some(nginx)
    }

    fn wait_until_it_answers(&self) {
        for _ in 0..1000 {
            if TcpStream::connect(self.address).is_ok() {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        let log = fs::read_to_string(self.directory.path().join("log"));
        panic!("nginx did not answer within ten seconds: {log:?}");
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).unwrap()
}

/// Runs nginx in `directory` until the pipe to its keeper is closed, also by the end of this process.
fn keep(program: &Path, directory: &Path, configuration: &str) -> Child {
    fs::write(directory.join("nginx.conf"), configuration).unwrap();
    let log = fs::File::create(directory.join("log")).unwrap();
    Command::new("/bin/sh")
        .args(["-c", KEEPER, "keep"])
        .arg(program)
        .args(["-e", "stderr", "-c", "nginx.conf", "-p"])
        .arg(directory)
        .env("STOP_SIGNAL", "TERM")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap()
}

/// Debian's defaults where it says nothing else, with connections to the application that are kept.
fn configuration(address: SocketAddr, upstream: &str) -> String {
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temporary = temporary.map(|name| format!("{name}_temp_path {name};")).join("\n");
    format!(
        "daemon off; user root; worker_processes 1; pid pid; error_log stderr;
         events {{}}
         http {{
             access_log off;
             client_max_body_size 10m;
             {temporary}
             upstream application {{ server {upstream}; keepalive 4; }}
             server {{
                 listen {address};
                 proxy_http_version 1.1;
                 proxy_set_header Connection '';
                 proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
                 location / {{ proxy_pass http://application; }}
                 location /unbuffered/ {{
                     proxy_request_buffering off;
                     proxy_pass http://application/;
                 }}
             }}
         }}"
    )
}

/// An application that listens on a Unix socket and over TCP, with a guarded upload.
fn app_at(socket: PathBuf) -> TestApp {
    let auth = TestAuth::with(|builder| {
        builder.login_throttle(LoginThrottle::Memory).trusted_proxies(["unix"])
    });
    TestApp::serve(auth, move |auth| {
        let server = HttpServer::new(move || {
            let upload = web::post().to(async |body: Bytes| body.len().to_string());
            App::new()
                .app_data(PayloadConfig::new(2 * FIVE_MEGABYTES))
                .configure(auth.routes("/auth"))
                .service(web::scope("/api").wrap(auth.guard()).route("/upload", upload))
        });
        let server = server.workers(1).bind_uds(socket).unwrap().bind("127.0.0.1:0").unwrap();
        // The first address stands for the Unix socket.
        (server.addrs()[1], server.run())
    })
}

/// The refusal comes while nginx is still sending the body: a connection that breaks then would be a 502.
#[test]
fn an_upload_with_an_expired_token_is_401_and_not_a_bad_gateway() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("socket");
    let app = app_at(socket.clone());
    let [expired, valid] = [Duration::ZERO, Duration::from_secs(60)]
        .map(|lifetime| format!("Bearer {}", app.auth.token_for(7).lifetime(lifetime).mint()));
    let body = "x".repeat(FIVE_MEGABYTES);
    for upstream in [app.address().to_string(), format!("unix:{}", socket.display())] {
        let Some(nginx) = Nginx::start(&upstream) else { return };
        for path in ["/api/upload", "/unbuffered/api/upload"].repeat(5) {
            // Each over a connection of its own: nginx closes one on which it stopped reading.
            let send = |token: &str| {
                let client = Client::new(nginx.address);
                client.send("POST", path, &[("Authorization", token)], &body)
            };
            send(&expired).assert_refused(401, "token_expired");
            let answer = send(&valid);
            assert_eq!((answer.status, answer.body), (200, FIVE_MEGABYTES.to_string()), "{path}");
        }
    }
}

/// Logs in from this address, and says that it is for another one; returns the status.
async fn login_from(source: Ipv4Addr, nginx: SocketAddr, claimed: &str, password: &str) -> u16 {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((source, 0).into()).unwrap();
    let mut stream = socket.connect(nginx).await.unwrap().into_std().unwrap();
    stream.set_nonblocking(false).unwrap();
    let body = json!({ "login": "ada", "password": password }).to_string();
    write!(
        stream,
        "POST /auth/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Forwarded-For: {claimed}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

#[test]
fn at_a_unix_socket_a_guesser_has_one_address_and_the_owner_another() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("socket");
    let app = app_at(socket.clone());
    app.register("ada", "correct horse");
    let Some(nginx) = Nginx::start(&format!("unix:{}", socket.display())) else { return };
    let (guesser, owner) = (Ipv4Addr::new(127, 0, 0, 2), Ipv4Addr::new(127, 0, 0, 3));
    actix_web::rt::System::new().block_on(async {
        for number in 0..30 {
            let claimed = format!("203.0.113.{number}");
            let status = login_from(guesser, nginx.address, &claimed, "wrong horse").await;
            assert_eq!(status, if number < 10 { 401 } else { 429 });
        }
        let status = login_from(owner, nginx.address, "127.0.0.2", "correct horse").await;
        assert_eq!(status, 200);
    });
    let last = app.auth.observer().take().pop().unwrap();
    assert_eq!(last.client_address, Some(owner.into()));
}
