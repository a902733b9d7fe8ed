#!/usr/bin/env bash
# What the browser gets, in target/site/pkg: the app as WebAssembly (lunchbox for learners; for
# instructors teach, the board, and desk, all else), the terminal and the style sheets, each also as .br and .gz. Made again only where what it
# is made from has changed.
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

BROWSER=app/browser
PKG=target/site/pkg
WASM=wasm32-unknown-unknown
export PATH="$ROOT/$BROWSER/node_modules/.bin:$PATH"

# The app's bundles; each compiles the app with features of its own, and nobody loads both.
APPS=(lunchbox teach desk)
declare -A APP_FEATURES=([lunchbox]=hydrate [teach]="hydrate,teach" [desk]="hydrate,desk")

# wasm_print NAME: what a bundle is made from. Learners' has nothing of app/src/teach in it.
wasm_print() {
  local sources=(app/src)
  [ "$1" != lunchbox ] || mapfile -t sources < <(find app/src -mindepth 1 -maxdepth 1 ! -name 'teach*')
  fingerprint .cargo/config.toml "${sources[@]}" app/Cargo.toml Cargo.toml Cargo.lock server/setup/browser-assets.sh "$STATE/stamp/wasm-toolchain"
}
bundle_print() { fingerprint "$BROWSER/src" "$BROWSER"/*.mjs "$BROWSER"/*.json style server/setup/browser-assets.sh; }

# --- npm ----------------------------------------------------------------------------------------

npm_packages() {
  local folder=$1 name=$2 print
  print=$(fingerprint "$folder/package.json" "$folder/package-lock.json")
  if [ -e "$folder/node_modules/.package-lock.json" ] && stamped "npm-$name" "$print"; then return 0; fi
  HINT="see that npm reaches its registry (npm ping), then run the same command again." \
    step "npm packages of $folder" "npm-$name" npm_ci "$folder"
  stamp "npm-$name" "$print"
}

npm_ci() { PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --prefix "$1" --no-audit --no-fund; }

# --- WebAssembly ----------------------------------------------------------------------------------

# wasm_cargo COMMAND…: cargo for the wasm target, with the compiler that set-up found for it.
wasm_cargo() {
  if [ "$(cat "$STATE/stamp/wasm-toolchain" 2>/dev/null)" = debian ]; then
    env RUSTC=/usr/bin/rustc CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER="$(debian_wasm_ld)" /usr/bin/cargo "$@"
  else
    cargo "$@"
  fi
}

debian_wasm_ld() {
  local llvm
  llvm=$(/usr/bin/rustc -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')
  echo "wasm-ld-$llvm"
}

# wasm_app NAME: all bundles are compiled in one folder, so that they share what they depend on.
wasm_app() {
  wasm_cargo build --locked --profile wasm-release -p app --lib --no-default-features --features "${APP_FEATURES[$1]}" \
    --target "$WASM" --target-dir target/wasm
  mkdir -p "$STATE/build"
  cp "target/wasm/$WASM/wasm-release/app.wasm" "$STATE/build/$1.wasm"
}

# The glue between wasm and JavaScript must be made by the very version in the lock file. Its library
# behind six lines of our own builds in half the time of its command-line tool.
bindgen_version() { sed -n '/^name = "wasm-bindgen"$/{n;s/version = "\(.*\)"/\1/p}' Cargo.lock; }
BINDGEN="$TOOLS/bindgen-$(bindgen_version)/bindgen"

build_bindgen() {
  local work
  work=$(mktemp -d "${TMPDIR:-/tmp}/lunchbox-bindgen.XXXXXX")
  # shellcheck disable=SC2064
  trap "rm -rf '$work'" EXIT
  mkdir -p "$work/src"
  cat >"$work/Cargo.toml" <<TOML
[package]
name = "bindgen"
version = "0.0.0"
edition = "2021"
[dependencies]
wasm-bindgen-cli-support = "=$(bindgen_version)"
[workspace]
[profile.release]
opt-level = 1
TOML
  cat >"$work/src/main.rs" <<'RUST'
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let mut bindgen = wasm_bindgen_cli_support::Bindgen::new();
    bindgen.input_path(&arguments[1]).out_name(&arguments[2]).web(true)?.typescript(false);
    bindgen.generate(&arguments[3])?;
    Ok(())
}
RUST
  (cd "$work" && env -u CARGO_TARGET_DIR cargo build --release)
  mkdir -p "${BINDGEN%/*}"
  cp "$work/target/release/bindgen" "$BINDGEN.new"
  mv "$BINDGEN.new" "$BINDGEN"
}

# glue NAME FOLDER
glue() {
  local name=$1 out=$2
  rm -rf "$out"
  mkdir -p "$out"
  "$BINDGEN" "$STATE/build/$name.wasm" "$name" "$out"
  # Again and again until it gets no smaller; nothing of Rust's lies below address 1024, which shortens offsets.
  wasm-opt -Oz --converge --low-memory-unused --strip-debug --strip-producers --enable-bulk-memory --enable-nontrapping-float-to-int \
    --enable-sign-ext --enable-mutable-globals --enable-reference-types --enable-multivalue \
    "$out/${name}_bg.wasm" -o "$out/${name}_bg.wasm.opt"
  mv "$out/${name}_bg.wasm.opt" "$out/${name}_bg.wasm"
}

bundle() { rm -rf "$1"; LUNCHBOX_SITE_PKG="$1" node "$BROWSER/build.mjs"; }

# Everything a second time, packed: as small as brotli and gzip make it, once, here.
publish() {
  cat >"$STATE/precompress.mjs" <<'JS'
import { readdirSync, readFileSync, writeFileSync, renameSync, mkdirSync, copyFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const [from, to] = process.argv.slice(2);
const put = (path, bytes) => {
  writeFileSync(`${path}.new`, bytes);
  renameSync(`${path}.new`, path);
};
for (const entry of readdirSync(from, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue;
  const source = join(entry.parentPath ?? entry.path, entry.name);
  const target = join(to, relative(from, source));
  mkdirSync(dirname(target), { recursive: true });
  const bytes = readFileSync(source);
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  put(`${target}.br`, brotliCompressSync(bytes, { params }));
  put(`${target}.gz`, gzipSync(bytes, { level: 9 }));
  put(target, bytes);
}
JS
  node "$STATE/precompress.mjs" "$1" "$PKG"
}

# --- the stage ------------------------------------------------------------------------------------

# have_wasm NAME PRINT
have_wasm() { [ -s "$PKG/${1}_bg.wasm.br" ] && stamped "wasm-$1" "$2"; }
have_bundle() { [ -s "$PKG/lunchbox.css.br" ] && [ -s "$PKG/teach.css.br" ] && stamped bundle "$1"; }

# wasm_size NAME: bytes of a bundle, compressed as the browser gets it.
wasm_size() { stat -c %s "$PKG/${1}_bg.wasm.br"; }

# wasm_all NAME PRINT
wasm_all() {
  local name=$1 print=$2 out="$STATE/build/wasm-pkg-$1"
  [ -x "$BINDGEN" ] || step "wasm-bindgen $(bindgen_version)" bindgen build_bindgen
  step "App for the browser, $name (WebAssembly)" "wasm-$name" wasm_app "$name"
  step "App for the browser, $name (bindings, wasm-opt)" "wasm-glue-$name" glue "$name" "$out"
  step "App for the browser, $name (compressing)" "wasm-publish-$name" publish "$out"
  stamp "wasm-$name" "$print"
}

bundle_all() {
  step "Terminal and styles" bundle bundle "$STATE/build/bundle"
  step "Terminal and styles (compressing)" bundle-publish publish "$STATE/build/bundle"
  stamp bundle "$1"
}

main() {
  local bundle name print made=0
  [ -e "$BROWSER/package.json" ] || { say "No browser code yet."; return 0; }
  npm_packages "$BROWSER" browser
  bundle=$(bundle_print)
  have_bundle "$bundle" || { bundle_all "$bundle"; made=1; }
  for name in "${APPS[@]}"; do
    print=$(wasm_print "$name")
    have_wasm "$name" "$print" || { wasm_all "$name" "$print"; made=1; }
  done
  if [ "$made" = 0 ]; then there "Browser assets"; return 0; fi
  for name in "${APPS[@]}"; do
    say "WebAssembly sent to the browser, $name: $(($(wasm_size "$name") / 1024)) KiB"
  done
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then once browser-assets main; fi
