//! Random calls between two phones: ringing, cancelled, refused, with re-INVITE, UPDATE, INFO and BYE from
//! either side, on a network that loses, doubles, delays and reorders.
//!
//! Whatever happens, both ends have a call or neither, CSeq rises in each direction, and in the end nothing
//! is left of it. `SPIGOT_SIMULATIONS=10000 cargo test --release --test simulation random_calls` tries so
//! many seeds; `SPIGOT_SEED` tries one again.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use spigot::testing::{Clock, Faults, Tables, TestServer, run};
use spigot::{Client, Transport};

use crate::phone::{Dice, Phone};

/// How many seeds are tried where nobody says how many.
const SIMULATIONS: u64 = 25;
/// Longer than whatever happens to a request, and the answer to whatever follows from that.
const SETTLED: Duration = Duration::from_secs(200);
/// Longer than a dialog lives.
const FOR_EVER: Duration = Duration::from_secs(13 * 3_600);

fn from_environment(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable}={text}: expected a number")),
    )
}

#[test]
fn random_calls_are_up_at_both_ends_or_neither_and_leave_nothing() {
    let seeds = match from_environment("SPIGOT_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..from_environment("SPIGOT_SIMULATIONS").unwrap_or(SIMULATIONS),
    };
    let mut total = Seen::default();
    for seed in seeds.clone() {
        let seen = run("random_calls", Clock::Virtual, Some(seed), simulate(seed));
        total.answered += seen.answered;
        total.requests += seen.requests;
    }
    // Many seeds have calls, and requests inside them.
    let tried = (seeds.end - seeds.start) as usize;
    assert!(tried < 10 || (total.answered > tried && total.requests > tried));
}

/// What has happened.
#[derive(Default)]
struct Seen {
    answered: usize,
    requests: usize,
}

fn faults(dice: &Dice) -> Faults {
    let share = |most| dice.roll(most) as f64 / 100.0;
    Faults::none()
        .loss(share(16))
        .duplication(share(30))
        .reordering(share(30))
        .delay(Duration::from_millis(1)..Duration::from_millis(2 + dice.roll(150)))
}

async fn simulate(seed: u64) -> Seen {
    let dice = Dice::new(seed);
    let phones = ["alice", "bob"].map(|name| Phone::new(name, dice.roll(u64::MAX)));
    let alice = TestServer::start(phones[0].clone()).await;
    let bob = alice.start_beside("bob", BOB, phones[1].clone()).await;
    alice.network().set_faults(faults(&dice));
    let ends = [(&phones[0], &alice, BOB), (&phones[1], &bob, ALICE)];
    let calls: Vec<_> = (0..1 + dice.roll(3))
        .map(|_| {
            let (phone, server, peer) = ends[dice.roll(2) as usize];
            tokio::spawn(call(phone.clone(), server.spigot().client(), peer))
        })
        .collect();
    for call in calls {
        match tokio::time::timeout(FOR_EVER, call).await {
            Ok(ended) => ended.expect("no assertion failed"),
            Err(_) => panic!("a call goes on for ever: {:?} {:?}", alice.tables(), bob.tables()),
        }
    }
    tokio::time::sleep(SETTLED).await;
    assert_both_or_neither(&phones);
    assert_eq!(alice.tables().dialogs, bob.tables().dialogs);

    for phone in &phones {
        let dialogs = std::mem::take(&mut phone.calls().dialogs);
        for dialog in dialogs {
            dialog.hang_up();
        }
    }
    // What nobody hangs up on ends by its age.
    tokio::time::sleep(FOR_EVER).await;
    for (_, server, _) in ends {
        assert_eq!(server.tables(), Tables::default());
        assert_eq!(server.counters().panicked, 0);
    }
    let mut seen = Seen::default();
    for phone in &phones {
        let calls = phone.calls();
        seen.answered += calls.answered;
        seen.requests += calls.requests;
    }
    seen
}

const ALICE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 5060);
const BOB: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2)), 5060);

/// One call of a phone to the other.
async fn call(phone: Phone, client: Client, peer: SocketAddr) {
    let dice = phone.dice.clone();
    dice.pause(2_000).await;
    let has_mailbox = dice.hits(50);
    let acknowledges = dice.hits(20);
    let mut invite = client
        .invite(format!("sip:somebody@{}", peer.ip()))
        .to_address(Transport::Udp, peer);
    if has_mailbox {
        invite = invite.with_mailbox();
    }
    if acknowledges {
        invite = invite.without_ack();
    }
    let mut call = invite.start().await.expect("it leaves");
    if dice.hits(20) {
        dice.pause(4_000).await;
        if dice.hits(50) {
            // The caller is gone.
            return;
        }
        call.cancel();
    }
    let Ok(answer) = call.response().await else {
        // The way there or back was lost each time.
        return;
    };
    if !answer.status().is_success() {
        return;
    }
    phone.calls().answered += 1;
    if acknowledges {
        dice.pause(2_000).await;
    }
    let Ok(dialog) = call.dialog(&answer) else {
        // It was hung up on already.
        return;
    };
    // Who forgets to acknowledge is hung up on.
    if acknowledges && dice.hits(80) {
        dialog.acknowledge();
    }
    phone.talk(dialog, has_mailbox).await;
}

/// Each dialog that both phones have a handle of is up at both or at neither.
fn assert_both_or_neither(phones: &[Phone; 2]) {
    let [here, there] = [phones[0].calls(), phones[1].calls()];
    for dialog in &here.dialogs {
        let id = dialog.id();
        let other = there.dialogs.iter().find(|other| {
            let other = other.id();
            other.call_id == id.call_id && other.local_tag == id.remote_tag
        });
        if let Some(other) = other {
            assert_eq!(dialog.is_up(), other.is_up(), "{id:?}");
        }
    }
}
