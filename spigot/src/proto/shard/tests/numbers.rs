//! The numbers of our requests, and the credentials that they are sent again with.

use super::*;

/// The peer's 401 or 407 to a request of ours.
fn challenge(request: &Request, status: u16, nonce: &str, more: &str) -> String {
    let name = if status == 401 {
        "WWW-Authenticate"
    } else {
        "Proxy-Authenticate"
    };
    let line = format!("{name}: Digest realm=\"{status}\", nonce=\"{nonce}\", qop=\"auth\"{more}");
    with(answer(request, status, "far"), &line)
}

/// A bench whose requests have credentials.
fn with_login() -> Bench {
    let mut bench = Bench::new(UDP);
    bench.login = Some(Login::new("alice", "secret"));
    bench
}

/// A call of ours that is up and has had no challenge yet.
fn caller_with_login() -> Bench {
    let mut bench = with_login();
    bench.call("");
    bench
}

#[test]
fn numbers_rise_by_one_whoever_asks() {
    for mut bench in Bench::ends() {
        let dialog = bench.dialog.expect("a dialog");
        let first = bench
            .shard
            .dialogs
            .get(&dialog)
            .expect("it is up")
            .dialog
            .local_cseq();
        // Two handles, each with a request that it has not sent yet.
        let one = bench.draft("INFO", "").expect("a request");
        let other = bench.draft("MESSAGE", "").expect("a request");
        bench.try_request(other).expect("it leaves");
        bench.try_request(one).expect("it leaves");
        bench.sends_none_lost(&[format!("{} MESSAGE", first + 1), format!("{} INFO", first + 2)]);
        let reinvite = bench.sends_inside("INVITE", "");
        bench.receive(&answer(&reinvite, 200, ""));
        assert!(bench.hang_up());
        bench.sends_none_lost(&[format!("{} ACK", first + 3), format!("{} BYE", first + 4)]);
    }
}

impl Bench {
    /// That these and no others were sent, by their CSeq.
    fn sends_none_lost(&mut self, expected: &[String]) {
        let sent: Vec<String> = self
            .messages()
            .into_iter()
            .map(|(_, message)| value(&as_request(message), "CSeq").to_owned())
            .collect();
        assert_eq!(sent, expected);
    }
}

#[test]
fn an_invite_is_sent_again_with_credentials_for_each_challenge_on_the_way() {
    let mut bench = with_login();
    bench.request(&outgoing("INVITE", ""));
    let invite = as_request(bench.message());
    bench.receive(&challenge(&invite, 407, "1", ""));
    let [(_, ack), (_, again)] = &bench.messages()[..] else {
        panic!("an ACK and an INVITE")
    };
    assert_eq!(value(&as_request(ack.clone()), "CSeq"), "7 ACK");
    let again = as_request(again.clone());
    assert_eq!(value(&again, "CSeq"), "8 INVITE");
    assert_eq!(value(&again, "Call-ID"), value(&invite, "Call-ID"));
    assert_eq!(again.headers().get_all(&HeaderName::VIA).count(), 1);

    bench.receive(&challenge(&again, 401, "2", ""));
    let third = as_request(bench.messages().remove(1).1);
    assert_eq!(value(&third, "CSeq"), "9 INVITE");
    assert!(value(&third, "Proxy-Authorization").contains("nc=00000002"));
    assert!(value(&third, "Authorization").contains("nc=00000001"));
    assert_eq!(bench.heard(), [] as [&str; 0], "nobody hears of it");

    bench.receive(&answer(&third, 200, "far"));
    let ack = as_request(bench.message());
    assert_eq!(value(&ack, "CSeq"), "9 ACK");
    // > The ACK MUST contain the same credentials as the INVITE.
    for name in ["Authorization", "Proxy-Authorization"] {
        assert_eq!(value(&ack, name), value(&third, name));
    }
    assert!(bench.hang_up());
    let bye = as_request(bench.message());
    assert_eq!(value(&bye, "CSeq"), "10 BYE");
    assert!(value(&bye, "Authorization").contains("nc=00000002"));
}

#[test]
fn who_is_told_of_a_request_is_told_of_what_goes_in_its_place() {
    let mut bench = with_login();
    bench.holds = true;
    let key = bench.request(&outgoing("OPTIONS", ""));
    let options = as_request(bench.message());
    bench.receive(&challenge(&options, 401, "1", ""));
    assert_eq!(bench.held[0].replaces(), Some(key));
    bench.release();
    let again = as_request(bench.message());
    assert_eq!(value(&again, "CSeq"), "8 OPTIONS");
    bench.receive(&answer(&again, 200, "far"));
    assert_eq!(bench.heard(), ["response 200"]);
}

#[test]
fn a_challenge_without_credentials_is_told() {
    let mut bench = Bench::caller(UDP);
    for status in [401, 407] {
        let info = bench.sends_inside("INFO", "");
        bench.receive(&challenge(&info, status, "1", ""));
        assert_eq!(
            (bench.heard(), bench.sent_messages()),
            (vec![format!("response {status}")], vec![])
        );
    }
    assert_eq!(bench.dialogs(), (1, 0));
}

#[test]
fn a_challenge_inside_a_dialog_takes_the_next_number() {
    let mut bench = caller_with_login();
    let info = bench.sends_inside("INFO", "");
    let message = bench.sends_inside("MESSAGE", "");
    bench.receive(&challenge(&info, 401, "1", ""));
    let again = as_request(bench.message());
    bench.receive(&answer(&again, 200, ""));
    bench.receive(&answer(&message, 200, ""));
    let third = bench.sends_inside("INFO", "");
    let numbers = [&info, &message, &again, &third].map(|request| value(request, "CSeq").to_owned());
    assert_eq!(numbers, ["8 INFO", "9 MESSAGE", "10 INFO", "11 INFO"]);
    assert_eq!(bench.heard(), ["response 200", "response 200"]);
}

#[test]
fn a_stale_nonce_is_answered_and_a_wrong_password_is_told() {
    let mut bench = caller_with_login();
    let info = bench.sends_inside("INFO", "");
    bench.receive(&challenge(&info, 401, "1", ""));
    let second = as_request(bench.message());
    bench.receive(&challenge(&second, 401, "2", ", stale=true"));
    let third = as_request(bench.message());
    assert_eq!(value(&third, "CSeq"), "10 INFO");
    assert!(value(&third, "Authorization").contains("nonce=\"2\""));
    bench.receive(&challenge(&third, 401, "3", ""));
    assert_eq!(
        (bench.heard(), bench.sent_messages()),
        (vec!["response 401".to_owned()], vec![])
    );
    assert_eq!(bench.dialogs(), (1, 0), "a challenge ends nothing");
}

#[test]
fn a_server_that_finds_every_nonce_stale_is_left_alone() {
    for (mut bench, inside) in [(with_login(), false), (caller_with_login(), true)] {
        let mut request = if inside {
            bench.sends_inside("INFO", "")
        } else {
            bench.request(&outgoing("OPTIONS", ""));
            as_request(bench.message())
        };
        let mut sent = 1;
        while bench.told.is_empty() {
            bench.receive(&challenge(&request, 401, &sent.to_string(), ", stale=true"));
            if let Some((_, again)) = bench.messages().pop() {
                request = as_request(again);
                sent += 1;
            }
        }
        assert_eq!((sent, bench.heard()), (9, vec!["response 401".to_owned()]));
    }
}

#[test]
fn a_challenge_that_cannot_be_answered_is_told_and_leaves_the_credentials_of_the_dialog_as_they_are() {
    let mut bench = caller_with_login();
    for more in [", opaque=\"a\\\u{1}\"", ", opaque=\"a\""] {
        let info = bench.sends_inside("INFO", "");
        bench.receive(&challenge(&info, 401, "1", more));
    }
    assert_eq!(bench.heard(), ["response 401"], "the first");
    assert_eq!(value(&as_request(bench.message()), "CSeq"), "10 INFO");
    assert!(bench.hang_up());
    let bye = as_request(bench.message());
    assert!(value(&bye, "Authorization").contains("opaque=\"a\""));
}

#[test]
fn a_name_that_cannot_be_written_into_credentials_does_not_keep_the_bye_back() {
    let mut bench = Bench::new(UDP);
    bench.login = Some(Login::new("alice\n", "secret"));
    bench.call("");
    let info = bench.sends_inside("INFO", "");
    bench.receive(&challenge(&info, 401, "1", ""));
    assert_eq!(bench.heard(), ["response 401"]);
    assert!(bench.hang_up());
    assert_eq!(bench.sent_messages(), ["BYE"]);
}

#[test]
fn a_bye_of_the_cores_own_is_sent_again_with_credentials() {
    let mut bench = caller_with_login();
    assert!(bench.hang_up());
    let bye = as_request(bench.message());
    bench.receive(&challenge(&bye, 407, "1", ""));
    assert_eq!(bench.dialogs(), (1, 0), "it lasts until the final answer");
    let again = as_request(bench.message());
    assert_eq!((value(&bye, "CSeq"), value(&again, "CSeq")), ("8 BYE", "9 BYE"));
    bench.receive(&answer(&again, 200, ""));
    assert_eq!((bench.dialogs(), bench.heard()), ((0, 1), vec![]));
}

#[test]
fn the_callees_requests_are_answered_for_too() {
    let mut bench = Bench::callee(UDP);
    bench.login = Some(Login::new("bob", "secret"));
    let info = bench.sends_inside("INFO", "");
    bench.receive(&challenge(&info, 401, "1", ""));
    let again = as_request(bench.message());
    assert_eq!(value(&again, "CSeq"), "2 INFO");
    assert!(value(&again, "Authorization").contains("username=\"bob\""));
    // And so is the BYE that the core sends by itself.
    bench.receive(&answer(&again, 200, ""));
    assert!(bench.hang_up());
    let bye = as_request(bench.message());
    bench.receive(&challenge(&bye, 401, "2", ", stale=true"));
    assert_eq!(value(&as_request(bench.message()), "CSeq"), "4 BYE");
}

#[test]
fn a_challenged_invite_is_still_under_way() {
    let mut bench = caller_with_login();
    bench.holds = true;
    let invite = bench.sends_inside("INVITE", "");
    bench.receive(&challenge(&invite, 401, "1", ""));
    bench.forget();
    let theirs = bench.theirs("INVITE", 1);
    bench.receive(&theirs);
    assert_eq!(bench.sent_messages(), ["491"], "ours is sent again in a moment");
    bench.release();
    let again = as_request(bench.message());
    let theirs = bench.theirs("INVITE", 2);
    bench.receive(&theirs);
    assert_eq!(bench.sent_messages(), ["491"]);
    bench.receive(&answer(&again, 488, ""));
    bench.forget();
    let theirs = bench.theirs("INVITE", 3);
    bench.receive(&theirs);
    assert_eq!(bench.heard(), ["request INVITE in dialog"]);
}

#[test]
fn an_invite_that_cannot_be_sent_again_is_not_under_way() {
    let mut bench = caller_with_login();
    bench.holds = true;
    let invite = bench.sends_inside("INVITE", "");
    bench.receive(&challenge(&invite, 401, "1", ""));
    bench.give_up();
    bench.forget();
    let theirs = bench.theirs("INVITE", 1);
    bench.receive(&theirs);
    assert_eq!(bench.heard(), ["request INVITE in dialog"]);
}

#[test]
fn what_is_held_back_takes_its_number_when_it_leaves() {
    let mut bench = Bench::caller(UDP);
    let subscribe = with(bench.theirs("SUBSCRIBE", 1), "Event: dialog\nExpires: 600");
    bench.receive(&subscribe);
    bench.respond(200).expect("sent");
    bench.forget();
    bench.holds = true;
    assert!(bench.hang_up());
    let notify = bench.sends_inside("NOTIFY", "Event: dialog\nSubscription-State: active");
    bench.release();
    let bye = as_request(bench.message());
    assert_eq!(
        (value(&notify, "CSeq"), value(&bye, "CSeq")),
        ("8 NOTIFY", "9 BYE")
    );
}

#[test]
fn a_bye_that_never_left_takes_no_number() {
    let mut bench = Bench::caller(UDP);
    let subscribe = with(bench.theirs("SUBSCRIBE", 1), "Event: dialog\nExpires: 600");
    bench.receive(&subscribe);
    bench.respond(200).expect("sent");
    bench.forget();
    bench.holds = true;
    assert!(bench.hang_up());
    bench.give_up();
    let notify = bench.sends_inside("NOTIFY", "Event: dialog\nSubscription-State: active");
    assert_eq!(value(&notify, "CSeq"), "8 NOTIFY");
}

#[test]
fn a_bye_does_not_leave_once_its_dialog_has_ended() {
    let mut bench = Bench::caller(UDP);
    bench.holds = true;
    assert!(bench.hang_up());
    let theirs = bench.theirs("BYE", 1);
    bench.receive(&theirs);
    bench.respond(200).expect("sent");
    bench.forget();
    bench.release();
    assert_eq!((bench.sent_messages(), bench.dialogs()), (vec![], (0, 1)));
}

#[test]
fn a_challenged_subscription_is_asked_for_again_and_its_dialog_has_the_credentials() {
    let mut bench = Bench::new(UDP);
    bench.login = Some(Login::new("alice", "secret"));
    let subscribe = bench.subscribe();
    bench.receive(&challenge(&subscribe, 401, "1", ""));
    let again = as_request(bench.message());
    assert_eq!(value(&again, "CSeq"), "8 SUBSCRIBE");
    assert_eq!(
        bench.notified(1, "Event: presence\nSubscription-State: active"),
        "200",
        "before the 200 to that"
    );
    bench.receive(&answer(&again, 200, "far"));
    bench.login = None;
    let refresh = bench.sends_inside("SUBSCRIBE", "Event: presence");
    bench.receive(&challenge(&refresh, 401, "2", ", stale=true"));
    let again = as_request(bench.message());
    assert_eq!(value(&again, "CSeq"), "10 SUBSCRIBE");
    assert!(value(&again, "Authorization").contains("username=\"alice\""));
}
