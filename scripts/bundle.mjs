// The scripts of the page as they are served: what one thread imports in one file, without comments, spaces and long names.

import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { minify } from 'terser';

/** Where the two threads begin, and what on the page's thread is asked for by its name. */
const ENTRIES = ['main.js', 'worker.js', 'sampling.js'];
/** The words of each language, in one file however many they are written in. */
const WORDS = ['strings/en.js', 'strings/zh.js'];
/** Files of their own, which others import under their names: bindings that wait for the wasm, the words, what comes from npm
 * and is as small as it gets. */
const APART = ['./glasshouse.js', './strings/*', './vendor/*'];

/** Puts the modules in `folder` together, in place; those that went into another file are removed. */
export async function bundle(folder) {
  const root = resolve(folder);
  const small = { minify: true, format: 'esm', charset: 'utf8', target: 'es2022', logLevel: 'warning' };
  const put = (options) => build({ ...small, absWorkingDir: root, bundle: true, metafile: true, write: false, ...options });
  const built = await Promise.all([
    // A thread finds the files beside it from where its module lies, so every part lies beside the page.
    put({ entryPoints: ENTRIES, outdir: root, chunkNames: 'shared-[hash]', splitting: true, external: APART }),
    put({ entryPoints: WORDS, outdir: join(root, 'strings') }),
  ]);
  for (const { metafile } of built) for (const path of Object.keys(metafile.inputs)) rmSync(join(root, path));
  for (const { path, contents } of built.flatMap(({ outputFiles }) => outputFiles)) writeFileSync(path, contents);
  await share_keys(join(root, 'strings'));
  const scripts = ['.', 'strings'].flatMap((within) => readdirSync(join(root, within)).map((name) => join(root, within, name)));
  for (const path of scripts.filter((path) => path.endsWith('.js'))) {
    // Of what esbuild has put together and made small, another twentieth can go.
    const { code } = await minify(readFileSync(path, 'utf8'), { module: true, ecma: 2020, compress: { passes: 2 } });
    writeFileSync(path, code);
  }
}

/** Serves the keys of the words once: Chinese has the same as English, in the same order, so its file has the words alone. */
async function share_keys(folder) {
  const read = (name) => import(`data:text/javascript;base64,${readFileSync(join(folder, name)).toString('base64')}`);
  const [{ default: en }, { default: zh, sentences }] = await Promise.all(['en.js', 'zh.js'].map(read));
  if (Object.keys(en).join() !== Object.keys(zh).join()) throw new Error('en.js and zh.js have other keys, or in another order');
  const [words, engine] = [Object.values(zh), sentences].map((part) => JSON.stringify(part));
  writeFileSync(join(folder, 'zh.js'), `import en from"./en.js";const words=${words};export const sentences=${engine};export default Object.fromEntries(Object.keys(en).map((key,i)=>[key,words[i]]));\n`);
}
