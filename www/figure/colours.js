// The colours of values: from 0 to 1 cividis, which the colour-blind read too and which grows lighter evenly; around 0 blue,
// paper and orange.

/** Ten of its colours, from the darkest. */
const CIVIDIS = ['00224e', '123570', '3b496c', '575d6d', '707173', '8a8678', 'a59c74', 'c3b369', 'e1cc55', 'fee838']
  .map((colour) => [0, 2, 4].map((at) => Number.parseInt(colour.slice(at, at + 2), 16)));

/** The colour of `value`, red, green and blue.
 * @param {number} value */
export function colour(value) {
  const place = Math.min(1, Math.max(0, value)) * (CIVIDIS.length - 1);
  const low = Math.min(CIVIDIS.length - 2, Math.floor(place));
  return [0, 1, 2].map((channel) => Math.round(CIVIDIS[low][channel] + (place - low) * (CIVIDIS[low + 1][channel] - CIVIDIS[low][channel])));
}

/** What gives the colours of values from -1 to 1: the style sheet's `--less`, `--paper` and `--more`, as they are now and as
 * its legends have them. */
export function diverging() {
  const style = getComputedStyle(document.body);
  const [less, none, more] = ['--less', '--paper', '--more'].map((name) => style.getPropertyValue(name).trim().slice(1))
    .map((digits) => [0, 2, 4].map((at) => Number.parseInt(digits.slice(at, at + 2), 16)));
  return (/** @type {number} */ value) => {
    const end = value < 0 ? less : more;
    return none.map((channel, i) => Math.round(channel + Math.min(1, Math.abs(value)) * (end[i] - channel)));
  };
}

/** Black or white, whichever is read more easily on a colour (WCAG's relative luminance).
 * @param {number[]} rgb */
export function ink(rgb) {
  const [r, g, b] = rgb.map((channel) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  const luminance = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  return (luminance + 0.05) ** 2 > 1.05 * 0.05 ? '#000' : '#fff';
}

/** Draws a matrix, a pixel a cell, in the colour that `tint` gives a value and its place; where it gives none it stays clear.
 * @template T
 * @param {HTMLCanvasElement} canvas
 * @param {{ length: number, forEach(act: (value: T, i: number) => void): void }} values
 * @param {number} columns
 * @param {(value: T, i: number) => number[] | null} tint */
export function fill(canvas, values, columns, tint) {
  Object.assign(canvas, { width: columns, height: values.length / columns });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  const image = context.createImageData(columns, canvas.height);
  values.forEach((value, i) => {
    const rgb = tint(value, i);
    if (rgb) image.data.set([...rgb, 255], 4 * i);
  });
  context.putImageData(image, 0, 0);
}

/** Draws a causal matrix, `n` by `n`; what a mask hides stays clear.
 * @param {HTMLCanvasElement} canvas
 * @param {Float32Array} values
 * @param {number} n
 * @param {(value: number) => number[]} [tint] */
export function paint(canvas, values, n, tint = colour) {
  fill(canvas, values, n, (value, i) => (i % n > Math.floor(i / n) ? null : tint(value)));
}
