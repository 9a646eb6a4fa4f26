// What a run is, and who may act on it: the run in this tab or, as long as there is none, the recorded one.

import { selection } from '../figure/selection.js';
import { pace } from '../figure/pacing.js';
import { engine } from './client.js';
import { RecordedEngine } from './recorded-engine.js';

/** The events of a change, in this order: that another run is shown, that its state is another, that more or less can be done
 * with it, that its first number is waited for or no longer. */
const CHANGES = /** @type {const} */ (['shown', 'state', 'able', 'waiting']);

/** Dispatches changes as events named after what has changed, once all have heard the event of the engine; `recorded` is that a
 * recorded run has come. */
class Run extends EventTarget {
  /** @type {Messages.State | 'loading' | 'stopped'} */
  state = 'loading';
  /** What is prepared, and how far it is.
   * @type {Messages.Events['preparing'] | null} */
  preparing = null;
  /** What the run is, once it is.
   * @type {Messages.Ready | null} */
  ready = null;
  step = 0;
  /** The last step that was reported, also of the recorded run.
   * @type {Messages.Report | null} */
  last = null;
  /** The step of the last save.
   * @type {number | null} */
  saved = null;
  /** Why it was paused, where a condition did.
   * @type {Messages.Stop | null} */
  stop = null;
  /** @type {Messages.Device | null} */
  device = null;
  /** Whether it went with its device, and is being opened again. */
  lost = false;
  /** Whether it is there again after that. */
  recovered = false;
  /** Whether training was asked for: no number is one of it until it has reported a step. */
  waiting = false;
  opening = new RecordedEngine();
  /** What has changed and was not dispatched yet.
   * @type {Set<typeof CHANGES[number]>} */
  changed = new Set();

  constructor() {
    super();
    engine.on(['loaded'], () => engine.call('open', { device: new URLSearchParams(location.search).get('device') ?? 'auto' }));
    engine.on(['device'], (device) => {
      this.device = device;
      this.become('idle');
      this.opening.begin();
    });
    engine.on(['recovered'], (device) => {
      this.device = device;
    });
    engine.on(['begun'], () => this.forget());
    engine.on(['forgotten'], () => {
      this.forget();
      this.wait(false);
      this.become('idle', 'able');
    });
    engine.on(['ready'], (ready) => this.begin(ready));
    engine.on(['steps'], (reports) => {
      this.last = reports.at(-1) ?? null;
      this.step = this.last?.step ?? this.step;
      this.wait(false);
      // A step that was under way when the run was paused comes after the news of the pause.
      if (this.state !== 'running') this.note('state');
    });
    engine.on(['state'], ({ state }) => {
      if (state === 'running') this.stop = null;
      if (state === 'paused' || state === 'finished') this.wait(false);
      if (state === 'preparing') this.preparing = null;
      this.become(state);
    });
    engine.on(['preparing'], (preparing) => {
      this.preparing = preparing;
      this.note('state');
    });
    engine.on(['stop'], (stop) => {
      this.stop = stop;
    });
    engine.on(['stopped'], () => this.become('stopped'));
    engine.on(['saved'], ({ step }) => {
      this.saved = step;
      this.note('able');
    });
    engine.on(['device_lost'], () => this.lose());
    engine.on(['error'], ({ fatal }) => {
      this.wait(false);
      this.become(fatal ? 'loading' : this.state);
    });
    engine.after(() => this.tell());
  }

  /** Calls `hear` whenever one of `names` has changed.
   * @param {typeof CHANGES[number][]} names
   * @param {() => void} hear */
  on(names, hear) {
    for (const name of names) this.addEventListener(name, hear);
  }

  /** Calls `hear` with each recorded run that is to be shown.
   * @param {(recorded: NonNullable<RecordedEngine['recorded']>) => void} hear */
  on_recorded(hear) {
    this.addEventListener('recorded', () => {
      if (this.recorded) hear(this.recorded);
    });
  }

  /** @param {typeof CHANGES[number][]} names */
  note(...names) {
    for (const name of names) this.changed.add(name);
  }

  /** Tells of all that has changed. */
  tell() {
    const names = CHANGES.filter((name) => this.changed.has(name));
    this.changed.clear();
    if (names.includes('shown')) selection.set({ run: this.shown });
    for (const name of names) this.dispatchEvent(new Event(name));
  }

  /** @param {Run['state']} state
   * @param {typeof CHANGES[number]} change */
  become(state, change = 'state') {
    this.state = state;
    pace.trains = state === 'running';
    this.note(change);
  }

  /** @param {boolean} waiting */
  wait(waiting) {
    if (waiting === this.waiting) return;
    this.waiting = waiting;
    this.note('waiting');
  }

  /** The run before is no more. */
  forget() {
    this.preparing = this.ready = this.saved = this.stop = this.last = null;
    this.step = 0;
    this.lost = false;
    selection.set({ run: this.shown });
  }

  /** A run is there, or once more.
   * @param {Messages.Ready} ready */
  begin(ready) {
    this.ready = ready;
    this.step = ready.step;
    this.last = ready.history.at(-1) ?? null;
    this.recovered = this.lost;
    this.lost = false;
    this.opening.end();
    this.note('shown', 'state');
  }

  /** The run is gone with its device until it has been opened again. */
  lose() {
    if (this.ready) {
      this.lost = true;
      this.ready = this.preparing = null;
      this.become('preparing');
    }
    this.note('shown', 'state');
  }

  /** Whether there is neither a run nor one on its way. */
  get vacant() {
    return !this.ready && ['loading', 'idle'].includes(this.state);
  }

  /** Whether there is no run to go on with. */
  get fresh() {
    return ['idle', 'stopped'].includes(this.state);
  }

  /** Whether there is a run that has begun to train, and still is. */
  get stands() {
    return ['running', 'paused', 'finished'].includes(this.state);
  }

  /** The recorded run, as long as there is nothing else to show. */
  get recorded() {
    return this.vacant ? this.opening.recorded : null;
  }

  /** What the run is that is shown.
   * @returns {Messages.Ready | null} */
  get shown() {
    return this.ready ?? this.recorded?.ready ?? null;
  }

  /** Whether a model answers what is asked. */
  get answers() {
    return this.stands || Boolean(this.opening.able && this.recorded);
  }

  /** Shows the recorded run on a built-in text, as long as there is none in this tab.
   * @param {string} name */
  async record(name) {
    if (!this.vacant || !await this.opening.fetch(name) || !this.vacant) return;
    this.last = this.opening.recorded?.reports().at(-1) ?? null;
    this.dispatchEvent(new Event('recorded'));
    this.note('shown', 'able');
    this.tell();
  }

  /** Asks the model that is shown. Without `heard` nobody waits for an answer.
   * @param {Messages.Command} command
   * @param {import('./client.js').Heard} [heard] */
  ask(command, heard) {
    if (!this.ready) this.opening.ask(command, heard);
    else if (heard) engine.ask('send', { command }, heard);
    else engine.send(command);
  }

  /** Begins a run, or with `single` one step of it.
   * @param {Messages.Calls['train']} request */
  train(request) {
    engine.call('train', request);
    if (!request.single) this.wait(true);
    this.tell();
  }

  /** Lets a finished run take more steps.
   * @param {number} steps */
  extend(steps) {
    engine.call('extend', { steps });
    this.wait(true);
    this.tell();
  }

  /** Lets the run go on. */
  go_on() {
    this.wait(true);
    this.tell();
    engine.send({ command: 'run' });
  }

  /** Asks for a save, where the run has taken steps since the last one or has one under way: the tab may be closed now. */
  save() {
    const { state, ready, step, saved } = this;
    if (ready && (state === 'running' || (state === 'paused' && step > (saved ?? ready.step)))) engine.send({ command: 'save' });
  }
}

export const run = new Run();
