/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * Elements. Everything that came over the air goes through `textContent` or `title`, never through
 * HTML.
 *
 * @module
 */

/** The element of an id. @throws {Error} when there is none: page and script do not belong together. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element as T;
}

/** What {@linkcode make} sets beside the children. */
export interface Attributes {
  /** Class names. */
  readonly class?: string;
  /** Plain text before any children. */
  readonly text?: string;
  /** Attributes by name. */
  readonly [name: string]: string | undefined;
}

/** A new element. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Node[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined) continue;
    if (name === "text") element.textContent = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Sets the text where it differs: a screen reader and a selection notice every change. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Sets or takes an attribute where it differs. */
export function setAttribute(element: Element, name: string, value: string | undefined): void {
  if (value === undefined) {
    if (element.hasAttribute(name)) element.removeAttribute(name);
  } else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** Shows or hides an element. */
export function show(element: HTMLElement, shown: boolean): void {
  if (element.hidden === shown) element.hidden = !shown;
}

/** A sentence in place of what is not there; undefined hides it. */
export function showEmpty(id: string, text: string | undefined): void {
  const element = byId(id);
  show(element, text !== undefined);
  if (text !== undefined) setText(element, text);
}

/**
 * Brings the children of `parent` in line with `items`, keeping those that stay: what somebody has
 * selected or focused must not vanish every two seconds.
 */
export function sync<T, E extends HTMLElement>(
  parent: Element,
  items: readonly T[],
  keyOf: (item: T) => string,
  create: (item: T) => E,
  update: (element: E, item: T) => void = () => {},
): void {
  const known = new Map<string, E>();
  for (const child of [...parent.children] as E[]) known.set(child.dataset["key"] ?? "", child);
  const focused = document.activeElement;
  let next = parent.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    let element = known.get(key);
    if (element === undefined) {
      element = create(item);
      element.dataset["key"] = key;
    } else known.delete(key);
    update(element, item);
    if (element === next) next = next.nextElementSibling;
    else parent.insertBefore(element, next);
  }
  for (const gone of known.values()) gone.remove();
  // What is moved loses the focus.
  if (
    focused instanceof HTMLElement && focused !== document.activeElement && parent.contains(focused)
  ) {
    focused.focus({ preventScroll: true });
  }
}
