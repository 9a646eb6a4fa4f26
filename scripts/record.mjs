// Records a small run for the page's first paint: `make record`. The engine is the page's own, run in Node on its CPU device,
// so that what is recorded is what the page would compute. Writes recorded/<corpus>.json and the checkpoint of the last step,
// recorded/<corpus>.zip, and their provenance. Usage: node scripts/record.mjs CORPUS...

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const DIST = new URL('../dist/', import.meta.url);
const OUT = new URL('../recorded/', import.meta.url);
/** A run whose weights fit 600 KB in half precision; what is not said is the preset's. */
const RUNS = {
  en: { preset: 'tiny', channels: 64, vocab_size: 512, steps: 2_000, seed: 1337 },
  zh: { preset: 'tiny', channels: 64, vocab_size: 1_024, steps: 2_000, seed: 1337 },
};
/** Steps at which the prompt is looked at: thickly where most happens. */
const STEPS = [0, 50, 150, 400, 800, 1_400, 2_000];
/** Documents and bytes of the text that the opening views list. */
const DOCUMENTS = 40;
const SHOWN = 64;
const SAMPLE = 300;
/** Candidates that are kept of each look. */
const BEST = 24;
/** Tokens of the text that the stage Generate opens with, and what else could stand in the place of each. */
const WRITTEN = 32;
const OTHERS = 6;

const { default: init, Merges, Session, TextStream } = await import(new URL('glasshouse.js', DIST));
const words = (name) => JSON.parse(readFileSync(new URL(`../www/words/${name}.json`, import.meta.url), 'utf8'));
const strings = { en: words('en'), zh: words('zh') };
await init({ module_or_path: readFileSync(new URL('glasshouse_bg.wasm', DIST)) });

/** Runs the session until `done` says so of an event; `heard` gets all events. */
function until(session, done, heard) {
  for (;;) {
    let reached = false;
    for (const event of session.tick()) {
      if (event.event === 'error') throw new Error(event.message);
      heard(event);
      reached ||= done(event);
    }
    if (reached) return;
    if (!session.busy()) throw new Error('the engine has nothing to do, and what was waited for did not come');
  }
}

/** What the stages Data and Tokenizer open with. */
function opening(name, file, merges) {
  const stream = TextStream.from_corpus(file);
  const read = { name, ...stream.describe() };
  const bytes = stream.head(read.bytes);
  const whole = Merges.begin(bytes, merges, 'cl100k');
  const all = whole.advance(merges);
  const ours = whole.finish();
  const text = new TextDecoder().decode(stream.head(SAMPLE));
  const { ids, starts, segments } = ours.encode(new TextEncoder().encode(text), ours.merge_count, 'text');
  return {
    read: { name, bytes: read.bytes, documents: stream.documents(0, DOCUMENTS).documents, all: read.all },
    window: stream.window(0, SHOWN),
    learnt: { merges: ours.merge_count, sample: text },
    merged: { ...Merges.begin(bytes, merges, 'cl100k').advance(0), total: ours.merge_count },
    merges: all.merges.map(({ left_text: left, right_text: right, count, tokens }) => [left, right, count, tokens]),
    tokens: { ids: [...ids], starts: [...starts], segments, merges: ours.merge_count },
  };
}

/** The lower triangle of every head, 16 bits a probability. */
function packed({ attention, tokens, layers, heads }) {
  const n = tokens.length;
  const numbers = [];
  for (let head = 0; head < layers * heads; head += 1) {
    for (let row = 0; row < n; row += 1) {
      for (let column = 0; column <= row; column += 1) numbers.push(Math.round(attention[(head * n + row) * n + column] * 65_535));
    }
  }
  return Buffer.from(Uint16Array.from(numbers).buffer).toString('base64');
}

/** What is kept of each step, with how many digits; its tokens follow from the batch. */
const COLUMNS = { loss: 6, smoothed: 5, lr: 4, grad_norm: 4, tokens_per_second: 3, seconds: 4 };

/** Those of them that say how busy the machine was, and nothing of the run. */
const TIMES = ['tokens_per_second', 'seconds'];

/** The columns of a run's steps. Where they are those of the run that lies in `file` already, its times stay: a run that is made
 * again is the same file. */
function columns(reports, file) {
  const steps = Object.fromEntries(Object.entries(COLUMNS).map(([key, most]) => [key, reports.map((report) => digits(report[key], most))]));
  if (!existsSync(file)) return steps;
  const { steps: before } = JSON.parse(readFileSync(file, 'utf8'));
  const same = Object.keys(COLUMNS).every((key) => TIMES.includes(key) || JSON.stringify(before[key]) === JSON.stringify(steps[key]));
  return same ? { ...steps, ...Object.fromEntries(TIMES.map((key) => [key, before[key]])) } : steps;
}

const digits = (value, most = 7) => (value === undefined || value === null ? null : Number(value.toPrecision(most)));

async function record(name) {
  const settings = RUNS[name];
  const file = readFileSync(new URL(`corpora/${name}.txt.gz`, DIST));
  const session = await Session.open('cpu');
  const prompt = strings[name]['prompt.example'];
  const [reports, samples, looks, written] = [[], [], [], []];
  let ready;
  let archive;
  const heard = (event) => {
    if (event.event === 'step') reports.push(event);
    if (event.event === 'sample' && !event.asked) samples.push(event);
    if (event.event === 'token') written.push(event);
    if (event.event === 'ready') ready = event;
    if (event.event === 'archive') archive = event.bytes;
    if (event.event === 'looked') looks.push(event);
  };
  session.set_corpus(name, file);
  session.train({ ...settings, save_every: 0 });
  session.send({ command: 'pause' });
  until(session, ({ event }) => event === 'ready', heard);
  for (const step of STEPS) {
    const last = step === settings.steps;
    while ((reports.at(-1)?.step ?? 0) < step) {
      session.send({ command: 'step' });
      until(session, ({ event, step: taken }) => event === 'step' && taken === (reports.at(-1)?.step ?? 0), heard);
    }
    session.send({ command: 'look', prompt, sampling: { temperature: 1 } });
    until(session, ({ event }) => event === 'looked', heard);
    if (!last) console.error(`${name}: step ${step}, loss ${reports.at(-1)?.loss ?? 'not measured yet'}`);
  }
  const { max_tokens, ...sampling } = Session.defaults().generate;
  session.send({ command: 'generate', prompt, max_tokens: WRITTEN, sampling, ignore_end: false });
  until(session, ({ event, asked }) => event === 'sample' && asked, heard);
  session.request_archive();
  until(session, ({ event }) => event === 'archive', heard);
  const { history, ...told } = ready;
  mkdirSync(OUT, { recursive: true });
  const checkpoint = new URL(`${name}.zip`, OUT);
  const whole = new URL(`../build/recorded-${name}.zip`, import.meta.url);
  writeFileSync(whole, archive);
  execFileSync('python3', ['scripts/halve.py', whole.pathname, checkpoint.pathname]);
  const { version } = JSON.parse(execFileSync('cargo', ['metadata', '--no-deps', '--format-version=1', '--offline'], { encoding: 'utf8' })).packages[0];
  const run = {
    engine: { version, commit: execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' }).trim() },
    settings,
    prompt,
    ready: { ...told, step: settings.steps },
    tokens_per_step: reports[0].tokens,
    steps: columns(reports, new URL(`${name}.json`, OUT)),
    validation: reports.filter((report) => report.validation_loss !== undefined).map((report) => [report.step, digits(report.validation_loss)]),
    samples: samples.map(({ event, probabilities, asked, ...sample }) => sample),
    writing: {
      max_tokens: WRITTEN,
      sampling,
      tokens: written.map(({ piece, text, probability, rank, candidates }) => [
        piece.id, piece.text, digits(probability, 4), rank,
        candidates.slice(0, OTHERS).map((other) => [other.id, other.text, digits(other.probability, 4)]),
        // What can be read of a token is nearly always what stands for it.
        ...(text === piece.text ? [] : [text]),
      ]),
    },
    text: opening(name, file, ready.model.vocab - 257),
    tokens: looks[0].tokens,
    layers: looks[0].layers,
    heads: looks[0].heads,
    looks: looks.map((look) => ({
      step: look.step,
      entropy: look.entropy.map((bits) => digits(bits, 5)),
      attention: packed(look),
      kept: look.kept,
      uniform: look.uniform,
      picked: look.picked,
      candidates: look.candidates
        .filter(({ rank, id }) => rank < BEST || id === look.picked)
        .map(({ id, text, rank, logit, probability, log_probability: log, reached }) => [id, text, rank, digits(logit, 6), digits(probability, 6), digits(log, 6), digits(reached, 6)]),
    })),
  };
  const json = JSON.stringify(run);
  writeFileSync(new URL(`${name}.json`, OUT), `${json}\n`);
  console.error(`${name}: ${json.length} bytes, ${gzipSync(json, { level: 9 }).length} compressed; checkpoint ${readFileSync(checkpoint).length} bytes`);
}

const names = process.argv.slice(2);
if (names.length === 0 || names.some((name) => !RUNS[name])) {
  console.error(`record: expected names of built-in corpora, of ${Object.keys(RUNS).join(' and ')}; found ${names.join(' ') || 'none'}`);
  process.exit(2);
}
mkdirSync(new URL('../build/', import.meta.url), { recursive: true });
for (const name of names) await record(name);

// What the files are, and how to tell that they are whole.
const kept = readdirSync(OUT).filter((file) => /\.(json|zip)$/.test(file)).sort();
const sums = kept.map((file) => `${createHash('sha256').update(readFileSync(new URL(file, OUT))).digest('hex')}  ${file}`);
writeFileSync(new URL('PROVENANCE.txt', OUT), `Runs of this project's own engine on the corpora in corpora/, made by \`make record\`. Each json names the engine's commit,
the settings and the seed; each zip is the model after the last step, its weights in half precision. SHA-256:

${sums.join('\n')}
`);
