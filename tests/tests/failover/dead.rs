//! Servers that are gone.

use std::time::Duration;

use spigot::testing::Zone;
use spigot::{HeaderName, Method, RequestError, StatusCode, Unreachable};
use tokio::time::Instant;

use crate::house::{A, B, Conduct, House, OVER_TCP, OVER_UDP, limits, two_servers};

#[spigot::test]
async fn over_tcp_a_dead_primary_costs_nothing_and_the_next_request_spares_it() {
    let mut house = House::new(two_servers()).await;
    let second = house.server(B, Conduct::Answers).await;
    let start = Instant::now();

    assert_eq!(house.options(OVER_TCP).await.status(), StatusCode::OK);

    assert_eq!((second.reached(), house.counters().failovers), (1, 1));
    // From now on somebody is there who would see an attempt.
    let first = house.server(A, Conduct::Answers).await;
    assert_eq!(house.options(OVER_TCP).await.status(), StatusCode::OK);
    assert_eq!((first.reached(), second.reached()), (0, 2));
    assert_eq!(
        house.counters().failovers,
        1,
        "the second request went there first"
    );
    assert!(
        start.elapsed() < Duration::from_millis(50),
        "{}",
        house.network.ladder()
    );
}

#[spigot::test]
async fn over_udp_a_dead_primary_costs_the_first_request_its_time_and_the_next_one_nothing() {
    let mut house = House::new(two_servers()).await;
    let first = house.server(A, Conduct::Drops).await;
    let second = house.server(B, Conduct::Answers).await;
    let start = Instant::now();

    assert_eq!(house.options(OVER_UDP).await.status(), StatusCode::OK);

    assert_eq!(
        start.elapsed().as_secs(),
        32,
        "Timer F: {}",
        house.network.ladder()
    );
    let retransmitted = first.reached();
    assert_eq!((retransmitted, second.reached()), (11, 1));
    for same in [
        HeaderName::CALL_ID,
        HeaderName::CSEQ,
        HeaderName::FROM,
        HeaderName::TO,
    ] {
        assert_eq!(first.last(&same), second.last(&same));
    }
    assert_ne!(
        first.last(&HeaderName::VIA),
        second.last(&HeaderName::VIA),
        "a new branch"
    );

    let start = Instant::now();
    assert_eq!(house.options(OVER_UDP).await.status(), StatusCode::OK);
    assert!(
        start.elapsed() < Duration::from_millis(50),
        "{}",
        house.network.ladder()
    );
    assert_eq!((first.reached(), second.reached()), (retransmitted, 2));
}

#[spigot::test]
async fn a_call_goes_to_the_next_server_and_its_dialog_stays_there() {
    let mut house = House::new(two_servers()).await;
    let second = house.server(B, Conduct::Answers).await;
    let mut call = house.client().invite(OVER_UDP).start().await.expect("it leaves");

    let answer = call.response().await.expect("an answer");

    assert_eq!(call.flow().peer(), (B, 5060).into());
    let dialog = call.dialog(&answer).expect("a dialog");
    let bye = dialog.request(Method::BYE).send().await.expect("an answer");
    assert_eq!((bye.status(), house.counters().failovers), (StatusCode::OK, 1));
    assert!(second.last(&HeaderName::CSEQ).ends_with("BYE"));
}

#[spigot::test]
async fn after_a_while_one_request_tries_the_dead_server_again() {
    let mut house = House::new(two_servers()).await;
    let first = house.server(A, Conduct::Drops).await;
    let second = house.server(B, Conduct::Answers).await;
    house.options(OVER_UDP).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let (before, start) = (first.reached(), Instant::now());
    let client = house.client();
    let trial = tokio::spawn(async move { client.options(OVER_UDP).send().await });
    tokio::task::yield_now().await;

    // While that one finds out, the others go elsewhere.
    house.options(OVER_UDP).await;
    assert_eq!((start.elapsed().as_secs(), second.reached()), (0, 2));
    assert_eq!(trial.await.unwrap().unwrap().status(), StatusCode::OK);
    assert!(first.reached() > before);

    first.conduct(Conduct::Answers);
    tokio::time::sleep(Duration::from_secs(60)).await;
    let before = first.reached();
    house.options(OVER_UDP).await;
    house.options(OVER_UDP).await;
    assert_eq!(
        first.reached(),
        before + 2,
        "it has answered: it is the first again"
    );
}

#[spigot::test]
async fn when_all_are_dead_they_are_tried_all_the_same() {
    let mut house = House::new(two_servers()).await;
    let error = house.client().options(OVER_TCP).send().await.unwrap_err();
    assert!(
        matches!(error, RequestError::Unreachable(Unreachable::Connect { peer, .. }) if peer.ip().to_string() == "192.0.2.12"),
        "{error}"
    );
    let first = house.server(A, Conduct::Answers).await;

    assert_eq!(house.options(OVER_TCP).await.status(), StatusCode::OK);

    assert_eq!(first.reached(), 1);
}

#[spigot::test]
async fn so_many_targets_are_tried_and_not_one_more() {
    for (alive, reached) in [(16, true), (17, false)] {
        let zone = (1..=17).fold(Zone::new(), |zone, n| zone.address("example.com", [192, 0, 2, n]));
        let mut house = House::new(zone).await;
        let server = house.server([192, 0, 2, alive], Conduct::Answers).await;

        let outcome = house
            .client()
            .options("sip:example.com:5060;transport=tcp")
            .send()
            .await;

        assert_eq!((outcome.is_ok(), server.reached() == 1), (reached, reached));
        let counters = house.counters();
        assert_eq!(
            (counters.failovers, counters.targets_left),
            (15, u64::from(!reached))
        );
    }
}

#[spigot::test]
async fn one_past_the_bound_of_dead_targets_the_first_is_forgotten() {
    for (bound, spared) in [(2, true), (1, false)] {
        let zone = two_servers()
            .address("other.example", [192, 0, 2, 13])
            .address("other.example", B);
        let configured = limits(|limits| limits.failed_targets = bound);
        let mut house = House::with(zone, |config| config.limits(configured)).await;
        let _second = house.server(B, Conduct::Answers).await;
        house.options(OVER_TCP).await;
        house.options("sip:other.example:5060;transport=tcp").await;
        let first = house.server(A, Conduct::Answers).await;

        house.options(OVER_TCP).await;

        assert_eq!(first.reached() == 0, spared);
        assert_eq!(house.counters().failed_targets_full, u64::from(!spared));
    }
}

#[spigot::test]
async fn a_server_that_has_taken_the_request_is_not_replaced() {
    let mut house = House::new(two_servers()).await;
    let first = house
        .server(A, Conduct::Rings(StatusCode::SESSION_PROGRESS))
        .await;
    let second = house.server(B, Conduct::Answers).await;

    let error = house.client().options(OVER_UDP).send().await.unwrap_err();

    assert!(matches!(error, RequestError::Timeout { .. }), "{error}");
    assert!(
        first.reached() > 0 && second.reached() == 0,
        "{}",
        house.network.ladder()
    );
}

#[spigot::test]
async fn a_request_for_one_address_goes_nowhere_else() {
    let mut house = House::new(two_servers()).await;
    let second = house.server(B, Conduct::Answers).await;
    let uri = "sip:bob@192.0.2.11;transport=tcp";
    let error = house.client().options(uri).send().await.unwrap_err();
    assert!(
        matches!(error, RequestError::Unreachable(Unreachable::Connect { .. })),
        "{error}"
    );
    let to_address = house.client().options(OVER_UDP);
    let to_address = to_address.to_address(spigot::Transport::Udp, (A, 5060).into());
    let error = to_address.send().await.unwrap_err();
    assert!(matches!(error, RequestError::Timeout { .. }), "{error}");
    assert_eq!((second.reached(), house.counters().failovers), (0, 0));
}
