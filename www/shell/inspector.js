// The inspector: what is chosen and what is pointed at, in words and numbers, beside every stage.

import { Announcer } from '../figure/announce.js';
import { finder, origin } from '../figure/caption.js';
import { plain } from '../words/glyphs.js';
import { place_of, selection } from '../figure/selection.js';
import { count } from '../words/format.js';
import { text } from '../words/language.js';

/** What each stage reads where nothing is pointed at or kept: the place that its view stands at. */
const STANDS = /** @type {Record<string, string>} */ ({ data: 'text', tokenizer: 'merges', train: 'loss' });
/** From this width on it stands at the side, and is open; below it is a line above the time line, and unfolds. */
const BESIDE = matchMedia('(min-width: 1181px)');
/** Where Escape belongs to what is typed. */
const TYPED = 'textarea, select, input:not([type=range], [type=radio], [type=checkbox])';

/** Shows the selection in `panel`; `step` puts a step of the time line in words (null is the live one), and `back` is called by
 * an Escape that has nothing to let go. */
export class Inspector {
  /** @type {(step: number | null) => string} */
  step;
  /** @type {number | undefined} */
  frame;

  /** @param {HTMLElement} panel
   * @param {{ step: (step: number | null) => string, back: () => void }} page */
  constructor(panel, { step, back }) {
    this.panel = panel;
    this.step = step;
    this.find = finder(panel);
    this.button = this.find('[data-action=release]');
    this.announcer = new Announcer(this.find('[aria-live]'));
    this.button.addEventListener('click', () => {
      selection.release();
      // The button goes off: the focus stays where it was.
      this.find('summary').focus();
    });
    selection.on(['run', 'step', 'prompt', 'layer', 'head', 'token', 'cell', 'preview', 'came'], () => this.later());
    selection.on(['said'], () => this.announcer.say(`${text(`reading.${this.reading().state}`)}: ${this.sentence()}`));
    document.addEventListener('languagechange', () => this.later());
    document.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || event.defaultPrevented || /** @type {Element} */ (event.target).closest(TYPED)) return;
      if (!selection.kept) back();
      selection.release();
    });
    const place = () => {
      document.querySelector(BESIDE.matches ? '.side' : '.dock').prepend(panel);
      this.find('details').toggleAttribute('open', BESIDE.matches);
    };
    BESIDE.addEventListener('change', place);
    place();
    this.later();
  }

  /** Shows it with the next picture. */
  later() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.show();
    });
  }

  /** What is read, and how it comes to be: pointed at, kept, or where the view stands.
   * @returns {{ state: string } & Partial<import('../figure/selection.js').Reading>} */
  reading() {
    const { tensor, cell } = selection.shown;
    const found = selection.readers[tensor ?? STANDS[selection.stage ?? ''] ?? '']?.(cell);
    const state = selection.pointed ? 'previewed' : selection.kept && (tensor || !found) ? 'kept' : 'none';
    return { state, ...(found ?? { name: tensor ?? '', shape: '', place: cell?.join(' / ') }) };
  }

  /** The token of the prompt that is described. */
  token() {
    const { tokens } = selection.look() ?? {};
    return tokens && place_of(tokens, Math.min(selection.shown.token ?? Infinity, tokens.length - 1));
  }

  /** What is read, in one line: the number first, so that it is seen where there is little room. */
  sentence() {
    const { place, shown, unit, state } = this.reading();
    if (place) return [[shown, unit].filter(Boolean).join(' '), place].filter(Boolean).join(' · ');
    return (state !== 'none' && this.token()) || text('reading.hint');
  }

  show() {
    const { run, step, prompt } = selection;
    const { layer, head } = selection.shown;
    const { name, shape, place, value, shown, unit, state } = this.reading();
    const kind = selection.look()?.run ?? run?.run ?? 'live';
    // What is computed of the recorded run has the weights of its last step.
    const derived = kind === 'derived' && ['inspect', 'generate'].includes(selection.stage ?? '');
    const words = {
      run: run ? `${origin(kind, run.step)} · ${text('reading.shape', { ...run.model, vocab: count(run.model.vocab) })}` : text('run.none'),
      step: run && text(run.run ? 'timeline.at.recorded' : step === null ? 'timeline.at.live' : 'timeline.at', { step: this.step(derived ? null : step) }),
      token: this.token(),
      tensor: name && `${name} · ${typeof shape === 'number' ? count(shape) : shape}`,
      cell: place || text('reading.hint'),
      layer: run && count(layer + 1), head: run && count(head + 1),
      prompt, value: shown, unit: unit ?? ' ', state: text(`reading.${state}`), line: this.sentence(),
    };
    for (const [name, said] of Object.entries(words)) {
      const place = this.find(`[data-reading=${name}]`);
      const written = plain(said || text('metric.none'));
      // Nothing is laid out anew for the same words.
      if (place.textContent !== written) Object.assign(place, { textContent: written, title: written });
    }
    Object.assign(this.find('[data-reading=value]'), { title: String(value ?? '') }).dataset.value = String(value ?? '');
    Object.assign(this.panel.dataset, { state });
    this.button.disabled = !selection.kept;
  }
}
