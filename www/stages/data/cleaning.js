// The stage Data: pages on their way through the cleaning pipeline, what each stage takes out, and the thresholds by which it does.

import { engine } from '../../engine/client.js';
import { NOTHING, caption, element, finder, target_of } from '../../figure/caption.js';
import { plain } from '../../words/glyphs.js';
import { pick, rove } from '../../figure/picking.js';
import { selection } from '../../figure/selection.js';
import { count, measure, size } from '../../words/format.js';
import { text, worded } from '../../words/language.js';

/** Names with their counts.
 * @param {Messages.Counts} counts */
const counted = (counts) => Object.entries(counts).map(([name, times]) => `${name} ${count(times)}`).join(' · ');
/** The name of a rule, which breaks between its words where there is little room.
 * @param {string} rule */
const parts = (rule) => rule.split(/(?<=_)/).flatMap((part) => [part, element('wbr')]);
/** A page in the list, by what it begins with: of a first line the first characters, of an address all. */
const BEGINNING = 48;
/** @param {string} title
 * @param {string} stage */
const called = (title, stage = '') => plain(stage !== 'extract' && [...title].length === BEGINNING && !title.endsWith('…') ? `${title}…` : title);
/** What comes into a stage, or leaves it, of what is counted.
 * @param {Messages.CleaningStage} stage
 * @param {string} by
 * @param {'in' | 'out'} way */
const amount = (stage, by, way) => /** @type {number} */ (stage[/** @type {keyof Messages.CleaningStage} */ (`${by}_${way}`)]);
/** What the funnel counts: words and the tokens of a tokenizer take turns as the tokens of the report.
 * @param {string} by */
const field = (by) => (by === 'words' ? 'tokens' : by);
/** How much came into the funnel, in front of whichever stage.
 * @param {Messages.CleaningStage[]} stages
 * @param {string} by */
const came = (stages, by) => stages.reduce((sum, stage, i) => sum + Math.max(0, amount(stage, by, 'in') - (i > 0 ? amount(stages[i - 1], by, 'out') : 0)), 0);

/** Shows what the pipeline makes of pages, and asks it for more. */
export class Cleaning {
  /** @type {Messages.Cleaned} */
  report;
  /** What is asked for next: the stage and the document that are looked at, and what is to change.
   * @type {Messages.Sieve} */
  request = { stage: null };
  /** Whether pages were put through it. */
  begun = false;
  /** Whether an answer is waited for, and whether there is more to ask then. */
  waiting = false;
  again = false;
  /** The rule that somebody chose.
   * @type {string | null | undefined} */
  rule;

  /** @param {HTMLElement} figure
   * @param {HTMLSelectElement} tokenizers the choice of the tokenizer whose tokens are counted */
  constructor(figure, tokenizers) {
    this.figure = figure;
    this.tokenizers = tokenizers;
    const place = finder(figure);
    this.place = place;
    const actions = {
      'clean-sample': () => this.begin(),
      'clean-hand': () => engine.call('clean_hand'),
      'clean-reset': () => this.ask({ reset: this.setting().name }),
      'clean-keep': () => this.ask({ keep: this.found()?.kept !== true }),
    };
    for (const [name, action] of Object.entries(actions)) place(`[data-action=${name}]`).addEventListener('click', action);
    place('[name=by]').addEventListener('change', () => {
      if (!this.recount()) this.show();
    });
    tokenizers.addEventListener('change', () => this.recount());
    place('[name=rule]').addEventListener('change', (event) => {
      this.rule = target_of(event).value;
      this.show_rule();
    });
    place('[name=threshold]').addEventListener('input', (event) => this.set(Number(Number(target_of(event).value).toPrecision(3))));
    place('.funnel').addEventListener('click', (event) => {
      const { sieve } = target_of(event).closest('button')?.dataset ?? {};
      if (!sieve) return;
      this.rule = null;
      this.ask({ stage: sieve, document: undefined });
    });
    /** @param {HTMLElement} item */
    const meant = ({ dataset }) => ({ tensor: 'cleaning', cell: [Number(dataset.document)] });
    pick(place('.fallen tbody'), 'button', meant, (button) => {
      selection.set(meant(button));
      const document = Number(button.dataset.document);
      this.rule = this.found(document)?.reason;
      this.ask({ document });
    });
    place('.sieve-read').addEventListener('keydown', (event) => {
      const by = /** @type {Record<string, number>} */ ({ j: 1, k: -1 })[event.key.toLowerCase()];
      if (!by || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      this.go(by);
    });
    selection.readers.cleaning = (cell) => this.read(cell);
    worded(() => this.show());
    engine.on(['cleaning'], (event) => this.works(event));
    engine.on(['cleaned'], (event) => this.cleaned(event));
    engine.on(['learnt'], () => {
      if (this.report?.tokens === 'ours') this.recount(true);
    });
    engine.on(['error'], () => {
      this.waiting = false;
    });
    selection.on(['stage'], () => {
      if (selection.stage === 'data' && !this.begun) this.begin();
    });
    this.show();
  }

  /** Puts pages through the pipeline: a person's files, or the sample.
   * @param {Messages.File[] | null} files */
  begin(files = null) {
    this.begun = this.waiting = true;
    this.again = false;
    this.request = { stage: null };
    this.rule = null;
    engine.call('clean', { files });
  }

  /** @param {Partial<Messages.Sieve>} request */
  ask(request) {
    this.request = { ...this.request, ...request };
    this.again = true;
    if (!this.waiting) this.send();
  }

  send() {
    const { stage, document } = this.request;
    engine.call('sieve', this.request);
    this.request = { stage, document };
    this.again = false;
    this.waiting = true;
  }

  /** Opens the page that stands so many after the one that is open, in the list of what a stage takes out.
   * @param {number} by */
  go(by) {
    const all = [...this.place('.fallen tbody').querySelectorAll('button')];
    const open = all.findIndex(({ dataset }) => Number(dataset.document) === this.request.document);
    const next = all[open < 0 ? 0 : Math.min(all.length - 1, Math.max(0, open + by))];
    next.focus();
    next.click();
  }

  /** Has counted what the funnel is to show, where that is another than it has. Whether it is.
   * @param {boolean} anew whether it is other tokens under the same name */
  recount(anew = false) {
    const { by } = this;
    const count = by === 'tokens' ? this.tokenizers.value : 'words';
    if (!this.report || field(by) !== 'tokens' || !anew && count === this.report.tokens) return false;
    this.ask({ count });
    return true;
  }

  get by() {
    return this.place('[name=by]').value;
  }

  /** @param {number} threshold */
  set(threshold) {
    this.ask({ set: `${this.setting().name}=${threshold ?? 'off'}` });
  }

  /** So much is measured.
   * @param {{ done: number, total: number }} report */
  works({ done, total }) {
    this.place('.skipped').textContent = text('cleaning.progress', { done: count(done), total: count(total) });
  }

  /** @param {Messages.Cleaned} report */
  cleaned(report) {
    this.report = report;
    this.waiting = false;
    this.request.stage = report.stage;
    this.show();
    selection.came('cleaning');
    if (this.again) this.send();
  }

  /** A threshold; that of a rule which never fires does not come.
   * @param {number} [threshold] */
  written(threshold) {
    return threshold === undefined ? text('cleaning.off') : measure(threshold);
  }

  /** The rule whose threshold is shown: the chosen one, or the one that takes most out. */
  setting() {
    const { settings } = this.report;
    return settings.find(({ name }) => name === this.rule) ?? settings.reduce((most, one) => ((one.documents ?? 0) > (most?.documents ?? 0) ? one : most), settings[0]);
  }

  /** A document that the stage takes out. */
  found(document = this.request.document) {
    return this.report?.dropped.find((one) => one.document === document);
  }

  show() {
    const { report, place } = this;
    if (!report) {
      caption(this.figure, { sentence: text('cleaning.none'), chip: '', tensor: 'cleaning', shape: 0, step: 0, run: 'live' });
      return;
    }
    const by = field(this.by);
    const last = report.stages[report.stages.length - 1];
    const most = Math.max(1, ...report.stages.map((stage) => amount(stage, by, 'in')));
    const write = by === 'bytes' ? size : count;
    caption(this.figure, {
      sentence: text('cleaning.sentence', {
        all: count(report.documents), left: count(last.documents_out), from: size(came(report.stages, 'bytes')), to: size(last.bytes_out), kept: count(report.kept),
      }),
      chip: text('cleaning.source', { documents: count(report.documents), name: report.name ?? text('cleaning.sample') }),
      tensor: 'cleaning', shape: report.documents, step: 0, run: 'live',
    });
    const skipped = counted(report.skipped);
    const tokens = report.tokens === 'words' ? '' : text('cleaning.of', { tokenizer: this.named(report.tokens) });
    place('.skipped').textContent = [tokens, skipped && text('cleaning.skipped', { skipped })].filter(Boolean).join(' ');
    const focus = document.activeElement?.dataset?.sieve;
    place('.funnel tbody').replaceChildren(...report.stages.map((stage) => {
      const [entered, left] = [amount(stage, by, 'in'), amount(stage, by, 'out')];
      // Of HTML neither words nor tokens are counted.
      const uncounted = by === 'tokens' && stage.name === 'extract';
      const button = element('button', 'link', text(`sieve.${stage.name}`));
      Object.assign(button, { type: 'button' }).dataset.sieve = stage.name;
      button.setAttribute('aria-pressed', String(stage.name === report.stage));
      const [track, bar] = [element('span', 'funnel-in'), element('span', 'funnel-out')];
      track.style.width = `${(100 * entered) / most}%`;
      bar.style.width = `${(100 * Math.min(left, entered)) / Math.max(1, entered)}%`;
      track.append(bar);
      const name = element('th', '', button);
      name.scope = 'row';
      return element('tr', '', name, element('td', '', track), ...[entered, left, entered - left].map((n, i) => element('td', 'number', uncounted && i !== 1 ? '–' : write(n))));
    }));
    if (focus) place(`[data-sieve=${focus}]`)?.focus();
    // Where no page is in HTML, its stage is left out of the funnel.
    const pages = report.stages.find(({ name }) => name === 'extract')?.documents_in ?? report.documents;
    const texts = report.documents - pages;
    place('.came').textContent = texts > 0 ? text('cleaning.came', { stage: text('sieve.extract'), pages: count(pages), texts: count(texts) }) : '';
    this.show_stage();
    this.show_rule();
    this.show_text();
  }

  /** What a tokenizer is called where it is chosen.
   * @param {string} tokenizer */
  named(tokenizer) {
    return [...this.tokenizers.options].find(({ value }) => value === tokenizer)?.textContent ?? tokenizer;
  }

  /** What the stage that is open does, and what it takes out. */
  show_stage() {
    const { report, place } = this;
    const { lines = {}, replaced = {}, unjudged = {}, documents_in: entered, documents_out: left } = report.stages.find(({ name }) => name === report.stage) ?? NOTHING;
    place('h3').textContent = text(`sieve.${report.stage}`);
    place('.sieve-what').textContent = text(`sieve.what.${report.stage}`);
    const { length } = report.dropped;
    const said = [['lines', counted(lines)], ['replaced', counted(replaced)], ['unjudged', counted(unjudged)], ['first', entered - left > length ? count(length) : '']];
    place('.sieve-lines').textContent = said.filter(([, counts]) => counts).map(([name, counts]) => text(`cleaning.${name}`, { counts })).join(' ');
    const focus = document.activeElement?.dataset?.document;
    place('.fallen tbody').replaceChildren(...report.dropped.map(({ document: number, title, reason, value, kept, of }) => {
      const button = element('button', 'link', called(title, report.stage) || text('documents.untitled'));
      Object.assign(button, { type: 'button' }).dataset.document = String(number);
      const measured = element('td', 'number', measure(value));
      measured.title = String(value);
      return element('tr', kept ? 'spared' : '', element('td', '', button), element('td', '', ...(of ? [text('cleaning.copy', { of: called(of) })] : parts(reason))), measured);
    }));
    // One of them has a place in the order of the keys: the open one, or the first.
    const buttons = [...place('.fallen tbody').querySelectorAll('button')];
    rove(buttons, buttons.find(({ dataset }) => Number(dataset.document) === this.request.document) ?? buttons[0]);
    if (focus) place(`[data-document="${focus}"]`)?.focus();
    place('.sieve-read').hidden = report.dropped.length === 0;
  }

  show_rule() {
    const { place, report } = this;
    const select = place('[name=rule]');
    const chosen = this.setting();
    place('.knobs').hidden = place('#sieve-rule').hidden = !chosen;
    if (!chosen) return;
    select.replaceChildren(...report.settings.map(({ name, documents }) => new Option(documents ? `${name} · ${count(documents)}` : name, name)));
    select.value = chosen.name;
    const { name, threshold, low, high, fires, documents } = chosen;
    const slider = place('[name=threshold]');
    if (!this.again) Object.assign(slider, { min: String(low), max: String(high), value: String(threshold ?? (fires === 'above' ? high : low)), disabled: low === high });
    const said = this.written(threshold);
    place('.value').textContent = said;
    slider.setAttribute('aria-valuetext', said);
    // What never fires, fires neither above a threshold nor below it.
    place('#sieve-rule').textContent = text(`cleaning.${threshold === undefined ? 'needed' : fires}`, {
      measures: text(`rule.${name}`), threshold: said, default: this.written(chosen.default), documents: count(documents ?? 0),
    });
    const { other } = chosen;
    if (other) place('#sieve-rule').append(' ', text('cleaning.other', { threshold: this.written(other.threshold), default: this.written(other.default) }));
  }

  /** The text of a document with the place that made the rule fire. */
  show_text() {
    const { place, report: { excerpt } } = this;
    const found = this.found();
    place('.sieve-text').hidden = !excerpt || !found;
    if (!excerpt || !found) return;
    const keep = place('[data-action=clean-keep]');
    keep.setAttribute('aria-pressed', String(found.kept));
    // Where no text was found there is nothing to keep.
    keep.hidden = this.report.stage === 'extract';
    place('.sieve-text p').textContent = plain([excerpt.id, excerpt.url].filter(Boolean).join(' · '));
    place('.sieve-text .scroll').replaceChildren(plain(excerpt.before), element('mark', '', plain(excerpt.inside)), plain(excerpt.after));
  }

  /** A document that was taken out, in words, and what was measured of it.
   * @param {number[] | null} cell
   * @returns {import('../../figure/selection.js').Reading | null} */
  read(cell) {
    const found = this.found(cell?.[0]);
    return found ? { name: 'cleaning', shape: this.report.documents, place: `${called(found.title, this.report.stage)} · ${found.reason}`, value: found.value, shown: measure(found.value) } : null;
  }
}
