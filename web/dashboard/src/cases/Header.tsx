import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ArrowDown, ArrowUp, Ban, ChevronLeft, Printer, UserRound } from 'lucide-react';
import { answer, type Case, client, type Present, usersQuery, type WorkflowDetail } from '@/api';
import { reasonOf, Time, useFormats, useT } from '@/i18n';
import { useTitle } from '@/i18n/titles';
import { assignable } from '@/queue/BulkBar';
import { RiskChip, StateChip } from '@/queue/chips';
import { rememberedList } from '@/queue/neighbours';
import { SlaChip } from '@/queue/SlaChip';
import { useSession } from '@/session';
import { Avatar, Button, Chip, IconButton, Menu, Popover, toast } from '@/ui';
import { policyAnswers } from './checks';
import { RiskReason } from './Foreign';
import { useNamesOf } from './names';
import { nameIn, wordsOf } from './words';

export interface HeaderProps {
  one: Case;
  workflow: WorkflowDetail | undefined;
  others: Present['others'];
  previous?: string;
  next?: string;
  onAssigned: (fresh: Case) => void;
  onGo: (id: string) => void;
  onPrint: () => void;
  onCancel: () => void;
}

/** Who the case is about, where it is, how urgent, whose, and who else is looking. */
export function Header({ one, workflow, others, previous, next, onAssigned, onGo, onPrint, onCancel }: HeaderProps) {
  const t = useT();
  const title = useTitle();
  const { number } = useFormats();
  const { me, can } = useSession();
  const answers = policyAnswers(one.context);
  const names = useNamesOf(one, Boolean(one.waiting?.work));
  const name = nameIn(one) || t('cases.unnamed');
  return (
    <header className="border-b bg-surface px-4 py-2.5">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <Link
          to="/queue"
          search={rememberedList().search}
          className="-ml-1 inline-flex size-7 items-center justify-center rounded-md text-muted hover:bg-hover no-print"
          aria-label={t('cases.back')}
        >
          <ChevronLeft className="size-4" />
        </Link>
        <h1 className="min-w-0 max-w-full text-lg font-semibold sm:max-w-[60%]">
          <bdi title={name} className="line-clamp-2">
            {name}
          </bdi>
        </h1>
        <StateChip one={one} names={names.state} />
        {one.risk ? (
          <Popover
            label={t('cases.risk')}
            trigger={
              <button type="button" className="inline-flex min-h-6 items-center rounded-sm">
                <RiskChip risk={one.risk} />
                <span className="sr-text">{t('cases.risk_open')}</span>
              </button>
            }
          >
            <p className="font-medium">
              {t.maybe(`risk.${one.risk.severity}`, one.risk.severity)} · {number(one.risk.score, 0)}{' '}
              {one.risk.policy && <span className="font-normal text-muted">({wordsOf(one.risk.policy)})</span>}
            </p>
            <ul className="mt-1 list-disc pl-4">
              {one.risk.reasons.map((reason) => (
                <li key={reason}>
                  <RiskReason reason={reason} answers={answers} />
                </li>
              ))}
            </ul>
            {one.risk.reasons.length === 0 && <p className="text-muted">{t('cases.risk_no_reasons')}</p>}
          </Popover>
        ) : null}
        {one.sla && <SlaChip sla={one.sla} />}
        <span className="flex-1" />
        <Looking others={others} />
        <Assignee
          one={one}
          onAssigned={onAssigned}
          mayAssign={can('cases:write') && one.status === 'active'}
          me={me.user.id}
        />
        <div className="flex items-center no-print">
          <IconButton
            label={t('cases.previous')}
            icon={<ArrowUp className="size-4" />}
            disabled={!previous}
            onClick={() => previous && onGo(previous)}
          />
          <IconButton
            label={t('cases.next')}
            icon={<ArrowDown className="size-4" />}
            disabled={!next}
            onClick={() => next && onGo(next)}
          />
          <IconButton label={t('cases.print')} icon={<Printer className="size-4" />} onClick={onPrint} />
          {can('cases:operate') && one.status === 'active' && (
            <IconButton label={t('cases.cancel')} icon={<Ban className="size-4" />} onClick={onCancel} />
          )}
        </div>
      </div>
      <p className="mt-1 flex flex-wrap gap-x-3 gap-y-0.5 text-xs text-muted">
        <span>{t.maybe(`subject.${one.subject.type}`, one.subject.type)}</span>
        <span>{title(workflow ?? {}, one.workflow.id)}</span>
        {one.external_id && <span>{one.external_id}</span>}
        <span>
          {t('cases.started')} <Time value={one.created_at} />
        </span>
        {one.waiting && (
          <span>
            {t(`cases.waits_for_${one.waiting.for}`)}
            {one.waiting.work && one.waiting.for !== 'children' && <> ({names.work(one.waiting.work)})</>}
          </span>
        )}
        {one.state_since && (
          <span>
            {t('cases.here_since')} <Time value={one.state_since} />
          </span>
        )}
        <code className="select-all">{one.id}</code>
      </p>
    </header>
  );
}

function Looking({ others }: { others: Present['others'] }) {
  const t = useT();
  return (
    <div role="status" className="flex items-center gap-1 no-print">
      {others.map((other) => (
        <span key={other.user} className="inline-flex items-center gap-1">
          <Avatar
            name={other.name || other.user}
            size="sm"
            title={t(other.editing ? 'cases.is_deciding' : 'cases.is_looking', { name: other.name || other.user })}
          />
          {other.editing && <Chip tone="warning">{t('cases.deciding')}</Chip>}
        </span>
      ))}
      {others.length > 0 && (
        <span className="sr-text">
          {others
            .map((other) =>
              t(other.editing ? 'cases.is_deciding' : 'cases.is_looking', { name: other.name || other.user }),
            )
            .join('. ')}
        </span>
      )}
    </div>
  );
}

function Assignee({
  one,
  onAssigned,
  mayAssign,
  me,
}: {
  one: Case;
  onAssigned: (fresh: Case) => void;
  mayAssign: boolean;
  me: string;
}) {
  const t = useT();
  const users = useQuery(usersQuery).data ?? [];
  const assign = useMutation({
    mutationFn: (user: string | null) =>
      answer(client.PUT('/v1/cases/{id}/assignee', { params: { path: { id: one.id } }, body: { user } })),
    onSuccess: onAssigned,
    onError: (error) =>
      toast({
        title: t('common.failed'),
        description: reasonOf(t, error),
        tone: 'danger',
      }),
  });
  const name = one.assignee ? users.find((user) => user.id === one.assignee)?.name || one.assignee : t('common.nobody');
  const label = one.assignee === me ? t('cases.yours') : name;
  const face = one.assignee ? <Avatar name={name} size="sm" title="" /> : <UserRound className="size-4" />;
  if (!mayAssign) {
    return (
      <span className="inline-flex items-center gap-1.5 text-sm text-muted" title={t('cases.assignee')}>
        {face}
        <span className="sr-text">{t('cases.assignee')}:</span>
        <bdi>{label}</bdi>
      </span>
    );
  }
  return (
    <span className="inline-flex items-center gap-1">
      {one.assignee !== me && (
        <Button
          size="sm"
          variant="secondary"
          shortcut="i"
          className="no-print"
          loading={assign.isPending}
          onClick={() => assign.mutate(me)}
        >
          {t('cases.claim')}
        </Button>
      )}
      <Menu
        label={t('cases.assignee')}
        trigger={
          <Button size="sm" variant="ghost" icon={face}>
            <span className="sr-text">{t('cases.assignee')}: </span>
            <bdi className="max-w-32 truncate">{label}</bdi>
          </Button>
        }
        groups={[
          assignable(users, me).map((user) => ({
            key: user.id,
            label: user.id === me ? t('queue.me', { name: user.name }) : user.name || user.email,
            checked: user.id === one.assignee,
            onSelect: () => assign.mutate(user.id),
          })),
          one.assignee ? [{ key: 'release', label: t('cases.release'), onSelect: () => assign.mutate(null) }] : [],
        ]}
      />
    </span>
  );
}
