//! What is begun outside of a tokio runtime says so, and does not panic.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use spigot::testing::{TestClient, TestServer};
use spigot::{Config, Error, Method, RequestError, Spigot, StatusCode, Transport, sip_router};

#[derive(Clone)]
struct Quiet;

#[sip_router]
impl Quiet {
    #[message]
    async fn text(&self) -> StatusCode {
        StatusCode::OK
    }
}

/// Polls a future that does not have to wait.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

/// Waits for a future on this thread.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(std::thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: std::sync::Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(std::sync::Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(1).enable_all().build().unwrap()
}

fn config() -> Config {
    Config::new(Quiet).listen(Transport::Udp, "127.0.0.1:0")
}

#[test]
fn a_start_outside_of_a_runtime_is_an_error() {
    let error = at_once(Spigot::start(config())).unwrap_err();
    assert!(matches!(error, Error::NoRuntime));
    assert!(error.to_string().starts_with("no tokio runtime"), "{error}");
    // That is told before anything else that is wrong.
    let error = at_once(Spigot::start(Config::new(Quiet))).unwrap_err();
    assert!(matches!(error, Error::NoRuntime));
}

#[test]
fn a_request_outside_of_a_runtime_is_an_error_and_the_endpoint_goes_on() {
    let runtime = runtime();
    let spigot = runtime.block_on(Spigot::start(config())).unwrap();
    let to = format!("sip:{}", spigot.listeners()[0].address);
    let client = spigot.client();
    for uri in [&*to, "sip:example.invalid"] {
        let sent = at_once(client.request(Method::MESSAGE, uri).send());
        assert!(matches!(sent, Err(RequestError::NoRuntime)), "{sent:?}");
    }
    let answer = runtime.block_on(client.message(&*to).send()).unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
}

#[test]
fn an_endpoint_is_shut_down_from_outside_of_its_runtime() {
    let runtime = runtime();
    let spigot = runtime.block_on(Spigot::start(config())).unwrap();
    block_on(spigot.shutdown());
    let spigot = runtime.block_on(Spigot::start(config())).unwrap();
    let error = at_once(spigot.run_until_ctrl_c()).unwrap_err();
    assert!(matches!(error, Error::NoRuntime), "{error}");
}

#[test]
#[should_panic(expected = "there is no tokio runtime: say #[spigot::test] in the place of #[test]")]
fn a_test_server_outside_of_a_runtime_names_the_attribute_that_is_missing() {
    at_once(TestServer::start(Quiet));
}

#[test]
#[should_panic(
    expected = "there is no tokio runtime: say #[spigot::test(real_time)] in the place of #[test]"
)]
fn a_test_client_outside_of_a_runtime_names_the_attribute_that_is_missing() {
    at_once(TestClient::connect("udp:127.0.0.1:5060"));
}
