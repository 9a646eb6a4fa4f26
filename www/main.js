// The page: sends what is asked for to the worker that owns the engine, and shows what the engine tells.

import { address, note } from './shell/address.js';
import { Cleaning } from './stages/data/cleaning.js';
import { Comparison } from './stages/inspect/comparison.js';
import { show_controls } from './shell/controls.js';
import { Data } from './stages/data/documents.js';
import { Enlarge } from './figure/enlarge.js';
import { bring } from './shell/files.js';
import { Generate } from './stages/generate/form.js';
import { glossary } from './shell/glossary.js';
import { Hidden } from './shell/hidden-tab.js';
import { Inspect } from './stages/inspect/attention.js';
import { Inspector } from './shell/inspector.js';
import { Kept } from './shell/saved-runs.js';
import { Log } from './stages/train/log.js';
import { Machine } from './shell/machine.js';
import { Merges } from './stages/tokenizer/merges.js';
import { Metrics } from './stages/train/metrics.js';
import { Next } from './stages/inspect/next-token.js';
import { Prompt } from './shell/prompt.js';
import { Opening } from './engine/recorded-engine.js';
import { pace } from './figure/pacing.js';
import { Pass } from './stages/inspect/forward-pass.js';
import { Samples } from './stages/train/samples.js';
import { paused_by, refuse, say, say_error } from './shell/status.js';
import { selection } from './figure/selection.js';
import { shortcuts } from './shell/shortcuts.js';
import { Slow } from './stages/train/slow-motion.js';
import { Settings, Unreadable } from './shell/settings.js';
import { show_shape } from './shell/run-summary.js';
import { Share, VIEW, hide, hides } from './shell/share.js';
import { dock } from './shell/docking.js';
import { Stages } from './shell/stages.js';
import { Strip } from './stages/tokenizer/tokens.js';
import { take } from './shell/drop.js';
import { hearing } from './told.js';
import { Tour } from './shell/tour.js';
import { Update } from './stages/train/update.js';
import { count } from './words/format.js';
import { fetch_others, language, set_language, show_language, text } from './words/language.js';
import { Timeline } from './shell/timeline.js';
import { View } from './shell/deep-link.js';
import { Writing } from './stages/generate/writing.js';

await show_language();
dock();

/** Milliseconds without a key after which typed text is read. */
const PAUSE = 300;

const find = (selector) => document.querySelector(selector);
const button = (action) => find(`[data-action=${action}]`);
const asked = new URLSearchParams(location.search).get('device');
/** @type {Told.Run} */
const run = { state: 'loading', preparing: null, ready: null, step: 0, saved: null, stop: null, device: null };

const metrics = new Metrics(find('#metrics'), find('#loss'), find('#view'));
const log = new Log(find('#log'));
const hidden = new Hidden(find('#hidden'), () => run);
const samples = new Samples(find('#samples'), find('#samples-empty'), (step) => metrics.measured(step));
const settings = new Settings(find('#settings'), describe);
const typed = new Prompt(find('#prompt'));
const writing = new Writing(find('#writing'), ask, find('#generate'));
const generate = new Generate(find('#generate'), typed.area, (command) => writing.ask(command), refuse);
const data = new Data(find('#documents'), find('#stream'), call);
const cleaning = new Cleaning(find('#cleaning'), call, find('[data-input=tokenizer]'));
const strip = new Strip(find('#strip'), call);
const merges = new Merges(find('#merges'), call, (done) => strip.go(done));
const next = new Next(find('#next'), ask, (anew) => inspect.look(anew));
const inspect = new Inspect(find('#attention'), next, ask);
const pass = new Pass(find('#pass'), ask);
const opening = new Opening(call, (seen) => inspect.looked(seen));
const update = new Update(find('#update'), find('#attention-change'), send, () => metrics.waiting);
const slow = new Slow(find('#slow'), send);
const timeline = new Timeline(find('#timeline'), send);
const comparison = new Comparison(find('#comparison'), timeline, (command) => {
  if (run.ready) call('send', { command, by: 'comparison' });
  else comparison.looked(opening.known(command));
});
const kept = new Kept(find('#kept'), find('#kept-offer'), call, run, () => settings.own_files());
const machine = new Machine(find('#machine'), find('#device'), call, () => ({ settings: settings.value(), corpus: settings.corpus }));
const own_words = () => ({ prompt: selection.prompt, text: settings.corpus === 'own' ? settings.pasted.value : '' });
new Share(button('share'), find('#share'), () => settings.for_link(), own_words);
const view = new View(unknown);
const large = new Enlarge(find('#view'));
const stages = new Stages(find('.stages'), () => {
  large.close();
  look();
});
new Inspector(find('#inspector'), { step: (step) => timeline.words(step ?? timeline.last), stage: () => stages.stage, back: () => large.close() });
new Tour(find('#tour'), button('tour'), (stage) => stages.open(stage), () => ({ ...(run.ready ?? shown_recorded()), ...metrics.run }));
glossary(find('.glossary dl'));
const worker = new Worker(new URL('worker.js', import.meta.url), { type: 'module' });

/** The text that the stages before training show, as it was last asked for. */
let looked = null;
let reading;

settings.follow();
show_run();
link();
stages.follow();
record();

/** @type {Told.Call} */
function call(name, values = undefined) {
  worker.postMessage({ call: name, ...values });
}
/** @type {Told.Send} */
function send(command) {
  call('send', { command });
}

/** Asks the model that is shown: the one in this tab, or as long as there is none the recorded one.
 * @type {Told.Send} */
function ask(command) {
  if (run.ready) send(command);
  else opening.ask(command);
}

/** What was computed of the recorded run comes too late where a run has begun meanwhile.
 * @param {{ run?: Told.Source }} told */
function late({ run: source }) {
  return (source === 'derived') === Boolean(run.ready);
}

/** Whether there is neither a run nor one on its way. */
function vacant() {
  return !run.ready && ['loading', 'idle'].includes(run.state);
}

/** The built-in text whose recorded run is shown: the chosen one, or for one's own text that of the page's language. */
function built_in() {
  const { corpus } = settings;
  return corpus === 'own' ? language() : corpus;
}

/** Whether another recorded run is to be shown than the one that was asked for. */
function outdated() {
  return vacant() && opening.wanted !== built_in();
}

/** Shows the recorded run of the chosen text, as long as there is none in this tab. */
async function record() {
  if (!vacant() || !await opening.fetch(built_in()) || !vacant()) return;
  const { ready, told, text: first, writing: written } = opening.recorded;
  typed.example(told.prompt);
  const reports = opening.recorded.reports();
  metrics.begin({ ...ready, total: ready.train.steps });
  metrics.add(reports, false);
  log.reset();
  log.add(reports);
  timeline.begin({ ...ready, history: reports });
  timeline.snapshots({ steps: opening.recorded.steps, pinned: [] });
  samples.reset();
  for (const sample of told.samples) samples.add(sample);
  next.forget();
  writing.recorded(written);
  if (looked === null || !data.name) {
    data.read(first.read);
    data.documents_came({ first: 0, documents: first.read.documents });
    data.window(first.window);
    merges.merged(first.merged);
    strip.recorded(first);
  }
  show_run();
  look();
  controls();
  arrive();
}

/** Shows what a link says of the run that is there. */
function arrive() {
  const shown = run.ready ?? shown_recorded();
  if (shown) view.apply(shown.model, (step) => timeline.nearest(step));
}

/** Does something with the settings, and says why where they cannot be read. */
function attempt(action) {
  try {
    action();
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    refuse(error);
  }
}

/** Takes what the address says of a run, and says what in it means nothing. */
function link() {
  const said = address();
  const strange = [...said].filter(([key]) => ![...settings.keys, ...VIEW].includes(key));
  const foreign = strange.map(([key, value]) => `${key}=${value}`);
  // No link that is made from here on carries them.
  note(Object.fromEntries(strange.map(([key]) => [key, null])));
  const stage = said.get('stage');
  const nowhere = stage && !stages.has(stage) ? [`stage=${stage}`] : [];
  unknown([...nowhere, ...foreign, ...view.take(said), ...settings.from_address(said), ...hide().map((name) => `hide=${name}`)]);
  const prompt = said.get('prompt');
  if (prompt) typed.write(prompt);
  find('#linked').hidden = !settings.keys.some((key) => said.has(key));
}

/** Says which parts of the address were left out, beside those that were said already.
 * @param {string[]} parts */
function unknown(parts) {
  run.left_out = [...(run.left_out ?? []), ...parts];
  if (parts.length > 0) say_error('link.bad', () => ({ parts: run.left_out.join(', ') }));
}

/** Asks the engine what the settings mean. */
function describe() {
  note(settings.for_address());
  if (outdated()) record();
  try {
    const [value, bounds] = [settings.value(), settings.bounds()];
    call('describe', { settings: value, corpus: settings.corpus });
    call('stops', { bounds });
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    settings.describe({ unreadable: error });
    machine.describe({ unreadable: error });
  }
  look();
  controls();
}

/** Reads the text for the stages that show it, where one of them is open and it is another than before. */
function look() {
  inspect.able((run.ready ?? shown_recorded())?.model, stages.stage === 'inspect');
  pass.able((run.ready ?? shown_recorded())?.model);
  follow();
  inspect.look();
  comparison.able(stages.stage === 'inspect');
  writing.able(stages.stage === 'generate');
  if (stages.stage === 'data' && !cleaning.begun) cleaning.begin();
  if (!['data', 'tokenizer'].includes(stages.stage)) return;
  const { corpus, source } = settings;
  if (looked?.corpus === corpus && looked.source === source) return;
  if (corpus === 'own' && source === '') return;
  looked = { corpus, source };
  // Whoever types is not read at every key.
  clearTimeout(reading);
  reading = setTimeout(() => call('read', { corpus, files: corpus === 'own' ? settings.own_files() : [] }), typeof source === 'string' ? PAUSE : 0);
}

/** Tells the figures of the run what it does. */
function follow() {
  slow.follow(run.state);
  update.follow(run.state, run.ready, run.step, stages.stage === 'train');
  pace.trains = run.state === 'running';
}

/** The recorded run, as long as there is nothing else to show. */
function shown_recorded() {
  return vacant() ? opening.recorded?.ready : null;
}

/** Begins a run, or one step of it.
 * @param {boolean} single */
function train(single) {
  attempt(() => {
    const { corpus } = settings;
    settings.chosen = true;
    const files = corpus === 'own' ? settings.own_files() : [];
    call('train', { settings: settings.value(), corpus, files, single, bounds: settings.bounds() });
    if (!single) wait();
    say(() => text('state.fetching'));
  });
}

/** Training was asked for: no number is one of it until it has told a step. */
function wait() {
  metrics.wait();
  update.show();
}

/** Whether there is no run to go on with. */
const fresh = () => ['idle', 'stopped'].includes(run.state);

const actions = {
  train() {
    if (fresh()) train(false);
    else if (run.state === 'finished') attempt(() => {
      call('extend', { steps: settings.value().steps });
      wait();
    });
    else {
      wait();
      send({ command: 'run' });
    }
  },
  pause() {
    if (['finished', 'stopped'].includes(run.state)) say(() => text('state.over'));
    else send({ command: run.state === 'paused' ? 'run' : 'pause' });
    if (run.state === 'running') kept.save();
  },
  step() {
    if (fresh()) train(true);
    else send({ command: 'step' });
  },
  reset() {
    send({ command: 'reset' });
  },
  'train-linked'() {
    actions.train();
  },
  download() {
    say(() => text('state.archive'));
    call('download');
  },
};

for (const [name, action] of Object.entries(actions)) {
  button(name).addEventListener('click', () => {
    say_error();
    hidden.forget();
    action();
  });
}

/** Presses a button, where it is seen and makes sense; says whether it did. */
function press(action) {
  const pressed = button(action);
  const able = !pressed.disabled && pressed.checkVisibility();
  if (able) pressed.click();
  return able;
}

shortcuts(find('.shortcuts'), {
  run: () => press(['running', 'preparing'].includes(run.state) ? 'pause' : 'train'),
  step: () => press('step'),
  ten() {
    // Each that is asked for while one is under way is one more.
    if (press('step')) for (let more = 1; more < 10; more += 1) send({ command: 'step' });
  },
  a: () => timeline.compare('a'),
  b: () => timeline.compare('b'),
});

/** Which controls make sense now. */
function controls() {
  show_controls(run, { fresh: fresh(), extends_run: extends_run(), recorded: Boolean(opening.able && shown_recorded()) });
  writing.may(!button('generate').disabled);
  machine.able(fresh());
  kept.show();
}

/** Whether the settings ask for more steps than the finished run has. */
function extends_run() {
  try {
    return settings.value().steps > run.ready.train.steps;
  } catch {
    return false;
  }
}

function show_state() {
  const { state, preparing } = run;
  metrics.flush();
  const bar = find('#progress');
  bar.hidden = state !== 'preparing';
  if (state === 'preparing' && preparing) {
    Object.assign(bar, { max: Math.max(1, preparing.total), value: preparing.done });
    say(() => text(`state.${preparing.stage}`, { done: count(preparing.done), total: count(preparing.total) }));
  } else if (state === 'preparing') {
    bar.removeAttribute('value');
    say(() => text('state.preparing'));
  } else {
    const { step, stop } = run;
    // Whoever does not see Train or the settings is not sent to them.
    const said = state === 'idle' && hides('controls', 'settings') ? 'ready' : state;
    say(() => (state === 'paused' && stop !== null ? paused_by(stop, step) : text(`state.${said}`, { step: count(step) })));
  }
  controls();
  follow();
}

function show_run() {
  selection.set({ run: run.ready ?? shown_recorded() ?? null });
  show_shape(run.ready ?? shown_recorded(), run.ready ? 'run.shape' : 'run.recorded');
}

const hear = hearing({
  arrive, run, metrics, log, hidden, samples, settings, writing, generate, data, cleaning, strip, merges, inspect, next, pass, opening, update, slow, timeline, comparison, kept, machine,
  asked, call, controls, describe, follow, late, look, record, show_run, show_state, unknown,
});

worker.addEventListener('message', ({ data }) => {
  const events = /** @type {Told.Event[]} */ (data);
  const reports = events.filter((told) => told.event === 'step');
  if (reports.length > 0) {
    run.step = reports.at(-1).step;
    metrics.add(reports);
    log.add(reports);
    timeline.add(reports);
    inspect.changed();
    pass.changed();
  }
  // A step that was under way when the run was paused comes after the news of the pause.
  if (reports.length > 0 && run.state !== 'running') show_state();
  for (const event of events) if (event.event !== 'step') /** @type {(told: Told.Event) => void} */ (hear[event.event])?.(event);
});
worker.addEventListener('error', (event) => hear.error({ message: event.message ?? '', fatal: true }));

bring({ take: (files, input) => take(files, { stages, settings, cleaning, call }, input), open: [['#own-choose', '#own-files'], ['[data-action=clean-open]', '#clean-files'], ['[data-action=open-tokenizer]', '#tokenizer-file'], ['[data-action=open]', '#run-file']] });

// Another link in the same tab.
addEventListener('hashchange', () => {
  run.left_out = [];
  link();
  if (outdated()) record();
  else arrive();
  if (settings.presets.length === 0) return;
  unknown(settings.offer(settings.presets));
  describe();
});

const languages = button('language');
languages.value = language();
languages.addEventListener('change', () => {
  set_language(languages.value).catch(() => {
    languages.value = language();
    say_error('language.failed');
  });
});
fetch_others();
document.addEventListener('languagechange', () => {
  show_run();
  controls();
  if (vacant()) settings.follow();
  if (!shown_recorded()) typed.example();
  if (outdated()) record();
});

// On a small screen the settings fold away, so that what happens is seen first.
if (matchMedia('(max-width: 900px)').matches) find('#settings-details').open = false;
