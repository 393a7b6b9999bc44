//! What a network does to datagrams, decided by a seed.

use std::time::Duration;

/// How often datagrams are lost, doubled and overtaken, and how long they take. Streams are only delayed.
///
/// ```
/// use spigot::testing::Faults;
/// use std::time::Duration;
///
/// let faults = Faults::none().loss(0.3).delay(Duration::from_millis(5)..Duration::from_millis(80));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Faults {
    loss: f64,
    duplication: f64,
    reordering: f64,
    delay: (Duration, Duration),
}

/// How long an overtaken datagram is held back at most, beyond its delay.
const HELD_BACK: Duration = Duration::from_millis(300);

impl Faults {
    /// No faults: everything arrives at once, in order, once.
    pub fn none() -> Self {
        Faults {
            loss: 0.0,
            duplication: 0.0,
            reordering: 0.0,
            delay: (Duration::ZERO, Duration::ZERO),
        }
    }

    /// Loses this share of datagrams, 0.0 to 1.0.
    ///
    /// # Panics
    ///
    /// When `share` is not from 0.0 to 1.0: 30 percent are 0.3.
    #[track_caller]
    pub fn loss(mut self, share: f64) -> Self {
        self.loss = checked(share);
        self
    }

    /// Lets this share of datagrams arrive twice.
    ///
    /// # Panics
    ///
    /// When `share` is not from 0.0 to 1.0: 30 percent are 0.3.
    #[track_caller]
    pub fn duplication(mut self, share: f64) -> Self {
        self.duplication = checked(share);
        self
    }

    /// Holds this share of datagrams back for up to 300 ms more, so that later ones overtake them.
    ///
    /// # Panics
    ///
    /// When `share` is not from 0.0 to 1.0: 30 percent are 0.3.
    #[track_caller]
    pub fn reordering(mut self, share: f64) -> Self {
        self.reordering = checked(share);
        self
    }

    /// Delays each datagram, and each write to a stream, by a time in this range.
    pub fn delay(mut self, range: std::ops::Range<Duration>) -> Self {
        self.delay = (range.start, range.end.max(range.start));
        self
    }

    /// The delays of the copies of one datagram: none when it is lost, two when it is doubled.
    pub(super) fn fate(&self, dice: &mut Dice) -> Vec<Duration> {
        if dice.hits(self.loss) {
            return Vec::new();
        }
        let copies = if dice.hits(self.duplication) { 2 } else { 1 };
        (0..copies).map(|_| self.one_delay(dice)).collect()
    }

    fn one_delay(&self, dice: &mut Dice) -> Duration {
        let held = if dice.hits(self.reordering) {
            dice.between(Duration::ZERO, HELD_BACK)
        } else {
            Duration::ZERO
        };
        self.stream_delay(dice) + held
    }

    /// How long one write to a stream takes.
    pub(super) fn stream_delay(&self, dice: &mut Dice) -> Duration {
        dice.between(self.delay.0, self.delay.1)
    }
}

#[track_caller]
fn checked(share: f64) -> f64 {
    assert!(
        (0.0..=1.0).contains(&share),
        "{share} is no share: expected 0.0 to 1.0"
    );
    share
}

impl Default for Faults {
    fn default() -> Self {
        Faults::none()
    }
}

/// A source of numbers that looks random and follows from its seed (SplitMix64, by Steele, Lea and Flood).
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Dice(seed)
    }

    pub(super) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn hits(&mut self, share: f64) -> bool {
        // The top 53 bits make every float between 0 and 1 equally likely.
        ((self.roll() >> 11) as f64) < share * (1u64 << 53) as f64
    }

    fn between(&mut self, low: Duration, high: Duration) -> Duration {
        let span = (high - low).as_micros() as u64;
        let offset = if span == 0 { 0 } else { self.roll() % span };
        low + Duration::from_micros(offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_has_the_same_fate() {
        let faults = Faults::none().loss(0.3).duplication(0.2).reordering(0.2);
        let fates = |seed| {
            let mut dice = Dice::new(seed);
            (0..100).map(|_| faults.fate(&mut dice)).collect::<Vec<_>>()
        };
        assert_eq!(fates(7), fates(7));
        assert_ne!(fates(7), fates(8));
    }

    #[test]
    fn the_shares_are_kept() {
        let faults = Faults::none().loss(0.3).duplication(0.1);
        let mut dice = Dice::new(1);
        let fates: Vec<_> = (0..10_000).map(|_| faults.fate(&mut dice).len()).collect();
        let count = |n| fates.iter().filter(|&&copies| copies == n).count();
        assert!(
            (2_800..3_200).contains(&count(0)),
            "{} of 10,000 lost, expected 30%",
            count(0)
        );
        assert!(
            (600..800).contains(&count(2)),
            "{} of 10,000 doubled, expected 7%",
            count(2)
        );
    }

    #[test]
    fn without_faults_all_arrives_once_and_at_once() {
        assert_eq!(Faults::none().fate(&mut Dice::new(3)), [Duration::ZERO]);
    }
}
