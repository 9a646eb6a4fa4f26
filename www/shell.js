// The shell around the view: how high what stays at the top and at the bottom is, so that nothing lies under it.

const root = document.documentElement;

/** Tells the style sheet of the heights of what is docked. */
export function dock() {
  const [top, controls, foot] = ['.shell', '.controls', '.dock'].map((selector) => document.querySelector(selector));
  const measure = () => {
    const head = [top, controls].find((part) => getComputedStyle(part).position === 'sticky');
    root.style.setProperty('--head', `${head?.offsetHeight ?? 0}px`);
    root.style.setProperty('--foot', `${foot.offsetHeight}px`);
  };
  const observer = new ResizeObserver(measure);
  for (const part of [top, controls, foot, document.body]) observer.observe(part);
}
