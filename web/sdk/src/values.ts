import type { Answers, ElementState, FlowState } from './types.ts';

/** Whether a value is no answer. */
export function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value === 'string') return value.trim() === '';
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && Object.values(value).every(isEmpty);
}

/** An object of answers. */
export type Item = Readonly<Record<string, unknown>>;

/** What is at a path of names, as `applicant.name.given`. */
export function at(object: unknown, path: string): unknown {
  let found = object;
  for (const name of path.split('.')) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined;
    found = (found as Record<string, unknown>)[name];
  }
  return found;
}

/** An object with a value at a path; null takes it out. The object is not changed. */
export function withValue(object: Item, path: string, value: unknown): Item {
  const [name = '', ...rest] = path.split('.');
  const inner = Object.hasOwn(object, name) ? object[name] : undefined;
  const { [name]: _, ...others } = object;
  if (rest.length === 0) return value === null || value === undefined ? others : { ...others, [name]: value };
  const next = withValue(typeof inner === 'object' && inner !== null ? (inner as Item) : {}, rest.join('.'), value);
  return Object.keys(next).length === 0 ? others : { ...others, [name]: next };
}

/** The value of an element: of a group, the list of what its elements have. */
export function valueIn(element: ElementState): unknown {
  if (!element.items) return element.type === 'group' ? [] : element.value;
  return element.items.map((item, i) => {
    let object: Item = {};
    for (const one of item ?? []) {
      if (one.field) object = withValue(object, within(element, i, one), one.value);
    }
    return object;
  });
}

const within = (group: ElementState, i: number, element: ElementState) =>
  (element.field ?? '').slice(`${group.field}[${i}].`.length);

/** The data that portable rules read: all answers that the pages have, with what was entered. */
export function dataOf(state: FlowState, answers: Answers): Item {
  let data: Item = {};
  for (const page of state.flow.pages) {
    for (const element of page.elements) {
      if (element.field) data = withValue(data, element.field, valueIn(element));
    }
  }
  for (const [field, value] of Object.entries(answers)) data = withValue(data, field, isEmpty(value) ? null : value);
  return data;
}
