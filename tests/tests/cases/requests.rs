//! Requests of one datagram: URIs, header values, doubled and missing headers, and what is refused.

use crate::message::Expected::{Holding, OneOf, Silence};
use crate::message::{WHOLE, rows};

rows! {
    a_host_that_begins_with_digits: "03-container-host.sip", Phone by Udp, WHOLE
        => OneOf(&[200]), "RFC 1123 §2.1: a host name may begin with a digit";
    a_domain_of_digits_in_the_request_uri: "own-numeric-domain-message.sip", Phone by Udp, WHOLE
        => OneOf(&[200]), "RFC 3261 §25.1 wants a letter in the last label; GB/T 28181 has digits";
    a_domain_of_digits_with_a_port: "own-numeric-domain-contact.sip", Phone by Udp, WHOLE
        => OneOf(&[200]), "RFC 3261 §25.1 wants a letter in the last label; GB/T 28181 has digits";
    an_empty_value_of_a_uri_parameter: "own-uri-empty-param-invite.sip", Phone by Udp, WHOLE
        => OneOf(&[200]), "RFC 3261 §25.1: pvalue has one octet or more; an empty value can be read";
    quotes_inside_quotes_are_refused: "11-doubled-quotes.sip", Phone by Udp, WHOLE
        => OneOf(&[400]), "RFC 3261 §25.1: a display name is tokens or one quoted string";
    an_empty_display_name: "12-empty-display-epid.sip", Phone by Udp, WHOLE
        => OneOf(&[200]), "RFC 3261 §25.1: a quoted string may be empty";
    a_comma_in_quotes: "13-comma-in-quotes.sip", Phone by Udp, WHOLE
        => OneOf(&[200]), "RFC 3261 §25.1: a quoted string holds commas and escaped quotes";
    latin_1_in_a_header_that_nothing_reads: "16-latin1-pai.sip", Phone by Udp, WHOLE
        => OneOf(&[200, 400]), "RFC 3261 §7 has UTF-8; §16.3 leaves alone what need not be read";
    utf_8_in_from: "18-utf8-from.sip", Phone by Udp, WHOLE
        => OneOf(&[200]), "RFC 3261 §25.1: a quoted string holds UTF-8";
    latin_1_in_from_goes_back_as_it_came: "own-from-latin1.sip", Phone by Udp, WHOLE
        => Holding(400, b"\r\nFrom: \"Andr\xe9\" <sip:alice@example.com>;tag=from-latin1\r\n"),
        "RFC 3261 §8.2.6.2: the From of the response equals that of the request";
    a_semicolon_too_many_in_an_unread_header: "19-semicolon-too-many-unread.sip", Phone by Udp, WHOLE
        => OneOf(&[200]), "RFC 3261 §16.3 item 1: what need not be read is left alone";
    an_ipv6_address_of_eight_groups_in_via: "21-ipv6-via-full.sip", Phone by Udp, WHOLE
        => OneOf(&[200]), "RFC 3261 §25.1: IPv6reference";
    an_ipv6_address_without_brackets_is_refused: "22-ipv6-uri-no-brackets.sip", Phone by Udp, WHOLE
        => OneOf(&[400]), "RFC 3261 §25.1: IPv6reference has brackets";
    rport_of_the_same_address_has_received: "24-rport-same-address.sip", Phone by Udp, WHOLE
        => Holding(481, b";received=127.0.0.1"), "RFC 3581 §4: received also where sent-by has that address";
    compact_names_without_blanks: "25-compact-no-blanks.sip", Phone by Udp, WHOLE
        => OneOf(&[200]), "RFC 3261 §7.3.3";
    compact_names_of_any_case_and_with_blanks: "own-compact-any-case.sip", Phone by Udp, WHOLE
        => OneOf(&[200]), "RFC 3261 §7.3.1: names have no case, and blanks may stand before the colon";
    empty_values: "26-empty-values.sip", Phone by Udp, WHOLE
        => OneOf(&[200]), "RFC 3261 §25.1: Supported, Allow and Subject may be empty";
    an_empty_element_in_supported: "27-bye-supported-null-element.sip", Phone by Udp, WHOLE
        => OneOf(&[200]), "RFC 3261 §16.3 item 1: what need not be read is left alone";
    one_line_that_ends_with_lf_is_refused: "29-one-lf-line.sip", Phone by Udp, WHOLE
        => OneOf(&[400]), "RFC 3261 §7: each line ends with CRLF";
    a_local_number_with_its_context: "34-tel-phone-context.sip", Phone by Udp, WHOLE
        => OneOf(&[200]), "RFC 3966 §3: phone-context";
    a_tel_uri_with_a_host_is_refused: "35-tel-with-host.sip", Phone by Udp, WHOLE
        => OneOf(&[400]), "RFC 3966 §3: a tel URI has no host";
    dashes_in_a_number: "37-tel-dashes.sip", Office by Udp, WHOLE
        => Holding(302, b"12015550123"), "RFC 3966 §5.1.1: separators have no meaning";
    parentheses_and_dots_in_a_number: "own-tel-parentheses.sip", Office by Udp, WHOLE
        => Holding(302, b"12015550123"), "RFC 3966 §5.1.1: separators have no meaning";
    a_scheme_in_capitals: "own-tel-upper-case.sip", Office by Udp, WHOLE
        => Holding(302, b"12015550123"), "RFC 3986 §3.1: a scheme has no case";
    text_that_is_no_message_has_no_answer: "43b-udp-junk-text.sip", Phone by Udp, WHOLE
        => Silence, "RFC 3261 §7.1: there is no method, and no Via to answer to";
    a_semicolon_too_many_in_via_is_told: "61-via-semicolon-too-many.sip", Phone by Udp, WHOLE
        => OneOf(&[200, 400]), "RFC 4475 §3.1.2.1: 400 where there is a way to tell";
    no_max_forwards: "62-no-max-forwards.sip", Phone by Udp, WHOLE
        => OneOf(&[200]), "RFC 3261 §16.3 item 3: without Max-Forwards the check is passed";
    two_max_forwards: "63-two-max-forwards.sip", Phone by Udp, WHOLE
        => OneOf(&[200, 400]), "RFC 3261 §7.3.1: only a header that is a list may be repeated";
    two_session_expires: "65-two-session-expires.sip", Phone by Udp, WHOLE
        => OneOf(&[200, 400]), "RFC 3261 §7.3.1, RFC 4028 §4";
    two_call_ids_are_refused: "own-two-call-ids.sip", Phone by Udp, WHOLE
        => OneOf(&[400]), "RFC 3261 §7.3.1: Call-ID is no list, and decides where the request belongs";
    two_from_are_refused: "own-two-from.sip", Phone by Udp, WHOLE
        => OneOf(&[400]), "RFC 3261 §7.3.1: From is no list, whatever form its name has";
    two_user_agents: "own-two-user-agents.sip", Phone by Udp, WHOLE
        => OneOf(&[200, 400]), "RFC 3261 §7.3.1; nothing depends on User-Agent";
    two_subjects: "own-two-subjects.sip", Phone by Udp, WHOLE
        => OneOf(&[200, 400]), "RFC 3261 §7.3.1; nothing depends on Subject";
    an_invite_without_a_from_tag: "own-invite-no-from-tag.sip", Phone by Udp, WHOLE
        => OneOf(&[200]), "RFC 3261 §12.1.1: the tag is taken for null, as RFC 2543 has it";
}
