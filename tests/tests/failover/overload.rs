//! Servers that say 503.

use std::time::Duration;

use spigot::{HeaderName, StatusCode};

use crate::house::{A, B, Conduct, House, OVER_TCP, OVER_UDP, two_servers};

#[spigot::test]
async fn a_503_sends_the_request_elsewhere_and_retry_after_the_others() {
    for uri in [OVER_UDP, OVER_TCP] {
        let mut house = House::new(two_servers()).await;
        let first = house.server(A, Conduct::Refuses(120)).await;
        let second = house.server(B, Conduct::Answers).await;

        assert_eq!(house.options(uri).await.status(), StatusCode::OK);
        assert_eq!((first.reached(), second.reached()), (1, 1));
        assert_eq!(
            first.last(&HeaderName::CALL_ID),
            second.last(&HeaderName::CALL_ID)
        );

        first.conduct(Conduct::Answers);
        tokio::time::sleep(Duration::from_secs(119)).await;
        house.options(uri).await;
        assert_eq!(
            (first.reached(), second.reached()),
            (1, 2),
            "it asked to be left alone"
        );

        tokio::time::sleep(Duration::from_secs(1)).await;
        house.options(uri).await;
        assert_eq!((first.reached(), second.reached()), (2, 2));
    }
}

#[spigot::test]
async fn without_retry_after_the_next_request_tries_the_server_again() {
    let mut house = House::new(two_servers()).await;
    let first = house.server(A, Conduct::Refuses(0)).await;
    let _second = house.server(B, Conduct::Answers).await;

    house.options(OVER_UDP).await;
    house.options(OVER_UDP).await;

    assert_eq!((first.reached(), house.counters().failovers), (2, 2));
}

#[spigot::test]
async fn when_all_refuse_that_is_the_answer() {
    let mut house = House::new(two_servers()).await;
    let first = house.server(A, Conduct::Refuses(60)).await;
    let second = house.server(B, Conduct::Refuses(90)).await;

    let response = house.options(OVER_UDP).await;

    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers().get(&HeaderName::RETRY_AFTER), Some("90"));
    assert_eq!((first.reached(), second.reached()), (1, 1));
}

#[spigot::test]
async fn a_refusal_stands_when_nobody_else_can_be_reached() {
    let mut house = House::new(two_servers()).await;
    let _first = house.server(A, Conduct::Refuses(60)).await;

    let response = house.options(OVER_TCP).await;

    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[spigot::test]
async fn a_call_is_offered_elsewhere_after_a_503() {
    let mut house = House::new(two_servers()).await;
    let _first = house.server(A, Conduct::Refuses(0)).await;
    let second = house.server(B, Conduct::Rings(StatusCode::RINGING)).await;
    let mut call = house.client().invite(OVER_UDP).start().await.expect("it leaves");

    let ringing = call.provisional().await.expect("the second server rings");

    assert_eq!(ringing.status(), StatusCode::RINGING);
    assert_eq!((call.flow().peer(), second.reached()), ((B, 5060).into(), 1));
}

#[spigot::test]
async fn a_call_that_is_cancelled_goes_nowhere_else() {
    let mut house = House::new(two_servers()).await;
    let _first = house.server(A, Conduct::RefusesWhenCancelled).await;
    let second = house.server(B, Conduct::Answers).await;
    let mut call = house.client().invite(OVER_UDP).start().await.expect("it leaves");
    call.provisional().await.expect("it rings");

    call.cancel();

    let response = call.response().await.expect("an answer");
    assert!(response.status().as_u16() >= 400, "{}", response.status());
    assert_eq!((second.reached(), house.counters().failovers), (0, 0));
}
