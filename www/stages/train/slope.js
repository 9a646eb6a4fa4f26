// A slope chart: the probabilities of some tokens before at the left and after at the right, on one logarithmic axis.

import { element } from '../../figure/caption.js';
import { marked } from '../../words/glyphs.js';
import { percent } from '../../words/format.js';
import { text } from '../../words/language.js';

const SVG = 'http://www.w3.org/2000/svg';
/** The picture's own units: the height of a label, and where the slopes begin and end within a width of 100. */
const [ROW, LEFT, RIGHT] = [16, 10, 90];

/** Places near those `wanted`, which are in order, that are `ROW` apart and all above `height`.
 * @type {(wanted: number[], height: number) => number[]} */
export function apart(wanted, height) {
  const places = /** @type {number[]} */ ([]);
  for (const place of wanted) places.push(Math.max(place, (places.at(-1) ?? -Infinity) + ROW));
  let most = height - ROW / 2;
  for (let i = places.length - 1; i >= 0; i -= 1) {
    places[i] = Math.min(places[i], most);
    most = places[i] - ROW;
  }
  return places;
}

/** Draws `shifts`, the engine's, into `place`, with `target` before all others; what they mean stands in `legend`.
 * @type {(place: HTMLElement, legend: HTMLElement, shifts: Messages.Shift[], target: Messages.Shift) => void} */
export function slope(place, legend, shifts, target) {
  const all = shifts.flatMap(({ before, after }) => [before, after]);
  const [low, high] = [Math.min, Math.max].map((f) => f(...all.map((standing) => standing.log_probability)));
  const height = ROW * (shifts.length + 1);
  /** @param {number} log */
  const y = (log) => ROW / 2 + ((high - log) / Math.max(high - low, 1e-6)) * (height - ROW);
  const sides = /** @type {const} */ (['before', 'after']).map((when) => {
    const order = [...shifts].sort((a, b) => b[when].log_probability - a[when].log_probability);
    const places = apart(order.map((shift) => y(shift[when].log_probability)), height);
    place.querySelector(`.${when}`).replaceChildren(...order.map(({ id, text: name, [when]: { probability } }, i) => {
      const label = element('li', id === target.id ? 'target' : '', element('span', '', marked(name)), ` ${percent(probability)}`);
      label.style.top = `${places[i] - ROW / 2}px`;
      return label;
    }));
    return new Map(order.map(({ id }, i) => [id, places[i]]));
  });
  /** @param {string} kind
   * @param {string} d */
  const path = (kind, d) => {
    const line = document.createElementNS(SVG, 'path');
    line.setAttribute('class', kind);
    line.setAttribute('d', d);
    return line;
  };
  const tens = [];
  for (let ten = Math.ceil(low / Math.LN10); ten <= high / Math.LN10; ten += 1) tens.push(path('tens', `M${LEFT} ${y(ten * Math.LN10)}H${RIGHT}`));
  // The target is drawn last, over the others.
  const order = [...shifts].sort((a, b) => Number(a.id === target.id) - Number(b.id === target.id));
  const lines = order.flatMap(({ id, before, after, log_change: change }) => {
    const [from, to] = [before, after].map((standing) => y(standing.log_probability));
    const kind = `${change < 0 ? 'less' : 'more'}${id === target.id ? ' target' : ''}`;
    const line = path(kind, `M${LEFT} ${from}L${RIGHT} ${to}`);
    line.dataset.id = String(id);
    return [path('leader', `M0 ${sides[0].get(id)}L${LEFT} ${from}M${RIGHT} ${to}L100 ${sides[1].get(id)}`), line];
  });
  const picture = place.querySelector('svg');
  picture.setAttribute('viewBox', `0 0 100 ${height}`);
  picture.setAttribute('height', String(height));
  picture.replaceChildren(...tens, ...lines);
  const said = text('slope.legend', { low: percent(Math.exp(low)), high: percent(Math.exp(high)), token: marked(target.text) });
  picture.setAttribute('aria-label', said);
  legend.textContent = said;
}
