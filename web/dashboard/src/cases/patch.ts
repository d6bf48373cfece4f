// A correction of one field of a case's data, as the merge patch that the API takes.

type Json = Record<string, unknown>;

const isRecord = (value: unknown): value is Json =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** The value at a path of the data: "applicant.name.given", "owners.0.country". */
export function valueAt(context: Json, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (at, name) => (Array.isArray(at) ? at[Number(name)] : isRecord(at) ? at[name] : undefined),
      context,
    );
}

/** The input as a value of the current value's type; undefined if it is not one. A missing value is treated as text. */
export function written(text: string, before: unknown): unknown {
  if (typeof before === 'number') {
    const value = Number(text.trim());
    return text.trim() !== '' && Number.isFinite(value) ? value : undefined;
  }
  if (typeof before === 'boolean') return text === 'true' ? true : text === 'false' ? false : undefined;
  return text.trim() === '' ? undefined : text.trim();
}

/** The merge patch that sets a value at a path. A list is replaced as a whole, because a merge patch cannot change part of it. */
export function patchOf(context: Json, path: string, value: unknown): Json {
  const [name = '', ...rest] = path.split('.');
  return { [name]: rest.length === 0 ? value : within(context[name], rest, value) };
}

function within(at: unknown, [name = '', ...rest]: string[], value: unknown): unknown {
  if (Array.isArray(at)) {
    const inner: unknown = at[Number(name)];
    return at.map((one: unknown, n) =>
      n === Number(name) ? (rest.length === 0 ? value : replaced(inner, rest, value)) : one,
    );
  }
  const inner = isRecord(at) ? at[name] : undefined;
  return { [name]: rest.length === 0 ? value : within(inner, rest, value) };
}

/** The same within a list, where nothing is merged: all other values stay. */
function replaced(at: unknown, [name = '', ...rest]: string[], value: unknown): unknown {
  if (Array.isArray(at)) {
    return at.map((one: unknown, n) =>
      n === Number(name) ? (rest.length === 0 ? value : replaced(one, rest, value)) : one,
    );
  }
  const old = isRecord(at) ? at : {};
  return { ...old, [name]: rest.length === 0 ? value : replaced(old[name], rest, value) };
}
