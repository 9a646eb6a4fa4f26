// The stage Data: pages on their way through the cleaning pipeline, what each stage takes out, and the thresholds by which it does.

import { caption, element } from './figure.js';
import { plain } from './glyphs.js';
import { pick } from './pick.js';
import { selection } from './selection.js';
import { count, measure, size, text, worded } from './text.js';

/** Names with their counts. */
const counted = (counts) => Object.entries(counts).map(([name, times]) => `${name} ${count(times)}`).join(' · ');

/** Asks the worker through `call`, and shows what it answers. */
export class Cleaning {
  /** @type {Told.Cleaned} */
  told;
  /** @type {Told.Call} */
  call;
  /** What is asked for next: the stage and the document that are looked at, and what is to change.
   * @type {Told.Sieve} */
  asked = { stage: null };
  figure; place; begun; waiting; again; rule;

  constructor(figure, call) {
    Object.assign(this, { figure, call });
    const place = (selector) => figure.querySelector(selector);
    this.place = place;
    const actions = {
      'clean-sample': () => this.begin(),
      'clean-hand': () => call('clean_hand'),
      'clean-reset': () => this.set(this.setting().default),
      'clean-keep': () => this.ask({ keep: this.found()?.kept !== true }),
    };
    for (const [name, action] of Object.entries(actions)) place(`[data-action=${name}]`).addEventListener('click', action);
    place('[name=by]').addEventListener('change', () => this.show());
    place('[name=rule]').addEventListener('change', ({ target }) => {
      this.rule = target.value;
      this.show_rule();
    });
    place('[name=threshold]').addEventListener('input', ({ target }) => this.set(Number(Number(target.value).toPrecision(3))));
    place('.funnel').addEventListener('click', ({ target }) => {
      const { sieve } = target.closest('button')?.dataset ?? {};
      if (!sieve) return;
      this.rule = null;
      this.ask({ stage: sieve, document: undefined });
    });
    const meant = ({ dataset }) => ({ tensor: 'cleaning', cell: [Number(dataset.document)] });
    pick(place('.fallen tbody'), 'button', meant, (button) => {
      selection.set(meant(button));
      const document = Number(button.dataset.document);
      this.rule = this.found(document).reason;
      this.ask({ document });
    });
    selection.readers.cleaning = (cell) => this.read(cell);
    worded(() => this.show());
    this.show();
  }

  /** Puts pages through the pipeline: a person's files, or the sample.
   * @param {Told.File[] | null} files */
  begin(files = null) {
    Object.assign(this, { begun: true, asked: { stage: null }, rule: null, waiting: true, again: false });
    this.call('clean', { files });
  }

  /** @param {Partial<Told.Sieve>} asked */
  ask(asked) {
    this.asked = { ...this.asked, ...asked };
    this.again = true;
    if (!this.waiting) this.send();
  }

  send() {
    const { stage, document } = this.asked;
    this.call('sieve', this.asked);
    Object.assign(this, { asked: { stage, document }, again: false, waiting: true });
  }

  /** What was asked for will not be answered. */
  release() {
    this.waiting = false;
  }

  set(threshold) {
    this.ask({ set: `${this.setting().name}=${threshold ?? 'off'}` });
  }

  /** So much is measured.
   * @param {{ done: number, total: number }} told */
  works({ done, total }) {
    this.place('.skipped').textContent = text('cleaning.progress', { done: count(done), total: count(total) });
  }

  /** @param {Told.Cleaned} told */
  cleaned(told) {
    this.told = told;
    this.waiting = false;
    this.asked.stage = told.stage;
    this.show();
    selection.came('cleaning');
    if (this.again) this.send();
  }

  written(threshold) {
    return threshold === null ? text('cleaning.off') : measure(threshold);
  }

  /** The rule whose threshold is shown: the chosen one, or the one that takes most out. */
  setting() {
    const { settings } = this.told;
    return settings.find(({ name }) => name === this.rule) ?? settings.reduce((most, one) => (one.documents > (most?.documents ?? 0) ? one : most), settings[0]);
  }

  /** A document that the stage takes out. */
  found(document = this.asked.document) {
    return this.told?.dropped.find((one) => one.document === document);
  }

  show() {
    const { told, place } = this;
    if (!told) {
      caption(this.figure, { sentence: text('cleaning.none'), chip: '', tensor: 'cleaning', shape: 0, step: 0, run: 'live' });
      return;
    }
    const by = place('[name=by]').value;
    const [first, last] = [told.stages[0], told.stages.at(-1)];
    const write = by === 'bytes' ? size : count;
    caption(this.figure, {
      sentence: text('cleaning.sentence', {
        all: count(first.documents_in), left: count(last.documents_out), from: size(first.bytes_in), to: size(last.bytes_out), kept: count(told.kept),
      }),
      chip: text('cleaning.source', { documents: count(told.documents), name: told.name ?? text('cleaning.sample') }),
      tensor: 'cleaning', shape: told.documents, step: 0, run: 'live',
    });
    const skipped = counted(told.skipped);
    place('.skipped').textContent = skipped && text('cleaning.skipped', { skipped });
    const focus = document.activeElement?.dataset?.sieve;
    place('.funnel tbody').replaceChildren(...told.stages.map((stage) => {
      const [entered, left] = [stage[`${by}_in`], stage[`${by}_out`]];
      const button = element('button', 'link', text(`sieve.${stage.name}`));
      Object.assign(button, { type: 'button' }).dataset.sieve = stage.name;
      button.setAttribute('aria-pressed', String(stage.name === told.stage));
      const [track, bar] = [element('span', 'funnel-in'), element('span', 'funnel-out')];
      track.style.width = `${(100 * entered) / Math.max(1, first[`${by}_in`])}%`;
      bar.style.width = `${(100 * Math.min(left, entered)) / Math.max(1, entered)}%`;
      track.append(bar);
      const name = element('th', '', button);
      name.scope = 'row';
      return element('tr', '', name, element('td', '', track), ...[entered, left, entered - left].map((n) => element('td', 'number', write(n))));
    }));
    if (focus) place(`[data-sieve=${focus}]`)?.focus();
    this.show_stage();
    this.show_rule();
    this.show_text();
  }

  /** What the stage that is open does, and what it takes out. */
  show_stage() {
    const { told, place } = this;
    const { lines = {}, replaced = {}, documents_in: entered, documents_out: left } = told.stages.find(({ name }) => name === told.stage);
    place('h3').textContent = text(`sieve.${told.stage}`);
    place('.sieve-what').textContent = text(`sieve.what.${told.stage}`);
    const { length } = told.dropped;
    const said = [['lines', counted(lines)], ['replaced', counted(replaced)], ['first', entered - left > length && count(length)]];
    place('.sieve-lines').textContent = said.filter(([, counts]) => counts).map(([name, counts]) => text(`cleaning.${name}`, { counts })).join(' ');
    const focus = document.activeElement?.dataset?.document;
    place('.fallen tbody').replaceChildren(...told.dropped.map(({ document: number, title, reason, value, kept, of }) => {
      const button = element('button', 'link', plain(title) || text('documents.untitled'));
      Object.assign(button, { type: 'button' }).dataset.document = String(number);
      const measured = element('td', 'number', measure(value));
      measured.title = String(value);
      return element('tr', kept ? 'spared' : '', element('td', '', button), element('td', '', of ? text('cleaning.copy', { of }) : reason), measured);
    }));
    if (focus) place(`[data-document="${focus}"]`)?.focus();
    place('.sieve-read').hidden = told.dropped.length === 0;
  }

  show_rule() {
    const { place, told } = this;
    const select = place('[name=rule]');
    const chosen = this.setting();
    place('.knobs').hidden = place('#sieve-rule').hidden = !chosen;
    if (!chosen) return;
    select.replaceChildren(...told.settings.map(({ name, documents }) => new Option(documents ? `${name} · ${count(documents)}` : name, name)));
    select.value = chosen.name;
    const { name, threshold, low, high, fires, documents } = chosen;
    const slider = place('[name=threshold]');
    if (!this.again) Object.assign(slider, { min: String(low), max: String(high), value: String(threshold ?? (fires === 'above' ? high : low)), disabled: low === high });
    const said = this.written(threshold);
    place('.value').textContent = said;
    slider.setAttribute('aria-valuetext', said);
    place('#sieve-rule').textContent = text(`cleaning.${fires}`, {
      measures: text(`rule.${name}`), threshold: said, default: this.written(chosen.default), documents: count(documents ?? 0),
    });
  }

  /** The text of a document with the place that made the rule fire. */
  show_text() {
    const { place, told: { excerpt } } = this;
    const found = this.found();
    place('.sieve-text').hidden = !excerpt || !found;
    if (!excerpt || !found) return;
    place('[data-action=clean-keep]').setAttribute('aria-pressed', String(found.kept));
    place('.sieve-text p').textContent = plain([excerpt.id, excerpt.url].filter(Boolean).join(' · '));
    place('.sieve-text .scroll').replaceChildren(plain(excerpt.before), element('mark', '', plain(excerpt.inside)), plain(excerpt.after));
  }

  /** A document that was taken out, in words, and what was measured of it.
   * @returns {import('./selection.js').Reading | null} */
  read(cell) {
    const found = this.found(cell?.[0]);
    return found ? { name: 'cleaning', shape: this.told.documents, place: `${found.title} · ${found.reason}`, value: found.value, shown: measure(found.value) } : null;
  }
}
