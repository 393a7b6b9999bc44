//! Streams and WebSockets: where a message begins and ends, and what lies between messages.

use crate::message::Cuts::{At, EachOctet};
use crate::message::Expected::{Each, Holding, OneOf, Pong};
use crate::message::{WHOLE, rows};

rows! {
    a_line_end_that_is_read_alone: "38-crlf-read-alone.sip", Phone by Tcp, At(&[35, 37])
        => OneOf(&[200]), "RFC 3261 §18.3: Content-Length ends a message, and no read does";
    each_octet_read_alone: "own-every-octet.sip", Phone by Tcp, EachOctet
        => OneOf(&[200]), "RFC 3261 §18.3: Content-Length ends a message, and no read does";
    line_ends_after_a_body: "41-crlf-after-body.sip", Phone by Tcp, WHOLE
        => Each(&[200, 200]), "RFC 3261 §7.5: line ends before a start line are passed over";
    line_ends_in_any_number: "own-crlf-runs.sip", Phone by Tcp, At(&[1, 3, 330, 335, 700])
        => Each(&[200, 200, 200]), "RFC 3261 §7.5: line ends before a start line are passed over";
    a_ping_that_is_cut: "own-ping-cut.sip", Phone by Tcp, At(&[1, 3])
        => OneOf(&[200]), "RFC 5626 §4.4.1: a double CRLF is a keepalive";
    nul_after_a_line_end: "42-crlf-nul-keepalive.sip", Phone by Tcp, WHOLE
        => OneOf(&[200]), "RFC 5626 §4.4.1 has CRLF alone; old devices send NUL as a keepalive";
    nul_between_messages: "own-nul-between-messages.sip", Phone by Tcp, WHOLE
        => Each(&[200, 200]), "RFC 5626 §4.4.1 has CRLF alone; old devices send NUL as a keepalive";
    nul_and_line_ends_in_any_order: "own-nul-and-crlf.sip", Phone by Tcp, At(&[1, 2, 4])
        => OneOf(&[200]), "RFC 5626 §4.4.1 has CRLF alone; old devices send NUL as a keepalive";
    latin_1_in_call_id_goes_back_as_it_came: "own-call-id-latin1.sip", Phone by Tcp, WHOLE
        => Holding(400, b"\r\nCall-ID: caf\xe9@198.51.100.7\r\n"),
        "RFC 3261 §8.2.6.2: the Call-ID of the response equals that of the request";
    an_unreadable_via_is_told: "own-via-no-bracket.sip", Phone by Tcp, WHOLE
        => OneOf(&[400]), "RFC 3261 §18.2.2: a response goes back on the connection of its request";
    a_ping_over_websocket: "44-ws-crlf-ping.sip", Phone by Ws, WHOLE
        => Pong, "RFC 7118 §6, RFC 5626 §4.4.1: a double CRLF is answered by a single one";
    a_ping_in_fragments: "own-ws-ping-fragments.sip", Phone by Ws, At(&[1, 3])
        => Pong, "RFC 6455 §5.4, RFC 5626 §4.4.1";
    fragments: "46-ws-fragments.sip", Phone by Ws, At(&[50, 120])
        => OneOf(&[200]), "RFC 6455 §5.4: fragments are one message";
    fragments_of_one_octet: "own-ws-single-octets.sip", Phone by Ws, EachOctet
        => OneOf(&[200]), "RFC 6455 §5.4: fragments are one message";
    pings_between_fragments: "own-ws-pings-between.sip", Phone by WsWithPings, At(&[0, 50, 120, 121])
        => OneOf(&[200]), "RFC 6455 §5.4: control frames may stand between fragments";
    no_content_length_over_websocket: "47-ws-no-content-length.sip", Phone by Ws, WHOLE
        => OneOf(&[200]), "RFC 7118 §5.1: a WebSocket message is one SIP message";
    latin_1_in_to_over_websocket: "own-to-latin1-ws.sip", Phone by WsBinary, WHOLE
        => Holding(400, b"\r\nTo: \"Zo\xeb\" <sip:bob@example.com>"),
        "RFC 3261 §8.2.6.2: the To of the response equals that of the request, but for the tag";
}
