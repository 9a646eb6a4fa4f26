// What the page may take for granted of its own elements.

interface ParentNode {
  /** The page asks for what stands in it, so it is there: an input, where neither the selector nor the place that takes it says
   * that it is something else. */
  querySelector<Found extends Element = HTMLInputElement>(selectors: string): Found;
  querySelectorAll<Found extends Element = HTMLInputElement>(selectors: string): NodeListOf<Found>;
}

/** Its elements are HTML's or SVG's. */
interface Element {
  readonly dataset: DOMStringMap;
}
