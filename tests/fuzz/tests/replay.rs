//! Every input that a corpus or a fault has left behind goes through its target again.

use std::fs;
use std::panic;
use std::path::{Path, PathBuf};

use spigot_fuzz::{TARGETS, Target};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The files in a folder; none if it is not there.
fn inputs(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Runs `target` on every file; gives those that it fails on.
fn failures(target: &Target, files: &[PathBuf]) -> Vec<String> {
    let fails = |file: &PathBuf| {
        let data = fs::read(file).unwrap();
        panic::catch_unwind(|| (target.run)(&data)).is_err()
    };
    let failed = files.iter().filter(|file| fails(file));
    failed
        .map(|file| format!("{}: {}", target.name, file.display()))
        .collect()
}

#[test]
fn every_target_has_a_corpus_and_keeps_to_it() {
    spigot_fuzz::keep_quiet_about_the_peer();
    let mut failed = Vec::new();
    for target in TARGETS {
        let corpus = inputs(&folder("corpus").join(target.name));
        assert!(
            corpus.len() > 20,
            "the corpus of {} has {} files",
            target.name,
            corpus.len()
        );
        failed.extend(failures(target, &corpus));
        failed.extend(failures(
            target,
            &inputs(&folder("regressions").join(target.name)),
        ));
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn every_corpus_has_a_target() {
    for name in ["corpus", "regressions"] {
        for folder in inputs(&folder(name)) {
            let name = folder.file_name().unwrap().to_str().unwrap();
            assert!(
                TARGETS.iter().any(|target| target.name == name),
                "there is no target {name}"
            );
        }
    }
}
