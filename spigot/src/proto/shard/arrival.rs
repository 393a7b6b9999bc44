//! The arrival of requests: each is absorbed, refused, or becomes a transaction.
//!
//! The invariant: a request either belongs to something the shard has, or is judged in the order below and
//! becomes one transaction or one stateless reply. Nothing is kept of a request that is turned away.

use std::sync::Arc;
use std::time::Instant;

use spigot_parser::{HeaderName, Method, Response, StatusCode};

use super::Shard;
use super::server::Arrival;
use crate::incoming::Incoming;
use crate::proto::key::{self, ServerKey};
use crate::proto::output::{Output, Refusal};
use crate::proto::reply;
use crate::proto::role::Role;
use crate::proto::settled::Cause;

impl Shard {
    /// Takes a request that arrived, validated, its top Via stamped with received and rport (RFC 3261
    /// §18.2.1, RFC 3581). `role` is [`Role::Through`] if a Route of ours is on top, so that it passes
    /// through for certain. Where [`Settings::forwards`](crate::proto::Settings::forwards) says so, one of no
    /// dialog that is known may pass through, too.
    ///
    /// A retransmission is absorbed or answered again. An ACK and a CANCEL find the INVITE that they are for.
    /// A new request is refused if there are too many already. It is refused if it names a dialog that does
    /// not exist, or is a BYE outside of any (481), and if it comes late in its dialog or beside another
    /// INVITE (500, 491). All others are the application's. A request that passes through is only refused if
    /// there are too many.
    pub fn receive_request(&mut self, now: Instant, incoming: Arc<Incoming>, role: Role) {
        let method = incoming.request.method();
        if *method == Method::ACK {
            return self.receive_ack(now, incoming, role);
        }
        let key = self.server_key(&incoming, method);
        if self.server.contains(&key) {
            self.counters.retransmissions += 1;
            return self.retransmitted(now, key);
        }
        if *method == Method::CANCEL {
            return self.receive_cancel(now, key, incoming);
        }
        if role == Role::Through {
            return self.receive_outside(now, key, incoming, role);
        }
        match incoming.essentials.to_tag() {
            Some(tag) => {
                let dialog = key::dialog_received(&self.seed, &incoming.essentials, tag);
                self.receive_inside(now, key, dialog, incoming);
            }
            None if *method == Method::BYE => {
                self.counters.unknown += 1;
                self.turn_away(incoming, StatusCode::CALL_DOES_NOT_EXIST, Cause::OutsideDialog);
            }
            None => self.receive_outside(now, key, incoming, role),
        }
    }

    fn server_key(&self, incoming: &Incoming, method: &Method) -> ServerKey {
        key::server_key(&self.seed, &incoming.essentials, incoming.request.uri(), method)
    }

    /// Takes a new request outside of any dialog, or one that passes through.
    fn receive_outside(&mut self, now: Instant, key: ServerKey, incoming: Arc<Incoming>, role: Role) {
        if let Some(cause) = self.too_many() {
            return self.turn_away(incoming, StatusCode::SERVICE_UNAVAILABLE, cause);
        }
        let opens_dialog = role == Role::Us && incoming.request.method().opens_dialog();
        if opens_dialog && self.has_made_dialog(key, &incoming) {
            // 482, and not silence, so that who still repeats the request stops; nobody else waits for it.
            self.counters.merged += 1;
            return self.turn_away(incoming, StatusCode::LOOP_DETECTED, Cause::Merged);
        }
        let mut refusal = None;
        let mut arrival = Arrival {
            incoming: incoming.clone(),
            role,
            dialog: None,
            reserved: false,
            merge: 0,
        };
        if role == Role::Us {
            let merge = key::merge_key(&self.seed, &incoming.essentials);
            // RFC 3261 §8.2.2.2:
            // > If the request has no tag in the To header field, the UAS core MUST check the request against
            // > ongoing transactions.  If the From tag, Call-ID, and CSeq exactly match those associated with
            // > an ongoing transaction, but the request does not match that transaction (based on the
            // > matching rules in Section 17.2.3), the UAS core SHOULD generate a 482 (Loop Detected)
            // > response and pass it to the server transaction.
            if self.server.has_merged(merge) {
                refusal = Some(Refusal::Merged);
            } else {
                arrival.merge = merge;
                // The dialog that it may make has room from now on.
                if opens_dialog {
                    arrival.reserved = self.dialogs.reserve();
                    refusal = (!arrival.reserved).then_some(Refusal::DialogsFull);
                }
            }
        }
        self.counters.requests += 1;
        self.open(now, key, arrival);
        self.outputs.push_back(Output::Request {
            key,
            incoming,
            role,
            dialog: None,
            label: 0,
            refusal,
        });
    }

    /// Reports whether a request is an old copy of the one that has made a dialog, whose transaction is gone.
    ///
    /// Its transaction would have the key, and so the tag and the dialog, of the first.
    fn has_made_dialog(&self, key: ServerKey, incoming: &Incoming) -> bool {
        let dialog = key::dialog_received(&self.seed, &incoming.essentials, &self.tag(key));
        self.dialogs.contains(&dialog)
    }

    /// Says why another request is one too many, if it is. Counts it.
    pub(super) fn too_many(&mut self) -> Option<Cause> {
        let (counter, cause) = if self.refusing {
            (&mut self.counters.refused_shutdown, Cause::ShuttingDown)
        } else if self.server.len() >= self.settings.max_server_transactions {
            (&mut self.counters.refused_count, Cause::Full)
        } else if self.transaction_bytes() >= self.settings.max_transaction_bytes {
            (&mut self.counters.refused_bytes, Cause::Full)
        } else {
            return None;
        };
        *counter += 1;
        Some(cause)
    }

    /// Answers a request and keeps nothing of it.
    pub(super) fn turn_away(&mut self, incoming: Arc<Incoming>, status: StatusCode, cause: Cause) {
        let wait = (status == StatusCode::SERVICE_UNAVAILABLE).then_some(self.settings.retry_after);
        self.turn_away_until(incoming, status, cause, wait);
    }

    /// Answers a request with the seconds after which it may come again, and keeps nothing of it.
    pub(super) fn turn_away_until(
        &mut self,
        incoming: Arc<Incoming>,
        status: StatusCode,
        cause: Cause,
        wait: Option<u32>,
    ) {
        let mut response = Response::new(status);
        if let Some(seconds) = wait {
            // A number can always be written.
            let _ = response
                .headers_mut()
                .push(HeaderName::RETRY_AFTER, &seconds.to_string());
        }
        let tag = key::tag(&self.seed, &self.server_key(&incoming, incoming.request.method()));
        let (flow, fallback) = reply::route(incoming.essentials.via(), &incoming.flow);
        // All that it says is the request's or a number.
        if let Ok(bytes) = reply::write(&incoming, &response, &tag, 0) {
            self.outputs.push_back(Output::Transmit {
                flow,
                bytes,
                fallback,
            });
        }
        self.settled(incoming, Some(status), cause);
    }

    /// Tells the log that the core has settled a request by itself.
    pub(super) fn settled(&mut self, incoming: Arc<Incoming>, status: Option<StatusCode>, cause: Cause) {
        self.outputs.push_back(Output::Settled {
            incoming,
            status,
            cause,
        });
    }

    /// Takes an ACK. It belongs to the INVITE transaction whose failure it acknowledges, to the dialog that
    /// the 2xx made, or to nothing. It is never answered (RFC 3261 §17).
    fn receive_ack(&mut self, now: Instant, incoming: Arc<Incoming>, role: Role) {
        let essentials = &incoming.essentials;
        let keys = key::ack_keys(&self.seed, essentials, incoming.request.uri());
        let transaction = keys.into_iter().flatten().find(|key| self.server.contains(key));
        if transaction.is_some_and(|key| !self.acknowledged(now, key)) {
            return;
        }
        // One for a refusal of which nothing was kept has our tag.
        let refused = key::server_key(&self.seed, essentials, incoming.request.uri(), &Method::INVITE);
        let ends_here = essentials.to_tag().is_some_and(|tag| tag == self.tag(refused));
        if role == Role::Through {
            if ends_here {
                return;
            }
            return self.outputs.push_back(Output::Ack {
                incoming,
                dialog: None,
                label: 0,
            });
        }
        let dialog = essentials
            .to_tag()
            .map(|tag| key::dialog_received(&self.seed, essentials, tag));
        let Some(dialog) = dialog.filter(|dialog| self.dialogs.contains(dialog)) else {
            if self.settings.forwards && !ends_here {
                return self.outputs.push_back(Output::Ack {
                    incoming,
                    dialog: None,
                    label: 0,
                });
            }
            self.note_stray_ack();
            return self.settled(incoming, None, Cause::StrayAck);
        };
        let cseq = essentials.cseq();
        let label = self.dialogs.label(&dialog);
        // The ACK is told before what it sets going.
        let before = self.outputs.len();
        if self.success_acknowledged(now, &dialog, cseq) {
            let ack = Output::Ack {
                incoming,
                dialog: Some(dialog),
                label,
            };
            self.outputs.insert(before, ack);
        } else {
            self.counters.retransmissions += 1;
        }
    }

    /// Takes note of an ACK that belongs to nothing here and goes nowhere.
    pub fn note_stray_ack(&mut self) {
        self.counters.stray_acks += 1;
    }

    /// Takes a CANCEL, which is a transaction of its own and finds the INVITE's by what both have in common.
    ///
    /// [RFC 3261 §9.2](https://www.rfc-editor.org/rfc/rfc3261#section-9.2):
    /// > If the UAS did not find a matching transaction for the CANCEL according to the procedure above, it
    /// > SHOULD respond to the CANCEL with a 481 (Call Leg/Transaction Does Not Exist).
    fn receive_cancel(&mut self, now: Instant, key: ServerKey, incoming: Arc<Incoming>) {
        let invite = self.server_key(&incoming, &Method::INVITE);
        if !self.server.contains(&invite) {
            self.counters.unknown += 1;
            return self.turn_away(incoming, StatusCode::CALL_DOES_NOT_EXIST, Cause::UnknownInvite);
        }
        let arrival = Arrival {
            incoming: incoming.clone(),
            role: Role::Us,
            dialog: None,
            reserved: false,
            merge: 0,
        };
        self.open(now, key, arrival);
        // > the To tag of the response to the CANCEL and the To tag in the response to the original request
        // > SHOULD be the same.
        let tag = self.tag(invite);
        let taken = StatusCode::OK;
        let _ = self.answer_with_tag(now, key, &Response::new(taken), &tag, true);
        self.settled(incoming.clone(), Some(taken), Cause::CancelTaken);
        // > If the UAS has not issued a final response for the original request, its behavior depends on the
        // > method of the original request.  If the original request was an INVITE, the UAS SHOULD
        // > immediately respond to the INVITE with a 487 (Request Terminated).
        self.terminate_invite(now, invite, Cause::Cancelled, Some(incoming));
    }
}
