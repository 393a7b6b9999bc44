//! The torture messages of RFC 4475 and RFC 5118, and their manifest.

use std::fmt;
use std::path::{Path, PathBuf};

/// One message of the corpus.
#[derive(Clone, Debug)]
pub struct Torture {
    /// The name below the corpus, such as `rfc4475/wsinv.dat`.
    pub file: String,
    /// The octets of the message.
    pub octets: Vec<u8>,
    /// The RFC's verdict: `accept`, `reject`, `frame`, `either` or `any`.
    pub parser: String,
    /// The answers that a user agent server may give.
    pub uas: Expected,
}

/// The correct answers: statuses, classes, `drop`, `any`, or all but one.
#[derive(Clone, Debug)]
pub struct Expected(String);

impl Torture {
    /// Returns all messages that can be sent as they are.
    ///
    /// # Panics
    ///
    /// When the corpus or its manifest cannot be read.
    pub fn all() -> Vec<Torture> {
        let corpus = corpus();
        let manifest = std::fs::read_to_string(corpus.join("MANIFEST.tsv")).expect("the manifest");
        let mut rows = manifest.lines().map(|line| line.split('\t').collect::<Vec<_>>());
        let names = rows.next().expect("a header row");
        let column = |name| {
            names
                .iter()
                .position(|other| *other == name)
                .expect("a column of the manifest")
        };
        let (file, parser, uas) = (column("file"), column("parser"), column("uas"));
        rows.filter(|row| row[file].ends_with(".dat"))
            .map(|row| Torture {
                file: row[file].to_owned(),
                octets: std::fs::read(corpus.join(row[file])).expect("a file of the manifest"),
                parser: row[parser].to_owned(),
                uas: Expected(row[uas].to_owned()),
            })
            .collect()
    }

    /// Returns the port of the topmost Via, or 5060, to which the answer goes by RFC 3261 §18.2.2.
    pub fn sent_by_port(&self) -> u16 {
        let text = String::from_utf8_lossy(&self.octets)
            .replace("\r\n ", " ")
            .replace("\r\n\t", " ");
        let via = text.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            ["via", "v"]
                .contains(&name.trim().to_ascii_lowercase().as_str())
                .then(|| value.to_owned())
        });
        let via = via.unwrap_or_default();
        let sent_by = via
            .split('/')
            .nth(2)
            .unwrap_or_default()
            .split([';', ','])
            .next()
            .unwrap_or_default();
        let host = sent_by.split_whitespace().nth(1).unwrap_or_default();
        let port = match host.rsplit_once("]:") {
            Some((_, port)) => port,
            None if host.ends_with(']') => "",
            None => host.rsplit_once(':').map_or("", |(_, port)| port),
        };
        port.parse().unwrap_or(5060)
    }

    /// Reports whether a stream can find the end of the message, which needs a correct Content-Length.
    pub fn frames(&self) -> bool {
        let head = self.octets.windows(4).position(|window| window == b"\r\n\r\n");
        let Some(head) = head else { return false };
        let text = String::from_utf8_lossy(&self.octets[..head])
            .to_ascii_lowercase()
            .replace("\r\n ", " ");
        let lengths: Vec<_> = text
            .lines()
            .filter_map(|line| line.split_once(':'))
            .filter(|(name, _)| ["content-length", "l"].contains(&name.trim()))
            .map(|(_, value)| value.trim().parse::<usize>())
            .collect();
        lengths.len() == 1 && lengths[0] == Ok(self.octets.len() - head - 4)
    }
}

impl Expected {
    /// Reports whether this answer, or no answer for `None`, is correct.
    pub fn takes(&self, answer: Option<u16>) -> bool {
        self.0.split('|').any(|alternative| match (alternative, answer) {
            ("any", _) | ("drop", None) => true,
            (other, None) => other.starts_with('!'),
            (other, Some(status)) => match other.strip_prefix('!') {
                Some(wrong) => wrong != status.to_string(),
                None => {
                    other == status.to_string()
                        || other.strip_suffix("xx") == Some(&(status / 100).to_string())
                }
            },
        })
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn corpus() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("this crate lies in the workspace");
    root.join("spigot-parser/tests/torture")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alternative_is_a_status_a_class_silence_or_anything_but() {
        let expected = |text: &str| Expected(text.to_owned());
        assert!(expected("400|drop").takes(Some(400)) && expected("400|drop").takes(None));
        assert!(!expected("400|drop").takes(Some(200)) && !expected("416").takes(None));
        assert!(expected("2xx|483").takes(Some(202)) && !expected("2xx|483").takes(Some(302)));
        assert!(expected("!400").takes(Some(481)) && expected("!400").takes(None));
        assert!(!expected("!400").takes(Some(400)) && expected("any").takes(Some(400)));
    }

    #[test]
    fn the_port_of_the_topmost_via_is_found_in_whatever_shape() {
        let port = |name: &str| {
            let all = Torture::all();
            all.iter()
                .find(|message| message.file.ends_with(name))
                .expect("that file")
                .sent_by_port()
        };
        assert_eq!(port("/quotbal.dat"), 5050);
        assert_eq!(port("/wsinv.dat"), 5060);
        assert_eq!(port("/mpart01.dat"), 5070);
        assert_eq!(port("/ipv4-mapped-ipv6.dat"), 19823);
        assert_eq!(port("/ipv6-good.dat"), 5060);
        assert_eq!(port("/leftover.dat"), 5060);
    }
}
