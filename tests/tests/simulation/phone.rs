//! A phone that does what its dice say: it takes calls or not, and says this and that in those that are up.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use spigot::{Dialog, HeaderName, InDialog, Method, Request, StatusCode, Transaction, sip_router};

/// Numbers that follow from a seed (SplitMix64).
#[derive(Clone)]
pub(crate) struct Dice(Arc<Mutex<u64>>);

impl Dice {
    pub(crate) fn new(seed: u64) -> Dice {
        Dice(Arc::new(Mutex::new(seed)))
    }

    /// A number below `sides`.
    pub(crate) fn roll(&self, sides: u64) -> u64 {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }

    /// Whether something happens that does in so many of a hundred cases.
    pub(crate) fn hits(&self, percent: u64) -> bool {
        self.roll(100) < percent
    }

    /// Sleeps for less than so many milliseconds.
    pub(crate) async fn pause(&self, most: u64) {
        tokio::time::sleep(Duration::from_millis(self.roll(most))).await;
    }
}

/// A phone, and what it knows of its calls.
#[derive(Clone)]
pub(crate) struct Phone {
    pub(crate) name: &'static str,
    pub(crate) dice: Dice,
    calls: Arc<Mutex<Calls>>,
}

#[derive(Default)]
pub(crate) struct Calls {
    /// The dialogs that it has taken part in.
    pub(crate) dialogs: Vec<Dialog>,
    /// The last number of each call that was heard from the peer, and of each that was sent to it.
    heard: HashMap<String, u32>,
    sent: HashMap<String, u32>,
    /// How many calls of its own were answered.
    pub(crate) answered: usize,
    /// How many requests of the peer's inside calls were heard.
    pub(crate) requests: usize,
}

#[sip_router]
impl Phone {
    #[invite]
    async fn invite(&self, request: Request, transaction: Transaction) -> StatusCode {
        self.hear(&request);
        if self.dice.hits(70) {
            // The caller may have given up.
            let _ = transaction.provisional(StatusCode::RINGING);
            self.dice.pause(3_000).await;
        }
        if self.dice.hits(15) {
            return StatusCode::BUSY_HERE;
        }
        if self.dice.hits(30) {
            // The call goes on without its handler.
            return StatusCode::OK;
        }
        if let Ok(dialog) = Dialog::accept(&request, StatusCode::OK) {
            self.talk(dialog, true).await;
        }
        StatusCode::OK
    }

    #[bye]
    async fn bye(&self, request: Request) -> StatusCode {
        self.hear(&request);
        StatusCode::OK
    }

    #[any(in_dialog)]
    async fn inside(&self, request: Request) -> StatusCode {
        self.hear(&request);
        self.answer(request.method()).await
    }
}

impl Phone {
    pub(crate) fn new(name: &'static str, seed: u64) -> Phone {
        Phone {
            name,
            dice: Dice::new(seed),
            calls: Arc::default(),
        }
    }

    pub(crate) fn calls(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes part in a call until it is over or this phone has nothing more to say.
    ///
    /// Who has a mailbox reads it to the end, or gives it up.
    pub(crate) async fn talk(&self, mut dialog: Dialog, has_mailbox: bool) {
        let mut left = self.dice.roll(6);
        while left > 0 && dialog.is_up() {
            tokio::select! {
                inside = dialog.next(), if has_mailbox => match inside {
                    Some(inside) => self.take(inside),
                    None => break,
                },
                () = self.dice.pause(2_500) => {
                    left -= 1;
                    self.say(&dialog).await;
                }
            }
        }
        if self.dice.hits(60) {
            dialog.hang_up();
        }
        if !has_mailbox {
            self.calls().dialogs.push(dialog);
        } else if self.dice.hits(50) {
            while let Some(inside) = dialog.next().await {
                self.take(inside);
            }
        }
    }

    /// Says something inside a call, and does not wait for the answer.
    async fn say(&self, dialog: &Dialog) {
        let methods = [Method::INVITE, Method::UPDATE, Method::INFO, Method::BYE];
        let method = methods[self.dice.roll(4).min(self.dice.roll(4)) as usize].clone();
        let call = dialog.id().call_id.clone();
        let Ok(mut sent) = dialog.request(method).start().await else {
            // The call has ended meanwhile, or waits for the answer to another INVITE.
            return;
        };
        let number = number(&sent.request());
        rises(&mut self.calls().sent, &call, number, self.name, "sends");
        let gives_up = self.dice.hits(10);
        let dice = self.dice.clone();
        tokio::spawn(async move {
            if gives_up {
                dice.pause(1_000).await;
                sent.cancel();
            }
            let _ = sent.response().await;
        });
    }

    /// Answers a request that came by the mailbox, while others come.
    fn take(&self, inside: InDialog) {
        self.hear(inside.request());
        let phone = self.clone();
        tokio::spawn(async move {
            let status = phone.answer(inside.request().method()).await;
            // It may have been cancelled, or the call hung up.
            let _ = inside.reply(status);
        });
    }

    async fn answer(&self, method: &Method) -> StatusCode {
        if *method == Method::INVITE {
            self.dice.pause(1_500).await;
            if self.dice.hits(15) {
                return StatusCode::NOT_ACCEPTABLE_HERE;
            }
        }
        StatusCode::OK
    }

    fn hear(&self, request: &Request) {
        if *request.method() == Method::ACK {
            return;
        }
        let call = request.headers().get(&HeaderName::CALL_ID).unwrap_or_default();
        let mut calls = self.calls();
        calls.requests += usize::from(request.in_dialog());
        rises(&mut calls.heard, call, number(request), self.name, "hears");
    }
}

/// The number of a request in its call.
fn number(request: &spigot::sip::Request) -> u32 {
    let cseq = request.headers().typed::<spigot::header::CSeq>();
    cseq.expect("well formed").expect("it is there").number()
}

/// Takes note of a number, which is higher than those before it.
fn rises(numbers: &mut HashMap<String, u32>, call: &str, number: u32, name: &str, does: &str) {
    if let Some(last) = numbers.insert(call.to_owned(), number) {
        assert!(
            number > last,
            "{name} {does} CSeq {number} after {last} in {call}"
        );
    }
}
