// Whether anybody sees a figure: what nobody sees asks the engine for nothing.

/** Calls `came` whenever one of `figures` can be seen again. What it gives says whether one can, in a tab that is shown.
 * @type {(figures: HTMLElement[], came: () => void) => () => boolean} */
export function on_screen(figures, came) {
  const seen = new Set();
  const any = () => seen.size > 0 && document.visibilityState === 'visible';
  const tell = () => {
    if (any()) came();
  };
  const observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) seen[isIntersecting ? 'add' : 'delete'](target);
    tell();
  });
  for (const figure of figures) observer.observe(figure);
  document.addEventListener('visibilitychange', tell);
  return any;
}
