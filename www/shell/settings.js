// The form: which text, which preset, which numbers. Defaults, sizes and refusals come from the engine.

import { engine } from '../engine/client.js';
import { run } from '../engine/run.js';
import { STOPS } from '../engine/stops.js';
import { target_of } from '../figure/caption.js';
import { note } from './address.js';
import { amount, size } from '../words/format.js';
import { language, named, tell, text } from '../words/language.js';

/** A file is read into the tab's memory, next to the tokens made of it. */
const MAX_FILE_BYTES = 256 * 1024 * 1024;

/** The numbers of the form, by their place: the engine's names. */
const FIELDS = {
  'training-fields': ['steps', 'batch', 'lr', 'seed'],
  'more-fields': [
    'layers', 'heads', 'channels', 'context', 'vocab_size', 'accumulate', 'warmup', 'weight_decay', 'clip',
    'eval_every', 'sample_every', 'save_every',
  ],
};
const FRACTIONS = ['lr', 'weight_decay', 'clip', ...STOPS];
const SCHEDULES = ['cosine', 'linear', 'constant', 'wsd'];

/** What `name` has in a preset.
 * @param {Messages.Preset} preset
 * @param {string} name */
function preset_value(preset, name) {
  if (name === 'vocab_size') return preset.model.vocab;
  return /** @type {Record<string, any>} */ ({ ...preset.train, ...preset.model })[name];
}

/** What cannot be taken: a number that is none, a file that cannot be read. `say` says why, in the language of the page. */
export class Unreadable extends Error {
  /** @param {() => string} say */
  constructor(say) {
    super();
    this.say = say;
  }
}

/** The files that a person chose, with their bytes.
 * @param {File[]} files
 * @returns {Promise<Messages.File[]>} */
export async function read(files) {
  const taken = [];
  for (const file of files) {
    if (file.size > MAX_FILE_BYTES) {
      throw new Unreadable(() => text('error.large', { name: file.name, size: size(file.size), most: size(MAX_FILE_BYTES) }));
    }
    try {
      taken.push({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) });
    } catch (error) {
      throw new Unreadable(() => text('error.file', { name: file.name, message: error.message }));
    }
  }
  return taken;
}

/** The form's state. Tells as `changed` that what a run would be has changed, and as `described` that it is known what it is. */
export class Settings extends EventTarget {
  /** @param {HTMLFormElement} form */
  constructor(form) {
    super();
    this.form = form;
    /** @type {Messages.Preset[]} */
    this.presets = [];
    /** The user's files, where there are any.
     * @type {Messages.File[]} */
    this.files = [];
    /** Whether somebody chose the text. */
    this.chosen = false;
    /** What a run of these settings would be, as far as it is known.
     * @type {(Messages.Description & { unreadable?: Unreadable }) | null} */
    this.described = null;
    /** The preset that the address names.
     * @type {string | null} */
    this.wanted = null;
    /** @type {Map<string, HTMLInputElement>} */
    this.inputs = new Map();
    for (const [place, names] of Object.entries(FIELDS)) {
      for (const name of names) form.querySelector(`#${place}`).append(this.field(name));
    }
    form.querySelector('#more-fields').append(this.schedule());
    this.stops = new Map(STOPS.map((name) => {
      const label = this.field(name, true);
      form.querySelector('#stop-fields').append(label);
      return [name, label.querySelector('input')];
    }));
    this.own = form.querySelector('#own');
    this.pasted = form.querySelector('#own-text');
    form.addEventListener('submit', (event) => event.preventDefault());
    form.addEventListener('input', (event) => this.input(event));
    document.addEventListener('languagechange', () => {
      this.names();
      this.show();
      this.show_described();
      if (run.vacant) this.follow();
      this.record();
    });
    engine.on(['described'], (described) => this.describe(described));
    engine.on(['recovered'], () => this.changed());
    engine.on(['forgotten'], () => run.record(this.built_in));
    this.follow();
  }

  /** Calls `hear` at each of the events `names`.
   * @param {('changed' | 'described')[]} names
   * @param {() => void} hear */
  on(names, hear) {
    for (const name of names) this.addEventListener(name, hear);
  }

  /** What a run would be has changed: the engine is asked what it is. */
  changed() {
    note(this.for_address());
    this.record();
    try {
      const [settings, bounds] = [this.value(), this.bounds()];
      engine.call('describe', { settings, corpus: this.corpus });
      engine.call('stops', { bounds });
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      this.describe({ unreadable: error });
    }
    this.dispatchEvent(new Event('changed'));
  }

  /** The built-in text whose recorded run is shown: the chosen one, or for one's own text that of the page's language. */
  get built_in() {
    return this.corpus === 'own' ? language() : this.corpus;
  }

  /** Has the recorded run shown that goes with the text, where that is another than was asked for; says whether it is. */
  record() {
    const outdated = run.vacant && run.opening.wanted !== this.built_in;
    if (outdated) run.record(this.built_in);
    return outdated;
  }

  /** A labelled number; empty means the preset's, which is shown in grey, or for `apart` from presets none.
   * @param {string} name */
  field(name, apart = false) {
    const label = document.createElement('label');
    label.className = 'field';
    const title = document.createElement('span');
    named(title, `setting.${name}`);
    const input = document.createElement('input');
    Object.assign(input, { name, type: 'text', inputMode: FRACTIONS.includes(name) ? 'decimal' : 'numeric', autocomplete: 'off' });
    label.append(title, input);
    if (!apart) this.inputs.set(name, input);
    return label;
  }

  schedule() {
    const label = document.createElement('label');
    label.className = 'field';
    const title = document.createElement('span');
    named(title, 'setting.schedule');
    const select = document.createElement('select');
    select.name = 'schedule';
    for (const name of SCHEDULES) {
      const option = new Option('', name);
      named(option, `schedule.${name}`);
      select.append(option);
    }
    label.append(title, select);
    return label;
  }

  /** The presets, as the engine has them; returns the address's preset where there is no such one, as it is written.
   * @param {Messages.Preset[]} presets */
  offer(presets) {
    this.presets = presets;
    const select = this.fields.preset;
    select.replaceChildren(...presets.map(({ name }) => new Option(name, name)));
    const known = !this.wanted || presets.some(({ name }) => name === this.wanted);
    if (this.wanted && known) select.value = this.wanted;
    this.names();
    this.show();
    return known ? [] : [`preset=${this.wanted}`];
  }

  /** Names the presets. */
  names() {
    this.presets.forEach(({ name, model: { layers, channels } }, i) => {
      this.fields.preset.options[i].text = text('setting.preset.option', { name, layers, channels });
    });
  }

  /** Every key that an address may have of the settings. */
  get keys() {
    return ['corpus', 'preset', 'schedule', ...this.inputs.keys()];
  }

  /** Takes the settings that an address has; returns those parts of it that mean nothing, as they are written.
   * @param {URLSearchParams} said */
  from_address(said) {
    const bad = /** @type {string[]} */ ([]);
    /** @param {string} key
     * @param {{ value: string }} input
     * @param {(value: string) => boolean} known */
    const take = (key, input, known) => {
      const value = said.get(key);
      if (value === null) return false;
      if (known(value)) input.value = value;
      else bad.push(`${key}=${value}`);
      return known(value);
    };
    const { corpus, schedule } = this.fields;
    if (take('corpus', corpus, (value) => ['en', 'zh', 'own'].includes(value))) this.chosen = true;
    if (take('schedule', schedule, (value) => SCHEDULES.includes(value))) schedule.dataset.chosen = 'true';
    for (const [name, input] of this.inputs) if (!take(name, input, (value) => this.number(name, value) !== null)) input.value = '';
    const pasted = said.get('text');
    if (pasted && this.corpus === 'own') this.pasted.value = pasted;
    this.wanted = said.get('preset');
    this.show();
    return bad;
  }

  /** The settings for the address: what was left as it is in the preset is taken out of it. */
  for_address() {
    const { preset, schedule } = this.fields;
    const entries = [...this.inputs].map(([name, input]) => [name, this.number(name, input.value.trim()) === null ? null : input.value.trim()]);
    return {
      ...Object.fromEntries(entries),
      corpus: this.chosen ? this.corpus : null,
      preset: preset.selectedIndex > 0 ? preset.value : null,
      schedule: schedule.dataset.chosen ? schedule.value : null,
    };
  }

  /** What makes a run, for a link: its text, its preset and its seed, also where nobody chose them. Whatever else is left as it
   * is goes with the preset. */
  for_link() {
    const { seed } = this.for_address();
    return { corpus: this.corpus, preset: this.fields.preset.value, seed: seed ?? this.inputs.get('seed')?.placeholder };
  }

  /** What is written of the number `name`; null where it is none.
   * @param {string} name
   * @param {string} written */
  number(name, written) {
    const value = Number(written);
    return written === '' || !(value >= 0) || (!FRACTIONS.includes(name) && !Number.isSafeInteger(value)) ? null : value;
  }

  /** The number that stands in a field; null where the field is empty.
   * @param {string} name
   * @param {HTMLInputElement} input */
  typed(name, input) {
    const found = input.value.trim();
    if (found === '') return null;
    const number = this.number(name, found);
    if (number !== null) return number;
    throw new Unreadable(() => text(FRACTIONS.includes(name) ? 'setting.number' : 'setting.whole', { name: text(`setting.${name}`), found }));
  }

  /** Takes the built-in text of the page's language, as long as nobody has chosen one. */
  follow() {
    if (this.chosen || this.corpus === language()) return;
    this.fields.corpus.value = language();
    this.show();
    if (this.presets.length > 0) this.changed();
  }

  /** The fields that are named in the form.
   * @returns {{ preset: HTMLSelectElement, schedule: HTMLSelectElement, corpus: HTMLInputElement }} */
  get fields() {
    return /** @type {any} */ (this.form.elements);
  }

  get corpus() {
    return this.fields.corpus.value;
  }

  /** @param {Event} event */
  input(event) {
    const target = target_of(event);
    if (target.name === 'corpus' || target === this.pasted) this.chosen = true;
    if (target.name === 'schedule') target.dataset.chosen = 'true';
    if (target.name === 'preset') delete this.fields.schedule.dataset.chosen;
    if (target === this.pasted && target.value) this.files = [];
    this.show();
    this.changed();
  }

  /** What follows from the choices: placeholders, the part for one's own text. */
  show() {
    const { corpus } = this;
    this.own.hidden = corpus !== 'own';
    const preset = this.presets.find(({ name }) => name === this.fields.preset.value);
    if (preset) {
      const model = { ...preset.model, vocab: preset.vocab[corpus] ?? preset.model.vocab };
      for (const [name, input] of this.inputs) input.placeholder = String(preset_value({ ...preset, model }, name));
      const { schedule } = this.fields;
      if (!schedule.dataset.chosen) schedule.value = preset.train.schedule;
    }
    this.form.querySelector('#own-summary').textContent = this.summary();
  }

  summary() {
    if (this.files.length === 0) {
      const { length } = new TextEncoder().encode(this.pasted.value);
      return length > 0 ? text('own.pasted', { size: size(length) }) : text('own.none');
    }
    const bytes = this.files.reduce((sum, file) => sum + file.bytes.length, 0);
    const names = this.files.map(({ name }) => name);
    const shown = names.length > 3 ? `${names.slice(0, 3).join(', ')} …` : names.join(', ');
    return text(names.length === 1 ? 'own.file' : 'own.files', { count: names.length, size: size(bytes), names: shown });
  }

  /** Takes the user's files instead of what was taken or pasted before.
   * @param {Messages.File[]} files */
  take(files) {
    this.files = files;
    this.chosen = true;
    this.pasted.value = '';
    this.fields.corpus.value = 'own';
    this.show();
    this.changed();
  }

  /** Takes a preset and numbers that go with it; the others are the preset's, but for the seed.
   * @param {Messages.Settings} values */
  adopt(values) {
    const { preset, schedule } = this.fields;
    preset.value = values.preset ?? '';
    delete schedule.dataset.chosen;
    for (const [name, input] of this.inputs) if (name !== 'seed') input.value = String(/** @type {Record<string, any>} */ (values)[name] ?? '');
    this.show();
    this.changed();
  }

  /** Merges that the preset's tokenizer has on the chosen text. */
  get merges() {
    const preset = this.presets.find(({ name }) => name === this.fields.preset.value);
    return preset?.merges[this.corpus] ?? preset?.merges.en ?? 0;
  }

  /** What the text is, to be compared: the user's files, what was pasted, or nothing where it is a built-in one. */
  get source() {
    if (this.corpus !== 'own') return null;
    return this.files.length > 0 ? this.files : this.pasted.value;
  }

  /** The user's own text: the files that were chosen, or else what was pasted.
   * @returns {Messages.File[]} */
  own_files() {
    if (this.files.length > 0) return this.files;
    const bytes = new TextEncoder().encode(this.pasted.value);
    return bytes.length > 0 ? [{ name: 'pasted.txt', bytes }] : [];
  }

  /** The settings as the engine takes them: what was left empty is the preset's.
   * @returns {Messages.Settings} */
  value() {
    const settings = /** @type {Record<string, any>} */ ({ preset: this.fields.preset.value });
    for (const [name, input] of this.inputs) {
      const number = this.typed(name, input);
      if (number !== null) settings[name] = number;
    }
    const { schedule } = this.fields;
    if (schedule.dataset.chosen) settings.schedule = schedule.value;
    return settings;
  }

  /** What a run is to stop at: a bound for each condition that has one.
   * @returns {Messages.Bounds} */
  bounds() {
    const bounds = /** @type {Messages.Bounds} */ ({});
    for (const [name, input] of this.stops) {
      const number = this.typed(name, input);
      if (number !== null) bounds[name] = number;
    }
    return bounds;
  }

  /** What a run of these settings would be, or why there would be none.
   * @param {Messages.Description & { unreadable?: Unreadable }} described */
  describe(described) {
    this.described = described;
    this.show_described();
    this.dispatchEvent(new Event('described'));
  }

  show_described() {
    if (!this.described) return;
    const { refused, unreadable, parameters, memory } = this.described;
    const place = this.form.querySelector('#described');
    place.classList.toggle('refused', Boolean(refused ?? unreadable));
    if (unreadable) place.textContent = unreadable.say();
    else if (refused) tell(place, refused);
    else place.textContent = text('described', { parameters: amount(parameters ?? 0), memory: size(memory ?? 0) });
  }
}
