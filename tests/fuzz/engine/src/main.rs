//! Puts libFuzzer's inputs through the target that the variable `TARGET` names. Without one it prints the names of
//! all and their longest inputs.

#![no_main]

use std::process::exit;
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use spigot_fuzz::Target;

static CHOSEN: OnceLock<&'static Target> = OnceLock::new();

fn choose() -> &'static Target {
    let Ok(name) = std::env::var("TARGET") else {
        for target in spigot_fuzz::TARGETS {
            println!("{} {}", target.name, target.max_len);
        }
        exit(0)
    };
    let Some(target) = spigot_fuzz::TARGETS.iter().find(|target| target.name == name) else {
        eprintln!("there is no target `{name}`");
        exit(2)
    };
    spigot_fuzz::keep_quiet_about_the_peer();
    target
}

fuzz_target!(
    init: { let _ = CHOSEN.set(choose()); },
    |data: &[u8]| {
        if let Some(target) = CHOSEN.get() {
            (target.run)(data);
        }
    }
);
