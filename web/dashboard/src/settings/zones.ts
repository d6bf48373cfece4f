import { browserZone } from '@/session/preferences';
import type { Option } from '@/ui';

/** Hours and minutes that a zone is ahead of UTC now: "GMT+1". */
export function offsetOf(zone: string, at: Date): string {
  const parts = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'shortOffset' }).formatToParts(at);
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? '';
}

/** All zones: the browser's own first, UTC next, then by name; also the chosen one when the browser does not list it. */
export function zoneOptions(chosen: string, ownLabel: (zone: string) => string, at: Date): Option[] {
  const own = browserZone();
  const listed = typeof Intl.supportedValuesOf === 'function' ? Intl.supportedValuesOf('timeZone') : [];
  const rest = [...new Set([...listed, chosen])].filter((zone) => zone !== own && zone !== 'UTC').sort();
  const named = (zone: string): Option => ({
    value: zone,
    label: zone === 'UTC' ? 'UTC' : `${zone.replaceAll('_', ' ')} (${offsetOf(zone, at)})`,
  });
  return [
    { value: own, label: ownLabel(named(own).label) },
    ...(own === 'UTC' ? [] : ['UTC']).map(named),
    ...rest.map(named),
  ];
}
