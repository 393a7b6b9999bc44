//! The peer: ezk-sip-types, used as its makers' server uses it.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};

use ezk_sip_types::header::HeaderParse;
use ezk_sip_types::header::typed::{CSeq, CallID, FromTo, Via};
use ezk_sip_types::msg::{Line, MessageLine, PullParser};
use ezk_sip_types::parse::Parse;
use ezk_sip_types::uri::SipUriUserPart;
use ezk_sip_types::{Headers, Name};
use spigot_parser::Bytes;

use super::{Refusal, Seen, Start, words};

thread_local! {
    static BUSY: Cell<bool> = const { Cell::new(false) };
}

/// Treats a panic of the peer as a refusal, which is not printed and not reported to an engine.
///
/// Call it once, after the engine has set its own hook.
pub fn keep_quiet_about_the_peer() {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !BUSY.get() {
            hook(panic);
        }
    }));
}

/// Returns what the peer reads in a message.
pub(super) fn read(data: &Bytes) -> Result<Seen, Refusal> {
    BUSY.set(true);
    let seen = panic::catch_unwind(AssertUnwindSafe(|| message(data)));
    BUSY.set(false);
    seen.unwrap_or(Err(Refusal::Panic))
}

fn message(data: &Bytes) -> Result<Seen, Refusal> {
    let mut lines = PullParser::new(data, 0);
    let mut next = || {
        let line = lines.next()?.map_err(|_| Refusal::Incomplete);
        Some(line.and_then(|line| std::str::from_utf8(line).map_err(|_| Refusal::NotUtf8)))
    };
    let first = next().ok_or(Refusal::Incomplete)??;
    let (rest, start) = MessageLine::parse(data)(first).map_err(|_| Refusal::StartLine)?;
    if !rest.trim().is_empty() {
        return Err(Refusal::StartLine);
    }
    let mut headers = Headers::new();
    let mut values = Vec::new();
    while let Some(line) = next() {
        let (_, line) = Line::parse(data, line?).map_err(|_| Refusal::Line)?;
        values.push(words(&line.value));
        headers.insert(line.name, line.value);
    }
    let via: Via = first_of(&headers, Name::VIA, Refusal::Via, |rest| rest.starts_with(','))?;
    let nothing = |rest: &str| rest.is_empty();
    let from: FromTo = first_of(&headers, Name::FROM, Refusal::From, nothing)?;
    let to: FromTo = first_of(&headers, Name::TO, Refusal::To, nothing)?;
    let call_id: CallID = first_of(&headers, Name::CALL_ID, Refusal::CallId, nothing)?;
    let cseq: CSeq = first_of(&headers, Name::CSEQ, Refusal::CSeq, nothing)?;
    Ok(Seen {
        start: match start {
            MessageLine::Request(line) => Start::Request {
                method: line.method.to_string(),
                user: match &line.uri.user_part {
                    SipUriUserPart::Empty => None,
                    SipUriUserPart::User(user) => Some(user.to_string()),
                    SipUriUserPart::UserPw(both) => Some(both.user.to_string()),
                },
                host: line.uri.host_port.host.to_string(),
                port: line.uri.host_port.port,
            },
            MessageLine::Response(line) => Start::Response {
                code: line.code.into_u16(),
            },
        },
        values,
        transport: via.transport.to_string(),
        host: via.sent_by.host.to_string(),
        port: via.sent_by.port,
        branch: via.params.get_val("branch").map(ToString::to_string),
        from_tag: from.tag.map(|tag| tag.to_string()),
        to_tag: to.tag.map(|tag| tag.to_string()),
        call_id: call_id.0.to_string(),
        number: cseq.cseq,
        method: cseq.method.to_string(),
    })
}

/// Returns the first value with this name as far as the peer reads it, and the rest that it leaves.
fn first_of<H: HeaderParse>(
    headers: &Headers,
    name: Name,
    refusal: Refusal,
    may_be_left: impl Fn(&str) -> bool,
) -> Result<H, Refusal> {
    let Some(value) = headers.get_raw(&name).next() else {
        return Err(Refusal::Missing);
    };
    match H::parse(value.as_ref(), value) {
        Ok((rest, header)) if rest.trim().is_empty() || may_be_left(rest.trim_start()) => Ok(header),
        _ => Err(refusal),
    }
}
