// Trunk's post-build hook: cuts the lists of words out of the wasm, makes that small with wasm-opt, shortens the names of its
// imports, adds the files of www/, the recorded runs, the built-in corpora, what comes from npm and the vocabularies of other
// models, puts the scripts together, lists the licences of all that, prints the size of the wasm.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { cut_lists } from './cut_lists.mjs';
import { gzip } from './gzip.mjs';
import { shorten } from './short_imports.mjs';
import { vocabulary_licences, write_vocabularies } from './vocabularies.mjs';

const { TRUNK_STAGING_DIR: staging, TRUNK_PROFILE: profile } = process.env;
const wasm = join(staging, 'glasshouse_bg.wasm');
const UPLOT = 'node_modules/uplot';

const program = 'node_modules/binaryen/bin/wasm-opt';
for (const needed of [program, UPLOT, 'node_modules/esbuild', 'node_modules/terser']) {
  if (existsSync(needed)) continue;
  console.error(`${needed} is missing: run 'scripts/setup.sh page'`);
  process.exit(1);
}

const { packages, resolve } = metadata();
let lists = Buffer.alloc(0);
if (profile === 'release') {
  const { manifest_path: justext } = packages.find(({ name }) => name === 'justext');
  const cut = cut_lists(readFileSync(wasm), join(dirname(justext), 'src', 'stoplists'));
  lists = cut.lists;
  writeFileSync(wasm, cut.wasm);
  // It takes a minute, so its last result is kept under the hash of its input.
  const hash = createHash('sha256').update(cut.wasm).update(readFileSync('package-lock.json')).digest('hex');
  const kept = `build/wasm-opt/${hash}.wasm`;
  if (!existsSync(kept)) {
    rmSync('build/wasm-opt', { recursive: true, force: true });
    mkdirSync('build/wasm-opt', { recursive: true });
    execFileSync(process.execPath, [program, '-Os', wasm, '-o', `${kept}.tmp`], { stdio: 'inherit' });
    renameSync(`${kept}.tmp`, kept);
  }
  const bindings = join(staging, 'glasshouse.js');
  const short = shorten(readFileSync(kept), readFileSync(bindings, 'utf8'));
  writeFileSync(wasm, short.wasm);
  writeFileSync(bindings, short.script);
}
writeFileSync(join(staging, 'stoplists.bin.gz'), gzipSync(lists, { level: 9 }));
cpSync('www', staging, { recursive: true, filter: (path) => extname(path) !== '.html' });
for (const folder of ['recorded', 'corpora']) cpSync(folder, join(staging, folder), { recursive: true });
write_vocabularies(join(staging, 'vocabularies'));
vendor();
writeFileSync(join(staging, 'licences.txt'), licences());
if (profile === 'release') await (await import('./bundle.mjs')).bundle(staging);
// Trunk leaves the link that told it what to build.
const index = join(staging, 'index.html');
writeFileSync(index, readFileSync(index, 'utf8').replace(/^ *<link [^>]*rel="rust"[^>]*>\n(\s*\n)*/m, ''));
console.log(`glasshouse_bg.wasm: ${statSync(wasm).size} bytes, ${gzip(wasm).length} compressed`);

/** The library that draws the curves: npm has it as a small script or as a large module, and the page takes modules. */
function vendor() {
  const folder = join(staging, 'vendor');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'uplot.js'), `${readFileSync(`${UPLOT}/dist/uPlot.iife.min.js`, 'utf8')}\nexport default uPlot;\n`);
  copyFileSync(`${UPLOT}/dist/uPlot.min.css`, join(folder, 'uplot.css'));
}

/** What cargo knows of the crates that the wasm is made of. */
function metadata() {
  const options = ['--format-version=1', '--no-default-features', '--features=page', '--filter-platform=wasm32-unknown-unknown', '--offline'];
  return JSON.parse(execFileSync('cargo', ['metadata', ...options], { encoding: 'utf8', maxBuffer: 1 << 28 }));
}

/** The crates that the wasm is made of and the library beside it, each with its licence and the notices in its package; then
 * the vocabularies'. */
function licences() {
  const nodes = new Map(resolve.nodes.map((node) => [node.id, node]));
  const linked = new Set();
  const visit = (id) => {
    if (linked.has(id)) return;
    linked.add(id);
    for (const { pkg, dep_kinds: kinds } of nodes.get(id).deps) {
      if (kinds.some(({ kind }) => kind === null)) visit(pkg);
    }
  };
  visit(resolve.root);
  const parts = packages.filter(({ id }) => linked.has(id)).sort((a, b) => (a.name < b.name ? -1 : 1));
  const list = parts.map(({ name, version, license, repository }) => `${name} ${version}: ${license} ${repository ?? ''}\n`);
  // Most crates carry the same few texts: each is printed once, under the names of its crates.
  const texts = new Map();
  for (const part of parts) {
    for (const text of notices(part)) {
      const key = text.replace(/\s+/g, ' ');
      if (!texts.has(key)) texts.set(key, { text, names: new Set() });
      texts.get(key).names.add(part.name);
    }
  }
  const { name, version, license, homepage } = JSON.parse(readFileSync(`${UPLOT}/package.json`, 'utf8'));
  list.push(`${name} ${version}: ${license} ${homepage}\n`);
  texts.set(name, { text: readFileSync(`${UPLOT}/LICENSE`, 'utf8').trim(), names: new Set([name]) });
  const rule = `\n${'-'.repeat(100)}\n\n`;
  const bodies = [...texts.values()].map(({ text, names }) => `${[...names].join(', ')}:\n\n${text}\n`);
  return ['What this page is made of, and under which licences.\n\n' + list.join(''), ...bodies, ...vocabulary_licences()].join(rule);
}

/** The notices in a crate's package; of a choice between licences the MIT one is taken where it is offered. */
function notices({ license, manifest_path: manifest }) {
  const folder = dirname(manifest);
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file) && statSync(join(folder, file)).isFile());
  const mit = files.filter((file) => /mit/i.test(file));
  const chosen = /\bMIT\b/.test(license) && license.includes(' OR ') && mit.length > 0 ? mit : files;
  return chosen.sort().map((file) => readFileSync(join(folder, file), 'utf8').trim());
}
