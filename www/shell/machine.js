// The machine: what the run is computed on and why, what that can hold, and how long a run takes there, measured on request.

import { engine } from '../engine/client.js';
import { run } from '../engine/run.js';
import { element } from '../figure/caption.js';
import { count, duration, measure, size } from '../words/format.js';
import { named, tell, text } from '../words/language.js';

/** Limits of an adapter, by the engine's names, and how each is written.
 * @type {[keyof Messages.Limits, (n: number) => string][]} */
const LIMITS = [
  ['max_buffer', size], ['max_binding', size], ['workgroup_memory', size], ['workgroup_invocations', count], ['storage_buffers', count],
];
const KINDS = { cpu: 'machine.kind.cpu', gpu: 'machine.kind.gpu', software: 'machine.kind.software' };

/** Shows the device in `line` and in the card `section`, and what the settings come to on it. */
export class Machine {
  /** @type {Messages.Device | null} */
  device = null;
  /** Whether something is measured. */
  busy = false;
  /** The preset of the settings that were found for a minute.
   * @type {string | null | undefined} */
  chosen = null;

  /** @param {HTMLElement} section
   * @param {HTMLElement} line
   * @param {import('./settings.js').Settings} settings */
  constructor(section, line, settings) {
    this.section = section;
    this.line = line;
    this.settings = settings;
    this.buttons = Object.fromEntries(['measure', 'minute'].map((name) => [name, section.querySelector(`[data-action=${name}]`)]));
    this.buttons.measure.addEventListener('click', () => this.ask('measure'));
    this.buttons.minute.addEventListener('click', () => this.ask('choose'));
    document.addEventListener('languagechange', () => {
      this.show_device();
      this.show();
    });
    engine.on(['device', 'recovered'], (device) => this.open(device));
    engine.on(['error'], ({ fatal }) => {
      if (fatal && this.device === null) this.failed();
    });
    settings.on(['described'], () => this.show());
    run.on(['state', 'able'], () => this.able());
  }

  /** The device that is open now.
   * @param {Messages.Device} device */
  open(device) {
    this.device = device;
    this.busy = false;
    this.show_device();
    this.show();
  }

  /** What the settings come to. */
  get described() {
    return this.settings.described ?? {};
  }

  /** Beside a run nothing is measured. */
  able() {
    const may = Boolean(run.fresh && this.device && !this.busy);
    this.buttons.measure.disabled = !may || Boolean(this.described.refused ?? this.described.unreadable);
    this.buttons.minute.disabled = !may;
  }

  /** @param {'measure' | 'choose'} what */
  ask(what) {
    this.busy = true;
    this.chosen = null;
    const { corpus } = this.settings;
    /** @type {Messages.Command} */
    const command = what === 'measure' ? { command: what, settings: this.settings.value(), corpus } : { command: what, corpus };
    engine.ask('send', { command }, (answer) => {
      this.busy = false;
      if (answer) this.measured(answer);
      else this.show();
    });
    this.show();
  }

  /** A measurement is done, or was given up; it may have led to settings.
   * @param {Messages.Events['measured']} definition */
  measured({ settings, given_up: gave_up }) {
    if (settings) {
      this.chosen = settings.preset;
      this.settings.adopt(settings);
    }
    if (gave_up) this.chosen = null;
    this.show();
    this.settings.changed();
  }

  /** There will be no device. */
  failed() {
    named(this.line, 'device.failed');
  }

  show_device() {
    if (this.device === null) return;
    const { kind, name, reason, adapter } = this.device;
    const key = kind === 'gpu' ? (reason === 'software' ? 'device.gpu.software' : 'device.gpu') : `device.cpu.${reason}`;
    tell(this.line, name, key, { adapter }, 'name');
    Object.assign(this.line.dataset, { kind, name, reason });
  }

  /** The facts as a list of terms: each has all its digits in `data-value`. */
  facts() {
    const { device, described } = this;
    const facts = /** @type {HTMLElement[]} */ ([]);
    if (!device) return facts;
    /** @param {string} name
     * @param {number | string | null | undefined} value
     * @param {(place: HTMLElement) => void} write */
    const add = (name, value, write) => {
      if (value === undefined || value === null) return;
      const definition = element('dd', '');
      definition.dataset.fact = name;
      definition.dataset.value = String(value);
      if (typeof value === 'number') definition.title = String(value);
      write(definition);
      const term = element('dt', '');
      named(term, `machine.${name}`);
      facts.push(element('div', '', term, definition));
    };
    /** @param {(n: number) => string} format */
    const number = (format) => (/** @type {number | null | undefined} */ value) => (/** @type {HTMLElement} */ place) => {
      place.textContent = format(value ?? 0);
    };
    /** @param {string} key */
    const say = (key) => (/** @type {HTMLElement} */ place) => {
      place.textContent = text(key);
    };
    add('name', device.name, (place) => tell(place, device.name));
    add('kind', device.kind, say(KINDS[device.kind === 'gpu' && device.reason === 'software' ? 'software' : device.kind]));
    add('threads', device.threads, number(count)(device.threads));
    for (const [name, format] of LIMITS) add(name, device.limits?.[name], number(format)(device.limits?.[name]));
    if (device.memory === undefined || device.memory === null) add('memory', 'untold', say('machine.memory.untold'));
    else add('memory', device.memory, number(size)(device.memory));
    add('needed', described.memory, number(size)(described.memory));
    const { estimate } = described;
    add('speed', estimate?.tokens_per_second, number(measure)(estimate?.tokens_per_second));
    add('step', estimate?.seconds_a_step, (place) => {
      place.textContent = text('machine.seconds', { seconds: measure(estimate?.seconds_a_step ?? 0) });
    });
    add('time', estimate?.seconds, number(duration)(estimate?.seconds));
    return facts;
  }

  /** What is known of the time of a run, in words. */
  sentence() {
    const { estimate } = this.described;
    if (this.busy) return text('machine.measuring');
    if (!estimate) return text(run.fresh ? 'machine.unmeasured' : 'machine.occupied');
    const steps = text('machine.estimate', { steps: count(estimate.steps), time: duration(estimate.seconds), speed: measure(estimate.tokens_per_second) });
    return this.chosen ? text('machine.chosen', { preset: this.chosen, estimate: steps }) : steps;
  }

  show() {
    if (this.device === null) return;
    this.section.querySelector('dl').replaceChildren(...this.facts());
    const place = this.section.querySelector('[role=status]');
    if (place.textContent !== this.sentence()) place.textContent = this.sentence();
    this.able();
  }
}
