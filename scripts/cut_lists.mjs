// Cuts the lists of words of the crate justext out of the wasm: 2.6 MB of text in a hundred languages, which only the text of
// pages in HTML needs. Zeros take their place, which weigh nothing; the worker puts the words back before it reads such a page.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { number } from './short_imports.mjs';

const DATA = 11;

/** The wasm without the texts in `folder`, and these with their places in its memory: of each run of them the place and the
 * length, in four bytes each, the lowest first, and its bytes. */
export function cut_lists(wasm, folder) {
  const cut = Buffer.from(wasm);
  const segments = [...data(cut)];
  const texts = readdirSync(folder).filter((name) => name.endsWith('.txt')).map((name) => ({ name, bytes: readFileSync(join(folder, name)) }));
  const found = texts.map(({ name, bytes }) => {
    for (const { place, begin, end } of segments) {
      const at = cut.subarray(begin, end).indexOf(bytes);
      if (at >= 0) return { place: place + at, begin: begin + at, length: bytes.length };
    }
    throw new Error(`the list ${name} of justext is not in the wasm: expected all of them, as the crate has them built in`);
  });
  found.sort((a, b) => a.place - b.place);
  const runs = [];
  for (const list of found) {
    const last = runs.at(-1);
    if (last && last.place + last.length === list.place) last.length += list.length;
    else runs.push({ ...list });
  }
  const parts = runs.map(({ place, begin, length }) => {
    const head = Buffer.alloc(8);
    head.writeUInt32LE(place, 0);
    head.writeUInt32LE(length, 4);
    return Buffer.concat([head, cut.subarray(begin, begin + length)]);
  });
  for (const { begin, length } of runs) cut.fill(0, begin, begin + length);
  return { wasm: cut, lists: Buffer.concat(parts) };
}

/** The segments of data that go to a fixed place of the memory, and where in the file their bytes are. */
function* data(wasm) {
  for (let at = 8; at < wasm.length;) {
    const [size, section] = number(wasm, at + 1);
    if (wasm[at] === DATA) {
      let [count, from] = number(wasm, section);
      for (; count > 0; count -= 1) {
        const [kind, place_at] = number(wasm, from);
        if (kind !== 0 || wasm[place_at] !== 0x41) throw new Error('a segment of the wasm\'s data has no fixed place: expected all to have one');
        // No place is below zero, so that the number is read as one without a sign.
        const [place, behind] = number(wasm, place_at + 1);
        const [length, begin] = number(wasm, behind + 1);
        yield { place, begin, end: begin + length };
        from = begin + length;
      }
    }
    at = section + size;
  }
}
