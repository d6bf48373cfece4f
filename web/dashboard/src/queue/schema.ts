// A form from a JSON Schema: which fields there are, and what a filled-in form means. What a form cannot show is written as
// JSON, checked as such.

export type Schema = Record<string, unknown>;

export type FieldKind =
  | 'text'
  | 'email'
  | 'date'
  | 'number'
  | 'integer'
  | 'boolean'
  | 'choice'
  | 'group'
  | 'list'
  | 'json';

export interface FormField {
  /** dotted: "applicant.name.given" */
  path: string;
  name: string;
  label: string;
  hint?: string;
  kind: FieldKind;
  required: boolean;
  options?: string[];
  pattern?: string;
  maxLength?: number;
  fields?: FormField[];
}

function isSchema(value: unknown): value is Schema {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** A field's name as people read it. */
export function labelOf(name: string): string {
  const words = name.replaceAll('_', ' ').replace(/([a-z])([A-Z])/g, '$1 $2');
  return words.charAt(0).toUpperCase() + words.slice(1).toLowerCase();
}

function typeOf(schema: Schema): string {
  const type = schema['type'];
  if (Array.isArray(type)) return (type.find((one) => one !== 'null') as string | undefined) ?? '';
  if (typeof type === 'string') return type;
  if (isSchema(schema['properties'])) return 'object';
  return '';
}

function kindOf(schema: Schema): FieldKind {
  if (Array.isArray(schema['enum']) && schema['enum'].every((one) => typeof one === 'string')) return 'choice';
  switch (typeOf(schema)) {
    case 'string':
      return schema['format'] === 'date' ? 'date' : schema['format'] === 'email' ? 'email' : 'text';
    case 'number':
      return 'number';
    case 'integer':
      return 'integer';
    case 'boolean':
      return 'boolean';
    case 'object':
      return isSchema(schema['properties']) ? 'group' : 'json';
    case 'array':
      return isSchema(schema['items']) && ['string', 'number', 'integer'].includes(typeOf(schema['items']))
        ? 'list'
        : 'json';
    default:
      return 'json';
  }
}

/** The name of a field in a schema, in a language; null if it has none in that language. */
function titleOf(schema: Schema, language: string): string | null {
  const titles = schema['titles'];
  const own = isSchema(titles) ? titles[language] : undefined;
  return typeof own === 'string' ? own : null;
}

/** The fields of an object's schema, in its order. Descriptions are in one language: whoever reads a title of their own is not shown them. */
export function fieldsOf(schema: Schema, language = 'en', parent = '', depth = 0): FormField[] {
  const properties = schema['properties'];
  if (!isSchema(properties) || depth > 6) return [];
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  return Object.entries(properties)
    .filter((entry): entry is [string, Schema] => isSchema(entry[1]))
    .map(([name, one]) => {
      const path = parent ? `${parent}.${name}` : name;
      const kind = kindOf(one);
      return {
        path,
        name,
        label: titleOf(one, language) ?? (typeof one['title'] === 'string' ? one['title'] : labelOf(name)),
        hint:
          typeof one['description'] === 'string' && (language === 'en' || titleOf(one, language) === null)
            ? one['description']
            : undefined,
        kind,
        required: required.includes(name),
        options: kind === 'choice' ? (one['enum'] as string[]) : undefined,
        pattern: typeof one['pattern'] === 'string' ? one['pattern'] : undefined,
        maxLength: typeof one['maxLength'] === 'number' ? one['maxLength'] : undefined,
        fields: kind === 'group' ? fieldsOf(one, language, path, depth + 1) : undefined,
      };
    });
}

export type Values = Record<string, string | boolean>;

export interface Reading {
  context: Record<string, unknown>;
  problems: Record<string, 'number' | 'json' | 'required'>;
}

/** Whether something was written into a field, or into one of a group. */
export function isFilled(field: FormField, values: Values): boolean {
  if (field.kind === 'group') return (field.fields ?? []).some((one) => isFilled(one, values));
  const value = values[field.path];
  return typeof value === 'boolean' || (value ?? '').trim() !== '';
}

/** The fields as they are now: what a group requires is only required once the group is, or something stands in it. */
export function asRequired(fields: FormField[], values: Values, wanted = true): FormField[] {
  return fields.map((field) => ({
    ...field,
    required: field.required && wanted,
    fields: field.fields && asRequired(field.fields, values, (field.required && wanted) || isFilled(field, values)),
  }));
}

/** A form's values from the data that are there: what a form cannot show otherwise is JSON. */
export function valuesOf(fields: FormField[], context: Record<string, unknown>): Values {
  const values: Values = {};
  for (const field of fields) {
    const value = context[field.name];
    if (value === undefined || value === null) continue;
    if (field.kind === 'group') Object.assign(values, valuesOf(field.fields ?? [], isSchema(value) ? value : {}));
    else if (typeof value === 'boolean') values[field.path] = value;
    else if (field.kind === 'list' && Array.isArray(value)) values[field.path] = value.map(String).join('\n');
    else values[field.path] = typeof value === 'object' ? JSON.stringify(value, null, 2) : String(value);
  }
  return values;
}

/** The merge patch from what a form has meant to what it means now: what was emptied is removed. */
export function changed(before: Record<string, unknown>, after: Record<string, unknown>): Record<string, unknown> {
  const patch: Record<string, unknown> = {};
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [old, fresh] = [before[name], after[name]];
    if (JSON.stringify(old) === JSON.stringify(fresh)) continue;
    if (fresh === undefined) patch[name] = null;
    else patch[name] = isSchema(old) && isSchema(fresh) ? changed(old, fresh) : fresh;
  }
  return patch;
}

/** What a filled-in form means. What is empty is left out: it is not known. */
export function readForm(fields: FormField[], values: Values): Reading {
  const problems: Reading['problems'] = {};
  const read = (list: FormField[]): Record<string, unknown> => {
    const out: Record<string, unknown> = {};
    for (const field of list) {
      if (field.kind === 'group') {
        const inner = read(field.fields ?? []);
        if (Object.keys(inner).length > 0) out[field.name] = inner;
        continue;
      }
      const value = meantBy(field, values[field.path]);
      if (value === problem) problems[field.path] = field.kind === 'json' ? 'json' : 'number';
      else if (value !== undefined) out[field.name] = value;
      else if (field.required) problems[field.path] = 'required';
    }
    return out;
  };
  return { context: read(asRequired(fields, values)), problems };
}

const problem = Symbol('problem');

function meantBy(field: FormField, value: string | boolean | undefined): unknown {
  if (typeof value === 'boolean') return value;
  const text = (value ?? '').trim();
  if (text === '') return undefined;
  switch (field.kind) {
    case 'number':
    case 'integer': {
      const number = Number(text);
      return Number.isFinite(number) && (field.kind === 'number' || Number.isInteger(number)) ? number : problem;
    }
    case 'list':
      return text
        .split('\n')
        .map((line) => line.trim())
        .filter(Boolean);
    case 'json':
      try {
        return JSON.parse(text) as unknown;
      } catch {
        return problem;
      }
    default:
      return text;
  }
}
