//! REGISTER: what is bound, what is removed, and what is refused.

use crate::message::Expected::{Holding, OneOf};
use crate::message::{WHOLE, rows};

rows! {
    a_domain_of_digits: "01-numeric-domain-register.sip", Phone by Udp, WHOLE
        => OneOf(&[200]), "RFC 3261 §25.1 wants a letter in the last label; GB/T 28181 has digits";
    a_hash_in_the_user_part: "05-hash-in-user-register.sip", Phone by Udp, WHOLE
        => OneOf(&[200, 400]), "RFC 3261 §25.1: # has to be escaped";
    a_semicolon_in_the_user_part: "07-semicolon-user.sip", Phone by Udp, WHOLE
        => OneOf(&[200]), "RFC 3261 §19.1.6";
    quotes_around_the_value_of_a_uri_parameter: "08-quoted-uri-param.sip", Phone by Udp, WHOLE
        => OneOf(&[200, 400]), "RFC 3261 §25.1: paramchar has no quote";
    an_empty_value_of_a_uri_parameter: "own-uri-empty-param.sip", Phone by Udp, WHOLE
        => OneOf(&[200]), "RFC 3261 §25.1: pvalue has one octet or more; an empty value can be read";
    a_colon_between_two_contacts_is_refused: "10-contact-colon-between.sip", Phone by Udp, WHOLE
        => OneOf(&[400]), "RFC 3261 §20.10: contacts are divided by commas";
    a_star_that_expires_in_a_minute_is_refused: "66-star-expires-60.sip", Office by Udp, WHOLE
        => OneOf(&[400]), "RFC 3261 §10.3 step 6: 400 unless Expires is 0";
    a_star_without_expires_is_refused: "own-star-no-expires.sip", Office by Udp, WHOLE
        => OneOf(&[400]), "RFC 3261 §10.2.2: * only with an Expires of 0";
    a_star_and_another_contact_are_refused: "own-star-and-another.sip", Office by Udp, WHOLE
        => OneOf(&[400]), "RFC 3261 §10.3 step 6: 400 if there is another Contact";
    a_star_and_another_line_are_refused: "own-star-two-lines.sip", Office by Udp, WHOLE
        => OneOf(&[400]), "RFC 3261 §10.3 step 6: 400 if there is another Contact";
    a_star_that_expires_removes_all: "66c-star-expires-0.sip", Office by Udp, WHOLE
        => OneOf(&[200]), "RFC 3261 §10.3 step 6";
    a_star_under_the_compact_name: "own-star-compact.sip", Office by Udp, WHOLE
        => OneOf(&[200]), "RFC 3261 §10.3 step 6, §7.3.3";
    an_expires_that_is_a_date_is_an_hour: "66d-expires-quoted-date.sip", Office by Udp, WHOLE
        => Holding(200, b";expires=3600"), "RFC 3261 §20.10: a malformed value is taken for 3600";
}
