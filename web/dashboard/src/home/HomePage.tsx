import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ArrowRight } from 'lucide-react';
import { queueQuery } from '@/api';
import { useFormats, useT } from '@/i18n';
import type { QueueSearch } from '@/queue/search';
import { useSession } from '@/session';
import { useTitle } from '@/shell/title';
import { cx } from '@/ui';
import { CaseList } from './CaseList';
import { firstCases } from './queries';
import { Statistics } from './Statistics';
import { Today } from './Today';

const link = 'inline-flex min-h-6 items-center rounded-sm px-1.5 text-sm text-accent-ink hover:underline';

/** What waits for the person who is signed in, what breaches soon, and how the work went. */
export function HomePage() {
  const t = useT();
  const { me, can } = useSession();
  useTitle(t('shell.home'));
  const mine = useQuery(firstCases('mine', { assignee: 'me', status: 'active', snoozed: 'false', sort: 'due_at' }));
  const soonest = useQuery(firstCases('soonest', { status: 'active', tag: ['manual_review'], sort: 'due_at' }));
  const first = soonest.data?.[0];
  return (
    <div className="mx-auto flex max-w-6xl flex-col gap-4 p-4 md:p-6">
      <header className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <h1 className="text-xl font-semibold">
          <bdi>{t('home.hello', { name: me.user.name || me.user.email })}</bdi>
        </h1>
        {first && can('cases:decide') && (
          <Link
            to="/cases/$caseId"
            params={{ caseId: first.id }}
            className="inline-flex h-8 items-center gap-1.5 rounded-md bg-accent px-3 text-sm font-medium text-on-accent hover:bg-accent-hover"
          >
            {t('home.begin')}
            <ArrowRight aria-hidden="true" className="size-4" />
          </Link>
        )}
      </header>
      <Counts />
      {can('statistics:read') && <Today />}
      <div className="grid items-start gap-4 lg:grid-cols-2">
        <CaseList
          title={t('home.mine')}
          query={mine}
          more={
            <Link to="/queue" search={{ assignee: 'me' }} className={link}>
              {t('home.all_mine')}
            </Link>
          }
          empty={{
            title: t('home.mine_empty'),
            detail: t('home.mine_empty_detail'),
            action: (
              <Link to="/queue" search={{ assignee: 'none' }} className={link}>
                {t('home.take')}
              </Link>
            ),
          }}
        />
        <CaseList
          title={t('home.soonest')}
          query={soonest}
          withAssignee
          more={
            <Link to="/queue" search={{}} className={link}>
              {t('home.all_to_decide')}
            </Link>
          }
          empty={{ title: t('home.soonest_empty'), detail: t('home.soonest_empty_detail') }}
        />
      </div>
      {can('statistics:read') && <Statistics />}
    </div>
  );
}

/** How many cases are open, and how many of these are what. Each number leads to the list that it is the length of. */
function Counts() {
  const t = useT();
  const { number } = useFormats();
  const counts = useQuery(queueQuery).data;
  const of = (value: number | undefined, search: QueueSearch, label: string, more?: Partial<CountProps>) => (
    <Count
      search={search}
      label={label}
      value={value === undefined ? undefined : number(value) + (more?.capped ? '+' : '')}
      {...more}
    />
  );
  const alarming = (value: number | undefined) => value !== undefined && value > 0;
  return (
    <section aria-labelledby="open-cases" className="overflow-hidden rounded-lg border bg-surface">
      <h2 id="open-cases">
        <Link
          to="/queue"
          search={{ decide: false }}
          className="flex items-baseline gap-2 px-3 py-2 -outline-offset-2 hover:bg-hover"
        >
          <span className="text-xl font-semibold tabular-nums">{counts ? number(counts.open) : '–'}</span>
          <span className="text-sm font-medium">{t('home.counts')}</span>
          <span className="text-xs text-muted">{t('home.of_these')}</span>
        </Link>
      </h2>
      <ul aria-labelledby="open-cases" className="grid grid-cols-2 gap-px border-t bg-line md:grid-cols-5">
        {of(counts?.to_decide, {}, t('home.to_decide'))}
        {of(counts?.overdue, { overdue: true }, t('shell.overdue'), {
          alarming: alarming(counts?.overdue),
          capped: counts?.overdue_capped,
        })}
        {of(counts?.mine, { assignee: 'me' }, t('shell.mine'))}
        {of(counts?.unassigned, { assignee: 'none' }, t('shell.unassigned'))}
        {of(counts?.incident, { incident: true }, t('shell.incidents'), {
          alarming: alarming(counts?.incident),
          className: 'max-md:col-span-2',
        })}
      </ul>
    </section>
  );
}

interface CountProps {
  search: QueueSearch;
  label: string;
  value: string | undefined;
  alarming?: boolean;
  capped?: boolean;
  className?: string;
}

function Count({ search, label, value, alarming, className }: CountProps) {
  return (
    <li className={cx('bg-surface', className)}>
      <Link to="/queue" search={search} className="flex flex-col px-3 py-2 -outline-offset-2 hover:bg-hover">
        <span className="text-xs text-muted">{label}</span>
        <span className={cx('text-xl font-semibold tabular-nums', alarming && 'text-danger')}>{value ?? '–'}</span>
      </Link>
    </li>
  );
}
