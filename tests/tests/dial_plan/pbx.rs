//! Calls and messages of the company.

use std::sync::Arc;
use std::time::Duration;

use spigot::header::{Allow, CallId, Contact, From, InfoPackage, ReferTo, SessionExpires};
use spigot::plug::{LimitBody, Next, RateLimit, RequestId, Timeout, Trace};
use spigot::sip::Sdp;
use spigot::{
    Body, Client, ClientTransaction, Extension, FromRequest, Header, Method, Path, Reply, Request,
    StatusCode, Transaction, sip_router,
};

use crate::office::{Desk, DialError, Emergency, Number, Office, session};

pub(crate) struct Pbx {
    pub(crate) office: Arc<Office>,
}

/// Who calls, found out by a plug.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Colleague,
    Stranger,
}

impl Class {
    fn of(request: &Request) -> Class {
        let from = request.headers().typed::<From>().ok().flatten();
        match from.as_ref().and_then(|from| from.uri().host()) {
            Some(host) if host.eq_ignore_ascii_case("corp.example") => Class::Colleague,
            _ => Class::Stranger,
        }
    }
}

/// The desk of a colleague who asks for something; others are refused.
struct Caller(Desk);

impl<M> FromRequest<Pbx, M> for Caller {
    type Rejection = DialError;

    async fn from_request(request: &Request, _: &Pbx) -> Result<Caller, DialError> {
        let from = request.headers().typed::<From>().ok().flatten();
        let user = from.as_ref().and_then(|from| from.uri().user());
        match (Class::of(request), user.and_then(|user| user.parse().ok())) {
            (Class::Colleague, Some(desk)) => Ok(Caller(desk)),
            _ => Err(DialError::Stranger),
        }
    }
}

#[sip_router(plugs(Trace::new(), RequestId::new(), RateLimit::per_source(50).burst(100)))]
impl Pbx {
    /// Nuisance callers are told so, and nothing is kept of them.
    #[plug(except(options))]
    async fn nuisance(&self, request: Request, next: Next<'_>) -> Reply {
        let from = request.headers().typed::<From>().ok().flatten();
        match from.as_ref().and_then(|from| from.uri().host()) {
            Some("robocalls.example") => Reply::from(StatusCode::UNWANTED).stateless(),
            _ => next.run(request).await,
        }
    }

    #[plug(only(invite))]
    async fn class(&self, request: Request, next: Next<'_>) -> Reply {
        let class = Class::of(&request);
        next.run(request.with(class)).await
    }

    #[invite("sip:{number}@*")]
    async fn emergency(&self, Path(number): Path<Emergency>) -> Reply {
        outside(number.0)
    }

    /// Rings the telephone of a desk, for a minute at most.
    #[invite("sip:{desk}@corp.example", content_type = "application/sdp")]
    #[through(Timeout::new(Duration::from_secs(60)))]
    async fn ring(
        &self,
        Path(desk): Path<Desk>,
        Header(id): Header<CallId>,
        offer: Sdp,
        transaction: Transaction,
        client: Client,
    ) -> Result<(StatusCode, Body), DialError> {
        let phone = self.office.phone(desk)?;
        let mut call = client
            .invite(phone)
            .body("application/sdp", offer.to_bytes())
            .start()
            .await?;
        tokio::select! {
            answer = self.follow(id, &mut call, &transaction) => Ok((StatusCode::OK, answer?)),
            // The telephone stops ringing when `call` is dropped.
            () = transaction.cancelled() => Err(DialError::CallerGone),
        }
    }

    /// Tells the caller where the telephone is, so that nobody in between can listen.
    #[invite("sips:{desk}@corp.example")]
    async fn in_private(&self, Path(desk): Path<Desk>) -> Result<Reply, DialError> {
        Ok(Reply::moved_temporarily([Contact::new(self.office.phone(desk)?)]))
    }

    /// `*72` and a desk: today I sit there.
    #[invite("sip:%2A72{desk}@corp.example")]
    async fn sit_down(&self, Path(desk): Path<Desk>, Caller(who): Caller) -> (StatusCode, Body) {
        self.office.sit(who, Some(desk));
        (StatusCode::OK, session("seated"))
    }

    /// `*73`: I sit at my own desk again.
    #[invite("sip:%2A73@corp.example")]
    async fn stand_up(&self, Caller(who): Caller) -> (StatusCode, Body) {
        self.office.sit(who, None);
        (StatusCode::OK, session("home again"))
    }

    /// A 9 and a number go out, for colleagues.
    #[invite("sip:9{number}@corp.example")]
    async fn out(
        &self,
        Path(number): Path<Number>,
        Extension(class): Extension<Class>,
    ) -> Result<Reply, DialError> {
        match class {
            Class::Colleague if !number.0.starts_with("0900") => Ok(outside(&number.0)),
            _ => Err(DialError::Barred),
        }
    }

    /// An address book dials in the international form.
    #[invite("sip:+{number}@corp.example;user=phone")]
    async fn e164(&self, Path(number): Path<Number>) -> Reply {
        outside(&format!("+{}", number.0))
    }

    /// Numbers in web pages: those of the company, and all others.
    #[invite("tel:{desk};phone-context=corp.example")]
    async fn tel_local(&self, Path(desk): Path<Desk>) -> Result<Reply, DialError> {
        Ok(Reply::moved_temporarily([Contact::new(self.office.phone(desk)?)]))
    }

    #[invite("tel:+{number}")]
    async fn tel(&self, Path(number): Path<Number>) -> Reply {
        outside(&format!("+{}", number.0))
    }

    /// A caller whom a desk has not answered: `cause` says why (RFC 4458).
    #[invite("sip:voicemail@corp.example;target={mailbox};cause={cause}")]
    async fn voicemail(
        &self,
        Path((mailbox, cause)): Path<(Desk, u16)>,
        transaction: Transaction,
    ) -> Result<(StatusCode, Body), DialError> {
        transaction.provisional(StatusCode::CALL_IS_BEING_FORWARDED)?;
        let greeting = if cause == 486 {
            "is on the telephone"
        } else {
            "is not there"
        };
        Ok((StatusCode::OK, session(&format!("{mailbox} {greeting}"))))
    }

    /// Whoever is put on hold agrees.
    #[invite(in_dialog)]
    async fn hold(&self, offer: Sdp) -> Result<(StatusCode, Sdp), DialError> {
        let direction = offer
            .media()
            .next()
            .map(|audio| audio.direction())
            .unwrap_or_default();
        let mut answer = offer;
        let changed = answer.set_direction(direction.reversed());
        changed.map_err(|_| DialError::Senseless("too many attributes"))?;
        Ok((StatusCode::OK, answer))
    }

    #[ack]
    async fn answered(&self) {
        self.office.tally().answered += 1;
    }

    #[cancel]
    async fn missed(&self) {
        self.office.tally().missed += 1;
    }

    /// Hangs up at the telephone, too.
    #[bye]
    async fn hang_up(&self, Header(id): Header<CallId>) -> Result<StatusCode, DialError> {
        if let Some(phone) = self.office.hang_up(&id) {
            phone.request(Method::BYE).send().await?;
        }
        Ok(StatusCode::OK)
    }

    /// How often the session is refreshed: not more often than every 90 seconds.
    #[update]
    async fn refresh(
        &self,
        Header(session): Header<SessionExpires>,
    ) -> Result<(StatusCode, Header<SessionExpires>), Reply> {
        match session.seconds() {
            0..90 => Err(Reply::session_interval_too_small(Duration::from_secs(90))),
            _ => Ok((StatusCode::OK, Header(session))),
        }
    }

    #[info(package = "dtmf")]
    async fn digit(&self, digit: String) -> StatusCode {
        self.office.tally().digits.push_str(digit.trim());
        StatusCode::OK
    }

    /// What telephones sent before there were packages. The route takes INFO of any package, so it looks.
    #[info(content_type = "application/dtmf-relay")]
    async fn relayed_digit(
        &self,
        package: Option<Header<InfoPackage>>,
        body: String,
    ) -> Result<StatusCode, DialError> {
        if package.is_some() {
            return Err(DialError::OtherPackage);
        }
        let digit = body.lines().find_map(|line| line.strip_prefix("Signal="));
        let digit = digit.ok_or(DialError::Senseless("no Signal"))?;
        self.office.tally().digits.push_str(digit.trim());
        Ok(StatusCode::OK)
    }

    /// A call is handed to another desk.
    #[refer(in_dialog)]
    async fn transfer(&self, Header(to): Header<ReferTo>) -> Result<StatusCode, DialError> {
        let desk = to.uri().user().and_then(|user| user.parse().ok());
        self.office.phone(desk.ok_or(DialError::Barred)?)?;
        Ok(StatusCode::ACCEPTED)
    }

    /// How a transfer goes that a telephone does for us.
    #[notify(event = "refer", content_type = "message/sipfrag")]
    async fn transferred(&self, fragment: String) -> Result<StatusCode, DialError> {
        match fragment.starts_with("SIP/2.0 ") {
            true => Ok(StatusCode::OK),
            false => Err(DialError::Senseless("no status line")),
        }
    }

    #[message("sip:{desk}@corp.example", content_type = "text/plain")]
    #[through(LimitBody::new(1300))]
    async fn text(
        &self,
        Path(desk): Path<Desk>,
        Caller(from): Caller,
        text: String,
        client: Client,
    ) -> Result<StatusCode, DialError> {
        let message = client
            .message(self.office.phone(desk)?)
            .from(format!("sip:{from}@corp.example"));
        Ok(message.body("text/plain", text).send().await?.status())
    }

    /// Nobody needs to know that somebody types.
    #[message("sip:{desk}@corp.example", content_type = "application/im-iscomposing+xml")]
    async fn typing(&self, Path(_desk): Path<Desk>) -> StatusCode {
        StatusCode::ACCEPTED
    }

    /// The address book of softphones.
    #[method("SERVICE", "sip:directory@corp.example")]
    async fn directory(&self) -> (StatusCode, Body) {
        let rows = self
            .office
            .desks()
            .iter()
            .map(|desk| format!("sip:{desk}@corp.example\r\n"))
            .collect();
        (
            StatusCode::OK,
            Body::new("text/uri-list", String::into_bytes(rows)),
        )
    }

    /// The load balancer asks whether we are well.
    #[options("sip:corp.example")]
    async fn health(&self) -> (StatusCode, Option<Header<Allow>>, String) {
        let tally = self.office.tally().clone();
        let text = format!(
            "answered={} missed={} digits={}",
            tally.answered, tally.missed, tally.digits
        );
        (StatusCode::OK, self.office.allow.get().cloned().map(Header), text)
    }
}

impl Pbx {
    /// Tells the caller that the telephone rings, and gives what it answers.
    async fn follow(
        &self,
        id: CallId,
        call: &mut ClientTransaction,
        caller: &Transaction,
    ) -> Result<Body, DialError> {
        while let Some(response) = call.provisional().await {
            if response.status() == StatusCode::RINGING {
                caller.provisional(StatusCode::RINGING)?;
            }
        }
        let answer = call.response().await?;
        if !answer.status().is_success() {
            return Err(DialError::Refused(answer.status()));
        }
        let dialog = call.dialog(&answer).map_err(|_| DialError::Unreachable)?;
        self.office.connect(id, dialog);
        Ok(Body::new("application/sdp", answer.body().clone()))
    }
}

/// The gateway to the telephone network knows the rest.
fn outside(number: &str) -> Reply {
    match format!("sip:{number}@gateway.corp.example;user=phone").parse() {
        Ok(uri) => Reply::moved_temporarily([Contact::new(uri)]),
        Err(_) => StatusCode::BAD_GATEWAY.into(),
    }
}
