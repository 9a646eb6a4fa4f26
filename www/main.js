// The page: starts the worker that owns the engine and shows what it says.

const state = document.querySelector('#state');
const worker = new Worker(new URL('worker.js', import.meta.url), { type: 'module' });
worker.addEventListener('message', ({ data }) => {
  state.textContent = data;
});
worker.addEventListener('error', (event) => {
  state.textContent = event.message;
});
