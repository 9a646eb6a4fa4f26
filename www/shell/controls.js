// The controls of a run: which of them make sense, and what they are called.

import { text } from '../words/language.js';

const button = (action) => document.querySelector(`[data-action=${action}]`);

/** Shows what can be done with `run`: whether there is none to go on with (`fresh`), whether the settings ask for more
 * steps than it had (`extends_run`), and whether the recorded run answers in its place (`recorded`). */
export function show_controls(run, { fresh, extends_run, recorded }) {
  const { state } = run;
  const shown = ['running', 'paused', 'finished'].includes(state);
  const able = {
    'train-linked': fresh,
    train: fresh || state === 'paused' || (state === 'finished' && extends_run),
    // What is over is over, but whoever presses is told so.
    pause: shown || ['preparing', 'stopped'].includes(state),
    step: fresh || state === 'paused',
    reset: !['loading', 'idle'].includes(state),
    download: shown || (state === 'stopped' && run.saved !== null),
    open: state !== 'loading',
    generate: shown || recorded,
    slow: state !== 'loading',
  };
  for (const [name, enabled] of Object.entries(able)) button(name).disabled = !enabled;
  button('pause').setAttribute('aria-pressed', String(state === 'paused'));
  const label = { paused: run.ready ? 'action.resume' : 'action.train', finished: 'action.extend' }[state] ?? 'action.train';
  button('train').textContent = text(label);
}
