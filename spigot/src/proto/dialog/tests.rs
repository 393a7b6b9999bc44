//! Dialogs from both ends.

use spigot_parser::{HeaderName, Method, Request, Response, StatusCode};

use super::*;

const ROUTES: &str = "Record-Route: <sip:p2.example;lr>, <sip:p1.example;lr;x=y>\r\n";

fn invite(extra: &str) -> Request {
    Request::parse(format!(
        "INVITE sip:bob@b.example SIP/2.0\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\n{extra}\
         From: \"Alice\" <sip:alice@a.example>;tag=a\r\nTo: <sip:bob@b.example>\r\nCall-ID: 1@a.example\r\n\
         CSeq: 4 INVITE\r\nContact: <sip:alice@10.0.0.1;method=INVITE?Subject=x>\r\n\r\n"
    ))
    .expect("a request")
}

fn response(status: &str, extra: &str) -> Response {
    Response::parse(format!(
        "SIP/2.0 {status} X\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\n{extra}\
         From: \"Alice\" <sip:alice@a.example>;tag=a\r\nTo: <sip:bob@b.example>;tag=b\r\n\
         Call-ID: 1@a.example\r\nCSeq: 4 INVITE\r\n\r\n"
    ))
    .expect("a response")
}

const CONTACT: &str = "Contact: <sip:bob@10.0.0.2>\r\n";

#[test]
fn a_re_invite_leaves_the_route_set_as_it_is_and_moves_the_target() {
    let ok = response("200", &format!("{ROUTES}{CONTACT}"));
    let mut caller = Dialog::uac(&invite(""), &ok).expect("a dialog");
    let again = caller.request(Method::INVITE);

    let moved = response("200", "Contact: <sip:bob@10.0.0.3>\r\n");
    caller.confirmed_by(moved.headers());
    let ack = caller.ack(again.headers());

    assert_eq!(routes(&ack), ["<sip:p1.example;lr;x=y>", "<sip:p2.example;lr>"]);
    assert_eq!(ack.uri().as_str(), "sip:bob@10.0.0.3");
    assert_eq!(ack.headers().get(&HeaderName::CSEQ), Some("5 ACK"));
}

fn routes(request: &Request) -> Vec<&str> {
    request.headers().get_all(&HeaderName::ROUTE).collect()
}

#[test]
fn the_caller_reverses_the_route_set_and_the_callee_does_not() {
    let ok = response("200", &format!("{ROUTES}{CONTACT}"));
    let mut caller = Dialog::uac(&invite(""), &ok).expect("a dialog");
    let mut callee = Dialog::uas(&invite(ROUTES), "b").expect("a dialog");

    let (bye, back) = (caller.request(Method::BYE), callee.request(Method::BYE));

    assert_eq!(routes(&bye), ["<sip:p1.example;lr;x=y>", "<sip:p2.example;lr>"]);
    assert_eq!(routes(&back), ["<sip:p2.example;lr>", "<sip:p1.example;lr;x=y>"]);
    assert_eq!(bye.uri().as_str(), "sip:bob@10.0.0.2");
    // What a Request-URI must not have is gone.
    assert_eq!(back.uri().as_str(), "sip:alice@10.0.0.1");
}

#[test]
fn both_ends_name_the_dialog_from_their_side() {
    let caller = Dialog::uac(&invite(""), &response("200", CONTACT)).expect("a dialog");
    let mut callee = Dialog::uas(&invite(""), "b").expect("a dialog");
    assert_eq!((&*caller.id().local_tag, &*caller.id().remote_tag), ("a", "b"));
    assert_eq!((&*callee.id().local_tag, &*callee.id().remote_tag), ("b", "a"));
    let bye = callee.request(Method::BYE);
    assert_eq!(
        bye.headers().get(&HeaderName::FROM),
        Some("<sip:bob@b.example>;tag=b")
    );
    assert_eq!(
        bye.headers().get(&HeaderName::TO),
        Some("\"Alice\" <sip:alice@a.example>;tag=a")
    );
    assert_eq!(bye.headers().get(&HeaderName::CSEQ), Some("1 BYE"));
    assert_eq!(callee.remote_cseq(), Some(4));
}

#[test]
fn numbers_grow_by_one_and_an_ack_takes_its_invites() {
    let mut dialog = Dialog::uac(&invite(""), &response("200", CONTACT)).expect("a dialog");
    let cseq = |request: &Request| request.headers().get(&HeaderName::CSEQ).map(str::to_owned);
    assert_eq!(cseq(&dialog.ack(invite("").headers())).as_deref(), Some("4 ACK"));
    assert_eq!(cseq(&dialog.request(Method::INFO)).as_deref(), Some("5 INFO"));
    assert_eq!(cseq(&dialog.request(Method::BYE)).as_deref(), Some("6 BYE"));
    assert_eq!(dialog.local_cseq(), 6);
}

#[test]
fn a_strict_router_is_the_request_uri_and_the_target_the_last_route() {
    let strict = "Record-Route: <sip:p2.example;lr>\r\nRecord-Route: <sip:p1.example;method=INVITE>\r\n";
    let mut dialog =
        Dialog::uac(&invite(""), &response("200", &format!("{strict}{CONTACT}"))).expect("a dialog");
    let bye = dialog.request(Method::BYE);
    assert_eq!(bye.uri().as_str(), "sip:p1.example");
    assert_eq!(routes(&bye), ["<sip:p2.example;lr>", "<sip:bob@10.0.0.2>"]);
}

#[test]
fn an_early_dialog_takes_target_and_routes_of_the_success() {
    let mut dialog = Dialog::uac(&invite(""), &response("180", "")).expect("a dialog");
    assert!(dialog.is_early());
    assert_eq!(dialog.target(), "sip:bob@b.example");

    dialog.confirmed_by(response("200", &format!("{ROUTES}{CONTACT}")).headers());

    assert!(!dialog.is_early());
    assert_eq!(dialog.target(), "sip:bob@10.0.0.2");
    assert_eq!(routes(&dialog.request(Method::BYE)).len(), 2);
}

#[test]
fn a_target_refresh_moves_the_target_and_nothing_else() {
    let mut dialog = Dialog::uas(&invite(ROUTES), "b").expect("a dialog");
    let moved = response(
        "200",
        "Contact: <sip:alice@moved.example>\r\nRecord-Route: <sip:other.example;lr>\r\n",
    );
    dialog.refresh_target(moved.headers());
    assert_eq!(dialog.target(), "sip:alice@moved.example");
    assert_eq!(routes(&dialog.request(Method::BYE)).len(), 2);
    dialog.refresh_target(response("200", "").headers());
    assert_eq!(dialog.target(), "sip:alice@moved.example");
}

#[test]
fn a_lower_number_is_late_and_the_same_one_is_not() {
    let mut dialog = Dialog::uas(&invite(""), "b").expect("a dialog");
    let taken = [5, 5, 4, 9, 8].map(|number| dialog.note_remote_cseq(number));
    assert_eq!(taken, [true, true, false, true, false]);
    assert_eq!(dialog.remote_cseq(), Some(9));
}

#[test]
fn what_is_left_out_is_taken_from_what_is_there() {
    let without = Request::parse(invite("").to_bytes().to_vec()).expect("a request");
    let mut without = without;
    without.headers_mut().remove(&HeaderName::CONTACT);
    let callee = Dialog::uas(&without, "b").expect("a dialog");
    assert_eq!(callee.target(), "sip:alice@a.example");
    for contact in ["", "Contact: not a URI\r\n"] {
        let ok = response("200", &format!("{contact}Record-Route: <not a route\r\n"));
        let caller = Dialog::uac(&invite(""), &ok).expect("a dialog");
        assert_eq!(caller.target(), "sip:bob@b.example");
    }
    let old = Response::parse(response("200", "").to_string().replace(";tag=b", "")).expect("a response");
    let caller = Dialog::uac(&invite(""), &old).expect("a dialog");
    assert_eq!(caller.id().remote_tag, "");
}

#[test]
fn a_dialog_is_small_and_holds_no_message() {
    let dialog = Dialog::uas(&invite(ROUTES), "b").expect("a dialog");
    assert!(dialog.size() <= 512, "{}", dialog.size());
}

#[test]
fn what_makes_no_dialog_says_why() {
    let refused = Dialog::uac(&invite(""), &response("486", CONTACT));
    assert!(matches!(refused, Err(DialogError::Status(StatusCode::BUSY_HERE))));
    assert!(matches!(
        Dialog::uac(&invite(""), &response("100", CONTACT)),
        Err(DialogError::Status(_))
    ));
}
