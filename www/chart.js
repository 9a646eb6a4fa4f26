// <loss-chart>: the losses of a run over its steps, drawn on a canvas. It draws numbers and computes none.

import { count, loss, text, tick } from './text.js';

const MARGIN = { left: 36, right: 12, top: 8, bottom: 22 };

/** The first of the round numbers 100, 200, 500, 1,000 ... that is `least` or more. */
function round(least) {
  for (let power = 100; ; power *= 10) {
    for (const factor of [1, 2, 5]) if (factor * power >= least) return factor * power;
  }
}

/** At most `most` round numbers from `start` to `end`, all multiples of one that is `least` or more. */
function ticks(start, end, most, least) {
  for (let power = least; ; power *= 10) {
    for (const factor of [1, 2, 5]) {
      const step = factor * power;
      const [first, last] = [Math.ceil(start / step), Math.floor(end / step)];
      if (last - first < most) return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
    }
  }
}

class LossChart extends HTMLElement {
  connectedCallback() {
    this.canvas = document.createElement('canvas');
    this.canvas.setAttribute('role', 'img');
    this.canvas.tabIndex = 0;
    this.reading = document.createElement('p');
    this.reading.className = 'cursor';
    this.reading.setAttribute('aria-live', 'polite');
    this.replaceChildren(this.canvas, this.reading);
    this.reset();
    new ResizeObserver(() => this.later()).observe(this);
    document.addEventListener('themechange', () => this.later());
    document.addEventListener('languagechange', () => this.look(this.cursor));
    this.canvas.addEventListener('pointermove', (event) => this.point(event.offsetX));
    this.canvas.addEventListener('pointerleave', () => this.look(null));
    this.canvas.addEventListener('blur', () => this.look(null));
    this.canvas.addEventListener('keydown', (event) => this.key(event));
  }

  reset(total = 0, uniform = undefined) {
    Object.assign(this, { marked: null, steps: [], losses: [], smoothed: [], validation: [], total, uniform, cursor: null });
    this.later();
  }

  /** Takes in reports, the oldest first. */
  add(reports) {
    for (const report of reports) {
      this.steps.push(report.step);
      this.losses.push(report.loss);
      this.smoothed.push(report.smoothed);
      if (report.validation_loss !== undefined) this.validation.push([report.step, report.validation_loss]);
    }
    this.later();
  }

  /** The picture in words. */
  describe(sentence) {
    this.canvas.setAttribute('aria-label', text('loss.described', { chart: text('loss.chart'), sentence }));
  }

  /** Reads the step nearest to a place on the canvas. */
  point(x) {
    if (!this.scale || this.steps.length === 0) return;
    const step = (x - MARGIN.left) / this.scale.x;
    this.look(this.nearest(step));
  }

  /** The index of the step nearest to `step`. */
  nearest(step) {
    let [low, high] = [0, this.steps.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.steps[middle] < step) low = middle + 1;
      else high = middle;
    }
    return low > 0 && step - this.steps[low - 1] < this.steps[low] - step ? low - 1 : low;
  }

  key(event) {
    const last = this.steps.length - 1;
    if (last < 0) return;
    const at = this.cursor ?? last;
    const far = Math.max(1, Math.round(last / 20));
    const places = { ArrowLeft: at - 1, ArrowRight: at + 1, PageUp: at + far, PageDown: at - far, Home: 0, End: last };
    if (event.key === 'Escape') this.look(null);
    else if (event.key in places) this.look(Math.min(last, Math.max(0, places[event.key])));
    else return;
    event.preventDefault();
  }

  /** Puts the cursor on a step, or takes it away. */
  look(index) {
    this.cursor = index;
    const shown = index === null ? '' : `${count(this.steps[index])}: ${loss(this.losses[index])} · ${loss(this.smoothed[index])}`;
    if (this.reading.textContent !== shown) this.reading.textContent = shown;
    this.later();
  }

  /** The loss of a step; null where there is none. */
  at(step) {
    const found = step === null || this.steps.length === 0 ? -1 : this.nearest(step);
    return this.steps[found] === step ? this.losses[found] : null;
  }

  /** Marks a step for as long as it is looked at, or none. */
  mark(step) {
    this.marked = step;
    this.later();
  }

  later() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.draw();
    });
  }

  draw() {
    const { width, height } = this.getBoundingClientRect();
    if (width === 0 || height === 0) return;
    const ratio = devicePixelRatio || 1;
    const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.canvas.width !== wide || this.canvas.height !== high) Object.assign(this.canvas, { width: wide, height: high });
    const g = this.canvas.getContext('2d');
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    g.clearRect(0, 0, width, height);
    const style = getComputedStyle(this);
    const colour = (name) => style.getPropertyValue(name).trim();
    const frame = { g, width, height, colour };
    g.font = `11px ${style.fontFamily}`;
    this.scales(width, height);
    this.axes(frame);
    if (this.uniform !== undefined) this.baseline(frame);
    g.lineJoin = 'round';
    this.band(frame);
    this.line(frame, this.steps, this.smoothed, '--train', 1.6, []);
    const steps = this.validation.map(([step]) => step);
    const losses = this.validation.map(([, value]) => value);
    this.line(frame, steps, losses, '--validation', 1.4, [5, 3]);
    g.fillStyle = colour('--validation');
    for (const [step, value] of this.validation) this.dot(g, step, value);
    if (this.marked !== null && this.steps.length > 0) this.crosshair(frame, this.nearest(this.marked));
    if (this.cursor !== null) this.crosshair(frame, this.cursor);
  }

  /** The axes grow in round steps, so that the picture seldom jumps. */
  scales(width, height) {
    const last = this.steps.at(-1) ?? 0;
    const end = this.total > 0 ? Math.max(last, Math.min(this.total, round(Math.max(1, last) * 1.05))) : round(1);
    let [low, high] = [Infinity, -Infinity];
    for (const value of this.losses) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    for (const [, value] of this.validation) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    if (this.uniform !== undefined) high = Math.max(high, this.uniform);
    low = Number.isFinite(low) ? Math.max(0, Math.floor(low * 2 - 0.2) / 2) : 0;
    high = Number.isFinite(high) ? Math.ceil(high * 2 + 0.2) / 2 : 8;
    const x = (width - MARGIN.left - MARGIN.right) / end;
    const y = (height - MARGIN.top - MARGIN.bottom) / Math.max(1, high - low);
    this.scale = { x, y, low, high, end };
  }

  x(step) {
    return MARGIN.left + step * this.scale.x;
  }

  y(value) {
    return MARGIN.top + (this.scale.high - value) * this.scale.y;
  }

  axes({ g, width, height, colour }) {
    const { low, high, end } = this.scale;
    g.strokeStyle = colour('--line');
    g.fillStyle = colour('--ink-3');
    g.lineWidth = 1;
    g.textAlign = 'right';
    g.textBaseline = 'middle';
    for (const value of ticks(low, high, Math.max(2, height / 44), 0.1)) {
      const y = Math.round(this.y(value)) + 0.5;
      g.beginPath();
      g.moveTo(MARGIN.left, y);
      g.lineTo(width - MARGIN.right, y);
      g.stroke();
      g.fillText(tick(value), MARGIN.left - 8, y);
    }
    g.textBaseline = 'alphabetic';
    for (const step of ticks(0, end, Math.max(2, width / 80), 1)) {
      const x = this.x(step);
      g.textAlign = step === 0 ? 'left' : x > width - MARGIN.right - 16 ? 'right' : 'center';
      g.fillText(count(step), x, height - 6);
    }
  }

  baseline({ g, width, colour }) {
    const y = Math.round(this.y(this.uniform)) + 0.5;
    g.strokeStyle = colour('--ink-3');
    g.setLineDash([2, 4]);
    g.beginPath();
    g.moveTo(MARGIN.left, y);
    g.lineTo(width - MARGIN.right, y);
    g.stroke();
    g.setLineDash([]);
  }

  /** The single losses: from the lowest to the highest of a pixel's column, so that no step is left out. */
  band({ g, colour }) {
    g.strokeStyle = colour('--train');
    g.globalAlpha = 0.3;
    g.lineWidth = 1;
    g.beginPath();
    for (let i = 0; i < this.steps.length; ) {
      const x = Math.round(this.x(this.steps[i]));
      let [low, high] = [this.losses[i], this.losses[i]];
      const first = this.losses[i];
      for (; i < this.steps.length && Math.round(this.x(this.steps[i])) === x; i += 1) {
        low = Math.min(low, this.losses[i]);
        high = Math.max(high, this.losses[i]);
      }
      g.lineTo(x, this.y(first));
      g.lineTo(x, this.y(low));
      g.lineTo(x, this.y(high));
      g.lineTo(x, this.y(this.losses[i - 1]));
    }
    g.stroke();
    g.globalAlpha = 1;
  }

  line({ g, colour }, steps, values, name, width, dash) {
    g.strokeStyle = colour(name);
    g.lineWidth = width;
    g.setLineDash(dash);
    g.beginPath();
    steps.forEach((step, i) => g.lineTo(this.x(step), this.y(values[i])));
    g.stroke();
    g.setLineDash([]);
  }

  dot(g, step, value) {
    g.beginPath();
    g.arc(this.x(step), this.y(value), 2.5, 0, 2 * Math.PI);
    g.fill();
  }

  crosshair({ g, height, colour }, at) {
    const [step, value] = [this.steps[at], this.losses[at]];
    const x = Math.round(this.x(step)) + 0.5;
    g.strokeStyle = colour('--ink-2');
    g.lineWidth = 1;
    g.beginPath();
    g.moveTo(x, MARGIN.top);
    g.lineTo(x, height - MARGIN.bottom);
    g.stroke();
    g.fillStyle = colour('--ink');
    this.dot(g, step, value);
  }
}

customElements.define('loss-chart', LossChart);
