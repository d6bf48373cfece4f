import type { Day } from '@/api';

// What the charts draw, computed from the days that the API counts.

/** A number for a day; null where there is none. */
export type Values = (number | null)[];

export interface Line {
  key: string;
  values: Values;
}

/** All days of a range, also those on which nothing happened: the API may leave them out. */
export function daysUntil(days: Day[], count: number, asOf: string): Day[] {
  const known = new Map(days.map((day) => [day.date, day]));
  const last = Date.parse(`${asOf.slice(0, 10)}T00:00:00Z`);
  if (Number.isNaN(last)) return days;
  return Array.from({ length: count }, (_, n) => {
    const date = new Date(last - (count - 1 - n) * 86_400_000).toISOString().slice(0, 10);
    return known.get(date) ?? { date, started: 0, completed: {}, decided: 0, decision_seconds: null };
  });
}

/** What stands below a column of a stack on a day. */
export function below(columns: readonly { stack?: string; values: Values }[], k: number, n: number): number {
  const stack = columns[k]?.stack;
  if (!stack) return 0;
  return columns.slice(0, k).reduce((sum, one) => sum + (one.stack === stack ? (one.values[n] ?? 0) : 0), 0);
}

/** How many cases ended on a day, whatever the outcome. */
export function ended(day: Day): number {
  return Object.values(day.completed).reduce((sum, count) => sum + count, 0);
}

/** The outcomes that occur, the most frequent first. */
export function outcomesOf(days: Day[]): string[] {
  const counts = new Map<string, number>();
  for (const day of days) {
    for (const [outcome, count] of Object.entries(day.completed)) {
      if (count > 0) counts.set(outcome, (counts.get(outcome) ?? 0) + count);
    }
  }
  return [...counts].sort(([a, x], [b, y]) => y - x || a.localeCompare(b)).map(([outcome]) => outcome);
}

/** The middle of the days' medians, each as often as decisions were made that day. */
export function typicalSeconds(days: Day[]): number | null {
  const weighed = days
    .flatMap((day) => (day.decision_seconds && day.decided > 0 ? [[day.decision_seconds.median, day.decided]] : []))
    .sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0));
  const half = weighed.reduce((sum, [, weight = 0]) => sum + weight, 0) / 2;
  let sum = 0;
  for (const [seconds = 0, weight = 0] of weighed) {
    sum += weight;
    if (sum >= half) return seconds;
  }
  return null;
}

/** The top of an axis of counts: a round number that is not below the largest value. */
export function roundTop(largest: number): number {
  if (largest <= 4) return 4;
  const power = 10 ** Math.floor(Math.log10(largest));
  return ([1, 2, 4, 5, 8, 10].find((step) => step * power >= largest) ?? 10) * power;
}

const spans = [
  60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 172_800, 345_600, 604_800, 1_209_600,
];

/** The top of an axis of seconds: a round duration. */
export function roundSpan(largest: number): number {
  return spans.find((span) => span >= largest) ?? Math.ceil(largest / 604_800) * 604_800;
}

/** Where there is something to draw: the day's place and its value. */
export function pointsOf(values: Values): [number, number][] {
  return values.flatMap((value, n): [number, number][] => (value === null ? [] : [[n, value]]));
}
