import { useMemo } from 'react';
import { useLocale } from './locale';

const units: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 365 * 24 * 3600],
  ['month', 30 * 24 * 3600],
  ['day', 24 * 3600],
  ['hour', 3600],
  ['minute', 60],
];

/** The largest unit that a number of seconds fills, and how often; less than a minute is no unit. */
export function largestUnit(seconds: number): [Intl.RelativeTimeFormatUnit, number] | null {
  for (const [unit, size] of units) {
    if (Math.abs(seconds) >= size) return [unit, Math.trunc(seconds / size)];
  }
  return null;
}

export interface Formats {
  /** "3 hours ago", "in 2 days" */
  relative: (at: Date, now?: Date) => string;
  /** date and time to the second, with the zone */
  exact: (at: Date) => string;
  /** date and time to the minute: "23 Nov 2026, 14:05" */
  moment: (at: Date) => string;
  /** a day: "23 Nov 2026" */
  day: (at: Date) => string;
  /** a calendar date "2026-11-23", whatever the zone */
  date: (iso: string) => string;
  /** the same without its year, as little as an axis has room for: "23 Nov" */
  shortDate: (iso: string) => string;
  /** "Sweden": of an ISO 3166 code of two letters; anything else stays as it is */
  country: (code: string) => string;
  number: (value: number, digits?: number) => string;
  /** "0.97", "12345": digits as they are, with the place's own sign for the fraction */
  decimal: (value: number) => string;
  percent: (share: number) => string;
  /** "2 d 4 h", "12 min", "850 ms": of seconds */
  duration: (seconds: number) => string;
  /** "14 days", "1 hour 30 minutes": of an ISO 8601 duration; anything else stays as it is */
  period: (iso: string) => string;
  bytes: (value: number) => string;
  /** "a, b and c" */
  list: (words: string[]) => string;
}

const periodUnits = ['year', 'month', 'week', 'day', 'hour', 'minute', 'second'] as const;
const period = /^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

export function formats(tag: string, timeZone: string): Formats {
  const relative = new Intl.RelativeTimeFormat(tag, { numeric: 'auto', style: 'long' });
  const exact = new Intl.DateTimeFormat(tag, { dateStyle: 'full', timeStyle: 'long', timeZone });
  const moment = new Intl.DateTimeFormat(tag, { dateStyle: 'medium', timeStyle: 'short', timeZone });
  const day = new Intl.DateTimeFormat(tag, { dateStyle: 'medium', timeZone });
  const date = new Intl.DateTimeFormat(tag, { dateStyle: 'medium', timeZone: 'UTC' });
  const shortDate = new Intl.DateTimeFormat(tag, { day: 'numeric', month: 'short', timeZone: 'UTC' });
  const calendar = (iso: string, format: Intl.DateTimeFormat) => {
    const at = /^\d{4}-\d{2}-\d{2}$/.test(iso) ? new Date(`${iso}T00:00:00Z`) : null;
    return at && !Number.isNaN(at.getTime()) ? format.format(at) : iso;
  };
  const countries = new Intl.DisplayNames(tag, { type: 'region' });
  // Narrow German units are "2h" beside "5 Min.".
  const unitDisplay = tag.startsWith('de') ? 'short' : 'narrow';
  const narrow = (unit: string, value: number, digits = 0) =>
    new Intl.NumberFormat(tag, { style: 'unit', unit, unitDisplay, maximumFractionDigits: digits }).format(value);
  return {
    relative: (at, now = new Date()) => {
      const found = largestUnit((at.getTime() - now.getTime()) / 1000);
      return found ? relative.format(found[1], found[0]) : relative.format(0, 'second');
    },
    exact: (at) => exact.format(at),
    moment: (at) => moment.format(at),
    day: (at) => day.format(at),
    date: (iso) => calendar(iso, date),
    shortDate: (iso) => calendar(iso, shortDate),
    country: (code) => (/^[A-Za-z]{2}$/.test(code) ? (countries.of(code.toUpperCase()) ?? code) : code),
    number: (value, digits = 2) => new Intl.NumberFormat(tag, { maximumFractionDigits: digits }).format(value),
    decimal: (value) => new Intl.NumberFormat(tag, { useGrouping: false, maximumFractionDigits: 20 }).format(value),
    percent: (share) => new Intl.NumberFormat(tag, { style: 'percent', maximumFractionDigits: 0 }).format(share),
    duration: (seconds) => {
      if (seconds < 1) return narrow('millisecond', Math.round(seconds * 1000));
      if (seconds < 60) return narrow('second', seconds, seconds < 10 ? 1 : 0);
      const minutes = Math.round(seconds / 60);
      if (minutes < 60) return narrow('minute', minutes);
      const hours = Math.floor(minutes / 60);
      if (hours < 24)
        return [narrow('hour', hours), minutes % 60 ? narrow('minute', minutes % 60) : ''].filter(Boolean).join(' ');
      const days = Math.floor(hours / 24);
      return [narrow('day', days), hours % 24 && days < 7 ? narrow('hour', hours % 24) : ''].filter(Boolean).join(' ');
    },
    period: (iso) => {
      const parts = period.exec(iso)?.slice(1) ?? [];
      const words = periodUnits.flatMap((unit, n) =>
        parts[n]
          ? new Intl.NumberFormat(tag, { style: 'unit', unit, unitDisplay: 'long' }).format(Number(parts[n]))
          : [],
      );
      return words.join(' ') || iso;
    },
    list: (words) => new Intl.ListFormat(tag, { type: 'unit', style: 'short' }).format(words),
    bytes: (value) => {
      if (value < 1000) return narrow('byte', value);
      if (value < 1e6) return narrow('kilobyte', value / 1e3, 0);
      return narrow('megabyte', value / 1e6, 1);
    },
  };
}

/** Numbers and times as the reviewer's place writes them, in the reviewer's zone. */
export function useFormats(): Formats {
  const { tag, timeZone } = useLocale();
  return useMemo(() => formats(tag, timeZone), [tag, timeZone]);
}
