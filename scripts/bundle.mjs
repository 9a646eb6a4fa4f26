// The scripts of the page as they are served: what one thread imports in one file, without comments, spaces and long names.

import { readFileSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { build } from 'esbuild';
import { minify } from 'terser';

/** Where the two threads begin, and what on the page's thread is asked for by its name. */
const ENTRIES = { main: 'main.js', worker: 'worker.js', sampling: 'engine/sampling.js' };
/** The words of each language, served as one file however many they are written in. */
const WORDS = ['en', 'zh'];
/** Files of their own, which others import under their names: bindings that wait for the wasm, what comes from npm and is as
 * small as it gets. */
const APART = ['./glasshouse.js', './vendor/*'];

/** Puts the modules in `folder` together, in place; those that went into another file are removed. */
export async function bundle(folder) {
  const root = resolve(folder);
  const small = { minify: true, format: 'esm', charset: 'utf8', target: 'es2022', logLevel: 'warning' };
  const put = (options) => build({ ...small, absWorkingDir: root, bundle: true, metafile: true, write: false, ...options });
  const built = await Promise.all([
    // Every part lies beside the page, from whichever room it comes.
    put({ entryPoints: ENTRIES, outdir: root, chunkNames: 'shared-[hash]', splitting: true, external: APART }),
    put({ entryPoints: WORDS.map((name) => `words/${name}.js`), outdir: join(root, 'words') }),
  ]);
  for (const { metafile } of built) for (const path of Object.keys(metafile.inputs)) remove(root, path);
  const [scripts, words] = built.map(({ outputFiles }) => outputFiles);
  for (const { path, contents } of scripts) writeFileSync(path, contents);
  for (const { path, text } of words) await serve_words(path, text);
  for (const path of readdirSync(root).map((name) => join(root, name)).filter((path) => path.endsWith('.js'))) {
    // Of what esbuild has put together and made small, another twentieth can go.
    const { code } = await minify(readFileSync(path, 'utf8'), { module: true, ecma: 2020, compress: { passes: 2 } });
    writeFileSync(path, code);
  }
}

/** Removes a file below `root`, and the folders that it leaves empty. */
function remove(root, path) {
  rmSync(join(root, path));
  for (let room = dirname(path); room !== '.' && readdirSync(join(root, room)).length === 0; room = dirname(room)) rmdirSync(join(root, room));
}

/** Writes the words of a language as data: its strings, and where it has them the engine's sentences. */
async function serve_words(path, script) {
  const { default: strings, sentences } = await import(`data:text/javascript;base64,${Buffer.from(script).toString('base64')}`);
  writeFileSync(path.replace(/\.js$/, '.json'), `${JSON.stringify({ strings, sentences })}\n`);
}
