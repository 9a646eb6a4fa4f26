// The theme: what was chosen last, or the system's. A classic script, so that it is set before the first paint.

(() => {
  const root = document.documentElement;
  const stored = () => {
    try {
      return localStorage.getItem('glasshouse.theme');
    } catch {
      return null;
    }
  };
  /** @param {string | null} theme */
  const apply = (theme) => {
    if (theme === 'light' || theme === 'dark') root.dataset.theme = theme;
    else delete root.dataset.theme;
  };
  apply(stored());
  document.addEventListener('DOMContentLoaded', () => {
    const select = document.querySelector('#theme');
    select.value = root.dataset.theme ?? 'system';
    select.addEventListener('change', () => {
      apply(select.value);
      try {
        localStorage.setItem('glasshouse.theme', select.value);
      } catch {
        // Without storage the choice lasts until the page is closed.
      }
      document.dispatchEvent(new Event('themechange'));
    });
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => document.dispatchEvent(new Event('themechange')));
})();
