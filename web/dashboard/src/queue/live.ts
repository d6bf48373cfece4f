import type { Case } from '@/api';

// A list that stays up to date and never moves under the pointer. While it is frozen, rows change in place: new
// rows wait, and removed rows stay where they were, dimmed.

export interface Row {
  case: Case;
  /** It is not in the list any more. */
  removed: boolean;
}

export interface LiveList {
  rows: Row[];
  /** How many cases wait to be shown. */
  waiting: number;
}

export const noRows: LiveList = { rows: [], waiting: 0 };

function row(one: Case): Row {
  return { case: one, removed: false };
}

/** Takes over a list as it was read. */
export function show(cases: Case[]): LiveList {
  const seen = new Set<string>();
  const rows = cases.filter((one) => !seen.has(one.id) && seen.add(one.id)).map(row);
  return { rows, waiting: 0 };
}

/** Adds a following page. */
export function append(list: LiveList, cases: Case[]): LiveList {
  const known = new Set(list.rows.map((one) => one.case.id));
  return { ...list, rows: [...list.rows, ...cases.filter((one) => !known.has(one.id)).map(row)] };
}

/**
 * Takes over the current first page. `complete` means that nothing follows it. A row that was shown and is missing from
 * it has left the list, unless it stood after everything that is still there: then it was pushed to a later page.
 */
export function merge(list: LiveList, fresh: Case[], complete: boolean, frozen: boolean): LiveList {
  const now = new Map(fresh.map((one) => [one.id, one]));
  let last = -1;
  list.rows.forEach((one, n) => {
    if (now.has(one.case.id)) last = n;
  });
  const left = (n: number, id: string) => !now.has(id) && (complete || n < last);
  if (!frozen) {
    const later = list.rows.filter(
      (one, n) => !now.has(one.case.id) && !left(n, one.case.id) && !one.removed && n > last,
    );
    return { rows: [...fresh.map(row), ...(complete ? [] : later)], waiting: 0 };
  }
  const known = new Set(list.rows.map((one) => one.case.id));
  const rows = list.rows.map((one, n) => {
    const newer = now.get(one.case.id);
    if (newer)
      return newer.version === one.case.version && newer.undo?.until === one.case.undo?.until && !one.removed
        ? one
        : row(newer);
    return left(n, one.case.id) && !one.removed ? { ...one, removed: true } : one;
  });
  return { rows, waiting: fresh.filter((one) => !known.has(one.id)).length };
}

/** One case as it is known to be now, wherever it stands. */
export function replace(list: LiveList, changed: Case): LiveList {
  return { ...list, rows: list.rows.map((one) => (one.case.id === changed.id ? { ...one, case: changed } : one)) };
}
