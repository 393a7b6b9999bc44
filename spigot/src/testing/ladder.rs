//! What was said, drawn as a ladder: a rail for each party, a rung for each message.

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The record of what was said on a network, or by a client on a real one. It prints as a ladder; clones
/// share the record.
///
/// ```text
///            alice                      server
///   0.000 s    |-------- INVITE 1 -------->|
///   0.000 s    |<------- 180 INVITE -------|
///   0.500 s    |-------- INVITE 1 ----X    |
/// ```
#[derive(Clone, Debug)]
pub struct Ladder {
    record: Arc<Mutex<LadderRow>>,
}

#[derive(Debug)]
struct LadderRow {
    start: Instant,
    names: HashMap<SocketAddr, String>,
    /// The rails, in the order in which the parties were first seen.
    rails: Vec<SocketAddr>,
    rungs: Vec<Rung>,
}

#[derive(Debug)]
struct Rung {
    at: Duration,
    from: usize,
    to: usize,
    text: String,
    lost: bool,
}

/// How many rungs are kept; of a test that says more, the last ones.
const KEPT: usize = 10_000;
/// How many rungs are printed, the last ones.
const PRINTED: usize = 200;
/// How many columns one rail is from the next.
const SPAN: usize = 34;

impl Ladder {
    pub(super) fn new() -> Self {
        Ladder {
            record: Arc::new(Mutex::new(LadderRow {
                start: Instant::now(),
                names: HashMap::new(),
                rails: Vec::new(),
                rungs: Vec::new(),
            })),
        }
    }

    /// Names the party at an address.
    pub(super) fn name(&self, address: SocketAddr, name: &str) {
        let mut record = self.lock();
        record.names.insert(address, name.to_owned());
        record.rail(address);
    }

    /// Records one message, and whether the network lost it.
    pub(super) fn say(&self, from: SocketAddr, to: SocketAddr, bytes: &[u8], lost: bool) {
        let mut record = self.lock();
        let rung = Rung {
            at: record.start.elapsed(),
            from: record.rail(from),
            to: record.rail(to),
            text: summary(bytes),
            lost,
        };
        if record.rungs.len() == KEPT {
            record.rungs.remove(0);
        }
        record.rungs.push(rung);
    }

    /// When each message was sent whose line in the ladder holds `text`, in seconds since the start.
    ///
    /// A line of a request is its method and CSeq number, `BYE 1`. A line of a response is its status and
    /// method, `200 BYE`. So `BYE` finds both.
    ///
    /// ```no_run
    /// # fn example(ladder: spigot::testing::Ladder) {
    /// let sent = ladder.times("486");
    /// assert_eq!(&sent[..4], [0.0, 0.5, 1.5, 3.5]);
    /// # }
    /// ```
    pub fn times(&self, text: &str) -> Vec<f64> {
        let record = self.lock();
        let found = record.rungs.iter().filter(|rung| rung.text.contains(text));
        found
            .map(|rung| (rung.at.as_secs_f64() * 1000.0).round() / 1000.0)
            .collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, LadderRow> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LadderRow {
    fn rail(&mut self, address: SocketAddr) -> usize {
        self.rails
            .iter()
            .position(|rail| *rail == address)
            .unwrap_or_else(|| {
                self.rails.push(address);
                self.rails.len() - 1
            })
    }

    fn label(&self, rail: SocketAddr) -> String {
        self.names.get(&rail).cloned().unwrap_or_else(|| rail.to_string())
    }

    fn draw(&self, rung: &Rung) -> String {
        let mut line: Vec<char> = vec![' '; SPAN * self.rails.len().saturating_sub(1) + 1];
        for rail in 0..self.rails.len() {
            line[rail * SPAN] = '|';
        }
        let (left, right) = (rung.from.min(rung.to) * SPAN, rung.from.max(rung.to) * SPAN);
        if left == right {
            return format!("{} {}", line.iter().collect::<String>(), rung.text);
        }
        line[left + 1..right].fill('-');
        let rightwards = rung.from < rung.to;
        let (head, tip) = if rightwards {
            ('>', right - 1)
        } else {
            ('<', left + 1)
        };
        line[tip] = head;
        let room = right - left - 7;
        let text: Vec<char> = format!(" {} ", rung.text).chars().take(room).collect();
        let start = left + (right - left - text.len()) / 2;
        line[start..start + text.len()].copy_from_slice(&text);
        if rung.lost {
            let (from, to) = if rightwards {
                (right - 2, right)
            } else {
                (left + 1, left + 3)
            };
            line[from..to].fill(' ');
            line[if rightwards { right - 3 } else { left + 3 }] = 'X';
        }
        line.iter().collect()
    }
}

impl fmt::Display for Ladder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let record = self.lock();
        write!(f, "{:13}", "")?;
        for &rail in &record.rails {
            write!(f, "{:<SPAN$}", record.label(rail))?;
        }
        writeln!(f)?;
        let skipped = record.rungs.len().saturating_sub(PRINTED);
        if skipped > 0 {
            writeln!(f, "{:13}... {skipped} earlier messages ...", "")?;
        }
        for rung in &record.rungs[skipped..] {
            writeln!(
                f,
                "{:9.3} s  {}",
                rung.at.as_secs_f64(),
                record.draw(rung).trim_end()
            )?;
        }
        Ok(())
    }
}

/// `INVITE 1` or `180 INVITE`: what a rung says. Bytes that are no SIP show their first line.
fn summary(bytes: &[u8]) -> String {
    match bytes {
        b"\r\n\r\n" => return "keepalive".to_owned(),
        b"\r\n" => return "keepalive answered".to_owned(),
        // The type of STUN, which no message begins with.
        [0, 1, ..] => return "STUN request".to_owned(),
        [1, 1, ..] => return "STUN response".to_owned(),
        _ => {}
    }
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(4096)]);
    let mut lines = text.lines();
    let start = lines.next().unwrap_or_default();
    let cseq = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("cseq").then(|| value.trim())
    });
    let (number, method) = cseq.and_then(|cseq| cseq.split_once(' ')).unwrap_or_default();
    match start.strip_prefix("SIP/2.0 ") {
        Some(status) => format!(
            "{} {}",
            status.split(' ').next().unwrap_or_default(),
            method.trim()
        ),
        None => match start.split_once(' ') {
            Some((sent, _)) if !number.is_empty() => format!("{sent} {number}"),
            _ => start.chars().take(20).collect(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_draws_who_said_what_and_what_was_lost() {
        let ladder = Ladder::new();
        let (alice, server) = (
            SocketAddr::from(([192, 0, 2, 7], 5060)),
            SocketAddr::from(([192, 0, 2, 1], 5060)),
        );
        ladder.name(alice, "alice");
        ladder.name(server, "server");
        ladder.say(
            alice,
            server,
            b"INVITE sip:b@x SIP/2.0\r\nCSeq: 1 INVITE\r\n\r\n",
            false,
        );
        tokio::time::advance(Duration::from_millis(500)).await;
        ladder.say(
            server,
            alice,
            b"SIP/2.0 180 Ringing\r\nCSeq: 1 INVITE\r\n\r\n",
            true,
        );

        let drawn = ladder.to_string();

        let lines: Vec<_> = drawn.lines().map(str::trim_end).collect();
        assert_eq!(lines[0], format!("{:13}{:<SPAN$}server", "", "alice"));
        assert_eq!(lines[1], "    0.000 s  |----------- INVITE 1 ----------->|");
        assert_eq!(lines[2], "    0.500 s  |  X------- 180 INVITE -----------|");
        assert_eq!(ladder.times("180"), [0.5]);
    }
}
