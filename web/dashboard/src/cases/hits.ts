import type { Case } from '@/api';
import { declaredPerson } from '@/documents/compare';

// Possible matches and the person that the case is about, in the terms in which a reviewer compares them.

/** What is known of a person, as far as watchlists contain it. */
export interface Known {
  name: string;
  /** A date, or a year where no more is known; null: not known. */
  birth: string | null;
  country: string | null;
}

export interface HitLine {
  key: string;
  name: string;
  /** As the list writes them: a date, a year, "circa 1960", "1958 to 1963". */
  births: string[];
  countries: string[];
  list: string;
  reasons: string[];
  score: number | null;
  /** The role of the reader does not see whom it is about. */
  hidden: boolean;
  /** Other details from the vendor, by name. */
  more: [name: string, value: string][];
  /** Since when the answer that it is from has been replaced by none. */
  former: string | null;
  /** It stands for so many more that were not kept. */
  leftOut: number;
}

export type Likeness = 'same' | 'differs' | 'unknown';

const isRecord = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** The first of some members that exists, as text. */
function first(value: Record<string, unknown>, names: readonly string[]): string | null {
  for (const name of names) {
    const found = value[name];
    if (typeof found === 'string' && found !== '') return found;
    if (typeof found === 'number') return String(found);
  }
  return null;
}

/** The values of some members, as texts: a list may have several dates of birth. */
function every(value: Record<string, unknown>, names: readonly string[]): string[] {
  const found = names.flatMap((name) => value[name] ?? []);
  return found.flatMap((one) => (typeof one === 'number' ? String(one) : typeof one === 'string' && one ? one : []));
}

function nameOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (!isRecord(value)) return '';
  return ['given', 'middle', 'family'].flatMap((part) => first(value, [part]) ?? []).join(' ');
}

/** What the applicant has declared. */
export function applicantOf(one: Pick<Case, 'context' | 'subject'>): Known {
  const person = declaredPerson(one.context);
  const address = isRecord(person['address']) ? person['address'] : {};
  return {
    name: nameOf(person['name']) || one.subject.name || '',
    birth: first(person, ['date_of_birth', 'birth_date', 'birth_year', 'founded']),
    country: first(person, ['country', 'nationality']) ?? first(address, ['country']),
  };
}

/** What a line has a place for. */
const placed = new Set(
  'name date_of_birth birth_date birth_dates birth_year country nationality countries list source score reason reasons topics left_out'.split(
    ' ',
  ),
);

/** What only machines compare: which edition of a list and of an entry it is, and what orders the hits. */
const unshown = new Set(['edition', 'evidence', 'version', 'schema', 'asked', 'before']);

const shown = (one: unknown): string =>
  Array.isArray(one) && one.every((part) => typeof part === 'string')
    ? one.join(', ')
    : typeof one === 'string'
      ? one
      : JSON.stringify(one);

function lineOf(key: string, value: Record<string, unknown>, former: string | null): HitLine {
  const reasons = ['reasons', 'topics', 'reason'].flatMap((name) => value[name] ?? []);
  return {
    key,
    name: nameOf(value['name']),
    births: every(value, ['date_of_birth', 'birth_date', 'birth_dates', 'birth_year']),
    countries: every(value, ['country', 'nationality', 'countries']),
    list: first(value, ['list', 'source']) ?? '',
    reasons: reasons.filter((reason): reason is string => typeof reason === 'string'),
    score: typeof value['score'] === 'number' ? value['score'] : null,
    hidden: value['redacted'] === true,
    more: Object.entries(value).flatMap(([name, one]): [string, string][] =>
      value['redacted'] === true ||
      placed.has(name) ||
      unshown.has(name) ||
      one === null ||
      one === undefined ||
      one === '' ||
      one === false
        ? []
        : [[name, shown(one)]],
    ),
    former,
    leftOut: typeof value['left_out'] === 'number' ? value['left_out'] : 0,
  };
}

/** The earlier answer to an entry for this subject. */
export interface Before {
  answer: 'cleared' | 'confirmed';
  at: string;
  by: string;
  case: string;
  /** What differs now; empty: nothing. */
  changed: string[];
}

/** The earlier answer to a hit; null: none. */
export function beforeOf(value: Record<string, unknown>): Before | null {
  const before = value['before'];
  if (!isRecord(before) || (before['answer'] !== 'cleared' && before['answer'] !== 'confirmed')) return null;
  const by = isRecord(before['by']) ? before['by'] : {};
  return {
    answer: before['answer'],
    at: first(before, ['at']) ?? '',
    by: first(by, ['for', 'id']) ?? '',
    case: first(before, ['case']) ?? '',
    changed: Array.isArray(before['changed']) ? before['changed'].filter((one) => typeof one === 'string') : [],
  };
}

/** The possible matches of a case: those that approving asks about, else those that its checks have found. */
export function hitsOf(one: Pick<Case, 'context' | 'needs'>): HitLine[] {
  const asked = one.needs?.hits ?? [];
  if (asked.length > 0) return asked.map((hit) => lineOf(hit.id, hit.value, hit.former_since ?? null));
  return Object.entries(one.context).flatMap(([work, value]) => {
    const found = isRecord(value) && Array.isArray(value['hits']) ? value['hits'].filter(isRecord) : [];
    return found.map((hit, n) => lineOf(`${work}.hits[${n}]`, hit, null));
  });
}

/** Whether two births may be one: a year alone, or a span of years, is compared with the year. */
export function sameBirth(a: string | null, b: string | null): Likeness {
  if (!a || !b) return 'unknown';
  const day = /^\d{4}-\d{2}-\d{2}$/;
  if (day.test(a) && day.test(b)) return a === b ? 'same' : 'differs';
  const [one, other] = [yearsOf(a), yearsOf(b)];
  if (!one || !other) return 'unknown';
  return one[0] <= other[1] && other[0] <= one[1] ? 'same' : 'differs';
}

/** The years that a list means: 1960, "circa 1960" with two years around it, "1958 to 1963". */
function yearsOf(text: string): [number, number] | null {
  const years = text.match(/\b\d{4}\b/g)?.map(Number);
  if (!years?.length) return null;
  const slack = text.startsWith('circa') ? 2 : 0;
  const last = text.includes(' to ') ? (years[1] ?? years[0]) : years[0];
  return [(years[0] as number) - slack, (last as number) + slack];
}

export function sameCountry(a: string | null, b: string | null): Likeness {
  if (!a || !b || a.length !== b.length) return 'unknown';
  return a.toUpperCase() === b.toUpperCase() ? 'same' : 'differs';
}
