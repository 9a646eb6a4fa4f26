// What the engine tells, and which views take it.

import { hand_over } from './shell/files.js';
import { say, say_error } from './shell/status.js';
import { count, size } from './words/format.js';
import { text } from './words/language.js';

/**
 * @typedef {{
 *   run: Told.Run, asked: string | null, call: Told.Call,
 *   metrics: import('./stages/train/metrics.js').Metrics, log: import('./stages/train/log.js').Log, hidden: import('./shell/hidden-tab.js').Hidden,
 *   samples: import('./stages/train/samples.js').Samples, settings: import('./shell/settings.js').Settings, writing: import('./stages/generate/writing.js').Writing,
 *   generate: import('./stages/generate/form.js').Generate, data: import('./stages/data/documents.js').Data, cleaning: import('./stages/data/cleaning.js').Cleaning, strip: import('./stages/tokenizer/tokens.js').Strip,
 *   merges: import('./stages/tokenizer/merges.js').Merges, inspect: import('./stages/inspect/attention.js').Inspect, next: import('./stages/inspect/next-token.js').Next, opening: import('./engine/recorded-engine.js').Opening,
 *   pass: import('./stages/inspect/forward-pass.js').Pass, update: import('./stages/train/update.js').Update, timeline: import('./shell/timeline.js').Timeline, kept: import('./shell/saved-runs.js').Kept,
 *   machine: import('./shell/machine.js').Machine, comparison: import('./stages/inspect/comparison.js').Comparison, slow: import('./stages/train/slow-motion.js').Slow,
 *   arrive(): void, controls(): void, describe(): void, follow(): void, look(): void, record(): Promise<void>, show_run(): void, show_state(): void,
 *   late(told: { run?: Told.Source }): boolean, unknown(parts: string[]): void,
 * }} Page */

/** The answers to the engine's events, by their names. `page` has the run, the views by their names, and what the page does.
 * @param {Page} page
 * @returns {Told.Hearing} */
export function hearing(page) {
  const { run, metrics, log, hidden, samples, settings, writing, generate, data, cleaning, strip, merges, inspect, next, pass, opening, update, slow, timeline, comparison, kept, machine } = page;
  const { arrive, asked, call, controls, describe, follow, late, look, record, show_run, show_state, unknown } = page;

  /** Forgets what is shown of the run before. */
  function forget() {
    document.querySelector('#linked').hidden = true;
    Object.assign(run, { preparing: null, ready: null, step: 0, saved: null, stop: null });
    inspect.able(null, false);
    next.forget();
    pass.able(null);
    follow();
    writing.forget();
    timeline.forget();
    slow.forget();
    metrics.reset();
    log.reset();
    hidden.forget();
    samples.reset();
    show_run();
  }

  /** What was asked of a device that is gone, or of an engine that failed, will not be answered. */
  function release() {
    for (const view of [inspect, pass, timeline, comparison, writing, update, machine]) view.release();
  }

  return {
    loaded({ presets, generate: defaults }) {
      unknown(settings.offer(presets));
      generate.offer(defaults);
      call('open', { device: asked ?? 'auto' });
      describe();
    },
    read(read) {
      data.read(read);
      merges.offer(settings.merges);
      merges.begin();
    },
    documents(shown) {
      data.documents_came(shown);
    },
    window(window) {
      data.window(window);
    },
    cleaning(told) {
      cleaning.works(told);
    },
    cleaned(told) {
      cleaning.cleaned(told);
    },
    survivors({ bytes }) {
      settings.take([{ name: 'cleaned.jsonl', bytes }]);
      say(() => text('cleaning.handed', { size: size(bytes.length) }));
    },
    learnt(learnt) {
      strip.offer(learnt);
      if (cleaning.told?.tokens === 'ours') cleaning.recount(true);
    },
    merged(state) {
      merges.merged(state);
    },
    tokens(answer) {
      strip.tokens(answer);
    },
    tokenizer(answer) {
      strip.tokenizer(answer);
    },
    vocabulary(answer) {
      strip.vocabulary(answer);
      if (answer.failed !== undefined) say_error(null, () => ({ message: answer.failed }));
    },
    looked(seen) {
      if (seen.by === 'comparison') comparison.looked(seen);
      else if (late(seen)) inspect.release();
      else inspect.looked(seen);
    },
    pieces(told) {
      if (!late(told)) next.pieces(told);
    },
    traced(seen) {
      if (late(seen)) pass.release();
      else pass.traced(seen);
    },
    updated(seen) {
      update.updated(seen);
    },
    update_kept(told) {
      update.kept();
      timeline.keep(told);
    },
    update_undone(told) {
      update.undone(told);
    },
    tree(answer) {
      strip.tree(answer);
    },
    begun: forget,
    forgotten() {
      forget();
      metrics.release();
      run.state = 'idle';
      record();
    },
    stop(reason) {
      run.stop = reason;
    },
    stopped() {
      run.state = 'stopped';
      show_state();
    },
    device(device) {
      run.device = device;
      machine.open(device);
      run.state = 'idle';
      opening.begin();
      show_state();
    },
    described(description) {
      settings.describe(description);
      machine.describe(description);
    },
    measured(told) {
      machine.measured(told, (chosen) => settings.adopt(chosen));
      describe();
    },
    ...kept.hear,
    state({ state }) {
      run.state = state;
      if (state === 'running') run.stop = null;
      if (state === 'paused' || state === 'finished') metrics.release();
      if (state === 'preparing') run.preparing = null;
      show_state();
    },
    preparing(preparing) {
      run.preparing = preparing;
      show_state();
    },
    ready(ready) {
      const { lost } = run;
      Object.assign(run, { ready, step: ready.step, lost: false });
      const { steps: total, clip } = ready.train;
      metrics.begin({ ...ready, total, clip });
      metrics.add(ready.history, false);
      log.reset();
      log.add(ready.history);
      timeline.begin(ready);
      show_run();
      look();
      arrive();
      show_state();
      if (lost) say_error('state.recovered', () => ({ step: count(ready.step) }));
    },
    sample(sample) {
      if (late(sample)) return;
      samples.add(sample);
      if (sample.asked) writing.sample(sample);
    },
    token(token) {
      if (!late(token)) writing.token(token);
    },
    part(part) {
      slow.part(part);
    },
    snapshots(list) {
      timeline.snapshots(list);
    },
    saved({ step }) {
      run.saved = step;
      controls();
    },
    archive({ name, bytes }) {
      hand_over(name, new Blob([bytes], { type: 'application/zip' }));
      const { length } = bytes;
      say(() => text('state.downloaded', { name, size: size(length) }));
    },
    device_lost({ message }) {
      // The run is gone with its device until it has been opened again, and so is who could answer.
      if (run.ready) Object.assign(run, { lost: true, ready: null, state: 'preparing', preparing: null });
      release();
      look();
      show_state();
      say_error('state.lost', () => ({ message }));
    },
    recovered(device) {
      run.device = device;
      machine.open(device);
      slow.again();
      describe();
      say_error('state.reopened');
    },
    error({ message, fatal, saved }) {
      metrics.release();
      strip.release();
      cleaning.release();
      merges.release();
      release();
      if (fatal) {
        if (run.state === 'loading') machine.failed();
        say_error(run.state === 'loading' ? 'error.worker' : 'error.fatal', () => ({ message }));
        run.state = 'loading';
        say(() => '');
      } else if (saved === undefined) {
        say_error(null, () => ({ message }));
      } else {
        say_error('error.download', () => ({ message, step: count(saved) }));
      }
      if (fatal) controls();
      else show_state();
      follow();
    },
  };
}
