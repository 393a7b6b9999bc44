//! The parser of patterns.
//!
//! The one invariant: every error has the offset of the wrong character, which macros underline.

use super::component::{Component, Piece};
use super::{Form, Param, Pattern, Port, SipPattern, tel_digits};
use crate::grammar::{Class, alphanum_and, class_end};
use crate::host::Host;
use crate::uri::escape::{escaped_end, unescape_utf8};
use crate::uri::{PARAM, URIC, USER};
use crate::{ErrorKind, ParseError};

static SCHEME: Class = alphanum_and(b"+-.");
static HOST: Class = alphanum_and(b"-.[]:");
static NUMBER: Class = alphanum_and(b"+*#-.()");

fn fault<T>(at: usize, expected: &'static str) -> Result<T, ParseError> {
    Err(ParseError::new(ErrorKind::Pattern, at, expected))
}

pub(super) fn pattern(text: &str) -> Result<Pattern, ParseError> {
    let mut parser = Parser {
        text,
        names: Vec::new(),
    };
    let form = parser.form()?;
    Ok(Pattern {
        text: text.to_owned(),
        names: parser.names,
        form,
    })
}

struct Parser<'t> {
    text: &'t str,
    names: Vec<String>,
}

impl Parser<'_> {
    fn form(&mut self) -> Result<Form, ParseError> {
        if self.text == "*" {
            return Ok(Form::Any);
        }
        let end = class_end(&SCHEME, self.text.as_bytes(), 0);
        if end == 0 || !self.text.starts_with(|first: char| first.is_ascii_alphabetic()) {
            return fault(0, "`*`, or a scheme such as `sip:`");
        }
        if !self.text[end..].starts_with(':') {
            return fault(end, "`:` after the scheme");
        }
        let scheme = self.text[..end].to_owned();
        let start = end + 1;
        if scheme.eq_ignore_ascii_case("sip") || scheme.eq_ignore_ascii_case("sips") {
            return self.sip(scheme, start).map(Form::Sip);
        }
        if scheme.eq_ignore_ascii_case("tel") {
            let end = self.find(start, &[';']);
            let number = self.component(start, end, &NUMBER, "a telephone number", |literal| {
                Some(tel_digits(literal))
            })?;
            return Ok(Form::Tel {
                scheme,
                number,
                params: self.params(end)?,
            });
        }
        let opaque = self.component(start, self.text.len(), &URIC, "what follows the scheme", |text| {
            Some(text.to_owned())
        })?;
        Ok(Form::Other { scheme, opaque })
    }

    fn sip(&mut self, scheme: String, start: usize) -> Result<SipPattern, ParseError> {
        let at_sign = self.text[start..].find('@').map(|at| start + at);
        let user = match at_sign {
            Some(end) => Some(self.component(start, end, &USER, "a user", |literal| {
                unescape_utf8(literal).map(Into::into)
            })?),
            None => None,
        };
        let host_start = at_sign.map_or(start, |at| at + 1);
        let host_end = match self.text[host_start..].starts_with('[') {
            true => match self.text[host_start..].find(']') {
                Some(close) => host_start + close + 1,
                None => return fault(host_start, "a `]` that closes the IPv6 address"),
            },
            false => self.find(host_start, &[':', ';']),
        };
        let host = self.component(host_start, host_end, &HOST, "a host", |literal| {
            Some(literal.to_owned())
        })?;
        if let Some(literal) = host.literal()
            && Host::parse(literal).is_err()
        {
            return fault(
                host_start,
                "a host name, an IPv4 address or an IPv6 address in brackets",
            );
        }
        let (port, params) = self.port(host_end)?;
        Ok(SipPattern {
            scheme,
            user,
            host,
            port,
            params: self.params(params)?,
        })
    }

    /// Parses the port that may begin at `at` with its colon, and returns it with its end.
    fn port(&mut self, at: usize) -> Result<(Option<Port>, usize), ParseError> {
        if !self.text[at..].starts_with(':') {
            return Ok((None, at));
        }
        let (start, end) = (at + 1, self.find(at, &[';']));
        let text = &self.text[start..end];
        if !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit()) {
            return match text.parse() {
                Ok(port) => Ok((Some(Port::Number(port)), end)),
                Err(_) => fault(start, "a port from 0 to 65535"),
            };
        }
        let expected = "a port: a number, `*` or one capture";
        let port = match self
            .component(start, end, &[false; 256], expected, |_| None)?
            .pieces
            .pop()
        {
            Some(Piece::Capture(name)) => Port::Capture(name),
            Some(Piece::Wildcard) => Port::Any,
            _ => return fault(start, expected),
        };
        Ok((Some(port), end))
    }

    fn params(&mut self, mut at: usize) -> Result<Vec<Param>, ParseError> {
        let mut params: Vec<Param> = Vec::new();
        while at < self.text.len() {
            if !self.text[at..].starts_with(';') {
                return fault(at, "`;`, or the end of the pattern");
            }
            let start = at + 1;
            let name_end = escaped_end(&PARAM, self.text.as_bytes(), start);
            let name = &self.text[start..name_end];
            if name.is_empty() {
                return fault(start, "a parameter's name after `;`");
            }
            if params.iter().any(|param| param.name.eq_ignore_ascii_case(name)) {
                return fault(start, "a parameter that the pattern does not have yet");
            }
            let name = name.to_owned();
            at = name_end;
            let mut value = None;
            if self.text[at..].starts_with('=') {
                at = self.find(name_end, &[';']);
                value = Some(
                    self.component(name_end + 1, at, &PARAM, "a parameter's value", |literal| {
                        unescape_utf8(literal).map(Into::into)
                    })?,
                );
            }
            params.push(Param { name, value });
        }
        Ok(params)
    }

    /// Returns the first position of one of `characters` at or after `from`, or the end of the text.
    fn find(&self, from: usize, characters: &[char]) -> usize {
        self.text[from..]
            .find(characters)
            .map_or(self.text.len(), |at| from + at)
    }

    /// Parses one component; `literal` converts the written text into the text that is compared.
    fn component(
        &mut self,
        start: usize,
        end: usize,
        class: &Class,
        expected: &'static str,
        literal: impl Fn(&str) -> Option<String>,
    ) -> Result<Component, ParseError> {
        let mut pieces: Vec<Piece> = Vec::new();
        let mut at = start;
        while at < end {
            let rest = &self.text[at..end];
            let after_hole = matches!(pieces.last(), Some(Piece::Capture(_) | Piece::Wildcard));
            if rest.starts_with(['{', '*']) && after_hole {
                return fault(at, "something literal between two captures or wildcards");
            }
            if rest.starts_with('*') {
                pieces.push(Piece::Wildcard);
                at += 1;
            } else if rest.starts_with('{') {
                let Some(close) = rest.find('}') else {
                    return fault(at, "a `}` that closes the capture");
                };
                pieces.push(Piece::Capture(self.name(at + 1, at + close)?));
                at += close + 1;
            } else {
                let stop = rest.find(['{', '*']).map_or(end, |stop| at + stop);
                let legal = escaped_end(class, &self.text.as_bytes()[..stop], at);
                if legal < stop {
                    return fault(
                        legal,
                        if self.text[legal..].starts_with('}') {
                            "a `{` before this `}`"
                        } else {
                            expected
                        },
                    );
                }
                match literal(&self.text[at..stop]) {
                    Some(literal) if literal.is_empty() && after_hole => return fault(at, expected),
                    Some(literal) if literal.is_empty() => {}
                    Some(literal) => pieces.push(Piece::Literal(literal)),
                    None => return fault(at, expected),
                }
                at = stop;
            }
        }
        if pieces.is_empty() {
            fault(start, expected)
        } else {
            Ok(Component {
                pieces,
                domains: None,
            })
        }
    }

    fn name(&mut self, start: usize, end: usize) -> Result<String, ParseError> {
        let name = &self.text[start..end];
        if !is_identifier(name) {
            return fault(start, "a Rust identifier between `{` and `}`");
        }
        if self.names.iter().any(|other| other == name) {
            return fault(start, "a name that no other capture of the pattern has");
        }
        self.names.push(name.to_owned());
        Ok(name.to_owned())
    }
}

/// Reports whether `name` can be the name of a handler's argument.
fn is_identifier(name: &str) -> bool {
    const KEYWORDS: &[&str] = &[
        "Self", "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
        "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in",
        "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return",
        "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof", "unsafe", "unsized",
        "use", "virtual", "where", "while", "yield",
    ];
    let first = |octet: u8| octet.is_ascii_alphabetic() || octet == b'_';
    name.bytes().next().is_some_and(first)
        && name.bytes().all(|octet| first(octet) || octet.is_ascii_digit())
        && name != "_"
        && !KEYWORDS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_has_its_place_and_its_sentence() {
        for (text, offset, expected) in [
            ("", 0, "scheme"),
            ("**", 0, "scheme"),
            ("alice", 5, "`:`"),
            ("{x}:a", 0, "scheme"),
            ("sip:", 4, "a host"),
            ("sip:@b", 4, "a user"),
            ("sip:a@", 6, "a host"),
            ("sip:a:b@c", 5, "a user"),
            ("sip:a@b@c", 7, "a host"),
            ("sip:{a}{b}@c", 7, "literal between"),
            ("sip:{a}*@c", 7, "literal between"),
            ("sip:**@c", 5, "literal between"),
            ("sip:{a@c", 4, "closes the capture"),
            ("sip:a}@c", 5, "`{` before"),
            ("sip:{}@c", 5, "identifier"),
            ("sip:{1a}@c", 5, "identifier"),
            ("sip:{a b}@c", 5, "identifier"),
            ("sip:{type}@c", 5, "identifier"),
            ("sip:{é}@c", 5, "identifier"),
            ("sip:{a}@{a}", 9, "no other capture"),
            ("sip:a_b", 5, "a host"),
            ("sip:-a", 4, "a host name"),
            ("sip:[::1", 4, "`]`"),
            ("sip:[x]", 4, "a host name"),
            ("sip:a:99999", 6, "a port from"),
            ("sip:a:", 6, "a port"),
            ("sip:a:5{p}", 6, "a port"),
            ("sip:a;", 6, "parameter's name"),
            ("sip:a;x;X", 8, "does not have yet"),
            ("sip:a;x=", 8, "parameter's value"),
            ("sip:a;x y", 7, "`;`"),
            ("sip:a;{x}", 6, "parameter's name"),
            ("sip:a?x=y", 5, "a host"),
            ("sip:a b@c", 5, "a user"),
            ("sip:%ff@c", 4, "a user"),
            ("tel:", 4, "a telephone number"),
            ("tel:--", 4, "a telephone number"),
            ("urn:", 4, "what follows"),
        ] {
            let error = Pattern::parse(text).expect_err(text);
            assert_eq!(
                (error.kind(), error.offset()),
                (ErrorKind::Pattern, offset),
                "{text}: {error}"
            );
            assert!(error.expected().contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn what_a_pattern_tells_of_itself() {
        let pattern = Pattern::parse("sip:{user}@{host}:{port};transport={t}").unwrap();
        assert_eq!(
            pattern.captures().collect::<Vec<_>>(),
            ["user", "host", "port", "t"]
        );
        assert_eq!((pattern.scheme(), pattern.is_catch_all()), (Some("sip"), false));
        assert_eq!(
            (
                Pattern::parse("*").unwrap().scheme(),
                Pattern::parse("*").unwrap().is_catch_all()
            ),
            (None, true)
        );
        assert_eq!(pattern.to_string(), pattern.as_str());
        assert_eq!(
            format!("{pattern:?}"),
            "Pattern(\"sip:{user}@{host}:{port};transport={t}\")"
        );
    }
}
