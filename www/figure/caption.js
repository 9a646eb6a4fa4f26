// What every figure has: a sentence, and a chip that names the source.

import { count } from '../words/format.js';
import { text } from '../words/language.js';

/** What is added to a source: whether it is of the run in this tab, of the recorded run, or computed from that one's weights.
 * @type {(run: Messages.Source, step: number) => string} */
export const origin = (run, step) => text(`source.${run}`, { step: count(step) });

/** Says what `figure` shows and where it comes from: the chip's text, and the same as attributes for scripts. What is `past`
 * is of a snapshot of the run.
 * @param {HTMLElement} figure
 * @param {{ sentence: string, chip: string, tensor: string, shape: number | string, step: number, run: Messages.Source, past?: boolean }} about */
export function caption(figure, { sentence, chip, tensor, shape, step, run, past = false }) {
  figure.querySelector('figcaption').textContent = sentence;
  const said = chip && `${chip} · ${past ? text('source.past') : origin(run, step)}`;
  Object.assign(figure.querySelector('.chip'), { textContent: said, title: said });
  Object.assign(figure.dataset, { tensor, shape: String(shape), step: String(step), run });
}

/** What finds elements in `root`: whoever asks for one knows that it is there.
 * @param {ParentNode} root
 * @returns {ParentNode['querySelector']} */
export const finder = (root) => (/** @type {string} */ selector) => root.querySelector(selector);

/** Stands for what a view is given later, and is not asked for before. */
export const NOTHING = /** @type {never} */ (/** @type {unknown} */ (null));

/** Where something happened: an element of the page.
 * @param {Event} event */
export const target_of = ({ target }) => /** @type {HTMLInputElement} */ (target);

/** An element with a class and what is in it.
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {string} [kind]
 * @param {...(string | Node)} content */
export function element(name, kind, ...content) {
  const made = document.createElement(name);
  if (kind) made.className = kind;
  made.append(...content);
  return made;
}

/** A canvas as large as it is shown, in pixels of the screen, cleared or filled: what draws on it in the page's own pixels, and
 * the colours of the page by their names.
 * @param {HTMLCanvasElement} canvas
 * @param {string | null} ground */
export function surface(canvas, ground = null) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const ratio = devicePixelRatio || 1;
  const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, { width: wide, height: high });
  const g = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  const style = getComputedStyle(canvas);
  /** @param {string} name */
  const colour = (name) => style.getPropertyValue(name).trim();
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  g.setLineDash([]);
  g.clearRect(0, 0, width, height);
  if (ground) {
    g.fillStyle = colour(ground);
    g.fillRect(0, 0, width, height);
  }
  g.textAlign = 'start';
  g.font = `11px ${style.fontFamily}`;
  return { g, width, height, colour };
}
