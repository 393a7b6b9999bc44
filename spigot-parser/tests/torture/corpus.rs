//! The files of the corpus and their manifest.

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use spigot_parser::Bytes;

use crate::sha256;

/// One file of the corpus.
pub(crate) struct Case {
    /// The name below the corpus, such as `rfc4475/wsinv.dat`.
    pub(crate) file: String,
    pub(crate) rfc: String,
    pub(crate) section: String,
    pub(crate) title: String,
    /// The manifest's verdict: `accept`, `reject`, `frame`, `either` or `any`.
    pub(crate) verdict: String,
    /// The RFC's expectation in the words of the manifest.
    pub(crate) expected: String,
    pub(crate) bytes: Bytes,
    octets: usize,
    sha256: String,
}

/// Every file, in the order of the manifest.
pub(crate) static CASES: LazyLock<Vec<Case>> = LazyLock::new(read);

/// Returns the path of the corpus.
pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/torture")
}

pub(crate) fn case(file: &str) -> &'static Case {
    CASES
        .iter()
        .find(|case| case.file == file)
        .unwrap_or_else(|| panic!("{file} is not in the manifest"))
}

fn read() -> Vec<Case> {
    let manifest = fs::read_to_string(folder().join("MANIFEST.tsv")).unwrap();
    let mut rows = manifest.lines().map(|row| row.split('\t').collect::<Vec<_>>());
    let columns = rows.next().unwrap();
    rows.map(|row| {
        let column = |name| {
            let at = columns.iter().position(|column| *column == name);
            row[at.unwrap_or_else(|| panic!("the manifest has no column {name}"))].to_owned()
        };
        Case {
            bytes: fs::read(folder().join(column("file"))).unwrap().into(),
            file: column("file"),
            rfc: column("rfc"),
            section: column("section"),
            title: column("title"),
            verdict: column("parser"),
            expected: column("expected"),
            octets: column("octets").parse().unwrap(),
            sha256: column("sha256"),
        }
    })
    .collect()
}

#[test]
fn no_file_was_touched_and_none_is_left_out() {
    for case in CASES.iter() {
        assert_eq!(case.bytes.len(), case.octets, "{}", case.file);
        assert_eq!(sha256::hex(&case.bytes), case.sha256, "{}", case.file);
    }
    let mut there = Vec::new();
    for part in ["rfc4475", "rfc5118"] {
        for entry in fs::read_dir(folder().join(part)).unwrap() {
            let name = entry.unwrap().file_name();
            there.push(format!("{part}/{}", name.to_str().unwrap()));
        }
    }
    let mut listed: Vec<&str> = CASES.iter().map(|case| case.file.as_str()).collect();
    there.sort_unstable();
    listed.sort_unstable();
    assert_eq!(there, listed);
    let count = |ends: fn(&Case) -> bool| CASES.iter().filter(|case| ends(case)).count();
    assert_eq!(
        count(|case| case.rfc == "4475" && case.section != "-" && case.file != "rfc4475/baddn-closed.dat"),
        49
    );
    assert_eq!(
        count(|case| case.rfc == "5118" && case.file.ends_with(".dat")),
        12
    );
    assert_eq!(CASES.len(), 75);
}

/// Checks that the derived files of RFC 5118 differ from its archive in three ways only.
#[test]
fn the_derived_files_are_the_archive_with_line_ends_empty_line_and_length_put_right() {
    for derived in CASES
        .iter()
        .filter(|case| case.rfc == "5118" && case.file.ends_with(".dat"))
    {
        let archive = case(&derived.file.replace(".dat", ".lf"));
        let mut text = String::from_utf8(archive.bytes.to_vec()).unwrap();
        if !text.contains("\n\n") {
            text.push('\n');
        }
        let text = text.replace('\n', "\r\n");
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let head: Vec<String> = head
            .lines()
            .map(|line| match line.split_once(": ") {
                Some((name, _)) if name.eq_ignore_ascii_case("Content-Length") => {
                    format!("{name}: {}", body.len())
                }
                _ => line.to_owned(),
            })
            .collect();
        assert_eq!(
            format!("{}\r\n\r\n{body}", head.join("\r\n")),
            derived.bytes,
            "{}",
            derived.file
        );
    }
    let (open, closed) = (case("rfc4475/baddn.dat"), case("rfc4475/baddn-closed.dat"));
    assert_eq!([&open.bytes[..], b"\r\n"].concat(), closed.bytes);
}
