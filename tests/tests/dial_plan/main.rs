//! The dial plan of a company, written with the guides at hand: thirty routes of five agents in three
//! routers, and tests of each route and each refusal.

mod calls;
mod office;
mod pbx;
mod refusals;
mod requests;
mod services;

use std::sync::Arc;

use spigot::header::Contact;
use spigot::testing::{TestClient, TestRequest, TestServer};
use spigot::{HeaderName, Router};

fn dial_plan() -> Router {
    let office = Arc::new(office::Office::default());
    let pbx = pbx::Pbx {
        office: office.clone(),
    };
    let registrar = services::Registrar {
        office: office.clone(),
    };
    let router = Router::new(pbx)
        .merge(Router::new(registrar))
        .merge(Router::new(services::Presence::default()))
        .supported(&["timer"])
        .nest("sip:*@conference.corp.example", Router::new(services::Conference))
        .nest("sip:*@old.example", Router::new(services::OldName));
    office.allow.set(router.allow().parse().unwrap()).unwrap();
    router
}

#[test]
fn the_table() {
    assert_eq!(
        dial_plan().to_string(),
        "\
METHOD     REQUEST-URI                                                CONDITIONS                                 HANDLER        PLUGS
INVITE     sip:{number}@*                                             -                                          emergency      Trace, RequestId, RateLimit, nuisance, class
INVITE     sip:{desk}@corp.example                                    body application/sdp                       ring           Trace, RequestId, RateLimit, nuisance, class, Timeout
INVITE     sips:{desk}@corp.example                                   -                                          in_private     Trace, RequestId, RateLimit, nuisance, class
INVITE     sip:%2A72{desk}@corp.example                               -                                          sit_down       Trace, RequestId, RateLimit, nuisance, class
INVITE     sip:%2A73@corp.example                                     -                                          stand_up       Trace, RequestId, RateLimit, nuisance, class
INVITE     sip:9{number}@corp.example                                 -                                          out            Trace, RequestId, RateLimit, nuisance, class
INVITE     sip:+{number}@corp.example;user=phone                      -                                          e164           Trace, RequestId, RateLimit, nuisance, class
INVITE     tel:{desk};phone-context=corp.example                      -                                          tel_local      Trace, RequestId, RateLimit, nuisance, class
INVITE     tel:+{number}                                              -                                          tel            Trace, RequestId, RateLimit, nuisance, class
INVITE     sip:voicemail@corp.example;target={mailbox};cause={cause}  -                                          voicemail      Trace, RequestId, RateLimit, nuisance, class
INVITE     *                                                          in dialog                                  hold           Trace, RequestId
ACK        *                                                          -                                          answered       -
CANCEL     *                                                          -                                          missed         -
BYE        *                                                          -                                          hang_up        Trace, RequestId
UPDATE     *                                                          -                                          refresh        Trace, RequestId
INFO       *                                                          package dtmf                               digit          Trace, RequestId
INFO       *                                                          body application/dtmf-relay                relayed_digit  Trace, RequestId
REFER      *                                                          in dialog                                  transfer       Trace, RequestId
NOTIFY     *                                                          event refer, body message/sipfrag          transferred    Trace, RequestId
MESSAGE    sip:{desk}@corp.example                                    body text/plain                            text           Trace, RequestId, RateLimit, nuisance, LimitBody
MESSAGE    sip:{desk}@corp.example                                    body application/im-iscomposing+xml        typing         Trace, RequestId, RateLimit, nuisance
SERVICE    sip:directory@corp.example                                 -                                          directory      Trace, RequestId, RateLimit, nuisance
OPTIONS    sip:corp.example                                           -                                          health         Trace, RequestId, RateLimit
REGISTER   sip:corp.example                                           -                                          register       DigestAuth
SUBSCRIBE  sip:{desk}@corp.example                                    event presence                             watch          -
SUBSCRIBE  sip:{desk}@corp.example                                    event message-summary                      mailbox        -
PUBLISH    sip:{desk}@corp.example                                    event presence, body application/pidf+xml  publish        -

sip:*@conference.corp.example
METHOD    REQUEST-URI   CONDITIONS  HANDLER
INVITE    sip:{room}@*  -           join
fallback  *             -           reception

sip:*@old.example
METHOD  REQUEST-URI  CONDITIONS  HANDLER
any     *            -           moved"
    );
}

async fn company() -> TestServer {
    TestServer::start(dial_plan()).await
}

/// A telephone of the company that has registered.
async fn phone(server: &TestServer, desk: &str) -> TestClient {
    let phone = server.client(&format!("sip:{desk}@corp.example")).await;
    let register = phone.register().credentials(desk, &format!("secret of {desk}"));
    assert_eq!(register.send().await.status(), 200);
    phone
}

/// A session description with its audio in this direction.
fn audio(direction: &str) -> String {
    format!(
        "v=0\r\no=- 7 1 IN IP4 198.51.100.1\r\ns=-\r\nc=IN IP4 198.51.100.1\r\nt=0 0\r\n\
         m=audio 4000 RTP/AVP 0\r\na={direction}\r\n"
    )
}

/// The status of the answer; where there is one, the address to which the caller is sent.
async fn ask(request: TestRequest<'_>) -> String {
    let response = request.send().await;
    let status = response.status().as_u16();
    match response.headers().typed::<Contact>() {
        Ok(Some(contact)) if (300..400).contains(&status) => format!("{status} {}", contact.uri().unwrap()),
        _ => status.to_string(),
    }
}

/// The status of the answer and one of its headers.
async fn said(request: TestRequest<'_>, name: HeaderName) -> String {
    let response = request.send().await;
    let value = response.headers().get(&name).unwrap_or("-");
    format!("{} {value}", response.status().as_u16())
}

/// What is answered to an INVITE without an offer.
async fn dial(phone: &TestClient, uri: &str) -> String {
    ask(phone.invite(uri)).await
}

/// What the health check says.
async fn health(phone: &TestClient) -> String {
    let response = phone.options("sip:corp.example").send().await;
    String::from_utf8(response.body().to_vec()).unwrap()
}
