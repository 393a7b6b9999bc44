//! Session descriptions: real ones are accepted without loss, built ones read back, and no octets do harm.

use std::fs;
use std::net::IpAddr;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use spigot_parser::{Direction, ErrorKind, Limits, MediaBuilder, Sdp, SdpBuilder};

/// Returns the bodies in `tests/sdp` with their names.
fn bodies() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdp");
    let mut bodies: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "sdp"))
        .map(|path| {
            (
                path.file_name().unwrap().to_string_lossy().into_owned(),
                fs::read_to_string(path).unwrap(),
            )
        })
        .collect();
    bodies.sort();
    assert_eq!(bodies.len(), 32);
    bodies
}

fn lines(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.is_empty()).collect()
}

#[test]
fn every_body_is_taken_and_loses_nothing() {
    for (name, text) in bodies() {
        let sdp = Sdp::parse(text.clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(sdp.to_string(), text, "{name}");
        let seen: Vec<String> = sdp
            .lines()
            .map(|(letter, value)| format!("{letter}={value}"))
            .collect();
        assert_eq!(seen, lines(&text), "{name}");

        let with = |letter: &str| {
            lines(&text)
                .iter()
                .filter(|line| line.starts_with(letter))
                .count()
        };
        let attributes =
            sdp.attributes().len() + sdp.media().map(|media| media.attributes().len()).sum::<usize>();
        assert_eq!(attributes, with("a="), "{name}");
        assert_eq!(sdp.media().len(), with("m="), "{name}");
        for media in sdp.media() {
            let formats: Vec<_> = media.formats().collect();
            let line = format!("m={} {}", media.kind(), media.port());
            let line = lines(&text)
                .into_iter()
                .find(|other| other.starts_with(&line))
                .unwrap()
                .trim_end();
            assert!(
                line.ends_with(&format!(" {} {}", media.protocol(), formats.join(" "))),
                "{name}: {line}"
            );
        }
    }
}

#[test]
fn every_body_can_be_changed_and_keeps_the_lines_that_are_not_meant() {
    for (name, text) in bodies() {
        let mut sdp = Sdp::parse(text.clone()).unwrap();
        let is_direction = |line: &&str| {
            line.strip_prefix("a=")
                .is_some_and(|name| Direction::from_attribute(name).is_some())
        };
        let others = |text: &str| -> Vec<String> {
            let others = lines(text)
                .into_iter()
                .filter(|line| !is_direction(line) && !line.starts_with("o="));
            others.map(str::to_owned).collect()
        };
        let version: u128 = sdp.origin().version().parse().unwrap();
        sdp.set_direction(Direction::Inactive).unwrap();
        assert!(
            sdp.media()
                .all(|media| media.direction() == Direction::Inactive && media.is_hold()),
            "{name}"
        );
        assert_eq!(others(sdp.as_str()), others(&text), "{name}");
        sdp.next_version().unwrap();
        assert_eq!(sdp.origin().version(), (version + 1).to_string(), "{name}");
        assert_eq!(others(sdp.as_str()), others(&text), "{name}");
    }
}

#[test]
fn what_the_bodies_say_is_understood() {
    let bodies = bodies();
    let sdp = |name: &str| {
        let (_, text) = bodies.iter().find(|(found, _)| found == name).unwrap();
        Sdp::parse(text.clone()).unwrap()
    };
    assert_eq!(
        sdp("hand-big-sess-id.sdp").origin().version(),
        u64::MAX.to_string()
    );
    assert_eq!(sdp("hand-pbx.sdp").name(), "PBX 18.1");
    assert_eq!(sdp("hand-no-s.sdp").name(), "");
    assert!(sdp("hand-hold-c0.sdp").media().all(|media| media.is_hold()));
    for trickle in ["str0m-answer.sdp", "hand-firefox-like.sdp", "chromium-offer.sdp"] {
        assert!(sdp(trickle).media().all(|media| !media.is_hold()), "{trickle}");
    }
    let fax = sdp("hand-t38.sdp");
    let ports: Vec<_> = fax
        .media()
        .map(|media| (media.kind(), media.is_rejected()))
        .collect();
    assert_eq!(ports, [("audio", true), ("image", false)]);
    let bandwidths = sdp("hand-av-bw.sdp");
    let of_media: Vec<_> = bandwidths
        .media()
        .map(|media| media.bandwidth("AS").or(media.bandwidth("TIAS")))
        .collect();
    assert_eq!(
        (bandwidths.bandwidth("AS"), of_media),
        (Some(512), vec![Some(64), Some(256_000)])
    );
    let offer = sdp("chromium-offer.sdp");
    let audio = offer.media().next().unwrap();
    assert!(
        audio
            .codec("111")
            .is_some_and(|codec| codec.is("OPUS", 48000) && codec.channels() == 2)
    );
    assert_eq!(audio.fmtp("111"), Some("minptime=10;useinbandfec=1"));
    assert_eq!(offer.attribute("group"), Some(Some("BUNDLE 0")));
    let only_media = sdp("hand-c-only-media.sdp");
    let connection = only_media.media().next().unwrap().connection().unwrap();
    assert_eq!(
        (
            only_media.connection().is_none(),
            connection.address(),
            connection.ip()
        ),
        (true, "host.example.com", None)
    );
}

/// The limits are twice what the largest known sender sends, at least.
#[test]
fn limits_are_more_than_twice_what_a_browser_sends() {
    let limits = Limits::DEFAULT;
    let recorded = bodies();
    let recorded = recorded.iter().filter(|(name, _)| name.starts_with("chromium-"));
    let mut largest = (0, 0, 0);
    for (name, text) in recorded {
        let sdp = Sdp::parse(text.clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let attributes =
            sdp.attributes().len() + sdp.media().map(|media| media.attributes().len()).sum::<usize>();
        let formats = sdp.media().map(|media| media.formats().count()).max().unwrap();
        assert!(2 * sdp.media().len() <= limits.sdp_media, "{name}");
        assert!(2 * formats <= limits.sdp_formats, "{name}");
        assert!(2 * attributes <= limits.sdp_attributes, "{name}");
        let (media, most, all) = largest;
        largest = (
            sdp.media().len().max(media),
            formats.max(most),
            attributes.max(all),
        );
    }
    assert_eq!(largest, (10, 34, 900), "what is in the README of the bodies");
}

/// Adds what a body of a browser may still have, and one line more.
#[test]
fn a_recorded_body_is_taken_up_to_each_limit() {
    let bodies = bodies();
    let (_, text) = bodies
        .iter()
        .find(|(name, _)| name == "chromium-audio-video.sdp")
        .unwrap();
    let Limits {
        sdp_media,
        sdp_formats,
        sdp_attributes,
        ..
    } = Limits::DEFAULT;
    let error = |text: String| {
        let error = Sdp::parse(text).unwrap_err();
        assert_eq!(
            (error.kind(), error.status()),
            (
                ErrorKind::SdpTooLarge,
                Some(spigot_parser::StatusCode::NOT_ACCEPTABLE_HERE)
            )
        );
        error.expected()
    };
    let with = |line: &str, count: usize| format!("{text}{}", line.repeat(count));
    let has = lines(text).iter().filter(|line| line.starts_with("a=")).count();
    assert!(Sdp::parse(with("a=x\r\n", sdp_attributes - has)).is_ok());
    assert_eq!(
        error(with("a=x\r\n", sdp_attributes - has + 1)),
        "no more attributes than the limit"
    );
    assert!(Sdp::parse(with("m=audio 9 RTP/AVP 0\r\n", sdp_media - 2)).is_ok());
    assert_eq!(
        error(with("m=audio 9 RTP/AVP 0\r\n", sdp_media - 1)),
        "no more media than the limit"
    );
    let formats = |count: usize| format!("{text}m=audio 9 RTP/AVP{}\r\n", " 0".repeat(count));
    assert!(Sdp::parse(formats(sdp_formats)).is_ok());
    assert_eq!(error(formats(sdp_formats + 1)), "no more formats than the limit");
}

fn token() -> impl Strategy<Value = String> {
    "[A-Za-z0-9!#$%&'*+.^_`{|}~-]{1,10}"
}

/// Generates text that a value may have.
fn text() -> impl Strategy<Value = String> {
    "[\u{1}-\u{9}\u{b}\u{c}\u{e}-~é漢:= ]{1,16}"
}

fn direction() -> impl Strategy<Value = Direction> {
    prop::sample::select(vec![
        Direction::SendRecv,
        Direction::SendOnly,
        Direction::RecvOnly,
        Direction::Inactive,
    ])
}

fn media() -> impl Strategy<Value = MediaBuilder> {
    let codec = (0..128u8, token(), any::<u32>(), any::<u16>());
    let attribute = (token(), prop::option::of(text()));
    let head = (token(), any::<u16>(), "[A-Z]{1,4}(/[A-Z]{1,4}){0,2}");
    let rest = (
        prop::option::of(direction()),
        prop::option::of(any::<IpAddr>()),
        prop::option::of((token(), any::<u64>())),
    );
    (
        head,
        vec(token(), 1..4),
        vec(codec, 0..4),
        vec(attribute, 0..4),
        rest,
    )
        .prop_map(
            |((kind, port, protocol), formats, codecs, attributes, (direction, connection, bandwidth))| {
                let mut media = MediaBuilder::new(&kind, port, &protocol).unwrap();
                for format in formats {
                    media = media.format(&format).unwrap();
                }
                for (payload_type, encoding, clock_rate, channels) in codecs {
                    media = media
                        .codec(payload_type, &encoding, clock_rate, channels)
                        .unwrap();
                }
                for (name, value) in attributes {
                    media = media.attribute(&name, value.as_deref()).unwrap();
                }
                if let Some((kind, value)) = bandwidth {
                    media = media.bandwidth(&kind, value).unwrap();
                }
                let media = connection.into_iter().fold(media, MediaBuilder::connection);
                direction.into_iter().fold(media, MediaBuilder::direction)
            },
        )
}

fn builder() -> impl Strategy<Value = SdpBuilder> {
    let head = (
        0..=i64::MAX as u64,
        0..=i64::MAX as u64,
        any::<IpAddr>(),
        any::<IpAddr>(),
        "[!-~é]{1,8}",
        text(),
    );
    let attribute = (token(), prop::option::of(text()));
    (head, vec(attribute, 0..4), vec(media(), 0..4)).prop_map(
        |((id, version, address, connection, username, name), attributes, media)| {
            let mut builder = Sdp::builder(id, address).version(version).connection(connection);
            builder = builder.username(&username).unwrap().name(&name).unwrap();
            for (name, value) in attributes {
                builder = builder.attribute(&name, value.as_deref()).unwrap();
            }
            media.into_iter().fold(builder, SdpBuilder::media)
        },
    )
}

/// Generates a line that is seldom valid.
fn broken_line() -> impl Strategy<Value = String> {
    let field = prop_oneof![
        prop::sample::select(vec![
            " ", "/", ":", "+", "-", "IN", "IP4", "AS", "RTP/AVP", "sendonly", "rtpmap", "::1"
        ])
        .prop_map(str::to_owned),
        "[0-9]{1,22}[dhms]?",
        "[\u{0}-\u{ff}]{0,3}",
    ];
    let end = prop::sample::select(vec!["\r\n", "\n", "\r", ""]);
    ("[vosiuepcbtrzkamyf]?=?", vec(field, 0..8), end)
        .prop_map(|(letter, fields, end)| format!("{letter}{}{end}", fields.concat()))
}

/// Generates some of `well_formed`, and now and then a broken line.
fn some_lines(well_formed: &'static [&'static str]) -> impl Strategy<Value = String> {
    let line = prop_oneof![
        30 => prop::sample::select(well_formed).prop_map(str::to_owned),
        1 => broken_line(),
    ];
    vec(line, 0..8).prop_map(|lines| lines.concat())
}

/// Generates text that resembles a session description.
fn nearly() -> impl Strategy<Value = Vec<u8>> {
    let head = prop_oneof![
        20 => Just("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\n".to_owned()),
        5 => Just("v=0 \no=a b  18446744073709551614 18446744073709551614 IN IP4 h\n".to_owned()),
        5 => Just("v=0 \no=a b  99999999999999999999 99999999999999999999 IN IP4 h\n".to_owned()),
        1 => some_lines(&["v=0\r\n", "o=- 1 1 IN IP4 192.0.2.1\r\n"]),
    ];
    let session = some_lines(&[
        "s=-\n",
        "t=0 0\r\n",
        "t=1 2\n",
        "e=x\r\n",
        "i=é\r\n",
        "k=clear:x\r\n",
        "b=AS:1 \r\n",
        "b=CT:0\n",
        "\r\n",
        "a=sendonly\r\n",
        "a=ice-ufrag:x\r\n",
        "c=IN IP4 0.0.0.0\r\n",
        "z=1 -1h 2 0\r\n",
        "t=20000000000000000001 0\r\n",
        "y=1\r\n",
    ]);
    let media = some_lines(&[
        "m=audio 1 RTP/AVP 0 96\r\n",
        "m=video  9/2  UDP/TLS/RTP/SAVPF 96 \n",
        "m=x 0 y z\r\n",
        "c=IN IP6 ::\r\n",
        "b=AS:1\r\n",
        "a=rtpmap:96 x/1/1\r\n",
        "a=fmtp:96 x\r\n",
        "a=inactive\r\n",
        "a=sendrecv\n",
        "a=\r\n",
        "f=v/1\r\n",
        "b=AS:20000000000000000001\r\n",
        "\n",
    ]);
    (head, session, media).prop_map(|(head, session, media)| format!("{head}{session}{media}").into_bytes())
}

/// Checks that `next` is the number after `version`, one octet after the other from the end.
fn oracle_of_the_next_version(version: &str, next: &str) {
    let mut expected: Vec<u8> = version.bytes().rev().collect();
    let nines = expected.iter().take_while(|digit| **digit == b'9').count();
    expected[..nines].fill(b'0');
    match expected.get_mut(nines) {
        Some(digit) => *digit += 1,
        None => expected.push(b'1'),
    }
    assert!(
        expected.iter().rev().eq(next.as_bytes()),
        "{version} became {next}"
    );
}

/// Calls every getter and every setter.
fn walk(mut sdp: Sdp) {
    let origin = sdp.origin();
    let _ = (
        origin.username(),
        origin.session_id(),
        origin.network(),
        origin.address_type(),
        origin.ip(),
    );
    let _ = (
        sdp.name(),
        sdp.connection(),
        sdp.bandwidth("AS"),
        sdp.attribute("x"),
        sdp.direction(),
    );
    for media in sdp.media() {
        let _ = (
            media.port_count(),
            media.connection().map(|connection| connection.ip()),
            media.bandwidth("AS"),
        );
        let _ = (
            media.direction(),
            media.is_hold(),
            media.is_rejected(),
            media.connections().len(),
        );
        for format in media.formats() {
            let _ = (media.codec(format), media.fmtp(format));
        }
    }
    let _ = format!("{sdp:?} {:?} {:?}", sdp.origin(), sdp.media().collect::<Vec<_>>());
    let count = sdp.media().len();
    if sdp.set_direction(Direction::SendOnly).is_ok() {
        assert!(sdp.media().all(|media| media.direction() == Direction::SendOnly));
    }
    for index in 0..count {
        if sdp.set_media_direction(index, Direction::RecvOnly).is_ok() {
            assert_eq!(
                sdp.media().nth(index).map(|media| media.direction()),
                Some(Direction::RecvOnly)
            );
        }
    }
    let version = sdp.origin().version().to_owned();
    if sdp.next_version().is_ok() {
        oracle_of_the_next_version(&version, sdp.origin().version());
    }
    assert_eq!(sdp.media().len(), count);
}

proptest! {
    #[test]
    fn what_is_built_reads_back(builder in builder()) {
        let built = builder.build()?;
        let again = Sdp::parse(built.to_bytes())?;
        prop_assert_eq!(&again, &built);
        prop_assert_eq!(again.to_bytes(), built.to_bytes());
        walk(built);
    }

    #[test]
    fn what_is_read_is_written_as_it_came(body in nearly()) {
        if let Ok(sdp) = Sdp::parse(body.clone()) {
            prop_assert_eq!(&sdp.to_bytes()[..], &body[..]);
            prop_assert_eq!(sdp.to_string().parse::<Sdp>()?, sdp.clone());
            walk(sdp);
        }
    }

    #[test]
    fn no_octets_break_it(body in vec(any::<u8>(), 0..300)) {
        if let Ok(sdp) = Sdp::parse(body) {
            walk(sdp);
        }
    }

    #[test]
    fn no_change_of_one_octet_breaks_it(index in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), octet: u8, cut: bool) {
        let bodies = bodies();
        let mut body = bodies[index.index(bodies.len())].1.clone().into_bytes();
        let at = at.index(body.len());
        match cut {
            true => body.truncate(at),
            false => body[at] = octet,
        }
        if let Ok(sdp) = Sdp::parse(body) {
            walk(sdp);
        }
    }
}

/// Quadratic time in the number of lines would keep these from ending.
#[test]
fn big_bodies_are_read_once() {
    let head = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\n";
    let limits = Limits {
        message: usize::MAX,
        sdp_attributes: usize::MAX,
        sdp_formats: usize::MAX,
        sdp_media: usize::MAX,
        ..Default::default()
    };
    for line in [
        "e=x\r\n",
        "t=0 0\n",
        "b=A:1 \r\n",
        "\n",
        "a=x\n",
        "m=a 1 R 0 \n",
        "x",
        "e=x\r",
        "\r\n\r",
    ] {
        let text = format!("{head}{}", line.repeat(256 * 1024 / line.len()));
        if let Ok(mut sdp) = Sdp::parse_with(text, &limits) {
            sdp.set_direction(Direction::SendOnly).unwrap();
        }
    }
    let formats = format!("{head}m=a 1 R{}", " 0".repeat(128 * 1024));
    assert!(Sdp::parse_with(formats, &limits).is_ok());
}
