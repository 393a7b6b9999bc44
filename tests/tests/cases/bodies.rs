//! Bodies: session descriptions, and bodies of several parts.

use crate::message::Expected::OneOf;
use crate::message::{WHOLE, rows};

rows! {
    a_charset_of_sdp: "31-sdp-charset.sip", Phone by Udp, WHOLE
        => OneOf(&[200]), "RFC 3261 §20.15: a media type may have parameters";
    several_parts: "32-multipart-pidf.sip", Phone by Udp, WHOLE
        => OneOf(&[200, 415]), "RFC 5621 §4.2, §8.4: 415 from an agent that does not read multipart bodies";
    an_offer_behind_other_parts: "own-multipart-sdp-last.sip", SdpReader by Udp, WHOLE
        => OneOf(&[486]), "RFC 5621 §5: the parts of multipart/mixed are independent";
    an_offer_beside_isup: "own-multipart-sip-i.sip", SdpReader by Udp, WHOLE
        => OneOf(&[486]), "RFC 5621 §5, RFC 3204 §3.1: SDP and ISUP in one body";
    an_offer_of_a_browser: "91-sdp-chrome-136.sip", SdpReader by Udp, WHOLE
        => OneOf(&[486]), "RFC 8829 §5.2.1: an attribute for each candidate, codec and feedback";
    an_offer_of_audio_and_two_videos: "own-sdp-two-videos.sip", SdpReader by Udp, WHOLE
        => OneOf(&[486]), "RFC 8829 §5.2.1: an attribute for each candidate, codec and feedback";
    an_offer_of_forty_streams: "own-sdp-forty-streams.sip", SdpReader by Udp, WHOLE
        => OneOf(&[486]), "RFC 8829 §5.2.1: an m= line for each participant";
    a_version_of_twenty_digits: "93-sdp-long-version.sip", SdpReader by Udp, WHOLE
        => OneOf(&[486]), "RFC 8866 §9: sess-version is 1*DIGIT";
    an_id_of_twenty_digits: "93c-sdp-long-id.sip", SdpReader by Udp, WHOLE
        => OneOf(&[486]), "RFC 8866 §9: sess-id is 1*DIGIT";
    times_of_more_than_twenty_digits: "own-sdp-long-time.sip", SdpReader by Udp, WHOLE
        => OneOf(&[486]), "RFC 8866 §9: start-time has ten digits or more";
    a_connection_after_each_medium: "94-sdp-c-after-m.sip", SdpReader by Udp, WHOLE
        => OneOf(&[486]), "RFC 8866 §5: c= stands in the session or in each medium";
    a_bandwidth_after_an_attribute: "94b-sdp-b-after-a.sip", SdpReader by Udp, WHOLE
        => OneOf(&[486]), "RFC 8866 §5 has another order; the line can be read in one way only";
    lines_that_end_with_lf: "94d-sdp-lf.sip", SdpReader by Udp, WHOLE
        => OneOf(&[486]), "RFC 8866 §5: lines that end with LF are accepted";
    the_letters_y_and_f: "95-sdp-y-f.sip", SdpReader by Udp, WHOLE
        => OneOf(&[486]), "RFC 8866 §5 has the description ignored; GB/T 28181 needs y= and f=";
    letters_of_nobody_in_the_session: "own-sdp-unknown-letters.sip", SdpReader by Udp, WHOLE
        => OneOf(&[486]), "RFC 8866 §5 has the description ignored; a line too many can be passed over";
    an_origin_that_is_cut_off: "97-sdp-o-cut.sip", SdpReader by Udp, WHOLE
        => OneOf(&[400, 486, 488]), "RFC 8866 §5.2: o= has six fields";
}
