import type { ElementState } from './types.ts';
import { isEmpty } from './values.ts';

type Asked = Pick<ElementState, 'type' | 'required' | 'checks' | 'options'>;

// What the server checks of an answer and a client can see as well (internal/flow/values.go). Never more than the server refuses.

export interface Found {
  readonly code: string;
  /** Of the answer: ".city", "[2]". */
  readonly part: string;
}

/** Consent that is not given is no answer. */
const isRefused = (element: Asked, value: unknown) =>
  element.type === 'consent' && (value as { accepted?: unknown }).accepted !== true;

export function check(element: Asked, value: unknown, now: Date): Found[] {
  if (isEmpty(value) || isRefused(element, value)) return element.required ? [{ code: 'required', part: '' }] : [];
  const codes = codesOf(element, value, now);
  return [...codes.map((code) => ({ code, part: '' })), ...partsOf(element, value)];
}

function codesOf(element: Asked, value: unknown, now: Date): string[] {
  const checks = element.checks ?? {};
  if (element.type === 'group' || Array.isArray(value)) {
    const count = Array.isArray(value) ? value.length : 0;
    return when([
      [checks.min !== undefined && count < checks.min, 'too_few'],
      [checks.max !== undefined && count > checks.max, 'too_many'],
    ]);
  }
  if (typeof value === 'number') return ranged(checks, value);
  if (typeof value === 'object') return ranged(checks, (value as { amount?: unknown }).amount);
  if (typeof value !== 'string') return [];
  if (element.options && !element.options.some((one) => one.value === value)) return ['option'];
  if (element.type === 'date') return dated(checks, value, now);
  if (element.type !== 'text') return [];
  const length = [...value].length;
  return when([
    [checks.min_length !== undefined && length < checks.min_length, 'min_length'],
    [checks.max_length !== undefined && length > checks.max_length, 'max_length'],
    [checks.pattern !== undefined && !matches(checks.pattern, value), 'pattern'],
  ]);
}

type Checks = NonNullable<ElementState['checks']>;

const when = (rules: [boolean, string][]) => rules.filter(([broken]) => broken).map(([, code]) => code);

function ranged(checks: Checks, value: unknown): string[] {
  if (typeof value !== 'number') return [];
  return when([
    [checks.min !== undefined && value < checks.min, 'min'],
    [checks.max !== undefined && value > checks.max, 'max'],
  ]);
}

/** An engine that does not read the pattern leaves it to the server. */
function matches(pattern: string, value: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(value);
  } catch {
    return true;
  }
}

/** Days are compared as the server does: in UTC. */
function dated(checks: Checks, value: string, now: Date): string[] {
  const day = new Date(`${value}T00:00:00Z`);
  if (!/^\d{4}-\d\d-\d\d$/.test(value) || Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== value)
    return ['date'];
  const today = now.toISOString().slice(0, 10);
  const age = Number(today.slice(0, 4)) - Number(value.slice(0, 4)) - (today.slice(5) < value.slice(5) ? 1 : 0);
  const aged = checks.min_age !== undefined || checks.max_age !== undefined;
  return when([
    [Boolean((checks.past && value >= today) || (aged && value > today)), 'past'],
    [Boolean(checks.future && value <= today), 'future'],
    [checks.min_age !== undefined && age < checks.min_age, 'min_age'],
    [checks.max_age !== undefined && age > checks.max_age, 'max_age'],
  ]);
}

/** Parts of addresses and companies that have to be there. */
function partsOf(element: Asked, value: unknown): Found[] {
  const required =
    element.type === 'company' ? ['name'] : element.type === 'address' ? (element.checks?.required_parts ?? []) : [];
  return required
    .filter((part) => isEmpty((value as Record<string, unknown>)[part]))
    .map((part) => ({ code: 'required', part: `.${part}` }));
}
