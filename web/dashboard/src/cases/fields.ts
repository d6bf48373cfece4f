import { labelOf, type Schema } from '@/queue/schema';

// A context as a list of fields. What the schema names comes first, in its words; what it does not know is shown as it is.

export interface DataField {
  path: string;
  label: string;
  /** text as it stands; null: not known */
  value: string | null;
  /** How to write it for people. */
  kind: 'text' | 'date' | 'number' | 'boolean';
  /** The labels of the groups that it is in. */
  group: string[];
}

const deepest = 8;
const most = 400;

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function kindOf(value: unknown, schema: Schema | undefined): DataField['kind'] {
  if (typeof value === 'number') return 'number';
  if (typeof value === 'boolean') return 'boolean';
  return schema?.['format'] === 'date' || (typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value))
    ? 'date'
    : 'text';
}

/** The fields of a context, without those that the workflow's own work has written. */
export function dataFields(
  context: Record<string, unknown>,
  schema: Schema,
  results: ReadonlySet<string>,
): DataField[] {
  const found: DataField[] = [];
  const visit = (value: unknown, path: string, name: string, at: Schema | undefined, group: string[]) => {
    if (found.length >= most) return;
    const label =
      typeof at?.['title'] === 'string' ? at['title'] : /^\d+$/.test(name) ? `#${Number(name) + 1}` : labelOf(name);
    if (group.length < deepest && (isRecord(value) || Array.isArray(value))) {
      const properties = isRecord(at?.['properties']) ? at['properties'] : {};
      const items = isRecord(at?.['items']) ? at['items'] : undefined;
      const entries = Array.isArray(value) ? value.map((one, n) => [String(n), one] as const) : Object.entries(value);
      for (const [key, one] of entries) {
        const inner = properties[key];
        visit(one, `${path}.${key}`, key, isRecord(inner) ? inner : items, [...group, label]);
      }
      return;
    }
    const text =
      value === null || value === undefined ? null : typeof value === 'string' ? value : JSON.stringify(value);
    found.push({ path, label, value: text, kind: kindOf(value, at), group });
  };
  const properties = isRecord(schema['properties']) ? schema['properties'] : {};
  for (const [name, value] of Object.entries(context)) {
    const at = properties[name];
    if (results.has(name) && !isRecord(at)) continue;
    visit(value, name, name, isRecord(at) ? at : undefined, []);
  }
  return found;
}
