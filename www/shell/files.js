// Files that come from outside, chosen behind a button or dropped anywhere on the page, and those that go out.

/** Hands files to `take`: those dropped, and those of each pair of a button and the input behind it, with the input's name.
 * @param {{ take: (files: File[], input?: string) => void | Promise<void>, open: string[][] }} values */
export function bring({ take, open }) {
  for (const [chooser, input] of open) {
    document.querySelector(chooser).addEventListener('click', () => document.querySelector(input).click());
    const chosen = document.querySelector(input);
    chosen.addEventListener('change', async () => {
      await take([...chosen.files ?? []], input);
      chosen.value = '';
    });
  }
  const drop = document.querySelector('#drop');
  /** @param {DragEvent} event */
  const carries_files = (event) => event.dataTransfer?.types.includes('Files');
  addEventListener('dragover', (event) => {
    if (!carries_files(event)) return;
    event.preventDefault();
    drop.hidden = false;
  });
  addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) drop.hidden = true;
  });
  addEventListener('drop', (event) => {
    if (!carries_files(event)) return;
    event.preventDefault();
    drop.hidden = true;
    take([...event.dataTransfer?.files ?? []]);
  });
}

/** Hands a file over to the person, as a download.
 * @param {string} name
 * @param {Blob} blob */
export function hand_over(name, blob) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
