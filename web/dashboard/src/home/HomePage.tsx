import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ArrowRight } from 'lucide-react';
import type { ReactNode } from 'react';
import { queueQuery } from '@/api';
import { useFormats, useT } from '@/i18n';
import { useSession } from '@/session';
import { useTitle } from '@/shell/title';
import { cx } from '@/ui';
import { CaseList } from './CaseList';
import { firstCases } from './queries';
import { Statistics } from './Statistics';

const link = 'inline-flex min-h-6 items-center rounded-sm px-1.5 text-sm text-accent-ink hover:underline';

/** What waits for the person who is signed in, what breaches soon, and how the work went. */
export function HomePage() {
  const t = useT();
  const { me, can } = useSession();
  useTitle(t('shell.home'));
  const mine = useQuery(firstCases('mine', { assignee: 'me', status: 'active', sort: 'due_at' }));
  const soonest = useQuery(firstCases('soonest', { status: 'active', sort: 'due_at' }));
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
            <Link to="/queue" search={{ sort: 'due_at', decide: false }} className={link}>
              {t('home.all_open')}
            </Link>
          }
          empty={{ title: t('home.soonest_empty'), detail: t('home.soonest_empty_detail') }}
        />
      </div>
      {can('statistics:read') && <Statistics />}
    </div>
  );
}

function Counts() {
  const t = useT();
  const { number } = useFormats();
  const queue = useQuery(queueQuery);
  const counts = queue.data;
  return (
    <ul
      aria-label={t('home.counts')}
      className="grid grid-cols-2 gap-px overflow-hidden rounded-lg border bg-line md:grid-cols-4"
    >
      <Count search={{}} label={t('home.to_decide')} value={counts && number(counts.to_decide)} />
      <Count search={{ assignee: 'me' }} label={t('shell.mine')} value={counts && number(counts.mine)} />
      <Count search={{ assignee: 'none' }} label={t('shell.unassigned')} value={counts && number(counts.unassigned)} />
      <Count
        search={{ overdue: true }}
        label={t('shell.overdue')}
        value={counts && number(counts.overdue) + (counts.overdue_capped ? '+' : '')}
        alarming={counts !== undefined && counts.overdue > 0}
      />
    </ul>
  );
}

function Count({
  search,
  label,
  value,
  alarming,
}: {
  search: { assignee?: string; overdue?: boolean };
  label: ReactNode;
  value: string | undefined;
  alarming?: boolean;
}) {
  return (
    <li className="bg-surface">
      <Link to="/queue" search={search} className="flex flex-col px-3 py-2.5 -outline-offset-2 hover:bg-hover">
        <span className="text-xs text-muted">{label}</span>
        <span className={cx('text-xl font-semibold tabular-nums', alarming && 'text-danger')}>{value ?? '–'}</span>
      </Link>
    </li>
  );
}
