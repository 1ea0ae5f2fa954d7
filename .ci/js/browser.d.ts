// What the checker of types does not know of these pages. Scripts look elements up by ids
// and classes that say what they are, so an element has what any control here has: a
// misspelled name is still an error.

/** htmx 2, which django-htmx serves. */
declare const htmx: {
  ajax(verb: string, address: string, context: object): Promise<void>;
  process(element: Node): void;
  swap(target: string, html: string, how: { swapStyle: string }): void;
};

interface Control {
  action: any;
  checked: any;
  content: any;
  dataset: DOMStringMap;
  defaultChecked: any;
  elements: any;
  form: any;
  hidden: any;
  href: any;
  offsetWidth: any;
  open: any;
  pathname: any;
  popover: any;
  selectionEnd: any;
  selectionStart: any;
  style: any;
  tabIndex: any;
  type: any;
  value: any;
  click(): void;
  focus(options?: FocusOptions): void;
  requestSubmit: any;
  select(): void;
  setRangeText: any;
  setSelectionRange: any;
  showModal: any;
  showPopover: any;
}

interface Element extends Control {
  /** The browser writes a number or a truth value as text. */
  setAttribute(name: string, value: boolean | number): void;
}

interface Node {
  contains(other: EventTarget): boolean;
}

/** Most events here are heard by the document and come from an element. */
interface EventTarget extends Control {
  id: any;
  isConnected: any;
  parentElement: any;
  closest(selector: string): any;
  contains(other: Node): boolean;
  getAttribute: any;
  matches(selector: string): boolean;
  querySelector(selector: string): any;
}

interface Event {
  clipboardData: any;
  dataTransfer: any;
  detail: any;
  newState: any;
}

/** `answerOf` adds the text of an answer. */
interface Response {
  html?: string;
}
