// Looks at every crate that goes into Lunchbox: its licence (must be on the list in deny.toml), whether
// it is there in two versions (must be excused there), and whether an advisory speaks against it, where
// the database of advisories can be reached. Says so where it can't. Needs nothing but Node and cargo.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const TARGETS = ["x86_64-unknown-linux-gnu", "wasm32-unknown-unknown"];
const ADVISORIES = "https://api.osv.dev/v1/querybatch";
const ADVISORIES_WITHIN_MS = 15_000;

/** The strings of one array in deny.toml, e.g. strings("licenses", "allow"). Comments don't count. */
function strings(section, key) {
  const text = readFileSync("deny.toml", "utf8").replace(/^\s*#.*$|\s+#[^"\n]*$/gm, "");
  const body = text.split(/^\[/m).find((part) => part.startsWith(`${section}]`)) ?? "";
  const array = body.match(new RegExp(`^${key}\\s*=\\s*\\[([^\\]]*)\\]`, "m"))?.[1] ?? "";
  return [...array.matchAll(/"([^"]*)"/g)].map((match) => match[1]);
}

/** Whether an SPDX expression can be met with allowed licences alone. "/" is the old way to say OR. */
function licensed(expression, allowed) {
  const tokens = expression.replace(/\s*\/\s*/g, " OR ").match(/\(|\)|[^\s()]+/g) ?? [];
  let at = 0;
  const any = () => {
    let ok = all();
    while (tokens[at] === "OR") { at += 1; ok = all() || ok; }
    return ok;
  };
  const all = () => {
    let ok = one();
    while (tokens[at] === "AND") { at += 1; ok = one() && ok; }
    return ok;
  };
  const one = () => {
    if (tokens[at] === "(") {
      at += 1;
      const ok = any();
      at += 1;
      return ok;
    }
    let name = tokens[at++];
    if (tokens[at] === "WITH") { name += ` WITH ${tokens[at + 1]}`; at += 2; }
    return allowed.has(name);
  };
  return tokens.length > 0 && any();
}

/** Packages that are really compiled in for one target, without those only tests need. */
function packagesFor(target) {
  const text = execFileSync("cargo", ["metadata", "--locked", "--format-version", "1", "--filter-platform", target], {
    maxBuffer: 256 << 20,
    encoding: "utf8",
  });
  const { packages, resolve, workspace_members: members } = JSON.parse(text);
  const nodes = new Map(resolve.nodes.map((node) => [node.id, node]));
  const used = new Set();
  const queue = [...members];
  while (queue.length > 0) {
    const id = queue.pop();
    if (used.has(id)) continue;
    used.add(id);
    for (const dependency of nodes.get(id).deps) {
      if (dependency.dep_kinds.some(({ kind }) => kind !== "dev")) queue.push(dependency.pkg);
    }
  }
  return packages.filter(({ id, source }) => used.has(id) && source);
}

const found = new Map(TARGETS.flatMap(packagesFor).map((one) => [one.id, one]));
const packages = [...found.values()].sort((a, b) => a.name.localeCompare(b.name));
const wrong = [];

const allowed = new Set(strings("licenses", "allow"));
for (const { name, version, license } of packages) {
  if (!license || !licensed(license, allowed)) wrong.push(`${name} ${version}: licence "${license ?? "none"}" is not on the list in deny.toml`);
}

const versions = Map.groupBy ? Map.groupBy(packages, ({ name }) => name) : packages.reduce((map, one) => map.set(one.name, [...(map.get(one.name) ?? []), one]), new Map());
const excused = new Set(strings("bans", "skip"));
for (const [name, several] of versions) {
  if (several.length > 1 && !excused.has(name)) {
    wrong.push(`${name} is compiled in ${several.length} versions: ${several.map(({ version }) => version).join(", ")}; see "skip" in deny.toml`);
  }
}
for (const name of excused) {
  if ((versions.get(name)?.length ?? 0) < 2) console.log(`note: deny.toml still excuses ${name}, and there is only one version of it now.`);
}

const ignored = new Set(strings("advisories", "ignore"));
try {
  const queries = packages.map(({ name, version }) => ({ package: { ecosystem: "crates.io", name }, version }));
  const reply = await fetch(ADVISORIES, { method: "POST", body: JSON.stringify({ queries }), signal: AbortSignal.timeout(ADVISORIES_WITHIN_MS) });
  if (!reply.ok) throw new Error(`it answered ${reply.status}`);
  const { results } = await reply.json();
  let count = 0;
  results.forEach(({ vulns = [] }, i) => {
    for (const { id } of vulns) {
      if (!id.startsWith("RUSTSEC-") || ignored.has(id)) continue;
      count += 1;
      wrong.push(`${packages[i].name} ${packages[i].version}: advisory ${id}`);
    }
  });
  console.log(`note: advisories looked up for ${packages.length} crates: ${count} found.`);
} catch (error) {
  console.log(`note: advisories were NOT looked up: their database can't be reached from here (${error.cause?.code ?? error.message}).`);
}

console.log(`note: ${packages.length} crates looked at.`);
for (const line of wrong) console.error(line);
process.exitCode = wrong.length > 0 ? 1 : 0;
