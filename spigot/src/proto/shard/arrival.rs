//! What arrives from the network, and what is to become of it.
//!
//! The invariant: a request either belongs to something the shard has, or is judged in the order below and
//! becomes one transaction or one stateless reply. Nothing is kept of a request that is turned away.

use std::sync::Arc;
use std::time::Instant;

use spigot_parser::{HeaderName, Method, Request, Response, StatusCode};

use super::Shard;
use super::dialogs::Order;
use super::server::Arrival;
use crate::flow::Flow;
use crate::proto::keep;
use crate::proto::key::{self, Matched, ServerKey};
use crate::proto::output::Output;
use crate::proto::reply;

impl Shard {
    /// A request arrived: validated, its top Via stamped with received and rport (RFC 3261 §18.2.1,
    /// RFC 3581).
    ///
    /// A retransmission is absorbed or answered again; an ACK and a CANCEL find what they are for. What is
    /// left is new: it is refused if there is too much already, or if it names a dialog that does not exist
    /// or is a BYE outside of any (481), or comes late in one that does or beside another INVITE (500, 491), or came already by another
    /// way (482); else it is the application's.
    pub fn receive_request(&mut self, now: Instant, request: Arc<Request>, flow: Flow) {
        let own = Arc::clone(&request);
        // A request without these has not been validated, and there is nobody to tell.
        let Some(matched) = Matched::read(own.headers()) else {
            return;
        };
        let method = own.method();
        if *method == Method::ACK {
            return self.receive_ack(now, request, &matched, flow);
        }
        let key = matched.server_key(&self.seed, &request, method);
        if self.server.contains(&key) {
            self.counters.retransmissions += 1;
            return self.retransmitted(now, key);
        }
        if *method == Method::CANCEL {
            return self.receive_cancel(now, key, request, &matched, flow);
        }
        let in_dialog = matched.to.tag().is_some() || *method == Method::BYE;
        let dialog = matched.dialog_received(&self.seed, matched.to.tag().unwrap_or_default());
        // A BYE is never too much, for it makes room; a second one while the first waits makes none, and
        // one outside of a dialog is refused below and not kept.
        let makes_room =
            *method == Method::BYE && (self.dialogs.bye_arrived(&dialog) || !self.dialogs.contains(&dialog));
        if !makes_room && self.is_refused() {
            return self.turn_away(&request, &flow, StatusCode::SERVICE_UNAVAILABLE);
        }
        let mut arrival = Arrival {
            request,
            flow,
            dialog: None,
            merge: 0,
        };
        if in_dialog {
            arrival.dialog = Some(dialog);
            match self.dialogs.order(&dialog, matched.cseq.number()) {
                Order::Next => {}
                Order::Late => {
                    self.counters.out_of_order += 1;
                    if makes_room {
                        self.dialogs.bye_failed(&dialog);
                    }
                    return self.turn_away(&own, &flow, StatusCode::SERVER_INTERNAL_ERROR);
                }
                Order::Unknown => {
                    self.counters.unknown += 1;
                    return self.turn_away(&own, &flow, StatusCode::CALL_DOES_NOT_EXIST);
                }
            }
            // RFC 3261 §14.2:
            // > A UAS that receives an INVITE on a dialog while an INVITE it had sent on that dialog is in
            // > progress MUST return a 491 (Request Pending) response to the received INVITE.
            if *method == Method::INVITE && self.dialogs.is_inviting(&dialog) {
                return self.turn_away(&own, &flow, StatusCode::REQUEST_PENDING);
            }
            // > A UAS that receives a second INVITE before it sends the final response to a first INVITE with
            // > a lower CSeq sequence number on the same dialog MUST return a 500 (Server Internal Error)
            // > response to the second INVITE and MUST include a Retry-After header field with a randomly
            // > chosen value of between 0 and 10 seconds.
            if *method == Method::INVITE && !self.dialogs.invite_arrived(&dialog, key) {
                self.counters.out_of_order += 1;
                let wait = Some(u32::from(key.0[0]) % 11);
                return self.turn_away_until(&own, &flow, StatusCode::SERVER_INTERNAL_ERROR, wait);
            }
        } else {
            let merge = matched.merge_key(&self.seed);
            // RFC 3261 §8.2.2.2:
            // > If the request has no tag in the To header field, the UAS core MUST check the request against
            // > ongoing transactions.  If the From tag, Call-ID, and CSeq exactly match those associated with
            // > an ongoing transaction, but the request does not match that transaction (based on the
            // > matching rules in Section 17.2.3), the UAS core SHOULD generate a 482 (Loop Detected)
            // > response and pass it to the server transaction.
            if self.server.has_merged(merge) {
                self.counters.merged += 1;
                self.open(now, key, arrival, false);
                let _ = self.respond(now, key, Response::new(StatusCode::LOOP_DETECTED));
                return;
            }
            arrival.merge = merge;
            if *method == Method::INVITE {
                // The dialog it may make is known from now on: its tag will be in the first response.
                let dialog = matched.dialog_received(&self.seed, &key::tag(&self.seed, &key));
                if !self.dialogs.open(dialog, Some(matched.cseq.number())) {
                    self.counters.refused_dialogs += 1;
                    return self.turn_away(&own, &flow, StatusCode::SERVICE_UNAVAILABLE);
                }
                self.dialogs.invite_arrived(&dialog, key);
                arrival.dialog = Some(dialog);
            }
        }
        self.counters.requests += 1;
        let request = Arc::clone(&arrival.request);
        let label = if in_dialog { self.dialogs.label(&dialog) } else { 0 };
        self.open(now, key, arrival, true);
        self.outputs.push_back(Output::Request {
            key,
            request,
            flow,
            in_dialog,
            label,
        });
    }

    /// Whether another request is one too many. Counts it.
    fn is_refused(&mut self) -> bool {
        let counter = if self.refusing {
            &mut self.counters.refused_shutdown
        } else if self.server.len() >= self.settings.max_server_transactions {
            &mut self.counters.refused_count
        } else if self.transaction_bytes() >= self.settings.max_transaction_bytes {
            &mut self.counters.refused_bytes
        } else {
            return false;
        };
        *counter += 1;
        true
    }

    /// Answers a request and keeps nothing of it.
    fn turn_away(&mut self, request: &Request, flow: &Flow, status: StatusCode) {
        let wait = (status == StatusCode::SERVICE_UNAVAILABLE).then_some(self.settings.retry_after);
        self.turn_away_until(request, flow, status, wait);
    }

    /// The same, with the seconds after which it may come again.
    fn turn_away_until(&mut self, request: &Request, flow: &Flow, status: StatusCode, wait: Option<u32>) {
        let mut response = self.stateless(request, status);
        if let Some(seconds) = wait {
            // A number can always be written.
            let _ = response
                .headers_mut()
                .push(HeaderName::RETRY_AFTER, &seconds.to_string());
        }
        let (flow, fallback) = reply::route_of(request, flow);
        self.outputs.push_back(Output::Transmit {
            flow,
            bytes: response.to_bytes(),
            fallback,
        });
    }

    /// An ACK belongs to the INVITE transaction whose failure it acknowledges, or to the dialog that the 2xx
    /// made, or to nothing; it is never answered (RFC 3261 §17).
    fn receive_ack(&mut self, now: Instant, request: Arc<Request>, matched: &Matched<'_>, flow: Flow) {
        let keys = matched.ack_keys(&self.seed, &request);
        let transaction = keys.into_iter().flatten().find(|key| self.server.contains(key));
        if transaction.is_some_and(|key| !self.acknowledged(now, key)) {
            return;
        }
        let dialog = matched
            .to
            .tag()
            .map(|tag| matched.dialog_received(&self.seed, tag));
        let Some(dialog) = dialog.filter(|dialog| self.dialogs.contains(dialog)) else {
            self.counters.stray_acks += 1;
            return;
        };
        if self.success_acknowledged(now, &dialog, matched.cseq.number()) {
            let label = self.dialogs.label(&dialog);
            self.outputs.push_back(Output::Ack { request, flow, label });
        } else {
            self.counters.retransmissions += 1;
        }
    }

    /// A CANCEL is a transaction of its own, and finds the INVITE's by what both have in common.
    ///
    /// [RFC 3261 §9.2](https://www.rfc-editor.org/rfc/rfc3261#section-9.2):
    /// > If the UAS did not find a matching transaction for the CANCEL according to the procedure above, it
    /// > SHOULD respond to the CANCEL with a 481 (Call Leg/Transaction Does Not Exist).
    fn receive_cancel(
        &mut self,
        now: Instant,
        key: ServerKey,
        request: Arc<Request>,
        matched: &Matched<'_>,
        flow: Flow,
    ) {
        let invite = matched.server_key(&self.seed, &request, &Method::INVITE);
        let Some(is_open) = self.server.is_open(&invite) else {
            self.counters.unknown += 1;
            return self.turn_away(&request, &flow, StatusCode::CALL_DOES_NOT_EXIST);
        };
        let arrival = Arrival {
            request: Arc::clone(&request),
            flow,
            dialog: None,
            merge: 0,
        };
        self.open(now, key, arrival, false);
        // > the To tag of the response to the CANCEL and the To tag in the response to the original request
        // > SHOULD be the same.
        let tag = self.tag(invite);
        let keep = keep::often(flow.transport(), self.settings.idle);
        if let Ok(ok) = reply::fill(&request, Response::new(StatusCode::OK), &tag, keep) {
            let _ = self.respond(now, key, ok);
        }
        // > If the UAS has not issued a final response for the original request, its behavior depends on the
        // > method of the original request.  If the original request was an INVITE, the UAS SHOULD immediately
        // > respond to the INVITE with a 487 (Request Terminated).
        let label = self
            .server
            .dialog_of(&invite)
            .map_or(0, |dialog| self.dialogs.label(dialog));
        if is_open
            && self
                .respond(now, invite, Response::new(StatusCode::REQUEST_TERMINATED))
                .is_ok()
        {
            self.outputs.push_back(Output::Cancelled {
                key: invite,
                request,
                flow,
                label,
            });
        }
    }
}
