import { labelOf, type Schema } from '@/queue/schema';

// A context as a list of fields. What the schema names comes first, in its words; what it does not know is shown as it is.

export interface DataField {
  path: string;
  label: string;
  /** text as it stands; null: not known */
  value: string | null;
  /** How to write it for people. */
  kind: 'text' | 'date' | 'time' | 'number' | 'boolean' | 'country' | 'empty';
  /** The labels of the groups that it is in. */
  group: string[];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

const countryName = /^(.*_)?(country|countries|nationality|nationalities|citizenship|citizenships)(_.*)?$/;

/** Whether a value is the code of a country: by its field's name, or by a schema that asks for two capital letters. */
function isCountry(value: unknown, schema: Schema | undefined, name: string): boolean {
  if (typeof value !== 'string' || !/^[A-Z]{2}$/.test(value)) return false;
  return countryName.test(name.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase()) || schema?.['format'] === 'country';
}

/** How to write a value for people. */
export function kindOf(value: unknown, schema?: Schema, name = ''): DataField['kind'] {
  if (typeof value === 'number') return 'number';
  if (typeof value === 'boolean') return 'boolean';
  if (value !== null && typeof value === 'object') return Object.keys(value).length === 0 ? 'empty' : 'text';
  if (isCountry(value, schema, name)) return 'country';
  if (typeof value === 'string' && /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(value)) return 'time';
  return schema?.['format'] === 'date' || (typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value))
    ? 'date'
    : 'text';
}

/** The members of an object in the definition's order; what the definition does not name comes after it, as it stands. */
function inOrder(value: Record<string, unknown>, path: string, order: ReadonlyMap<string, number>) {
  const place = (name: string) => order.get(path ? `${path}.${name}` : name) ?? Number.POSITIVE_INFINITY;
  return Object.entries(value).sort(([a], [b]) => (place(a) === place(b) ? 0 : place(a) - place(b)));
}

/**
 * All fields of a context, without those that the workflow's own work has written. The order is that of the workflow's
 * definition (context_order): the API's JSON objects have none.
 */
export function dataFields(
  context: Record<string, unknown>,
  schema: Schema,
  results: ReadonlySet<string>,
  contextOrder: readonly string[] = [],
  language = 'en',
): DataField[] {
  const found: DataField[] = [];
  const order = new Map(contextOrder.map((path, n) => [path, n]));
  // `kept` is the path in the definition's form, and `named` the field's name: an item of a list is called as the list is.
  const visit = (
    value: unknown,
    at: { path: string; kept: string; name: string; named: string; group: string[] },
    schema: Schema | undefined,
  ) => {
    const { path, name, group } = at;
    const titles = isRecord(schema?.['titles']) ? schema['titles'] : {};
    const label =
      typeof titles[language] === 'string'
        ? titles[language]
        : typeof schema?.['title'] === 'string'
          ? schema['title']
          : /^\d+$/.test(name)
            ? `#${Number(name) + 1}`
            : labelOf(name);
    const inside = (key: string, one: unknown, list: boolean, inner: unknown) =>
      visit(
        one,
        {
          path: `${path}.${key}`,
          kept: list ? `${at.kept}[]` : `${at.kept}.${key}`,
          name: key,
          named: list ? at.named : key,
          group: [...group, label],
        },
        isRecord(inner) ? inner : undefined,
      );
    if (Array.isArray(value) && value.length > 0) {
      for (const [n, one] of value.entries()) inside(String(n), one, true, schema?.['items']);
      return;
    }
    if (isRecord(value) && Object.keys(value).length > 0) {
      const properties = isRecord(schema?.['properties']) ? schema['properties'] : {};
      for (const [key, one] of inOrder(value, at.kept, order)) inside(key, one, false, properties[key]);
      return;
    }
    const text =
      value === null || value === undefined ? null : typeof value === 'string' ? value : JSON.stringify(value);
    found.push({ path, label, value: text, kind: kindOf(value, schema, at.named), group });
  };
  const properties = isRecord(schema['properties']) ? schema['properties'] : {};
  for (const [name, value] of inOrder(context, '', order)) {
    const at = properties[name];
    if (results.has(name) && !isRecord(at)) continue;
    visit(value, { path: name, kept: name, name, named: name, group: [] }, isRecord(at) ? at : undefined);
  }
  return found;
}
