//! A test that is run again against a server that keeps running: its client says nothing that an earlier run
//! has said.

use spigot::testing::TestClient;
use spigot::{Config, Spigot, StatusCode, Transport, sip_router};

struct Plain;

#[sip_router]
impl Plain {
    #[message]
    async fn message(&self) -> StatusCode {
        StatusCode::OK
    }

    #[invite]
    async fn invite(&self) -> StatusCode {
        StatusCode::OK
    }
}

/// Says in a process that is started below where the server listens.
const TARGET: &str = "SPIGOT_TEST_TARGET";

/// Runs the test of this name again, in a process of its own, and gives what it prints if it fails.
async fn run_again(name: &str, target: &str, seed: Option<&str>) -> Result<(), String> {
    let mut test = tokio::process::Command::new(std::env::current_exe().unwrap());
    test.args(["--exact", name])
        .env(TARGET, target)
        .kill_on_drop(true);
    if let Some(seed) = seed {
        test.env("SPIGOT_SEED", seed);
    }
    let output = test.output().await.unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let has_run = output.status.success() && printed.contains("1 passed");
    if has_run { Ok(()) } else { Err(printed) }
}

#[spigot::test(real_time)]
async fn a_test_that_is_run_again_is_answered_again() {
    if let Ok(target) = std::env::var(TARGET) {
        let alice = TestClient::connect(&target).await;
        let answer = alice.message("sip:bob@127.0.0.1", "hello").send().await;
        assert_eq!(answer.status(), StatusCode::OK);
        let answer = alice.invite("sip:bob@127.0.0.1").send().await;
        assert_eq!(answer.status(), StatusCode::OK);
        return;
    }
    let address = ([127, 0, 0, 1], 0);
    let config = Config::new(Plain)
        .listen(Transport::Udp, address)
        .listen(Transport::Tcp, address);
    let server = Spigot::start(config).await.unwrap();
    for listener in server.listeners() {
        let target = listener.to_string();
        for seed in [None, None, Some("7"), Some("7")] {
            let run = run_again("a_test_that_is_run_again_is_answered_again", &target, seed);
            if let Err(printed) = run.await {
                panic!("{target}: {printed}");
            }
        }
    }
}

#[spigot::test(real_time)]
async fn clients_of_one_process_are_answered_one_after_the_other() {
    let server = Spigot::start(Config::new(Plain).listen(Transport::Udp, ([127, 0, 0, 1], 0)))
        .await
        .unwrap();
    for _ in 0..2 {
        let alice = TestClient::connect(&server.listeners()[0].to_string()).await;
        let answer = alice.message("sip:bob@127.0.0.1", "hello").send().await;
        assert_eq!(answer.status(), StatusCode::OK);
    }
}
