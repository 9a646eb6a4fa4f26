// The shell around the view: how high what stays at the top and at the bottom is, so that nothing lies under it.

const root = document.documentElement;

/** Tells the style sheet of the heights of what is docked. */
export function dock() {
  const [top, controls, foot] = ['.shell', '.controls', '.dock'].map((selector) => document.querySelector(selector));
  const measure = () => {
    /** @param {...HTMLElement} parts */
    const height = (...parts) => `${parts.find((part) => getComputedStyle(part).position === 'sticky')?.offsetHeight ?? 0}px`;
    root.style.setProperty('--head', height(top, controls));
    root.style.setProperty('--foot', height(foot));
  };
  const observer = new ResizeObserver(measure);
  for (const part of [top, controls, foot, document.body]) observer.observe(part);
}
