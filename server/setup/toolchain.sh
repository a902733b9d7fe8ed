#!/usr/bin/env bash
# What compiles Lunchbox: a C compiler, Rust with its WebAssembly target, Node.js.
#
# The target comes from wherever it can be had: it is there; rustup fetches it; or, on Debian, from
# the packaged compiler, whose library we build once (Debian packages no wasm library). What was
# found is written to .lunchbox/stamp/wasm-toolchain: `cargo` or `debian`.
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

MIN_RUST=1.95
MIN_NODE=18
RUSTUP_SECONDS=600          # for the whole download, where there is no other way
RUSTUP_SECONDS_ON_DEBIAN=60 # where there is one
WASM=wasm32-unknown-unknown
WANTED=${LUNCHBOX_WASM_TOOLCHAIN:-} # debian: don't ask rustup

# The version of the rustc that is found, or nothing.
rust_version() { { rustc -V 2>/dev/null || true; } | awk '{print $2}'; }
new_enough() { [ -n "$1" ] && [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$2" ]; }

rust() {
  local found
  found=$(rust_version)
  if have cargo && new_enough "$found" "$MIN_RUST"; then there "Rust $found"; return 0; fi
  if have rustup; then
    HINT="run: rustup update stable" step "Rust (newest stable, by rustup)" rustup rustup update stable --no-self-update
  elif is_debian; then
    packages "Rust (Debian's rustc-web)" rustc-web cargo-web rust-web-clippy rustfmt-web
  fi
  hash -r
  found=$(rust_version)
  new_enough "$found" "$MIN_RUST" || fail "Rust $MIN_RUST or newer is missing" "Found: ${found:-none}." \
    "install it with rustup (https://rustup.rs), then run this again."
}

has_wasm() { compgen -G "$1/lib/rustlib/$WASM/lib/libstd-*.rlib" >/dev/null; }

# Ours beside Debian's compiler fits only the very compiler that built it; it says which that was.
DEBIAN_STD="/usr/lib/rustlib/$WASM/lib"
debian_wasm() {
  [ -x /usr/bin/rustc ] && [ -x /usr/bin/cargo ] && has_wasm /usr &&
    [ "$(cat "$DEBIAN_STD/built-by" 2>/dev/null)" = "$(/usr/bin/rustc -V)" ] && have "wasm-ld-$(llvm_version)"
}

rustup_target() {
  local seconds=$RUSTUP_SECONDS
  if is_debian && can_be_root; then seconds=$RUSTUP_SECONDS_ON_DEBIAN; fi
  timeout "$seconds" rustup target add "$WASM"
}

# An empty crate with -Zbuild-std leaves the whole standard library in its deps folder.
build_wasm_std() {
  local work="$STATE/build/wasm-std"
  rm -rf "$work"
  mkdir -p "$work/src"
  printf '#![no_std]\n' >"$work/src/lib.rs"
  printf '[package]\nname = "wasm-std"\nversion = "0.0.0"\nedition = "2021"\n[workspace]\n' >"$work/Cargo.toml"
  (cd "$work" && RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=target /usr/bin/cargo build --release \
    --target "$WASM" -Zbuild-std=std,panic_abort,proc_macro,test)
  as_root rm -rf "$DEBIAN_STD"
  as_root mkdir -p "$DEBIAN_STD"
  as_root cp "$work/target/$WASM/release/deps/"lib*.rlib "$DEBIAN_STD/"
  /usr/bin/rustc -V | as_root tee "$DEBIAN_STD/built-by"
  rm -rf "$work"
}

wasm() {
  local sysroot kept
  kept=$(cat "$STATE/stamp/wasm-toolchain" 2>/dev/null || true)
  if [ "$kept" = debian ] && debian_wasm; then
    there "WebAssembly target (Debian's compiler)"
    return 0
  fi
  sysroot=$(rustc --print sysroot)
  if [ "$WANTED" != debian ] && has_wasm "$sysroot" && [ "$sysroot" != /usr ]; then
    there "WebAssembly target"
    stamp wasm-toolchain cargo
    return 0
  fi
  if debian_wasm; then
    there "WebAssembly target (Debian's compiler)"
    stamp wasm-toolchain debian
    return 0
  fi
  if have rustup && [ "$WANTED" != debian ]; then
    printf '%s→ WebAssembly target (by rustup) …%s\n' "$DIM" "$PLAIN"
    if rustup_target >"$LOGS/wasm-target.log" 2>&1 && has_wasm "$sysroot"; then
      printf '%s✓%s WebAssembly target (by rustup)\n' "$GREEN" "$PLAIN"
      stamp wasm-toolchain cargo
      return 0
    fi
    say "rustup can't download the target from here; trying another way."
  fi
  is_debian || fail "Rust's WebAssembly target is missing" "rustup couldn't add it; see $LOGS/wasm-target.log." \
    "run: rustup target add $WASM"
  packages "WebAssembly target (Debian's compiler)" rustc-web cargo-web rust-web-src rust-web-clippy
  packages "WebAssembly target's linker" "lld-$(llvm_version)"
  if ! debian_wasm; then
    can_be_root || fail "Rust's WebAssembly target is missing" "Putting it beside Debian's compiler needs root." \
      "run: rustup target add $WASM, or run this as root once."
    step "WebAssembly target's standard library" wasm-std build_wasm_std
  fi
  stamp wasm-toolchain debian
}

# Debian names a linker by the LLVM that it belongs to: the one its compiler was built with.
llvm_version() { /usr/bin/rustc -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p'; }

node_there() {
  local found
  found=$(node -v 2>/dev/null) || return 1
  found=${found#v}
  [ "${found%%.*}" -ge "$MIN_NODE" ] && have npm
}

node_js() {
  if node_there; then there "Node.js $(node -v)"; return 0; fi
  if is_debian; then packages "Node.js" nodejs npm; hash -r; fi
  node_there || fail "Node.js $MIN_NODE or newer is missing" "Found: $(node -v 2>/dev/null || echo none)." \
    "install it from nodejs.org or your system's packages, then run this again."
}

compiler() {
  if have cc && cc --version >/dev/null 2>&1; then there "C compiler"; return 0; fi
  packages "C compiler" gcc libc6-dev
}

main() {
  enough_disk "$ROOT" 8 "building Lunchbox"
  compiler
  rust
  wasm
  node_js
}

once toolchain main
