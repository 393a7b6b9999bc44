//! How long it takes to find the handler of a request among 5, 50 and 500 routes:
//! `cargo bench -p spigot-sip --bench dispatch`.
//!
//! Four shapes of routes, each found in its own way: by the `host` of the Request-URI, by its `user`, by what
//! its user begins with (`beginning`), and by the host of a user that all have (`tenant`). Beside them `axum`
//! with as many routes. Each route has one capture, which the handler takes. Measured is a request's way to
//! its reply: for the first route, for the last one, and for none (404). Making the request is part of it,
//! since both take it by value; `request` is that alone.

use std::convert::Infallible;
use std::future::Future;
use std::hint::black_box;
use std::marker::PhantomData;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use spigot::__private::{Handlers, Route, Routes, Takes};
use spigot::{Agent, Path, Request, Router, Source, StatusCode, Transport, sip, sip_router};
use tower_service::Service;

/// Digits of a route's number. As many for each, so that no number begins with another.
const DIGITS: usize = 3;
/// Octets of the longest pattern.
const LONGEST: usize = 40;

/// Routes that differ in a number: an agent that has one of them, and the others' patterns.
trait Shape: Agent + Default {
    /// The pattern up to the number.
    const BEFORE: &'static str;
    /// The pattern from there on.
    const AFTER: &'static str;

    /// A Request-URI that the route with this number takes.
    fn uri(number: usize) -> String;
}

#[derive(Default)]
struct Host;

#[sip_router]
impl Host {
    #[message("sip:{room}@host000.example.com")]
    async fn take(&self, Path(room): Path<String>) -> StatusCode {
        black_box(room);
        StatusCode::OK
    }
}

impl Shape for Host {
    const BEFORE: &'static str = "sip:{room}@host";
    const AFTER: &'static str = ".example.com";

    fn uri(number: usize) -> String {
        format!("sip:team@host{number:03}.example.com")
    }
}

#[derive(Default)]
struct User;

#[sip_router]
impl User {
    #[message("sip:user000@{domain}")]
    async fn take(&self, Path(domain): Path<String>) -> StatusCode {
        black_box(domain);
        StatusCode::OK
    }
}

impl Shape for User {
    const BEFORE: &'static str = "sip:user";
    const AFTER: &'static str = "@{domain}";

    fn uri(number: usize) -> String {
        format!("sip:user{number:03}@example.com")
    }
}

#[derive(Default)]
struct Beginning;

#[sip_router]
impl Beginning {
    #[message("sip:+49000{rest}@*")]
    async fn take(&self, Path(rest): Path<String>) -> StatusCode {
        black_box(rest);
        StatusCode::OK
    }
}

impl Shape for Beginning {
    const BEFORE: &'static str = "sip:+49";
    const AFTER: &'static str = "{rest}@*";

    fn uri(number: usize) -> String {
        format!("sip:+49{number:03}5550100@example.com")
    }
}

#[derive(Default)]
struct Tenant;

#[sip_router]
impl Tenant {
    #[message("sip:desk@host000.example.com:{port}")]
    async fn take(&self, Path(port): Path<String>) -> StatusCode {
        black_box(port);
        StatusCode::OK
    }
}

impl Shape for Tenant {
    const BEFORE: &'static str = "sip:desk@host";
    const AFTER: &'static str = ".example.com:{port}";

    fn uri(number: usize) -> String {
        format!("sip:desk@host{number:03}.example.com:5070")
    }
}

/// An agent with so many routes of a shape, as `#[sip_router]` would write it.
struct Many<S, const N: usize>(PhantomData<S>);

impl<S: Shape, const N: usize> Many<S, N> {
    const PATTERNS: &'static [([u8; LONGEST], usize); N] = &{
        let mut patterns = [([0; LONGEST], 0); N];
        let mut number = 0;
        while number < N {
            patterns[number] = pattern(S::BEFORE, number, S::AFTER);
            number += 1;
        }
        patterns
    };

    const TABLE: &'static [Route] = &{
        let mut routes = [Route::new(Takes::Method("MESSAGE"), "take"); N];
        let mut number = 0;
        while number < N {
            let (octets, length) = &Self::PATTERNS[number];
            match std::str::from_utf8(octets.split_at(*length).0) {
                Ok(text) => routes[number] = routes[number].pattern(text),
                Err(_) => panic!("a pattern is made of texts"),
            }
            number += 1;
        }
        routes
    };
}

/// The octets of a pattern, and how many there are.
const fn pattern(before: &str, number: usize, after: &str) -> ([u8; LONGEST], usize) {
    let mut octets = [0; LONGEST];
    let mut at = 0;
    while at < before.len() {
        octets[at] = before.as_bytes()[at];
        at += 1;
    }
    let mut digit = 0;
    while digit < DIGITS {
        octets[at] = b'0' + (number / 10_usize.pow((DIGITS - 1 - digit) as u32) % 10) as u8;
        digit += 1;
        at += 1;
    }
    let mut rest = 0;
    while rest < after.len() {
        octets[at] = after.as_bytes()[rest];
        rest += 1;
        at += 1;
    }
    (octets, at)
}

impl<S: Shape, const N: usize> Agent for Many<S, N> {
    const ROUTES: Routes = Routes { table: Self::TABLE };

    fn handlers(_: Arc<Self>) -> Handlers {
        let agent = Arc::new(S::default());
        let handler = |_| S::handlers(Arc::clone(&agent)).routes.remove(0);
        Handlers::new::<N>(std::array::from_fn(handler), None)
    }
}

fn request(uri: &str) -> Request {
    let message = sip::Request::parse(format!(
        "MESSAGE {uri} SIP/2.0\r\n\
         Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1\r\n\
         Max-Forwards: 70\r\n\
         From: <sip:alice@example.com>;tag=a\r\n\
         To: <{uri}>\r\n\
         Call-ID: 1@192.0.2.9\r\n\
         CSeq: 1 MESSAGE\r\n\
         Content-Length: 0\r\n\r\n"
    ))
    .expect("the request is right");
    let [peer, local] =
        ["192.0.2.9:5060", "192.0.2.1:5060"].map(|address| address.parse().expect("an address"));
    Request::new(message, Source::new(Transport::Udp, peer, local))
}

/// What a future gives that does not wait.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("no handler waits here"),
    }
}

fn routes<S: Shape, const N: usize>(group: &mut BenchmarkGroup<'_, WallTime>) {
    let router = Router::new(Many::<S, N>(PhantomData));
    let asked = [("first", 0, 200), ("last", N - 1, 200), ("none", N, 404)];
    for (name, number, status) in asked {
        let request = request(&S::uri(number));
        let dispatch = || at_once(router.handle(request.clone()));
        let reply = dispatch();
        assert_eq!(reply.status().map(StatusCode::as_u16), Some(status));
        group.bench_function(format!("{N}/{name}"), |bencher| bencher.iter(dispatch));
    }
}

fn shape<S: Shape>(criterion: &mut Criterion, name: &str) {
    let mut group = criterion.benchmark_group(name);
    routes::<S, 5>(&mut group);
    routes::<S, 50>(&mut group);
    routes::<S, 500>(&mut group);
    let request = request(&S::uri(0));
    group.bench_function("request", |bencher| bencher.iter(|| request.clone()));
}

/// A request of a web server, whose URI is read already as that of ours is.
fn web_request(uri: &axum::http::Uri) -> axum::extract::Request {
    let mut request = axum::extract::Request::new(axum::body::Body::empty());
    *request.uri_mut() = uri.clone();
    request
}

async fn take(axum::extract::Path(room): axum::extract::Path<String>) -> axum::http::StatusCode {
    black_box(room);
    axum::http::StatusCode::OK
}

fn web(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("axum");
    let uri = |number: usize| format!("/host{number:03}/team").parse().expect("a URI");
    for count in [5, 50, 500] {
        let mut router: axum::Router = (0..count).fold(axum::Router::new(), |router, number| {
            router.route(&format!("/host{number:03}/{{room}}"), axum::routing::get(take))
        });
        let asked = [("first", 0, 200), ("last", count - 1, 200), ("none", count, 404)];
        for (name, number, status) in asked {
            let uri = uri(number);
            let mut dispatch = || -> Result<_, Infallible> { at_once(router.call(web_request(&uri))) };
            assert!(matches!(dispatch(), Ok(response) if response.status().as_u16() == status));
            group.bench_function(format!("{count}/{name}"), |bencher| bencher.iter(&mut dispatch));
        }
    }
    let uri = uri(0);
    group.bench_function("request", |bencher| bencher.iter(|| web_request(&uri)));
}

fn benches(criterion: &mut Criterion) {
    shape::<Host>(criterion, "host");
    shape::<User>(criterion, "user");
    shape::<Beginning>(criterion, "beginning");
    shape::<Tenant>(criterion, "tenant");
    web(criterion);
}

criterion_group!(dispatch, benches);
criterion_main!(dispatch);
