// The scripts of the page as they are served: what one thread imports in one file, without comments, spaces and long names.

import { readFileSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { build } from 'esbuild';
import { minify } from 'terser';

/** Where the two threads begin, and what on the page's thread is asked for by its name. */
const ENTRIES = { main: 'main.js', worker: 'worker.js', sampling: 'engine/sampling.js' };
/** Files of their own, which others import under their names: bindings that wait for the wasm, what comes from npm and is as
 * small as it gets. */
const APART = ['./glasshouse.js', './vendor/*'];

/** Puts the modules in `folder` together, in place; those that went into another file are removed. */
export async function bundle(folder) {
  const root = resolve(folder);
  const small = { minify: true, format: 'esm', charset: 'utf8', target: 'es2022', logLevel: 'warning' };
  const { metafile, outputFiles } = await build({
    ...small, absWorkingDir: root, bundle: true, metafile: true, write: false, entryPoints: ENTRIES,
    // Every part lies beside the page, from whichever room it comes.
    outdir: root, chunkNames: 'shared-[hash]', splitting: true, external: APART,
  });
  for (const path of Object.keys(metafile.inputs)) remove(root, path);
  for (const { path, contents } of outputFiles) writeFileSync(path, contents);
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
