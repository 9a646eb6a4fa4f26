// The worker: owns the engine's session, works in slices, and hears the page between two of them.

import init, { Cleaning, Merges, Session, TextStream, TokenizerView, Viewing } from './glasshouse.js';
import { Questions } from './worker/questions.js';
import { Stops } from './worker/stop-conditions.js';
import { Runs } from './worker/storage.js';
import { vocabulary } from './worker/vocabularies.js';

/** @type {(events: Messages.Event[], buffers?: Transferable[]) => void} */
const postMessage = (events, buffers = []) => self.postMessage(events, buffers);
/** @type {Messages.Asked[]} */
const calls = [];
/** What is not there yet, and is asked for only once it is. */
const NOTHING = /** @type {never} */ (/** @type {unknown} */ (null));
/** @type {Session} */
let session = NOTHING;
/** What the run was asked, what the recorded model, and what is to be measured where there is no run. */
const [run_questions, recorded_questions, measurements] = [new Questions(), new Questions(), new Questions()];
const stops = new Stops();
/** The recorded model, where one was asked for, and its name. */
let viewing = /** @type {Viewing | null} */ (null);
let viewed = /** @type {string | null} */ (null);
/** The text that is looked at before any training, and the tokenizer that learns from it step by step. */
let stream = /** @type {TextStream} */ (NOTHING);
let merges = /** @type {Merges} */ (NOTHING);
/** The pages in the cleaning pipeline, what they are called, and the stage and the document that are looked at. */
let cleaning = /** @type {Cleaning} */ (NOTHING);
let sieve = /** @type {Messages.Sieve & { name?: string }} */ ({ stage: null });
/** The sample pages, and the lists of words without which no text is taken out of pages in HTML. */
const PAGES = ['pages.jsonl', 'html.warc'];
let lists = /** @type {Promise<void> | null} */ (null);
let memory = /** @type {WebAssembly.Memory} */ (NOTHING);
/** Tokenizers to look at: the one that the text gives in the end, single bytes, one from a file, those of other models. */
const tokenizers = /** @type {Record<string, TokenizerView>} */ ({});
/** A tokenizer that is watched learns from so many bytes of the text at most. */
const MAX_WATCHED_BYTES = 16 << 20;
/** The commands that measure where there is no run. */
const MEASURES = ['measure', 'choose'];
/** The commands that need no run which answers. */
const DRIVES = ['train', 'run', 'pause', 'step', 'slow', 'part', 'reset', ...MEASURES];
/** Bytes of the text that are shown as tokens where nobody has typed any. */
const SAMPLE_BYTES = 300;
/** The runs that the browser keeps. */
const runs = new Runs((event) => postMessage([event]));
let wake = /** @type {(value?: unknown) => void} */ (() => {});

/** Lets waiting messages in. A message to oneself, unlike a timer, is not held back when the tab is hidden. */
const { port1, port2 } = new MessageChannel();
let breathed = /** @type {(value?: unknown) => void} */ (() => {});
port1.onmessage = () => breathed();
const breath = () => new Promise((resolve) => {
  breathed = resolve;
  port2.postMessage(null);
});

self.onmessage = ({ data }) => {
  calls.push(data);
  wake();
};

/** A file that lies beside the page.
 * @param {string} path */
async function served(path) {
  const response = await fetch(new URL(path, self.location.href));
  if (!response.ok) throw new Error(`${path} could not be fetched: ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** The file of a built-in corpus, as it is served.
 * @param {string} name */
const corpus = (name) => served(`corpora/${name}.txt.gz`);

/** Hands the session the text that it asks for by name, or the files that were given with the call.
 * @param {string} name
 * @param {Messages.File[]} files */
async function text(name, files) {
  if (name === 'own') session.set_own_text(files);
  else session.set_corpus(name, await corpus(name));
}

/** Fetches the vocabulary of another model. Others are answered meanwhile: what came is a call like any.
 * @param {string} name */
async function fetch_vocabulary(name) {
  /** @param {number} loaded
   * @param {number} total */
  const heard = (loaded, total) => postMessage([{ event: 'vocabulary', name, loaded, total }]);
  try {
    calls.push({ call: 'vocabulary_came', name, ...await vocabulary(name, heard) });
    wake();
  } catch (error) {
    postMessage([{ event: 'vocabulary', name, failed: error.message }]);
  }
}

/** Opens a zipped run on its text, paused.
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {Messages.File[]} files */
async function resume(bytes, files) {
  const needed = session.open_run(bytes);
  if (needed === 'own') session.set_own_text(files);
  else if (needed) session.set_corpus(needed, await corpus(needed));
  session.resume();
  unanswered(...run_questions.drop());
}

/** The id of the question that a command is, if it is one.
 * @param {Messages.Command} command */
const question = (command) => ('id' in command ? command.id ?? undefined : undefined);

/** The id of the question that a call asks, if it does.
 * @param {Messages.Asked} call */
const asks = (call) => ('command' in call ? question(call.command) : undefined);

/** Tells the page that nothing will answer these questions.
 * @param {...number} ids */
function unanswered(...ids) {
  if (ids.length > 0) postMessage([{ event: 'unanswered', ids }]);
}

/** @type {{ [Name in keyof Messages.Calls]: (values: Messages.Calls[Name]) => void | Promise<void> }} */
const answer = {
  async open({ device }) {
    session = await Session.open(device);
    postMessage([{ event: 'device', ...session.device() }]);
    await runs.open();
  },
  describe({ settings, corpus }) {
    postMessage([{ event: 'described', ...session.describe(settings, corpus) }]);
  },
  async train({ settings, corpus, files, single, bounds }) {
    await text(corpus, files);
    stops.begin(bounds);
    session.train(settings);
    unanswered(...run_questions.drop());
    await runs.begin();
    if (single) session.send({ command: 'step' });
  },
  /** Reads a text to look at. */
  async read({ corpus: name, files }) {
    stream = name === 'own' ? TextStream.from_files(files) : TextStream.from_corpus(await corpus(name));
    postMessage([{ event: 'read', name: name === 'own' ? files.map((file) => file.name).join(', ') : name, ...stream.describe() }]);
  },
  documents({ first, count }) {
    postMessage([{ event: 'documents', ...stream.documents(first, count) }]);
  },
  /** Puts pages through the cleaning pipeline. */
  async clean({ files }) {
    cleaning = NOTHING;
    const name = files?.map(({ name: one }) => one).join(', ');
    const begun = Cleaning.from_files(files ?? await Promise.all(PAGES.map(async (page) => ({ name: page, bytes: await served(`corpora/${page}`) }))));
    if (begun.extracts()) await bring_lists();
    cleaning = begun;
    sieve = { stage: null, name, count: sieve.count };
    if (sieve.count) count_by(sieve.count);
  },
  sieve({ stage, document, set, reset, keep, count }) {
    if (!cleaning) return;
    Object.assign(sieve, { stage, document });
    if (set) cleaning.set(set);
    if (reset) cleaning.reset(reset);
    if (keep !== undefined && document !== undefined) cleaning.keep(document, keep);
    if (count) count_by(count);
    if (!cleaning.busy()) tell_cleaned();
  },
  clean_hand() {
    postMessage([{ event: 'survivors', bytes: cleaning.survivors() }]);
  },
  window({ at, count }) {
    postMessage([{ event: 'window', ...stream.window(at, count) }]);
  },
  merge_begin({ merges: wanted }) {
    const bytes = stream.head(MAX_WATCHED_BYTES);
    const whole = Merges.begin(bytes, wanted, 'cl100k');
    whole.advance(wanted);
    tokenizers.ours = whole.finish();
    merges = Merges.begin(bytes, wanted, 'cl100k');
    const sample = new TextDecoder().decode(stream.head(SAMPLE_BYTES));
    postMessage([
      { event: 'learnt', merges: tokenizers.ours.merge_count, sample },
      { event: 'merged', ...merges.advance(0), total: tokenizers.ours.merge_count },
    ]);
  },
  merge({ budget }) {
    postMessage([{ event: 'merged', ...merges.advance(budget), total: tokenizers.ours.merge_count }]);
  },
  tokenizer({ name, bytes }) {
    tokenizers.file = TokenizerView.from_file(name, bytes);
    postMessage([{ event: 'tokenizer', name, merges: tokenizers.file.merge_count, vocab: tokenizers.file.vocab_size }]);
  },
  /** Fetches a vocabulary. */
  vocabulary({ name }) {
    fetch_vocabulary(name);
  },
  vocabulary_came({ name, file, bytes, source }) {
    try {
      tokenizers[name] = TokenizerView.from_file(file, bytes);
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) throw error;
      postMessage([{ event: 'vocabulary', name, failed: error.message }]);
      return;
    }
    postMessage([{ event: 'vocabulary', name, source, merges: tokenizers[name].merge_count, vocab: tokenizers[name].vocab_size }]);
  },
  tokens({ from, text: typed, merges: first, special }) {
    postMessage([{ event: 'tokens', ...tokenizers[from].encode(new TextEncoder().encode(typed), first, special) }]);
  },
  tree({ from, id }) {
    postMessage([{ event: 'tree', from, tree: tokenizers[from].tree(id) }]);
  },
  send({ command }) {
    session.send(command);
    if (command.command === 'reset') unanswered(...run_questions.drop());
    (MEASURES.includes(command.command) ? measurements : run_questions).add(question(command));
  },
  /** Asks the recorded model `name`, which has seen `step` steps. */
  async derive({ name, step, command }) {
    if (viewed !== name) {
      const opened = Viewing.open(session, await served(`recorded/${name}.zip`), step);
      unview();
      [viewing, viewed] = [opened, name];
    }
    viewing?.send(command);
    recorded_questions.add(question(command));
  },
  /** Takes other bounds to stop at. */
  stops({ bounds }) {
    stops.set(bounds);
  },
  /** Asks for a save; it is handed over once it is there. */
  download() {
    session.request_archive();
  },
  async resume({ bytes, files }) {
    await resume(bytes, files);
    stops.begin(stops.bounds);
    await runs.begin();
  },
  /** Goes on with a saved run. */
  async continue({ id, files }) {
    await resume((await runs.read(id)).zip, files);
    stops.begin(stops.bounds);
    await runs.begin(id);
  },
  saved_runs() {
    return runs.list();
  },
  forget({ id }) {
    return runs.forget(id);
  },
  /** Hands a saved run over as a file. */
  async hand({ id }) {
    const { run, zip } = await runs.read(id);
    postMessage([{ event: 'archive', name: `glasshouse-${run.preset ?? 'run'}-${run.step}.zip`, bytes: zip }], [zip.buffer]);
  },
  extend({ steps }) {
    session.extend(steps);
    unanswered(...run_questions.drop());
  },
};

/** The buffers of the numbers in the session's events: they are handed over, not copied. */
const buffers = (/** @type {Messages.Event[]} */ events) => events.flatMap(Object.values).filter(ArrayBuffer.isView).map(({ buffer }) => buffer);

/** Forgets the recorded model: it failed, its device is gone, or another takes its place. */
function unview() {
  [viewing, viewed] = [null, null];
  unanswered(...recorded_questions.drop());
}

/** Works on what was asked of the recorded model.
 * @param {Viewing} viewing */
function view(viewing) {
  try {
    const events = viewing.tick();
    for (const event of events) recorded_questions.settle(event);
    if (events.length > 0) postMessage(events, buffers(events));
  } catch (error) {
    unview();
    throw error;
  }
}

/** Counts words, or the tokens of a tokenizer, if it is there: of the one that the text gives or, before that, of bytes.
 * @param {string} name */
function count_by(name) {
  sieve.count = name;
  const known = [name, 'ours', 'bytes'].find((one) => tokenizers[one]) ?? 'bytes';
  if (name === 'words') cleaning.count_words();
  else cleaning.count_tokens(tokenizers[known], known);
}

/** Puts the lists of words where they were cut out of the wasm. */
function bring_lists() {
  lists ??= (async () => {
    const file = await served('stoplists.bin.gz');
    const packed = file[0] === 0x1f && file[1] === 0x8b;
    const stream = new Blob([file]).stream();
    const bytes = await new Response(packed ? stream.pipeThrough(new DecompressionStream('gzip')) : stream).arrayBuffer();
    const view = new DataView(bytes);
    for (let at = 0; at < bytes.byteLength;) {
      const [place, length] = [view.getUint32(at, true), view.getUint32(at + 4, true)];
      new Uint8Array(memory.buffer, place, length).set(new Uint8Array(bytes, at + 8, length));
      at += 8 + length;
    }
  })();
  // What failed is tried again.
  lists.catch(() => {
    lists = null;
  });
  return lists;
}

function tell_cleaned() {
  postMessage([{ event: 'cleaned', name: sieve.name, ...cleaning.describe(sieve.stage ?? '', sieve.document) }]);
}

/** Cleans for a slice, beside whatever else there is to do. */
function clean() {
  const [done, total] = cleaning.work();
  if (cleaning.busy()) postMessage([{ event: 'cleaning', done, total }]);
  else tell_cleaned();
}

/** Pauses the run for a `reason`, if there is one; says whether there is.
 * @param {Messages.Stop | null} reason */
function stop(reason) {
  if (reason === null) return false;
  postMessage([{ event: 'stop', ...reason }]);
  session.send({ command: 'pause' });
  return true;
}

/** The device is gone: nothing that was asked is answered.
 * @param {...number} others ids of others that it takes along */
function drop(...others) {
  unanswered(...run_questions.drop(), ...recorded_questions.drop(), ...measurements.drop(), ...others);
}

/** Posts what a slice of work led to, and recovers where the device went away. */
async function turn() {
  const events = session.tick();
  for (const event of events) {
    run_questions.settle(event);
    measurements.settle(event);
  }
  // Without its run or its device nothing is answered.
  if (events.some(({ event }) => event === 'stopped')) unanswered(...run_questions.drop());
  if (events.some(({ event }) => event === 'device_lost')) drop();
  if (events.length > 0) postMessage(events, buffers(events));
  const stopped = events.filter((event) => event.event === 'step' && stop(stops.check(event))).length > 0;
  if (events.some(({ event }) => event === 'forgotten')) {
    runs.let_go();
    await runs.list();
  }
  if (events.some(({ event }) => event === 'saved')) await runs.keep(session.last_save(), (file) => session.write_save(file));
  const lost = events.find((event) => event.event === 'device_lost');
  if (lost) await reopen(lost.running);
  // The news of the pause waits in the engine for the next turn.
  else if (stopped) await turn();
}

/** Opens a device again that went away, with the run that was on it, which runs on where it was `running`.
 * @param {boolean} [running] */
async function reopen(running = false) {
  unview();
  try {
    await session.recover(running);
  } catch (error) {
    postMessage([{ event: 'stopped' }]);
    throw error;
  }
  // Nobody can answer what the run that is gone was asked: the page asks again.
  const void_calls = calls.filter((call) => call.call === 'send' && !DRIVES.includes(call.command.command));
  calls.splice(0, calls.length, ...calls.filter((call) => !void_calls.includes(call)));
  unanswered(...void_calls.map(asks).filter((id) => id !== undefined));
  postMessage([{ event: 'recovered', ...session.device() }]);
}

/** What failed because the device is gone: it is opened again. Anything else is reported; says whether it leaves nothing to go on with.
 * @param {any} error
 * @param {number} [id] of the question that failed */
async function failed(error, id) {
  const message = error instanceof WebAssembly.RuntimeError ? null : session?.lost();
  if (!message) return report(error, id);
  drop(...(id === undefined ? [] : [id]));
  postMessage([{ event: 'device_lost', message }]);
  try {
    await reopen(false);
  } catch (again) {
    return report(again);
  }
  return false;
}

/** A trap leaves the engine in no known state: only a new one can go on.
 * @param {any} error
 * @param {number} [id] of the question that failed */
function report(error, id) {
  const fatal = error instanceof WebAssembly.RuntimeError;
  postMessage([{ event: 'error', fatal, message: error?.message ?? String(error), id }]);
  return fatal;
}

/** Answers calls and works, one after the other, until there is nothing to do; then waits for a call. */
async function live() {
  ({ memory } = await init());
  tokenizers.bytes = TokenizerView.bytes();
  postMessage([{ event: 'loaded', ...Session.defaults() }]);
  for (;;) {
    /** @type {number | undefined} */
    let id;
    try {
      const call = calls.shift();
      if (call) {
        id = asks(call);
        await /** @type {(values: Messages.Asked) => void | Promise<void>} */ (answer[call.call])(call);
        id = undefined;
        // The events of a command go out at once, also where it leaves nothing to do.
        if (session) await turn();
      } else if (cleaning?.busy()) {
        clean();
        if (session?.busy()) await turn();
      } else if (session?.busy()) {
        await turn();
      } else if (viewing?.busy()) {
        view(viewing);
      } else {
        await new Promise((resolve) => {
          wake = resolve;
        });
      }
    } catch (error) {
      if (await failed(error, id)) return;
    }
    await breath();
  }
}

live().catch((error) => postMessage([{ event: 'error', fatal: true, message: error?.message ?? String(error) }]));
