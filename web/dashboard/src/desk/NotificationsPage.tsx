import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import {
  AlarmClock,
  AtSign,
  Bell,
  CheckCheck,
  CircleAlert,
  FileDiff,
  Flag,
  Timer,
  UserRound,
  UsersRound,
} from 'lucide-react';
import type { ComponentType } from 'react';
import { answer, client, keys, type Notification, openProposalsQuery } from '@/api';
import { useActorName } from '@/cases/actors';
import { reasonOf, Time, useT } from '@/i18n';
import { optionsFor } from '@/proposals/standing';
import { useSession } from '@/session';
import { useTitle } from '@/shell/title';
import { Button, Chip, EmptyState, ErrorState, SkeletonLines, toast } from '@/ui';
import { notificationsQuery } from './queries';
import { keyOf, useDeskT } from './useDeskT';

const icons: Partial<Record<string, ComponentType<{ className?: string }>>> = {
  assigned: UserRound,
  mentioned: AtSign,
  decided: CheckCheck,
  sla_breached: Timer,
  incident: CircleAlert,
  proposed: UsersRound,
  escalated: Flag,
  returned: AlarmClock,
};

/** The notifications of a person: the newest first, each with its case. */
export function NotificationsPage() {
  const t = useT();
  const d = useDeskT();
  const queries = useQueryClient();
  const found = useQuery(notificationsQuery);
  useTitle(d('notifications'));
  const read = useMutation({
    mutationFn: (body: { ids?: string[]; until?: string }) => answer(client.PUT('/v1/notifications/read', { body })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: keys.notifications });
      void queries.invalidateQueries({ queryKey: keys.queue });
    },
    onError: (error) => toast({ title: t('common.failed'), description: reasonOf(t, error), tone: 'danger' }),
  });
  const newest = found.data?.data[0]?.at;
  return (
    <div className="mx-auto flex max-w-3xl flex-col gap-4 p-4 md:p-6">
      <div className="flex flex-wrap items-end justify-between gap-2">
        <div>
          <h1 className="text-xl font-semibold">{d('notifications')}</h1>
          <p className="text-sm text-muted">{d('notifications_detail')}</p>
        </div>
        {newest && (found.data?.unread ?? 0) > 0 && (
          <Button
            icon={<CheckCheck className="size-4" />}
            loading={read.isPending}
            onClick={() => read.mutate({ until: newest })}
          >
            {d('read_all')}
          </Button>
        )}
      </div>
      <WaitingProposals />
      {found.isError && !found.data ? (
        <ErrorState
          title={t('common.load_failed')}
          detail={reasonOf(t, found.error)}
          requestLabel={t('common.request')}
          retryLabel={t('common.retry')}
          onRetry={() => void found.refetch()}
        />
      ) : !found.data ? (
        <SkeletonLines lines={5} label={t('common.loading')} />
      ) : found.data.data.length === 0 ? (
        <div className="rounded-lg border bg-surface">
          <EmptyState title={d('notifications_none')}>{d('notifications_none_detail')}</EmptyState>
        </div>
      ) : (
        <div className="overflow-hidden rounded-lg border bg-surface">
          <ul aria-label={d('notifications')}>
            {found.data.data.map((one) => (
              <Row key={one.id} one={one} onOpen={() => one.read || read.mutate({ ids: [one.id] })} />
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}

/** Proposals of definitions that wait for the reader. They stay here until somebody has approved or rejected them. */
function WaitingProposals() {
  const d = useDeskT();
  const nameOf = useActorName(true);
  const { can, me } = useSession();
  const open = useQuery({ ...openProposalsQuery, enabled: can('definitions:approve') }).data?.data ?? [];
  const waiting = open.filter((one) => optionsFor(one, me.user.id, can).mayReject);
  if (waiting.length === 0) return null;
  return (
    <div className="overflow-hidden rounded-lg border bg-surface">
      <ul aria-label={d('proposals_waiting')}>
        {waiting.map((one) => (
          <li key={one.id} className="border-t first:border-t-0">
            <Link
              to="/proposals/$proposalId"
              params={{ proposalId: one.id }}
              className="flex items-start gap-3 px-4 py-2.5 hover:bg-hover"
            >
              <FileDiff className="mt-0.5 size-4 shrink-0 text-muted" aria-hidden="true" />
              <span className="min-w-0 flex-1">
                <span className="block font-medium">
                  {d('proposal_waits', { name: nameOf({ kind: 'user', id: one.proposed_by }) })}
                </span>
                <span className="block text-sm text-muted wrap-break-word">
                  {one.documents.length > 0 && <>{one.documents.map((each) => each.id).join(', ')} · </>}
                  <Time value={one.proposed_at} />
                </span>
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Row({ one, onOpen }: { one: Notification; onOpen: () => void }) {
  const t = useT();
  const d = useDeskT();
  const nameOf = useActorName(true);
  const Icon = icons[one.kind] ?? Bell;
  return (
    <li className="border-t first:border-t-0">
      <Link
        to="/cases/$caseId"
        params={{ caseId: one.case }}
        search={one.kind === 'mentioned' ? { tab: 'notes' } : {}}
        onClick={onOpen}
        className="flex items-start gap-3 px-4 py-2.5 hover:bg-hover"
      >
        <Icon className="mt-0.5 size-4 shrink-0 text-muted" aria-hidden="true" />
        <span className="min-w-0 flex-1">
          <span className={one.read ? 'block' : 'block font-medium'}>
            {d(keyOf(one.kind), { name: one.by ? nameOf(one.by) : d('somebody') })}
          </span>
          <span className="block text-sm text-muted wrap-break-word">
            <bdi>{one.subject || t('cases.unnamed')}</bdi> · <Time value={one.at} />
          </span>
        </span>
        {!one.read && <Chip tone="accent">{d('unread')}</Chip>}
      </Link>
    </li>
  );
}
