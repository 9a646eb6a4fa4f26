// How numbers, sizes and times are written in the language of the page.

import { tag } from './language.js';

/** A format of numbers in the language of the page.
 * @param {Intl.NumberFormatOptions} options
 * @returns {(n: number) => string} */
function format(options) {
  const made = /** @type {Record<string, Intl.NumberFormat>} */ ({});
  return (n) => (made[tag()] ??= new Intl.NumberFormat(tag(), options)).format(n);
}

const whole = format({ maximumFractionDigits: 0 });
const short = format({ maximumSignificantDigits: 3 });
const compact = format({ maximumSignificantDigits: 3, notation: 'compact' });
const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'].map((unit, i) => format({
  style: 'unit', unit, unitDisplay: i === 0 ? 'long' : 'short', maximumSignificantDigits: 3,
}));
const times = Object.fromEntries(['day', 'hour', 'minute', 'second'].map((unit) => [
  unit, format({ style: 'unit', unit, unitDisplay: 'narrow' }),
]));

/** A count, all digits. */
export const count = whole;
/** A measure, three digits at most.
 * @type {(x: number) => string} */
export const measure = (x) => (Math.abs(x) >= 100 ? whole(Number(x.toPrecision(3))) : short(x));
/** A measure that may be tiny: below a ten-thousandth with a power of ten.
 * @param {number} x */
export function fine(x) {
  const exponent = Math.floor(Math.log10(Math.abs(x)));
  if (x === 0 || exponent >= -4) return measure(x);
  const raised = [...String(-exponent)].map((digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)]).join('');
  return `${short(x / 10 ** exponent)} × 10⁻${raised}`;
}
/** A large count in three digits: 918K. */
export const amount = compact;
/** A share of one, in percent. */
export const percent = format({ style: 'percent', maximumSignificantDigits: 3 });
const change = format({ signDisplay: 'exceptZero', maximumSignificantDigits: 3 });
/** A change, with its sign; a tiny one with a power of ten.
 * @type {(x: number) => string} */
export const signed = (x) => (x === 0 || Math.abs(x) >= 1e-4 ? change(x) : `${x > 0 ? '+' : '-'}${fine(Math.abs(x))}`);
/** A number at an axis. */
export const tick = format({ maximumFractionDigits: 1 });
/** A loss: two decimals, so that it does not change its width. */
export const loss = format({ minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** Bytes in the largest unit below them.
 * @param {number} bytes */
export function size(bytes) {
  let n = bytes;
  let unit = 0;
  while (n >= 1000 && unit + 1 < units.length) {
    n /= 1000;
    unit += 1;
  }
  return units[unit](n);
}

/** A time in its two largest units.
 * @param {number} seconds */
export function duration(seconds) {
  const all = Math.max(0, Math.round(seconds));
  const [days, hours, minutes] = [Math.floor(all / 86400), Math.floor(all / 3600) % 24, Math.floor(all / 60) % 60];
  if (days > 0) return `${times.day(days)} ${times.hour(hours)}`;
  if (hours > 0) return `${times.hour(hours)} ${times.minute(minutes)}`;
  if (minutes > 0) return `${times.minute(minutes)} ${times.second(all % 60)}`;
  return times.second(all);
}

/** A point in time, in milliseconds, as day and minute.
 * @param {number} milliseconds */
export function moment(milliseconds) {
  /** @type {Intl.DateTimeFormatOptions} */
  const options = { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
  return new Intl.DateTimeFormat(tag(), options).format(milliseconds);
}
