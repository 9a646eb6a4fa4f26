// Shortens the names under which the wasm imports the functions of its bindings. wasm-bindgen ends each with a hash, which
// compression cannot shrink; between the wasm and its bindings any names will do that both know.

const IMPORTS = 2;

/** The number at `at`, in LEB128, and where it ends. */
export function number(bytes, at) {
  let [value, shift] = [0, 0];
  for (;;) {
    const byte = bytes[at];
    at += 1;
    value += (byte & 0x7f) * 2 ** shift;
    shift += 7;
    if (byte < 0x80) return [value, at];
  }
}

/** `value` in LEB128. */
function written(value) {
  const bytes = [];
  do {
    const rest = Math.floor(value / 128);
    bytes.push((value % 128) | (rest > 0 ? 0x80 : 0));
    value = rest;
  } while (value > 0);
  return Buffer.from(bytes);
}

/** Where the description of an import ends that begins at `at`: of a function, a table, a memory, a global or a tag. */
function behind(bytes, at) {
  const kind = bytes[at];
  if (kind === 0) return number(bytes, at + 1)[1];
  if (kind === 3) return at + 3;
  if (kind === 4) return number(bytes, at + 2)[1];
  const limits = kind === 1 ? at + 2 : at + 1;
  const [flags, least] = number(bytes, limits);
  const end = number(bytes, least)[1];
  return flags & 1 ? number(bytes, end)[1] : end;
}

/** The wasm and the script of its bindings, with short names for what the one imports from the other. */
export function shorten(wasm, script) {
  const parts = [wasm.subarray(0, 8)];
  const names = new Map();
  for (let at = 8; at < wasm.length;) {
    const [size, begin] = number(wasm, at + 1);
    const end = begin + size;
    if (wasm[at] !== IMPORTS) {
      parts.push(wasm.subarray(at, end));
      at = end;
      continue;
    }
    const [count, first] = number(wasm, begin);
    const entries = [written(count)];
    for (let i = 0, from = first; i < count; i += 1) {
      const [module_length, module] = number(wasm, from);
      const [length, name_at] = number(wasm, module + module_length);
      const name = wasm.toString('utf8', name_at, name_at + length);
      const next = behind(wasm, name_at + length);
      if (!names.has(name)) names.set(name, `_${names.size.toString(36)}`);
      const short = Buffer.from(names.get(name));
      entries.push(wasm.subarray(from, module + module_length), written(short.length), short, wasm.subarray(name_at + length, next));
      from = next;
    }
    const body = Buffer.concat(entries);
    parts.push(Buffer.from([IMPORTS]), written(body.length), body);
    at = end;
  }
  for (const name of names.keys()) {
    if (!new RegExp(`\\b${name}\\b`).test(script)) throw new Error(`the wasm imports ${name}, and its bindings do not have it`);
  }
  return { wasm: Buffer.concat(parts), script: script.replace(/\b__wb\w+\b/g, (name) => names.get(name) ?? name) };
}
