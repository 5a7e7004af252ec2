//! Link flags that make the command start faster. Figures: docs/performance.md.
//!
//! Most of what a plain `tokenward token` costs is the loader's work and the pages that the kernel maps, before the first line of
//! ours runs. So on Linux, where it is built by and for the same machine:
//!
//! * Packed relative relocations (`DT_RELR`) hold some fifty thousand addresses in seven kilobytes, and keep the program
//!   position-independent. They need glibc 2.36 (2022) where the program runs.
//! * The unwinder comes out of `libgcc_eh.a` instead of `libgcc_s.so.1`: one library less to find, map and relocate.
//!   `rustc` asks for `-lgcc_s` by itself, so a file of that name stands first in the search path and says what to take.
//! * The functions that the short way runs lie side by side (`short-way.ld`). Scattered over eleven megabytes, each of them brings
//!   sixteen pages along that nobody needs.
//!
//! Each is left out where the machine or the build is not the plain case; the program is the same without.

use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={SHORT_WAY}");
    #[expect(clippy::disallowed_methods, reason = "this is how cargo talks to a build script")]
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let linux = variable("CARGO_CFG_TARGET_OS") == "linux" && variable("CARGO_CFG_TARGET_ENV") == "gnu";
    // Another linker may not know what is asked of the usual one.
    let plain = variable("RUSTC_LINKER").is_empty() && !variable("CARGO_ENCODED_RUSTFLAGS").contains("link");
    if !linux || variable("HOST") != variable("TARGET") {
        return;
    }
    if plain && glibc().is_some_and(|found| found >= (2, 36)) {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
    let own = PathBuf::from(variable("OUT_DIR"));
    if plain && has_static_unwinder() && std::fs::write(own.join("libgcc_s.so"), STATIC_UNWINDER).is_ok() {
        println!("cargo::rustc-link-arg-bins=-L{}", own.display());
    }
    // Only here is the linker one that came with the compiler (1.90), so that it is known to understand the file.
    let known = variable("CARGO_CFG_TARGET_ARCH") == "x86_64";
    let file = Path::new(&variable("CARGO_MANIFEST_DIR")).join(SHORT_WAY);
    // The launcher, which has these flags too, is nothing but the short way, and has no such list.
    if plain && known && variable("PROFILE") == "release" && file.is_file() {
        println!("cargo::rustc-link-arg-bins=-T{}", file.display());
    }
}

/// This machine's glibc, as `glibc 2.41`.
fn glibc() -> Option<(u32, u32)> {
    let output = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (major, minor) = text.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// Whether the C compiler that links has the unwinder as a static library. It answers with the bare name if it has not.
fn has_static_unwinder() -> bool {
    let output = Command::new("cc").arg("-print-file-name=libgcc_eh.a").output();
    let path = output.ok().and_then(|output| String::from_utf8(output.stdout).ok()).unwrap_or_default();
    Path::new(path.trim()).is_absolute()
}

const SHORT_WAY: &str = "short-way.ld";
const STATIC_UNWINDER: &str = "GROUP ( -lgcc_eh -lgcc )\n";
