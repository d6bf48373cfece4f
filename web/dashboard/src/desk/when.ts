import { dayStart } from '@/queue/search';

/** The times that are offered for a snooze, in the reader's zone. */
export function offersAt(now: Date, zone: string): { hour: string; tomorrow: string; monday: string } {
  const today = new Intl.DateTimeFormat('en-CA', { timeZone: zone }).format(now); // 2026-11-23
  const weekday = new Date(`${today}T00:00:00Z`).getUTCDay();
  const nine = (days: number) => new Date(Date.parse(dayStart(today, zone, days)) + 9 * 3_600_000).toISOString();
  return {
    hour: new Date(now.getTime() + 3_600_000).toISOString(),
    tomorrow: nine(1),
    monday: nine((8 - weekday) % 7 || 7),
  };
}

/** The moment that a field of date and time means in a zone; null: none in the next 90 days. */
export function momentOf(local: string, zone: string, now: Date): string | null {
  const found = /^(\d{4}-\d{2}-\d{2})T(\d{2}):(\d{2})/.exec(local);
  if (!found) return null;
  const at = Date.parse(dayStart(found[1] ?? '', zone)) + (Number(found[2]) * 60 + Number(found[3])) * 60_000;
  return at > now.getTime() && at < now.getTime() + 90 * 86_400_000 ? new Date(at).toISOString() : null;
}
