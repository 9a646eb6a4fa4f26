// Two steps of the time line compared: what the models of step A and of step B expect after the prompt, how one head looks
// in them, and what the loss was. Both are looked at as any step is; nothing is computed here but differences.

import { engine } from '../../engine/client.js';
import { run } from '../../engine/run.js';
import { caption, element, finder } from '../../figure/caption.js';
import { marked } from '../../words/glyphs.js';
import { paced } from '../../figure/pacing.js';
import { selection } from '../../figure/selection.js';
import { count, loss, measure, percent, signed } from '../../words/format.js';
import { text } from '../../words/language.js';

/** Tokens of either step that are shown: the likeliest. */
const BEST = 5;
/** How the next token is looked at: as the model gives it. */
const PLAIN = { temperature: 1, top_k: null, top_p: 1, seed: 0 };
/** @param {number} step
 * @param {string} prompt */
const key = (step, prompt) => `${step} ${prompt}`;

/** Compares in `figure` the steps that are marked on `timeline`. */
export class Comparison {
  /** @type {import('../../shell/timeline.js').Timeline} */
  timeline;
  /** By step and prompt.
   * @type {Map<string, Messages.Looked>} */
  looks = new Map();
  figure;
  /** Whether an answer is waited for. */
  pending = false;
  /** Whether a step or the prompt was not recorded. */
  unknown = false;
  /** Whether anybody looks. */
  open = false;

  /** @param {HTMLElement} figure
   * @param {import('../../shell/timeline.js').Timeline} timeline */
  constructor(figure, timeline) {
    this.figure = figure;
    this.timeline = timeline;
    this.place = finder(figure);
    selection.on(['a', 'b', 'prompt'], () => this.look());
    const follow = () => {
      this.open = selection.stage === 'inspect';
      this.look();
    };
    run.on(['shown'], follow);
    selection.on(['stage'], follow);
    selection.on(['layer', 'head'], () => this.show());
    document.addEventListener('languagechange', () => this.show());
    this.place('[data-action=compare-flip]').addEventListener('click', () => timeline.compare(selection.step === selection.a ? 'b' : 'a'));
    this.place('[data-action=compare-clear]').addEventListener('click', () => timeline.unmark());
  }

  /** Looks at both steps, one after the other, as far as that was not done. */
  look() {
    const { a, b, prompt } = selection;
    const none = a === null || b === null;
    this.figure.hidden = none;
    if (none) this.looks.clear();
    if (none || !this.open) return;
    const wanted = [a, b].map((step) => key(step, prompt));
    for (const old of this.looks.keys()) if (!wanted.includes(old)) this.looks.delete(old);
    const at = [a, b].find((step) => !this.looks.has(key(step, prompt)));
    this.unknown = false;
    if (at === undefined) this.show();
    else if (!this.pending) {
      paced(this, () => {
        if (this.pending || !this.open) return;
        this.pending = true;
        this.show();
        this.ask({ command: 'look', prompt, factors: [], sampling: PLAIN, draw: 0, at });
      });
    }
  }

  /** Looks into the run or, as long as there is none, at what was recorded: only of the last step more could be computed.
   * @param {Messages.Look} command */
  ask(command) {
    if (run.ready) {
      engine.ask('send', { command }, (seen) => this.looked(seen));
      return;
    }
    const known = run.opening.known(command);
    this.unknown = !known;
    this.looked(known);
    if (!known) this.show();
  }

  /** A look is there; null where none will come.
   * @param {Messages.Looked | null} seen */
  looked(seen) {
    this.pending = false;
    if (!seen) return;
    this.looks.set(key(seen.step, seen.prompt), seen);
    this.look();
  }

  show() {
    const { a, b, prompt, layer, head } = selection;
    if (a === null || b === null) return;
    const [first, last] = [a, b].map((step) => this.looks.get(key(step, prompt)));
    this.figure.classList.toggle('waiting', !first || !last);
    if (!first || !last) {
      this.place('p.hint').textContent = '';
      caption(this.figure, { sentence: text(this.unknown ? 'comparison.unknown' : 'comparison.waiting'), chip: '', tensor: 'none', shape: 0, step: b, run: 'live' });
      return;
    }
    const looks = [first, last];
    const { run = 'live', vocab } = last;
    const losses = [a, b].map((step) => this.timeline.losses.get(step));
    const [from, to] = losses;
    const entropies = looks.map(({ entropy, heads }) => entropy[layer * heads + head]);
    const steps = { a: count(a), b: count(b) };
    const place = { layer: count(layer + 1), head: count(head + 1) };
    const best = looks.map(({ candidates: [{ text: token, probability }] }) => [marked(token), percent(probability)]);
    caption(this.figure, {
      sentence: [
        text(from === undefined || to === undefined ? 'comparison.steps' : 'comparison.losses', { ...steps, from: loss(from ?? 0), to: loss(to ?? 0) }),
        text('comparison.next', { first: best[0][0], from: best[0][1], last: best[1][0], to: best[1][1] }),
        text('comparison.entropy', { ...place, from: measure(entropies[0]), to: measure(entropies[1]) }),
      ].join(text('update.join')),
      chip: text('comparison.source', { ...steps, vocab: count(vocab) }),
      tensor: 'logits', shape: vocab, step: b, run, past: run === 'live',
    });
    for (const name of /** @type {const} */ (['a', 'b'])) this.place(`.at-${name}`).textContent = text('comparison.at', { name: name.toUpperCase(), step: steps[name] });
    const rows = [...new Set([last, first].flatMap(({ candidates }) => candidates.slice(0, BEST).map(({ id }) => id)))]
      .map((id) => ({ id, chances: looks.map((look) => chance(look, id)) }))
      .sort((x, y) => y.chances[1].value - x.chances[1].value);
    const most = Math.max(...rows.flatMap(({ chances }) => chances.map(({ value }) => value)));
    const names = new Map(looks.flatMap(({ candidates }) => candidates).map((candidate) => [candidate.id, candidate.text]));
    this.place('tbody').replaceChildren(
      row(text('comparison.loss'), '', losses.map((value) => (value === undefined ? '' : loss(value))), from === undefined || to === undefined ? '' : signed(to - from)),
      row(text('comparison.bits', place), '', entropies.map(measure), signed(entropies[1] - entropies[0])),
      ...rows.map(({ id, chances }) => {
        const made = row(marked(names.get(id) ?? ''), bars(chances, most), chances.map(said), change(chances));
        made.dataset.id = String(id);
        made.cells[0].className = 'token';
        return made;
      }),
    );
    this.place('p.hint').textContent = text('comparison.legend', { most: percent(most) });
  }
}

/** What a look gives token `id`. Where there are no logits only the likeliest are known, and of the others that they are
 * not above the last of these.
 * @param {Pick<Messages.Looked, 'candidates' | 'logits'>} look
 * @param {number} id
 * @returns {{ value: number, most?: boolean }} */
export function chance({ candidates, logits }, id) {
  const known = candidates.find((candidate) => candidate.id === id);
  if (known) return { value: known.probability };
  const [{ logit, log_probability: log }] = candidates;
  if (logits) return { value: Math.exp(logits[id] - logit + log) };
  return { value: candidates.findLast(({ rank }, i) => rank === i)?.probability ?? 0, most: true };
}

/** @param {{ value: number, most?: boolean }} chance */
const said = ({ value, most }) => `${most ? '< ' : ''}${percent(value)}`;

/** The change in points, from A to B, as far as it is known.
 * @param {{ value: number, most?: boolean }[]} chances */
function change([first, last]) {
  const [points, sign] = [100 * (last.value - first.value), first.most ? '> ' : last.most ? '< ' : ''];
  return (first.most && points < 0) || (last.most && points > 0) ? '' : sign + signed(points);
}

/** A bar for each step; none of what is not known.
 * @param {{ value: number, most?: boolean }[]} chances
 * @param {number} most */
function bars(chances, most) {
  return chances.map(({ value, most: unknown }, i) => {
    const bar = element('span', i === 0 ? 'bar-before' : 'bar-after');
    bar.style.width = `${(100 * value) / most}%`;
    bar.style.visibility = unknown ? 'hidden' : '';
    return bar;
  });
}

/** @param {string} name
 * @param {Node[] | string} drawn
 * @param {string[]} values
 * @param {string} difference */
function row(name, drawn, values, difference) {
  const head = element('th', '', name);
  head.scope = 'row';
  return element('tr', '', head, element('td', 'chance', ...drawn), ...[...values, difference].map((value) => element('td', 'number', value)));
}
