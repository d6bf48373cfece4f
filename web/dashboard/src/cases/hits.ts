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

export interface HitLine extends Known {
  key: string;
  list: string;
  reasons: string[];
  score: number | null;
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
  'name date_of_birth birth_date birth_year country nationality countries list source score reason reasons topics left_out'.split(
    ' ',
  ),
);

function lineOf(key: string, value: Record<string, unknown>, former: string | null): HitLine {
  const reasons = ['reasons', 'topics', 'reason'].flatMap((name) => value[name] ?? []);
  return {
    key,
    name: nameOf(value['name']),
    birth: first(value, ['date_of_birth', 'birth_date', 'birth_year']),
    country: first(value, ['country', 'nationality', 'countries']),
    list: first(value, ['list', 'source']) ?? '',
    reasons: reasons.filter((reason): reason is string => typeof reason === 'string'),
    score: typeof value['score'] === 'number' ? value['score'] : null,
    more: Object.entries(value).flatMap(([name, one]): [string, string][] =>
      placed.has(name) || one === null || one === undefined || one === ''
        ? []
        : [[name, typeof one === 'string' ? one : JSON.stringify(one)]],
    ),
    former,
    leftOut: typeof value['left_out'] === 'number' ? value['left_out'] : 0,
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

/** Whether two births may be one: a year alone is compared with the year. */
export function sameBirth(a: string | null, b: string | null): Likeness {
  if (!a || !b) return 'unknown';
  const length = Math.min(a.length, b.length) < 10 ? 4 : 10;
  return a.slice(0, length) === b.slice(0, length) ? 'same' : 'differs';
}

export function sameCountry(a: string | null, b: string | null): Likeness {
  if (!a || !b || a.length !== b.length) return 'unknown';
  return a.toUpperCase() === b.toUpperCase() ? 'same' : 'differs';
}
