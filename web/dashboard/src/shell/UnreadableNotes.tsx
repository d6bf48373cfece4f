import { CircleAlert } from 'lucide-react';
import type { UnreadableList } from '@/api/unreadable';
import { useT } from '@/i18n';

/** The name of a list in the catalogue: "/v1/policies/kyc-risk/backtest-runs" is "backtest_runs". */
function nameOf(path: string): string {
  return (path.split('/').at(-1) ?? '').replaceAll('-', '_');
}

/** Names the entries that could not be read, of all lists that the page has. The other entries are shown as always. */
export default function UnreadableNotes({ lists }: { lists: readonly UnreadableList[] }) {
  const t = useT();
  return (
    <ul className="border-b bg-warning-soft px-4 py-1.5 text-sm text-warning no-print">
      {lists.map(({ path, ids }) => (
        <li key={path} className="flex gap-2">
          <CircleAlert aria-hidden="true" className="mt-0.5 size-4 shrink-0" />
          <span className="min-w-0 break-words">
            {t('shell.unreadable', {
              count: ids.length,
              list: t.maybe(`shell.list_${nameOf(path)}`, nameOf(path).replaceAll('_', ' ')),
              ids: ids.join(', '),
            })}
          </span>
        </li>
      ))}
    </ul>
  );
}
