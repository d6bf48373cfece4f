import { ListFilter, X } from 'lucide-react';
import { lazy, Suspense, useRef, useState } from 'react';
import type { QueueCounts } from '@/api';
import { useT } from '@/i18n';
import { Button, Popover, SkeletonLines } from '@/ui';
import { type Names, useActiveFilters } from './filters';
import type { QueueSearch } from './search';

const FilterForm = lazy(() => import('./FilterForm').then((m) => ({ default: m.FilterForm })));

export interface FiltersProps extends Names {
  search: QueueSearch;
  change: (part: Partial<QueueSearch>) => void;
  counts: QueueCounts | undefined;
}

/** Which cases the list shows: what is in force, each to be taken away, and where to choose. */
export function Filters(props: FiltersProps) {
  const t = useT();
  const { search, change } = props;
  const [open, setOpen] = useState(false);
  const group = useRef<HTMLDivElement>(null);
  const active = useActiveFilters(search, props);
  const remove = (without: Partial<QueueSearch>) => {
    change(without);
    group.current?.querySelector<HTMLElement>('button')?.focus(); // the button that was pressed is gone
  };
  return (
    <div ref={group} role="group" aria-label={t('queue.filters')} className="flex min-w-0 flex-wrap items-center gap-1">
      <Popover
        label={t('queue.filters')}
        open={open}
        onOpenChange={setOpen}
        wide
        trigger={
          <Button size="sm" icon={<ListFilter className="size-3.5" />}>
            {t('queue.filter')}
          </Button>
        }
      >
        <Suspense fallback={<SkeletonLines lines={8} label={t('common.loading')} />}>
          <FilterForm {...props} />
        </Suspense>
      </Popover>
      {active.map((one) => (
        <span
          key={one.id}
          data-filter={one.id}
          className="inline-flex h-7 max-w-72 items-center rounded-md bg-accent-soft text-sm text-accent-ink"
        >
          <button
            type="button"
            className="h-7 min-w-0 truncate rounded-l-md pr-1 pl-2 hover:underline"
            title={one.text}
            onClick={() => setOpen(true)}
          >
            {one.text}
          </button>
          <button
            type="button"
            aria-label={t('queue.filter_remove', { filter: one.text })}
            className="inline-flex size-7 shrink-0 items-center justify-center rounded-r-md hover:bg-hover"
            onClick={() => remove(one.without)}
          >
            <X aria-hidden="true" className="size-3.5" />
          </button>
        </span>
      ))}
    </div>
  );
}
