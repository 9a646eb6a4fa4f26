// The vocabularies of other models: files beside the page, fetched by the worker when they are asked for.

/** What the files are called in a sentence. */
const HERE = 'vocabularies/';

/** The bytes of a file, unpacked where it is packed; `heard` is called with how many have come, as they come.
 * @param {string} file
 * @param {(loaded: number) => void} [heard] */
async function fetched(file, heard = () => {}) {
  let response;
  const parts = [];
  try {
    response = await fetch(new URL(HERE + file, self.location.href));
    const reader = response.ok ? response.body?.getReader() : null;
    for (let loaded = 0; reader;) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      loaded += value.length;
      heard(loaded);
    }
  } catch (error) {
    throw new Error(`vocabularies/${file}: it could not be fetched (${error.message})`);
  }
  if (!response.ok) throw new Error(`vocabularies/${file}: ${response.status} ${response.statusText}`);
  const blob = new Blob(parts);
  const [first, second] = new Uint8Array(await blob.slice(0, 2).arrayBuffer());
  // Some servers say of a packed file that it is packed, and then the browser has unpacked it already.
  if (first !== 0x1f || second !== 0x8b) return new Uint8Array(await blob.arrayBuffer());
  try {
    return new Uint8Array(await new Response(blob.stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer());
  } catch {
    throw new Error(`vocabularies/${file}: it is not a whole gzip file: reload the page`);
  }
}

let list = null;

/** The vocabulary `name` of the list: `{file, bytes, source}`, its file's name and bytes, and the package that it was taken
 * from, `{registry, name, version, licence, author}`. `heard` is called with how many bytes have come, of how many.
 * @param {string} name
 * @param {(loaded: number, total: number) => void} heard
 * @returns {Promise<{ file: string, bytes: Uint8Array<ArrayBuffer>, source: Messages.Package }>} */
export async function vocabulary(name, heard) {
  list ??= JSON.parse(new TextDecoder().decode(await fetched('list.json')));
  const { file, bytes: total, source } = list[name];
  const bytes = await fetched(file, (loaded) => heard(loaded, total));
  return { file: file.replace(/\.gz$/, ''), bytes, source };
}
