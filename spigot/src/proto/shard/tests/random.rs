//! Any sequence of events: nothing panics, time goes forward, and in the end nothing is left.

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
}

/// Who was told what, to be picked from.
#[derive(Default)]
struct Seen {
    tags: Vec<String>,
    servers: Vec<ServerKey>,
    clients: Vec<ClientKey>,
    requests: Vec<Request>,
}

impl Seen {
    fn look(&mut self, bench: &mut Bench) {
        self.servers.extend(bench.key.take());
        for (_, message) in bench.messages() {
            match message {
                Message::Request(request) => self.requests.push(request),
                Message::Response(response) if response.status() != StatusCode::TRYING => {
                    self.tags.push(to_tag(&response));
                }
                Message::Response(_) => {}
            }
        }
        bench.told();
        bench.outputs.clear();
    }
}

fn step(dice: &mut Dice, bench: &mut Bench, seen: &mut Seen) {
    bench.flow = flow(if dice.roll(3) == 0 { TCP } else { UDP });
    match dice.roll(12) {
        0..=4 => {
            let method = dice.pick(&["INVITE", "INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "PRACK"]);
            let branch = dice.pick(&["", "1", "2", "3"]);
            let tag = match seen.tags.len() {
                0 => String::new(),
                _ if dice.roll(3) == 0 => String::new(),
                count => seen.tags[dice.roll(count)].clone(),
            };
            bench.receive(&incoming(method, branch, &tag, dice.roll(4) as u32 + 1));
        }
        5..=6 => {
            if !seen.servers.is_empty() {
                bench.key = Some(seen.servers[dice.roll(seen.servers.len())]);
                let _ = bench.respond([100, 180, 200, 202, 302, 404, 486, 503, 603][dice.roll(9)]);
                bench.key = None;
            }
        }
        7 => {
            let method = dice.pick(&["INVITE", "INVITE", "OPTIONS", "BYE"]);
            let key = bench.request(&outgoing(method, ""));
            seen.clients.push(key);
        }
        8 => {
            if !seen.requests.is_empty() {
                let request = &seen.requests[dice.roll(seen.requests.len())];
                if *request.method() != spigot_parser::Method::ACK {
                    let status = [100, 180, 183, 200, 401, 486, 487][dice.roll(7)];
                    let tag = dice.pick(&["one", "two"]);
                    let response = answer(request, status, tag);
                    bench.receive(&response);
                }
            }
        }
        9 => {
            if !seen.clients.is_empty() {
                bench
                    .shard
                    .cancel(bench.now, seen.clients[dice.roll(seen.clients.len())]);
                bench.drain();
            }
        }
        10 => {
            if dice.roll(10) == 0 {
                bench.shard.flow_failed(bench.now, &flow(TCP));
                bench.drain();
            }
        }
        _ => {
            let passed = (bench.now - bench.start).as_millis() as u64;
            bench.until(passed + [1, 150, 700, 5_000, 40_000][dice.roll(5)]);
        }
    }
    seen.look(bench);
}

#[test]
fn whatever_happens_nothing_is_left_in_the_end() {
    for seed in 0..150 {
        let mut dice = Dice(seed);
        let mut bench = Bench::new(UDP);
        let mut seen = Seen::default();
        for _ in 0..120 {
            step(&mut dice, &mut bench, &mut seen);
        }

        // The application answers what it still can, and no longer waits for what rings.
        for key in seen.servers.clone() {
            let _ = bench
                .shard
                .respond(bench.now, key, Response::new(StatusCode::NOT_FOUND));
        }
        for transport in [UDP, TCP] {
            bench.shard.flow_failed(bench.now, &flow(transport));
        }
        bench.drain();
        let passed = (bench.now - bench.start).as_millis() as u64;
        bench.until(passed + 200_000);
        bench.assert_empty();
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
