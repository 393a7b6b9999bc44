//! Any sequence of events: nothing panics, time goes forward, and in the end nothing is left.

use std::collections::BTreeMap;

use super::*;

/// splitmix64.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((x ^ (x >> 31)) % sides as u64) as usize
    }

    fn pick<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.roll(of.len())]
    }

    /// One of those that there are, if there are any; for most of the time one of the last.
    fn one_of<T: Clone>(&mut self, of: &[T]) -> Option<T> {
        let last = if self.roll(4) == 0 {
            of.len()
        } else {
            of.len().min(3)
        };
        (last > 0).then(|| of[of.len() - 1 - self.roll(last)].clone())
    }
}

/// Who was told what, to be picked from.
#[derive(Default)]
struct Seen {
    /// Call-ID, tag of the peer and tag of ours in each dialog that may have come about.
    peers: Vec<(&'static str, String, String)>,
    /// The last numbers that the peer has used, and used in an INVITE.
    number: u32,
    invite: u32,
    servers: Vec<ServerKey>,
    clients: Vec<ClientKey>,
    dialogs: Vec<DialogKey>,
    requests: Vec<Request>,
    /// The last number of our requests in each dialog that a request of ours has made, by both tags.
    numbers: BTreeMap<String, u32>,
    /// How many requests outside of dialogs we have sent: each has a tag of its own.
    outside: usize,
}

impl Seen {
    fn look(&mut self, bench: &mut Bench) {
        self.servers.extend(bench.key.take());
        self.dialogs.extend(bench.dialog.take());
        for (_, message) in bench.messages() {
            match message {
                Message::Request(request) => self.note(request),
                Message::Response(response) if (101..300).contains(&response.status().as_u16()) => {
                    self.peers.push(("call@", "from".to_owned(), to_tag(&response)));
                }
                Message::Response(_) => {}
            }
        }
        bench.forget();
    }

    /// Takes note of a request of ours. Its number is one higher than that of the last one in its dialog,
    /// unless it comes again.
    fn note(&mut self, request: Request) {
        let (from, to) = (value(&request, "From"), value(&request, "To"));
        let is_numbered = ![Method::ACK, Method::CANCEL].contains(request.method());
        let comes_again = self
            .requests
            .iter()
            .any(|other| value(other, "Via") == value(&request, "Via"));
        if is_numbered && !comes_again && from.contains("tag=ours") && to.contains("tag=") {
            let (number, _) = value(&request, "CSeq").split_once(' ').expect("a CSeq");
            let number: u32 = number.parse().expect("a number");
            let last = self.numbers.insert(format!("{from} {to}"), number);
            assert!(
                last.is_none_or(|last| number == last + 1),
                "behind {last:?}: {request}"
            );
        }
        self.requests.push(request);
    }
}

const LINES: [&str; 8] = [
    "",
    "Event: dialog\nExpires: 600",
    "Event: dialog\nExpires: 0",
    "Event: presence;id=1",
    "Event: dialog\nSubscription-State: active;expires=300",
    "Event: refer\nSubscription-State: terminated",
    "Event: dialog\nSubscription-State: terminated;reason=timeout",
    "Refer-To: <sip:c@c.example>",
];

const INSIDE: [&str; 8] = [
    "INVITE",
    "UPDATE",
    "INFO",
    "SUBSCRIBE",
    "NOTIFY",
    "REFER",
    "BYE",
    "MESSAGE",
];

/// A request of the peer's arrives, for most of the time inside a dialog that there is or was.
fn receive(dice: &mut Dice, bench: &mut Bench, seen: &mut Seen) {
    let method = dice.pick(&[
        "INVITE",
        "INVITE",
        "ACK",
        "ACK",
        "ACK",
        "CANCEL",
        "BYE",
        "OPTIONS",
        "PRACK",
        "SUBSCRIBE",
        "NOTIFY",
        "REFER",
        "UPDATE",
    ]);
    seen.number += dice.roll(2) as u32;
    let fresh = format!("of-{}", seen.number);
    let branch = dice.pick(&["", "1", "2", "3", &fresh, &fresh, &fresh, &fresh]);
    let number = match (method, dice.roll(4)) {
        ("ACK" | "CANCEL", 0..=2) => seen.invite,
        (_, 0) => dice.roll(6) as u32 + 1,
        _ => seen.number,
    };
    if method == "INVITE" {
        seen.invite = number;
    }
    let inside = dice.one_of(&seen.peers).filter(|_| dice.roll(3) != 0);
    let text = match inside {
        Some((call, from, to)) => incoming(method, branch, &to, number)
            .replace("call@", call)
            .replace("tag=from", &format!("tag={from}")),
        None => incoming(method, branch, "", number),
    };
    let text = with(text, dice.pick(&LINES));
    let text = match dice.roll(3) {
        0 => with_contact(text, dice.pick(&["sip:a@192.0.2.77", "sip:a@192.0.2.78"])),
        _ => text,
    };
    bench.receive(&text);
}

/// A request of ours leaves, or does not.
fn send(dice: &mut Dice, bench: &mut Bench, seen: &mut Seen) {
    bench.acknowledge = dice.roll(4) != 0;
    bench.login = (dice.roll(2) == 0).then(|| Login::new("alice", "secret"));
    let sent = match dice.one_of(&seen.dialogs).filter(|_| dice.roll(3) != 0) {
        Some(dialog) => {
            bench.dialog = Some(dialog);
            bench.role = Role::Us;
            bench.request_inside(dice.pick(&INSIDE), dice.pick(&LINES))
        }
        None => {
            let method = dice.pick(&["INVITE", "INVITE", "OPTIONS", "SUBSCRIBE", "REFER"]);
            let lines = dice.pick(&["", "Event: dialog\r\nExpires: 600\r\n", "Expires: 20\r\n"]);
            seen.outside += 1;
            let tag = format!("tag=ours{}", seen.outside);
            Ok(bench.request(&outgoing(method, lines).replace("tag=ours", &tag)))
        }
    };
    bench.dialog = None;
    seen.clients.extend(sent);
}

/// The peer answers a request of ours.
fn be_answered(dice: &mut Dice, bench: &mut Bench, seen: &mut Seen) {
    let Some(request) = dice
        .one_of(&seen.requests)
        .filter(|request| *request.method() != Method::ACK)
    else {
        return;
    };
    let status = [
        100, 180, 183, 200, 200, 200, 202, 401, 404, 408, 481, 486, 487, 488, 491, 500, 503,
    ][dice.roll(17)];
    // One who is asked again is another user agent, or the same one with another tag.
    let (number, _) = value(&request, "CSeq").split_once(' ').expect("a CSeq");
    let tag = format!("{}{number}", dice.pick(&["one", "two"]));
    let response = answer(&request, status, &tag);
    let (_, ours) = value(&request, "From").split_once("tag=").expect("a tag");
    if (101..300).contains(&status) && !value(&request, "To").contains("tag=") {
        seen.peers.push(("mine@", tag, ours.to_owned()));
    }
    let nonce = format!(
        "WWW-Authenticate: Digest realm=\"r\", nonce=\"{}\", stale={}",
        dice.roll(3),
        dice.roll(2) == 0
    );
    bench.receive(&with(response, if status == 401 { &nonce } else { "" }));
}

/// The application does something about a dialog or a call of ours.
fn decide(dice: &mut Dice, bench: &mut Bench, seen: &Seen) {
    let (dialog, client) = (dice.one_of(&seen.dialogs), dice.one_of(&seen.clients));
    match (dice.roll(7), dialog, client) {
        (0, _, Some(client)) => bench.shard.cancel(bench.now, client),
        (1, _, Some(client)) => bench.shard.abandon_call(bench.now, client),
        (2 | 3, Some(dialog), _) => {
            let up = bench.shard.dialogs.has_session(&dialog);
            let hangs_up = bench.shard.hang_up(bench.now, &dialog);
            assert!(up || !hangs_up, "there is a session to hang up on");
        }
        (4, Some(dialog), _) => {
            let body = (dice.roll(2) == 0).then(|| ("application/sdp", "v=0\r\n".into()));
            bench.shard.acknowledge(&dialog, body);
        }
        (5, Some(dialog), _) => {
            let draft = bench
                .shard
                .draft(&dialog, Method::from_token(dice.pick(&INSIDE)).expect("a method"));
            if let Some(draft) = draft {
                bench.shard.unanswered_inside(bench.now, &dialog, &draft.request);
            }
        }
        (6, ..) => {
            if let Some(server) = dice.one_of(&seen.servers) {
                let _ = bench.shard.abandon(bench.now, server);
            }
        }
        _ => {}
    }
    bench.drain();
}

fn step(dice: &mut Dice, bench: &mut Bench, seen: &mut Seen) {
    bench.flow = flow(if dice.roll(3) == 0 { TCP } else { UDP });
    bench.role = if dice.roll(6) == 0 {
        Role::Through
    } else {
        Role::Us
    };
    bench.holds = dice.roll(3) == 0;
    match dice.roll(14) {
        0..=3 => receive(dice, bench, seen),
        4..=5 => {
            if let Some(server) = dice.one_of(&seen.servers) {
                bench.key = Some(server);
                if dice.roll(8) == 0 {
                    bench.shard.pass_through(server);
                }
                let status = [100, 180, 200, 200, 202, 302, 404, 481, 486, 503, 603][dice.roll(11)];
                let _ = if dice.roll(8) == 0 {
                    bench.relay(&relayed("INVITE", "1", 1, status))
                } else {
                    bench.respond(status)
                };
                bench.key = None;
            }
        }
        6..=7 => send(dice, bench, seen),
        8..=9 => be_answered(dice, bench, seen),
        10 => decide(dice, bench, seen),
        11 => {
            if dice.roll(2) == 0 {
                bench.release();
            } else {
                bench.give_up();
            }
        }
        12 => {
            if dice.roll(6) == 0 {
                bench.flow = flow(TCP);
                bench.lose_flow();
            }
        }
        _ => {
            let passed = (bench.now - bench.start).as_millis() as u64;
            bench.until(passed + [1, 150, 700, 700, 700, 5_000, 5_000, 40_000][dice.roll(8)]);
        }
    }
    seen.look(bench);
}

/// The application answers what it still can, and no longer waits for what rings.
fn finish(bench: &mut Bench, seen: &mut Seen) {
    bench.holds = false;
    bench.release();
    for key in seen.servers.clone() {
        let _ = bench
            .shard
            .respond(bench.now, key, Response::new(StatusCode::NOT_FOUND));
        bench.drain();
    }
    for transport in [UDP, TCP, UDP, TCP] {
        bench.flow = flow(transport);
        bench.lose_flow();
    }
    seen.look(bench);
}

#[test]
fn whatever_happens_nothing_is_left_in_the_end_but_sessions_and_after_13_hours_none_of_those() {
    for seed in 0..150 {
        let mut dice = Dice(seed);
        let mut bench = Bench::new(UDP);
        let mut seen = Seen::default();
        for _ in 0..150 {
            step(&mut dice, &mut bench, &mut seen);
        }
        finish(&mut bench, &mut seen);
        let passed = (bench.now - bench.start).as_millis() as u64;
        // The longest subscription, and the ends of what its end sets going.
        bench.until(passed + 1_000_000);
        bench.assert_empty();
        assert_eq!(
            bench.shard.dialogs.with_session(),
            bench.shard.dialogs(),
            "seed {seed}"
        );
        bench.until(passed + 13 * 3_600_000);
        bench.assert_empty();
        assert_eq!(bench.shard.dialogs(), 0, "seed {seed}");
        assert_eq!(
            bench.shard.queues.count(crate::proto::Timer::EndDialog),
            0,
            "seed {seed}"
        );
    }
}

#[test]
fn late_wake_ups_lose_nothing() {
    for seed in 0..50 {
        let mut dice = Dice(seed);
        let mut bench = Bench::new(UDP);
        bench.receive(&incoming("INVITE", "1", "", 1));
        bench.respond([200, 486][dice.roll(2)]).expect("sent");
        bench.request(&outgoing("INVITE", ""));
        bench.request(&outgoing("OPTIONS", ""));
        for _ in 0..200 {
            bench.now += Duration::from_millis(dice.roll(9_000) as u64);
            bench.shard.handle_timeout(bench.now);
            bench.drain();
            assert!(bench.shard.poll_timeout().is_none_or(|next| next > bench.now));
        }
        bench.assert_empty();
    }
}
