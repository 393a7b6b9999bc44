//! The protocol core: transactions, dialogs and their timers, without I/O.
//!
//! Nothing in here names a socket, a clock or a source of randomness. A [`Shard`] is told what arrived and
//! what time it is; it says what is to be sent, what the application is to hear, and when it wants to be
//! woken. The same seed and the same inputs give the same outputs, byte for byte.
//!
//! # The contract
//!
//! - After **every** call that takes `&mut self`, drain [`Shard::poll_output`] until it gives `None`.
//! - [`Shard::poll_timeout`] says when to call [`Shard::handle_timeout`]. It may be early (a timer that has
//!   been overtaken is thrown away when it comes up), never late.
//! - `now` never goes backwards from one call to the next.
//!
//! # What lives where
//!
//! - `transaction` has the four machines of [RFC 3261 §17] as corrected by [RFC 6026]: pure steps, each
//!   tested row by row against its figure.
//! - [`Shard`] has the tables: who is matched to what, what is armed, what is refused.
//! - [`Dialog`] is one side's view of a dialog ([RFC 3261 §12]); the shard has one for each, which makes the
//!   requests inside it and knows what it is used for.
//! - `invitation` is what the caller owes to those who answer its INVITE, a machine like the four.
//! - `proxy` makes the request that goes on out of one that passes through ([RFC 3261 §16]).
//! - [`reply`] makes a response out of a request.
//! - [`digest`] challenges, and judges the answers.
//!
//! [RFC 3261 §12]: https://www.rfc-editor.org/rfc/rfc3261#section-12
//! [RFC 3261 §16]: https://www.rfc-editor.org/rfc/rfc3261#section-16
//! [RFC 3261 §17]: https://www.rfc-editor.org/rfc/rfc3261#section-17
//! [RFC 6026]: https://www.rfc-editor.org/rfc/rfc6026

mod dialog;
pub mod digest;
mod ids;
mod invitation;
pub(crate) mod keep;
mod key;
mod output;
pub(crate) mod proxy;
pub mod reply;
mod role;
mod settings;
mod settled;
mod shard;
mod success_retransmission;
mod timer;
mod transaction;

pub use crate::incoming::Incoming;
pub use dialog::{Destination, Dialog, DialogError, DialogId};
pub use key::{ClientKey, DialogKey, ServerKey};
pub use output::{Failure, Output, Refusal, RequestRefused, RespondError, Unsent};
pub use role::Role;
pub use settings::{Settings, Timers};
pub use settled::{Cause, Stray};
pub(crate) use shard::via_length;
pub use shard::{DialogDraft, Outgoing, OwnVia, Shard, ShardCounters};
pub use timer::Timer;
