// Runs in the browser's own storage, for the worker: each save is a file, and counts only when all of it was written.

/** Where they lie, in the storage of this origin. */
const FOLDER = 'glasshouse-runs';
/** Runs that are kept: when another is saved, the oldest goes. */
export const MAX_RUNS = 5;
/** How a file ends that was written to its end: behind the zip and its description, and four bytes with the latter's length. */
const END = new TextEncoder().encode('glasshouse 1');
const NAME = /^([\w-]+)\.(\d+)\.run$/;

/** A tab that saves often may have put another file in the place of one that is read: so many times it is looked for anew where
 * a file went meanwhile, and so many where one is not whole yet. */
const [GONE, UNFINISHED] = [50, 3];

/** @param {string} id */
const lock_of = (id) => `glasshouse-run-${id}`;

/** A save in the storage: what stands at the end of its file, and where. Null where its end was never written.
 * @param {FileSystemFileHandle} handle
 * @returns {Promise<Messages.Save & { bytes: number, saved: number } | null>} */
async function described(handle) {
  const file = await handle.getFile();
  const foot = file.size - END.length - 4;
  if (foot < 0) return null;
  const tail = new Uint8Array(await file.slice(foot).arrayBuffer());
  if (END.some((byte, i) => tail[4 + i] !== byte)) return null;
  const begin = foot - new DataView(tail.buffer).getUint32(0, true);
  if (begin < 0) return null;
  const json = await file.slice(begin, foot).text();
  try {
    return { ...JSON.parse(json), bytes: begin, saved: file.lastModified };
  } catch {
    return null;
  }
}

/** The saved runs, and the one among them that this tab goes on with. `tell` hears what becomes of them. */
export class Runs {
  /** @param {(json: Messages.Event) => void} tell */
  constructor(tell) {
    this.tell = tell;
    /** @type {FileSystemDirectoryHandle | null} */
    this.folder = null;
    /** @type {Set<string> | undefined} */
    this.watched = undefined;
    /** The run of this tab: its id, and the number of its last file. Nobody else writes it while its lock is held.
     * @type {{ id: string, number: number, release: (() => void) | false } | null} */
    this.own = null;
    /** @type {any} */
    this.failed = null;
  }

  /** Opens the storage; where the browser refuses it, says why once more at each save. */
  async open() {
    try {
      if (!navigator.storage?.getDirectory) throw new Error('');
      this.folder = await (await navigator.storage.getDirectory()).getDirectoryHandle(FOLDER, { create: true });
    } catch (error) {
      this.refusal = error.message;
    }
    await this.list();
  }

  /** All files, the newest of a run first. */
  async files() {
    const files = /** @type {{ name: string, handle: FileSystemFileHandle, id: string, number: number }[]} */ ([]);
    if (!this.folder) return files;
    for await (const [name, handle] of this.folder.entries()) {
      const [, id, number] = NAME.exec(name) ?? [];
      if (id) files.push({ name, handle: /** @type {FileSystemFileHandle} */ (handle), id, number: Number(number) });
    }
    return files.sort((a, b) => b.number - a.number);
  }

  /** The last whole save of each run, the newest first. */
  async whole() {
    for (let tries = 0; ; tries += 1) {
      const found = new Map();
      const missed = new Map();
      for (const { handle, id, number } of await this.files()) {
        if (found.has(id)) continue;
        let gone = false;
        const save = await described(handle).catch(() => {
          gone = true;
        });
        if (save) found.set(id, { ...save, id, number, handle });
        else missed.set(id, missed.get(id) || gone);
      }
      const most = Math.max(0, ...[...missed].filter(([id]) => !found.has(id)).map(([, gone]) => (gone ? GONE : UNFINISHED)));
      if (tries >= most) return [...found.values()].sort((a, b) => b.saved - a.saved);
    }
  }

  /** Tells which runs are kept, and which of them are open in a tab.
   * @param {Partial<Messages.SavedRuns>} [more] */
  async list(more = {}) {
    if (!this.folder) {
      this.tell({ event: 'saved_runs', refused: this.refusal, runs: [], most: MAX_RUNS, ...more });
      return;
    }
    const { held = [] } = (await navigator.locks?.query()) ?? {};
    const open = new Set(held.map(({ name }) => name));
    const runs = (await this.whole()).map(({ handle, number, ...run }) => ({
      ...run,
      place: run.id === this.own?.id ? 'here' : open.has(lock_of(run.id)) ? 'elsewhere' : 'free',
    }));
    this.tell({ event: 'saved_runs', runs, most: MAX_RUNS, ...more });
    // The tab before a reload may hold its run for a moment more.
    for (const { id, place } of runs) if (place === 'elsewhere') this.watch(id);
  }

  /** Lists the runs again when a run that is open in another tab is so no more.
   * @param {string} id */
  watch(id) {
    const watched = this.watched ??= new Set();
    if (watched.has(id)) return;
    watched.add(id);
    navigator.locks.request(lock_of(id), { mode: 'shared' }, () => {}).then(() => {
      watched.delete(id);
      return this.list();
    });
  }

  /** Takes the lock of a run until it is let go; false where another tab holds it.
   * @param {string} id
   * @returns {Promise<(() => void) | false>} */
  claim(id) {
    if (!navigator.locks) return Promise.resolve(() => {});
    return new Promise((claimed, failed) => {
      navigator.locks.request(lock_of(id), { ifAvailable: true }, (lock) => {
        if (!lock) return claimed(false);
        return new Promise((/** @type {(value?: unknown) => void} */ release) => claimed(release));
      }).catch(failed);
    });
  }

  /** A run of this tab begins: a new one, or the saved run `id`, of which a copy is made where another tab has it open.
   * @param {string | null} [id] */
  async begin(id = null) {
    this.let_go();
    if (!this.folder) return;
    const release = id !== null && (await this.claim(id));
    if (id !== null && release) {
      const numbers = (await this.files()).filter((file) => file.id === id).map(({ number }) => number);
      this.own = { id, number: Math.max(0, ...numbers), release };
    } else {
      const fresh = crypto.randomUUID();
      this.own = { id: fresh, number: 0, release: await this.claim(fresh) };
    }
    await this.list();
  }

  /** The tab has no run any more. Its saves stay. */
  let_go() {
    if (this.own?.release) this.own.release();
    this.own = null;
  }

  /** Keeps a save: `description` stands for it in lists, `write` writes it to an open file and returns its bytes. What
   * was kept before goes only when the new file is whole.
   * @param {Messages.Save} description
   * @param {(file: FileSystemSyncAccessHandle) => number} write */
  async keep(description, write) {
    if (!this.folder || !this.own) {
      this.miss('refused', this.refusal, description);
      return;
    }
    const { id } = this.own;
    this.own.number += 1;
    const name = `${id}.${this.own.number}.run`;
    try {
      const file = await (await this.folder.getFileHandle(name, { create: true })).createSyncAccessHandle();
      try {
        const end = write(file);
        const json = new TextEncoder().encode(JSON.stringify(description));
        const foot = new Uint8Array(json.length + 4 + END.length);
        foot.set(json);
        new DataView(foot.buffer).setUint32(json.length, json.length, true);
        foot.set(END, json.length + 4);
        file.flush();
        if (file.write(foot, { at: end }) < foot.length) throw new DOMException('', 'QuotaExceededError');
        file.flush();
      } finally {
        file.close();
      }
    } catch (error) {
      await this.folder.removeEntry(name).catch(() => {});
      if (error instanceof WebAssembly.RuntimeError) throw error;
      const full = error.name === 'QuotaExceededError' || /failed to write whole buffer|write zero/i.test(error.message);
      this.miss(full ? 'full' : 'failed', error.message, description);
      return;
    }
    this.failed = null;
    for (const old of await this.files()) {
      if (old.id === id && old.name !== name) await this.folder.removeEntry(old.name).catch(() => {});
    }
    await this.list({ gone: await this.make_room() });
  }

  /** Tells that a save was not kept. The run goes on.
   * @param {Messages.NotSaved['why']} why
   * @param {string} message
   * @param {Messages.Save} save */
  miss(why, message, { step }) {
    this.tell({ event: 'not_saved', why, message, step, again: this.failed === why });
    this.failed = why;
  }

  /** Removes the oldest runs above the limit, but none that is open in a tab. Returns what they were. */
  async make_room() {
    const gone = [];
    for (const run of (await this.whole()).slice(MAX_RUNS)) {
      if (run.id !== this.own?.id && (await this.remove(run.id))) gone.push({ preset: run.preset, step: run.step });
    }
    return gone;
  }

  /** Removes all files of a run; false where a tab has it open.
   * @param {string} id */
  async remove(id) {
    const release = await this.claim(id);
    if (!release) return false;
    try {
      for (const file of await this.files()) if (file.id === id) await this.folder?.removeEntry(file.name);
    } finally {
      release();
    }
    return true;
  }

  /** The zip of a saved run, and what it is.
   * @param {string} id */
  async read(id) {
    for (let tries = 0; ; tries += 1) {
      const run = (await this.whole()).find((one) => one.id === id);
      if (!run) throw new Error(`the run is kept no more: another tab may have deleted it`);
      try {
        const file = await run.handle.getFile();
        return { run, zip: new Uint8Array(await file.slice(0, run.bytes).arrayBuffer()) };
      } catch (error) {
        if (tries >= GONE) throw error;
      }
    }
  }

  /** Deletes a saved run, because somebody asks for it.
   * @param {string} id */
  async forget(id) {
    const free = await this.remove(id);
    if (!free) throw new Error(`the run is open in a tab: close that tab or reset its run, then delete it`);
    await this.list();
  }
}
