//! Fuzzes a session description: the first text of the input is read, changed, and built from the others.

use std::hint::black_box;
use std::net::IpAddr;

use spigot_parser::{Direction, Limits, Media, MediaBuilder, ParseError, Sdp};

use crate::input::{number, texts};
use crate::oracle;

const DIRECTIONS: [Direction; 4] = [
    Direction::SendRecv,
    Direction::SendOnly,
    Direction::RecvOnly,
    Direction::Inactive,
];

pub(crate) fn run(data: &[u8]) {
    let texts = texts(data);
    let text = &*texts.value;
    if texts.hostile
        && let Ok(built) = build(&texts.first, &texts.second)
    {
        check(&built);
    }
    let sdp: Sdp = match text.parse() {
        Ok(sdp) => sdp,
        Err(error) => return oracle::error(&error, text.len()),
    };
    assert_eq!(sdp.as_str(), text, "what nobody touched is written as it came");
    check(&sdp);
    read(&sdp);
    let direction = DIRECTIONS[text.len() % 4];
    change_version(sdp.clone());
    change_direction(sdp.clone(), direction);
    change_direction_of_one(sdp, direction);
}

/// Checks that a description is what its text says, keeps to the limits, and is the same when it is parsed
/// again.
fn check(sdp: &Sdp) {
    let text = sdp.as_str();
    assert!(
        !text.contains('\0') && !text.replace("\r\n", "\n").contains('\r'),
        "{text:?}"
    );
    let lines = text
        .split('\n')
        .map(|line| line.strip_suffix('\r').unwrap_or(line))
        .filter(|line| !line.is_empty());
    let written = sdp.lines().map(|(letter, value)| format!("{letter}={value}"));
    assert!(lines.eq(written), "{text:?}");
    let attributes =
        sdp.attributes().len() + sdp.media().map(|media| media.attributes().len()).sum::<usize>();
    assert!(attributes <= Limits::DEFAULT.sdp_attributes);
    assert!(sdp.media().len() <= Limits::DEFAULT.sdp_media);
    assert!(
        sdp.media()
            .all(|media| media.formats().count() <= Limits::DEFAULT.sdp_formats)
    );
    match Sdp::parse(sdp.to_bytes()) {
        Ok(again) => {
            oracle::equal(sdp, &again);
            assert_eq!(again.as_str(), text);
        }
        Err(error) => panic!("{error}: {text:?}"),
    }
}

fn read(sdp: &Sdp) {
    let origin = sdp.origin();
    black_box((
        origin.username(),
        origin.session_id(),
        origin.version(),
        origin.network(),
        origin.ip(),
    ));
    black_box((
        sdp.name(),
        sdp.direction(),
        sdp.bandwidth("AS"),
        sdp.attribute("group"),
    ));
    black_box(
        sdp.connection()
            .map(|connection| (connection.address(), connection.ip())),
    );
    for media in sdp.media() {
        black_box((
            media.kind(),
            media.port(),
            media.port_count(),
            media.protocol(),
            media.bandwidth("AS"),
        ));
        black_box((media.is_hold(), media.is_rejected(), media.connections().len()));
        for format in media.formats() {
            let codec = media.codec(format);
            black_box(codec.map(|codec| (codec.clock_rate(), codec.channels(), codec.is("PCMU", 8000))));
            black_box(media.fmtp(format));
        }
    }
    black_box(format!("{sdp:?}"));
}

fn is_direction(line: &(char, &str)) -> bool {
    line.0 == 'a' && Direction::from_attribute(line.1).is_some()
}

/// Checks that only the version increases, by one.
fn change_version(mut sdp: Sdp) {
    let before = sdp.clone();
    if sdp.next_version().is_err() {
        assert_eq!(sdp.as_str(), before.as_str(), "what is refused changes nothing");
        return;
    }
    assert_eq!(sdp.origin().version(), successor(before.origin().version()));
    assert_eq!(sdp.origin().username(), before.origin().username());
    assert_eq!(sdp.origin().session_id(), before.origin().session_id());
    let others = |sdp: &Sdp| -> Vec<String> {
        let lines = sdp.lines().filter(|(letter, _)| *letter != 'o');
        lines.map(|(letter, value)| format!("{letter}={value}")).collect()
    };
    assert_eq!(others(&sdp), others(&before));
    check(&sdp);
}

/// Adds one to a decimal number of any length, which keeps its leading zeros.
fn successor(number: &str) -> String {
    let mut carry = true;
    let mut digits: Vec<char> = Vec::new();
    for digit in number.chars().rev() {
        let (digit, carried) = match (digit, carry) {
            ('9', true) => ('0', true),
            (digit, true) => (char::from(digit as u8 + 1), false),
            (digit, false) => (digit, false),
        };
        digits.push(digit);
        carry = carried;
    }
    digits.extend(carry.then_some('1'));
    digits.into_iter().rev().collect()
}

/// Checks that all media get the direction, and that no other line changes.
fn change_direction(mut sdp: Sdp, direction: Direction) {
    let before = sdp.clone();
    if sdp.set_direction(direction).is_err() {
        assert_eq!(sdp.as_str(), before.as_str(), "what is refused changes nothing");
        return;
    }
    assert!(sdp.media().all(|media| media.direction() == direction));
    let others = |sdp: &Sdp, from: &Sdp| {
        let (one, two) = (sdp.lines(), from.lines());
        one.filter(|line| !is_direction(line))
            .eq(two.filter(|line| !is_direction(line)))
    };
    assert!(others(&sdp, &before), "{before} became {sdp}");
    check(&sdp);
}

/// Checks that one medium gets the direction, and that the others keep theirs.
fn change_direction_of_one(mut sdp: Sdp, direction: Direction) {
    let before = sdp.clone();
    let last = before.media().len().saturating_sub(1);
    if sdp.set_media_direction(last, direction).is_err() {
        assert_eq!(sdp.as_str(), before.as_str(), "what is refused changes nothing");
        return;
    }
    assert_eq!(sdp.media().len(), before.media().len());
    for (index, (media, old)) in sdp.media().zip(before.media()).enumerate() {
        let expected = if index == last { direction } else { old.direction() };
        assert_eq!(media.direction(), expected);
    }
    check(&sdp);
}

/// Builds a session description from hostile texts, and checks that it has what was set and nothing else.
fn build(a: &str, b: &str) -> Result<Sdp, ParseError> {
    let address = IpAddr::from([192, 0, 2, number(a) as u8]);
    let media = MediaBuilder::new("audio", number(b) as u16, "RTP/AVP")?.format("0")?;
    let media = media.clone().attribute(a, Some(b)).unwrap_or(media);
    let media = media.clone().codec(96, a, 8000, 1).unwrap_or(media);
    let media = media.clone().fmtp(96, b).unwrap_or(media);
    let media = media.clone().bandwidth(a, 64).unwrap_or(media);
    let other = MediaBuilder::new(a, 4000, b).and_then(|media| media.format(a));
    let mut builder = Sdp::builder(7, address).media(media);
    if let Ok(other) = other {
        builder = builder.media(other.direction(Direction::SendOnly));
    }
    let named = builder.clone().name(a);
    let is_named = named.is_ok();
    let of_user = named.unwrap_or(builder).username(b);
    let sdp = of_user?.attribute(b, Some(a))?.build()?;
    assert_eq!(sdp.origin().username(), b);
    assert!(!is_named || sdp.name() == a, "{sdp}");
    assert_eq!(sdp.attribute(b), Some(Some(a)));
    assert!(sdp.media().next().map(|media: Media<'_>| media.port()) == Some(number(b) as u16));
    Ok(sdp)
}
