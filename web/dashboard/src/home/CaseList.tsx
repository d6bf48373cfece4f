import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useMemo } from 'react';
import { asProblem, type Case, usersQuery } from '@/api';
import { reasonOf, useT } from '@/i18n';
import { RiskChip, StateChip } from '@/queue/chips';
import { SlaChip } from '@/queue/SlaChip';
import { useStateNames } from '@/queue/stateNames';
import { Avatar, EmptyState, ErrorState, Section, SkeletonLines } from '@/ui';

/** A few cases, each a link; the whole list is behind `more`. */
export function CaseList({
  title,
  query,
  more,
  empty,
  withAssignee,
}: {
  title: string;
  query: UseQueryResult<Case[]>;
  more: ReactNode;
  empty: { title: string; detail: string; action?: ReactNode };
  withAssignee?: boolean;
}) {
  const t = useT();
  const users = useQuery({ ...usersQuery, enabled: withAssignee === true });
  const names = useMemo(
    () => new Map((users.data ?? []).map((user) => [user.id, user.name || user.email])),
    [users.data],
  );
  const states = useStateNames(useMemo(() => (query.data ?? []).map((one) => one.workflow.id), [query.data]));
  const problem = query.isError && !query.data ? asProblem(query.error) : null;
  return (
    <Section title={title} actions={query.data?.length ? more : undefined} flush>
      {problem ? (
        <ErrorState
          title={t('common.load_failed')}
          detail={reasonOf(t, problem)}
          requestId={problem.requestId}
          requestLabel={t('common.request')}
          retryLabel={t('common.retry')}
          onRetry={() => void query.refetch()}
        />
      ) : !query.data ? (
        <SkeletonLines lines={5} label={t('common.loading')} />
      ) : query.data.length === 0 ? (
        <EmptyState title={empty.title} action={empty.action}>
          {empty.detail}
        </EmptyState>
      ) : (
        <ul>
          {query.data.map((one) => (
            <li key={one.id} className="border-t first:border-t-0">
              <Link
                to="/cases/$caseId"
                params={{ caseId: one.id }}
                className="grid min-h-9 grid-cols-[minmax(0,1fr)_auto] items-center gap-x-3 gap-y-1 px-3 py-1.5 -outline-offset-2 hover:bg-hover sm:grid-cols-[minmax(0,1fr)_auto_auto]"
              >
                <span className="flex min-w-0 items-center gap-2">
                  {withAssignee &&
                    (one.assignee ? (
                      <Avatar size="sm" name={names.get(one.assignee) ?? t('common.unknown')} />
                    ) : (
                      <span
                        role="img"
                        aria-label={t('common.nobody')}
                        title={t('common.nobody')}
                        className="size-5 shrink-0 rounded-full border border-dashed border-line-strong"
                      />
                    ))}
                  <bdi className="truncate font-medium">{one.subject.name || one.external_id || one.id}</bdi>
                </span>
                <span className="flex justify-self-end sm:order-last sm:min-w-24 sm:justify-end">
                  <SlaChip sla={one.sla} />
                </span>
                <span className="col-span-2 flex min-w-0 gap-2 sm:col-span-1 sm:justify-end">
                  <StateChip one={one} names={states} />
                  {one.risk && <RiskChip risk={one.risk} />}
                </span>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
