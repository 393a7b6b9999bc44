//! The dial plan of a small office: a route for each kind of number, and a conference bridge beside it.
//!
//! ```text
//! cargo run --release --example router -- --print
//! cargo run --release --example router -- --listen udp:127.0.0.1:5060
//! ```
//!
//! It is a redirect server: it says where a call goes (302), and the caller goes there. Messages it carries
//! itself.

use std::collections::HashMap;
use std::process::ExitCode;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use clap::Parser;
use spigot::header::{Contact, Expires, To};
use spigot::plug::{LimitBody, RequestId, Trace};
use spigot::{
    Client, Config, Contacts, Header, IntoReply, Path, Reply, Request, Router, StatusCode, Uri, sip_router,
};
use spigot_examples::{Listeners, serve};

/// The telephones of the office, where each is, and the way out.
struct Office {
    phones: Mutex<HashMap<Extension, Uri>>,
    gateway: String,
}

/// A number inside the office: 100 to 199. Anything else in its place is another route's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Extension(u16);

impl FromStr for Extension {
    type Err = ();

    fn from_str(text: &str) -> Result<Extension, ()> {
        match text.parse() {
            Ok(number @ 100..200) if text.len() == 3 => Ok(Extension(number)),
            _ => Err(()),
        }
    }
}

/// A number outside: digits, and no more than there are in a telephone number (E.164).
#[derive(Clone, Debug, PartialEq, Eq)]
struct Number(String);

impl FromStr for Number {
    type Err = ();

    fn from_str(text: &str) -> Result<Number, ()> {
        let digits = text.strip_prefix('+').unwrap_or(text);
        let is_number =
            (3..=15).contains(&digits.len()) && digits.bytes().all(|octet| octet.is_ascii_digit());
        is_number.then(|| Number(text.to_owned())).ok_or(())
    }
}

/// Why a call goes nowhere.
#[derive(Debug, PartialEq, Eq)]
enum DialError {
    /// The telephone is not there.
    NobodyHome,
    /// The number costs too much.
    Barred,
    /// Whoever registers is no telephone of the office.
    Stranger,
    /// The message did not get through.
    Undelivered,
}

impl<M> IntoReply<M> for DialError {
    fn into_reply(self) -> Reply {
        match self {
            DialError::NobodyHome => StatusCode::TEMPORARILY_UNAVAILABLE.into(),
            DialError::Barred | DialError::Stranger => StatusCode::FORBIDDEN.into(),
            DialError::Undelivered => StatusCode::BAD_GATEWAY.into(),
        }
    }
}

#[sip_router(plugs(Trace::new(), RequestId::new()))]
impl Office {
    /// One telephone for each extension, the one that registered last.
    #[register]
    async fn register(
        &self,
        Header(to): Header<To>,
        expires: Option<Header<Expires>>,
        contacts: Contacts,
    ) -> Result<(StatusCode, Option<Header<Contact>>), DialError> {
        let extension = to.uri().user_decoded().and_then(|user| user.parse().ok());
        let extension: Extension = extension.ok_or(DialError::Stranger)?;
        let default = expires.map_or(3600, |Header(expires)| expires.seconds());
        let Some(contact) = contacts.into_vec().into_iter().next() else {
            let contact = self.phone(extension).ok().map(|uri| Header(Contact::new(uri)));
            return Ok((StatusCode::OK, contact));
        };
        let mut phones = self.phones.lock().unwrap_or_else(PoisonError::into_inner);
        match (contact.uri(), contact.expires().unwrap_or(default)) {
            (Some(uri), seconds @ 1..) => {
                phones.insert(extension, uri.clone());
                Ok((StatusCode::OK, Some(Header(contact.with_expires(seconds)))))
            }
            // `*`, or an expiry of 0.
            _ => {
                phones.remove(&extension);
                Ok((StatusCode::OK, None))
            }
        }
    }

    /// Whoever needs help gets a line, with the leading 0 or without.
    #[invite("sip:{number}@*")]
    async fn emergency(&self, Path(number): Path<Emergency>) -> Reply {
        self.outside(number.0)
    }

    #[invite("sip:{extension}@*")]
    async fn colleague(&self, Path(extension): Path<Extension>) -> Result<Reply, DialError> {
        let phone = self.phone(extension)?;
        Ok(Reply::moved_temporarily([Contact::new(phone)]))
    }

    /// Premium numbers.
    #[invite("sip:00900{_number}@*")]
    async fn premium(&self, Path(_number): Path<String>) -> DialError {
        DialError::Barred
    }

    /// A 0 and a number go out.
    #[invite("sip:0{number}@*")]
    async fn out(&self, Path(number): Path<Number>) -> Reply {
        self.outside(&number.0)
    }

    /// What a web page dials.
    #[invite("tel:{number}")]
    async fn tel(&self, Path(number): Path<Number>) -> Reply {
        self.outside(&number.0)
    }

    /// A message to a colleague is carried to the telephone.
    #[message("sip:{extension}@*", content_type = "text/plain")]
    #[through(LimitBody::new(1300))]
    async fn message(
        &self,
        Path(extension): Path<Extension>,
        request: Request,
        client: Client,
        text: String,
    ) -> Result<StatusCode, DialError> {
        let from = request.headers().typed::<spigot::header::From>().ok().flatten();
        let message = client.message(self.phone(extension)?).body("text/plain", text);
        let message = match from {
            Some(from) => message.from(from.uri()),
            None => message,
        };
        match message.send().await {
            Ok(response) => Ok(response.status()),
            Err(_) => Err(DialError::Undelivered),
        }
    }
}

/// 110, 112 and 911, and the same behind a 0.
struct Emergency(&'static str);

impl FromStr for Emergency {
    type Err = ();

    fn from_str(text: &str) -> Result<Emergency, ()> {
        let number = text.strip_prefix('0').unwrap_or(text);
        let known = ["110", "112", "911"].into_iter().find(|known| *known == number);
        known.map(Emergency).ok_or(())
    }
}

impl Office {
    fn new(gateway: &str) -> Office {
        Office {
            phones: Mutex::default(),
            gateway: gateway.to_owned(),
        }
    }

    fn phone(&self, extension: Extension) -> Result<Uri, DialError> {
        let phones = self.phones.lock().unwrap_or_else(PoisonError::into_inner);
        phones.get(&extension).cloned().ok_or(DialError::NobodyHome)
    }

    /// Where a number outside is reached.
    fn outside(&self, number: &str) -> Reply {
        let uri = format!("sip:{number}@{};user=phone", self.gateway);
        match uri.parse() {
            Ok(uri) => Reply::moved_temporarily([Contact::new(uri)]),
            Err(_) => StatusCode::BAD_GATEWAY.into(),
        }
    }
}

/// The rooms of the conference bridge, which have a host of their own.
struct Bridge {
    rooms: Vec<String>,
}

#[sip_router]
impl Bridge {
    #[invite("sip:{room}@*")]
    async fn join(&self, Path(room): Path<String>) -> Reply {
        if self.rooms.contains(&room) {
            StatusCode::BUSY_HERE.into()
        } else {
            StatusCode::NOT_FOUND.into()
        }
    }

    #[subscribe("sip:{room}@*", event = "conference")]
    async fn watch(&self, Path(room): Path<String>) -> StatusCode {
        if self.rooms.contains(&room) {
            StatusCode::ACCEPTED
        } else {
            StatusCode::NOT_FOUND
        }
    }
}

fn dial_plan(gateway: &str) -> Router {
    let bridge = Bridge {
        rooms: vec!["standup".to_owned()],
    };
    Router::new(Office::new(gateway)).nest("sip:*@conference.example.com", Router::new(bridge))
}

/// The dial plan of a small office.
#[derive(Parser)]
struct Options {
    #[command(flatten)]
    listeners: Listeners,
    /// The host of the gateway to the telephone network
    #[arg(long, value_name = "HOST", default_value = "gateway.example.com")]
    gateway: String,
    /// Print the table of routes and end
    #[arg(long)]
    print: bool,
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the table is for whoever asked for it")]
async fn main() -> ExitCode {
    let options = Options::parse();
    let router = dial_plan(&options.gateway);
    if options.print {
        println!("{router}");
        return ExitCode::SUCCESS;
    }
    serve(Config::new(router).name("router"), &options.listeners).await
}

#[cfg(test)]
mod tests {
    use spigot::testing::{TestClient, TestServer};
    use spigot::{HeaderName, Method, Response};

    use super::*;

    async fn office() -> TestServer {
        TestServer::start(dial_plan("gateway.example.com")).await
    }

    /// Where the caller is sent, or the status.
    fn target(response: &Response) -> String {
        match response.headers().typed::<Contact>() {
            Ok(Some(contact)) if response.status() == StatusCode::MOVED_TEMPORARILY => {
                contact.uri().map(ToString::to_string).unwrap_or_default()
            }
            _ => response.status().as_u16().to_string(),
        }
    }

    async fn dial(phone: &TestClient, uri: &str) -> String {
        target(&phone.invite(uri).send().await)
    }

    #[spigot::test]
    async fn each_kind_of_number_goes_its_way() {
        let server = office().await;
        let phone = server.client("sip:101@office.example.com").await;
        let gateway = |number: &str| format!("sip:{number}@gateway.example.com;user=phone");
        for (uri, expected) in [
            ("sip:112@office.example.com", gateway("112")),
            ("sip:0112@office.example.com;user=phone", gateway("112")),
            ("sip:101@office.example.com", "480".to_owned()),
            ("sip:200@office.example.com", "404".to_owned()),
            ("sip:0301234567@office.example.com", gateway("301234567")),
            ("sip:00900123456@office.example.com", "403".to_owned()),
            ("tel:+4930123456", gateway("+4930123456")),
            ("tel:+1-201-555-0123;ext=5", gateway("+12015550123")),
            ("tel:+1(201)555.0123", gateway("+12015550123")),
            ("tel:12", "404".to_owned()),
            ("sip:reception@office.example.com", "404".to_owned()),
            ("mailto:reception@office.example.com", "416".to_owned()),
            ("sip:standup@conference.example.com", "486".to_owned()),
            ("sip:112@conference.example.com", "404".to_owned()),
        ] {
            assert_eq!(dial(&phone, uri).await, expected, "{uri}");
        }
    }

    #[spigot::test]
    async fn a_call_goes_to_the_telephone_that_registered() {
        let server = office().await;
        let phone = server.client("sip:101@office.example.com").await;
        let other = server.client("sip:102@office.example.com").await;
        assert_eq!(phone.register().send().await.status(), StatusCode::OK);
        let contact = format!("sip:101@{}", phone.address());
        assert_eq!(dial(&other, "sip:101@office.example.com").await, contact);

        let query = phone.request(Method::REGISTER, "sip:office.example.com");
        let bound = query.to("sip:101@office.example.com").send().await;
        assert!(
            bound
                .headers()
                .get(&HeaderName::CONTACT)
                .is_some_and(|bound| bound.contains(&contact))
        );

        let gone = phone.register().header("Expires", "0").send().await;
        assert_eq!(gone.status(), StatusCode::OK);
        assert_eq!(dial(&other, "sip:101@office.example.com").await, "480");
    }

    #[spigot::test]
    async fn a_star_takes_the_telephone_away_with_an_expiry_of_zero_alone() {
        let server = office().await;
        let phone = server.client("sip:101@office.example.com").await;
        let other = server.client("sip:102@office.example.com").await;
        phone.register().send().await;
        let star = |expires: Option<&'static str>| {
            let star = phone.request(Method::REGISTER, "sip:office.example.com");
            let star = star.to("sip:%3101@office.example.com").header("Contact", "*");
            expires
                .into_iter()
                .fold(star, |star, expires| star.header("Expires", expires))
        };
        for wrong in [None, Some("60")] {
            assert_eq!(star(wrong).send().await.status(), StatusCode::BAD_REQUEST);
        }
        assert_ne!(dial(&other, "sip:101@office.example.com").await, "480");
        assert_eq!(star(Some("0")).send().await.status(), StatusCode::OK);
        assert_eq!(dial(&other, "sip:101@office.example.com").await, "480");
    }

    #[spigot::test]
    async fn an_expiry_that_is_no_number_is_an_hour() {
        let server = office().await;
        let phone = server.client("sip:101@office.example.com").await;
        let register = phone
            .request(Method::REGISTER, "sip:office.example.com")
            .to("sip:101@office.example.com");
        let contact = "<sip:a@198.51.100.7>;expires=\"Thu, 01 Dec 2030 16:00:00 GMT\"";
        let bound = register.header("Contact", contact).send().await;
        assert_eq!(
            bound.headers().get(&HeaderName::CONTACT),
            Some("<sip:a@198.51.100.7>;expires=3600")
        );
    }

    #[spigot::test]
    async fn strangers_do_not_register() {
        let server = office().await;
        let stranger = server.client("sip:mallory@example.com").await;
        assert_eq!(stranger.register().send().await.status(), StatusCode::FORBIDDEN);
    }

    #[spigot::test]
    async fn a_message_is_carried_to_the_telephone() {
        let server = office().await;
        let phone = server.client("sip:101@office.example.com").await;
        let other = server.client("sip:102@office.example.com").await;
        phone.register().send().await;

        let mut sent = other
            .message("sip:101@office.example.com", "lunch?")
            .start()
            .await;
        let received = phone.expect(Method::MESSAGE).await;
        assert_eq!(received.body(), "lunch?");
        let from = received
            .headers()
            .typed::<spigot::header::From>()
            .unwrap()
            .unwrap();
        assert_eq!(from.uri().user(), Some("102"));
        received.reply(StatusCode::OK);
        assert_eq!(sent.response().await.status(), StatusCode::OK);

        let html = other
            .request(Method::MESSAGE, "sip:101@office.example.com")
            .body("text/html", "<b>lunch?</b>");
        let html = html.send().await;
        assert_eq!(html.headers().get(&HeaderName::ACCEPT), Some("text/plain"));
        let long = other
            .message("sip:101@office.example.com", &"x".repeat(1301))
            .send()
            .await;
        assert_eq!(long.status(), StatusCode::REQUEST_ENTITY_TOO_LARGE);
    }

    #[test]
    fn the_dial_plan_reads_like_one() {
        assert_eq!(
            dial_plan("gateway.example.com").to_string(),
            "\
METHOD    REQUEST-URI           CONDITIONS       HANDLER    PLUGS
REGISTER  *                     -                register   Trace, RequestId
INVITE    sip:{number}@*        -                emergency  Trace, RequestId
INVITE    sip:{extension}@*     -                colleague  Trace, RequestId
INVITE    sip:00900{_number}@*  -                premium    Trace, RequestId
INVITE    sip:0{number}@*       -                out        Trace, RequestId
INVITE    tel:{number}          -                tel        Trace, RequestId
MESSAGE   sip:{extension}@*     body text/plain  message    Trace, RequestId, LimitBody

sip:*@conference.example.com
METHOD     REQUEST-URI   CONDITIONS        HANDLER
INVITE     sip:{room}@*  -                 join
SUBSCRIBE  sip:{room}@*  event conference  watch"
        );
    }
}
