//! How long an INVITE rings: Timer C, its Expires, and the provisional response that is said again.

use super::*;

/// An INVITE of ours, its 180 answered at once. With `role` it is ours or forwarded.
fn ringing(role: Role, lines: &str) -> (Bench, Request) {
    let mut bench = Bench::new(UDP);
    bench.role = role;
    let via = match role {
        Role::Us => "",
        Role::Through => "Via: SIP/2.0/UDP caller.example;branch=z9hG4bKof-caller\r\n",
    };
    bench.request(&outgoing("INVITE", &format!("{lines}{via}")));
    let invite = as_request(bench.message());
    bench.receive(&answer(&invite, 180, "far"));
    (bench, invite)
}

#[test]
fn an_invite_rings_anew_with_each_101_to_199() {
    for (role, seconds) in [(Role::Us, 180), (Role::Through, 185)] {
        let (mut bench, invite) = ringing(role, "");
        bench.until(100_000);
        bench.receive(&answer(&invite, 183, "far"));
        bench.until(200_000);
        bench.receive(&answer(&invite, 199, "other"));
        bench.until(200_000 + seconds * 1_000 - 1);
        assert_eq!(bench.sent_messages(), [] as [&str; 0], "{role:?}");
        bench.until(200_000 + seconds * 1_000);
        assert_eq!(bench.sent_messages(), ["CANCEL"], "{role:?}");
    }
}

#[test]
fn a_100_does_not_make_it_ring_longer() {
    for (role, seconds) in [(Role::Us, 180), (Role::Through, 185)] {
        let (mut bench, invite) = ringing(role, "");
        bench.until(100_000);
        bench.receive(&answer(&invite, 100, ""));
        bench.until(seconds * 1_000);
        assert_eq!(bench.sent_messages(), ["CANCEL"], "{role:?}");
        // What is said to the CANCEL says nothing of the call; the INVITE's own answer does.
        bench.receive(&answer(&invite, 183, "far"));
        bench.receive(&answer(&invite, 487, "far"));
        assert_eq!(bench.sent_messages(), ["ACK"]);
        assert_eq!(bench.heard().last().map(String::as_str), Some("response 487"));
        bench.until(500_000);
        bench.assert_empty();
    }
}

#[test]
fn an_invite_of_ours_is_cancelled_when_its_expires_is_over() {
    for rings in [true, false] {
        let (mut bench, invite) = ringing(Role::Us, "Expires: 20\r\n");
        bench.until(10_000);
        if rings {
            bench.receive(&answer(&invite, 183, "far"));
        }
        bench.until(19_999);
        assert_eq!(bench.sent_messages(), [] as [&str; 0]);
        bench.until(20_000);
        assert_eq!(bench.sent_messages(), ["CANCEL"]);
    }
    // It waits for a provisional response like any other CANCEL.
    let mut bench = Bench::new(TCP);
    bench.request(&outgoing("INVITE", "Expires: 20\r\n"));
    let invite = as_request(bench.message());
    bench.until(25_000);
    assert_eq!(bench.sent_messages(), [] as [&str; 0]);
    bench.receive(&answer(&invite, 180, "far"));
    assert_eq!(bench.sent_messages(), ["CANCEL"]);
}

#[test]
fn an_invite_that_is_answered_in_time_is_not_cancelled() {
    for status in [200, 486] {
        let (mut bench, invite) = ringing(Role::Us, "Expires: 20\r\n");
        bench.until(10_000);
        bench.receive(&answer(&invite, status, "far"));
        assert_eq!(bench.sent_messages(), ["ACK"]);
        bench.until(400_000);
        assert_eq!(bench.sent_messages(), [] as [&str; 0], "{status}");
        bench.assert_empty();
    }
}

#[test]
fn the_expires_of_an_invite_that_is_forwarded_is_its_callers() {
    let (mut bench, _) = ringing(Role::Through, "Expires: 20\r\n");
    bench.until(100_000);
    assert_eq!(bench.sent_messages(), [] as [&str; 0]);
}

#[test]
fn an_invite_of_the_peers_is_refused_487_when_its_expires_is_over() {
    for rings in [true, false] {
        let mut bench = Bench::new(UDP);
        bench.receive(&with(incoming("INVITE", "1", "", 1), "Expires: 20"));
        if rings {
            bench.respond(180).expect("sent");
        }
        bench.until(19_999);
        bench.forget();
        bench.until(20_000);
        assert_eq!(bench.sent(), at(&[20_000], "487"));
        assert_eq!(bench.told(), at(&[20_000], "cancelled"));
        assert!(matches!(bench.respond(200), Err(RespondError::Answered)));
        assert_eq!(bench.dialogs(), (0, usize::from(rings)));
        let Some(Output::Cancelled { cancel, dialog, .. }) = bench.outputs.last() else {
            panic!("{:?}", bench.outputs)
        };
        assert_eq!((cancel.is_none(), dialog.is_some()), (true, rings));
    }
    let mut bench = Bench::new(UDP);
    bench.receive(&with(incoming("INVITE", "1", "", 1), "Expires: 20"));
    bench.respond(200).expect("sent");
    bench.forget();
    bench.until(31_999);
    assert!(
        bench.sent_messages().iter().all(|what| what == "200"),
        "it was answered in time"
    );
}

#[test]
fn an_invite_that_passes_through_is_not_refused_by_its_expires() {
    let mut bench = Bench::new(UDP);
    bench.role = Role::Through;
    bench.receive(&with(incoming("INVITE", "1", "", 1), "Expires: 20"));
    bench.until(60_000);
    assert_eq!(
        (bench.sent_messages(), bench.heard()),
        (vec!["100".to_owned()], vec!["request INVITE".to_owned()])
    );
}

#[test]
fn a_provisional_response_is_said_again_each_minute_until_the_final_one() {
    let mut bench = Bench::new(UDP);
    bench.receive(&incoming("INVITE", "1", "", 1));
    bench.respond(180).expect("sent");
    bench.until(150_000);
    bench.respond(183).expect("sent");
    bench.until(215_000);
    assert_eq!(
        bench.sent(),
        [
            (0, "180".to_owned()),
            (60_000, "180".to_owned()),
            (120_000, "180".to_owned()),
            (150_000, "183".to_owned()),
            (210_000, "183".to_owned())
        ]
    );
    bench.respond(486).expect("sent");
    let tag = to_tag(&as_response(bench.message()));
    bench.receive(&incoming("ACK", "1", &tag, 1));
    bench.until(500_000);
    assert_eq!(bench.sent_messages(), [] as [&str; 0]);
    bench.assert_empty();
}

#[test]
fn a_relayed_provisional_response_is_not_said_again() {
    let mut bench = Bench::new(UDP);
    bench.role = Role::Through;
    bench.receive(&incoming("INVITE", "1", "", 1));
    bench.relay(&relayed("INVITE", "1", 1, 180)).expect("it passes");
    bench.until(200_000);
    assert_eq!(bench.sent(), at(&[0], "180"));
}
