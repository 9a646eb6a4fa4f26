// The names between the wasm and its bindings: short in what is served, and both sides know them.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { shorten } from '../../scripts/short_imports.mjs';

test('the page imports every name that the wasm asks for, and none of them is long', async () => {
  const wasm = await WebAssembly.compile(await readFile('dist/glasshouse_bg.wasm'));
  const script = await readFile('dist/glasshouse.js', 'utf8');
  const names = WebAssembly.Module.imports(wasm).map(({ name }) => name);
  assert.ok(names.length > 50, `imports: ${names.length}`);
  for (const name of names) {
    assert.ok(name.length <= 4, name);
    assert.match(script, new RegExp(`\\b${name}\\b`));
  }
});

test('imports of every kind are found, and a name that the bindings lack is told', () => {
  const text = (string) => [string.length, ...Buffer.from(string)];
  const entries = [
    [...text('m'), ...text('__wbg_a_0123'), 0, 0],
    [...text('m'), ...text('__wbg_table_4567'), 1, 0x70, 1, 1, 0x80, 1],
    [...text('m'), ...text('__wbg_memory_89ab'), 2, 0, 1],
    [...text('m'), ...text('__wbg_global_cdef'), 3, 0x7f, 0],
  ];
  const body = [entries.length, ...entries.flat()];
  const wasm = Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 2, body.length, ...body]);
  const script = '({ __wbg_a_0123() {}, __wbg_table_4567: 1, __wbg_memory_89ab: 2, __wbg_global_cdef: 3, __wbg_other: 4 })';
  const short = shorten(wasm, script);
  const found = WebAssembly.Module.imports(new WebAssembly.Module(short.wasm));
  assert.deepEqual(found.map(({ name, kind }) => [name, kind]), [['_0', 'function'], ['_1', 'table'], ['_2', 'memory'], ['_3', 'global']]);
  assert.equal(short.script, '({ _0() {}, _1: 1, _2: 2, _3: 3, __wbg_other: 4 })');
  assert.throws(() => shorten(wasm, '({})'), /imports __wbg_a_0123, and its bindings do not have it/);
});
