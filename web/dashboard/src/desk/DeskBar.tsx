import { useMutation, useQueryClient } from '@tanstack/react-query';
import { AlarmClock, Flag, PenLine } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { answer, type Case, client, keys, type Present } from '@/api';
import { useActorName } from '@/cases/actors';
import { reasonOf, useFormats, useT } from '@/i18n';
import { useSession } from '@/session';
import { AlertDialog, Button, toast } from '@/ui';
import { EscalationDialog, SnoozeDialog } from './Dialogs';
import { useDeskT } from './useDeskT';

/** What people do with a case at their desk: who is deciding it, until when it is snoozed, that it is escalated; and each with what one can do about it. */
export function DeskBar({
  one,
  claim,
  onClaim,
  taking,
  onTaking,
  onChanged,
}: {
  one: Case;
  claim: Present['claim'];
  onClaim: (claim: Present['claim']) => void;
  /** Whether the person is asked to confirm that they take the case over. */
  taking: boolean;
  onTaking: (taking: boolean) => void;
  onChanged: (fresh: Case) => void;
}) {
  const t = useT();
  const d = useDeskT();
  const { me, can } = useSession();
  const { moment } = useFormats();
  const nameOf = useActorName();
  const queries = useQueryClient();
  const [dialog, setDialog] = useState<'snooze' | 'escalate' | null>(null);
  const failed = (error: unknown) =>
    toast({ title: t('common.failed'), description: reasonOf(t, error), tone: 'danger' });
  const path = { id: one.id };
  const wake = useMutation({
    mutationFn: () => answer(client.DELETE('/v1/cases/{id}/snooze', { params: { path } })),
    onSuccess: onChanged,
    onError: failed,
  });
  const endEscalation = useMutation({
    mutationFn: () => answer(client.DELETE('/v1/cases/{id}/escalation', { params: { path } })),
    onSuccess: onChanged,
    onError: failed,
  });
  const takeOver = useMutation({
    mutationFn: () => answer(client.PUT('/v1/cases/{id}/claim', { params: { path }, body: { take_over: true } })),
    onSuccess: (mine) => {
      onClaim(mine);
      void queries.invalidateQueries({ queryKey: keys.case(one.id) });
    },
    onError: failed,
  });
  const open = one.status === 'active';
  const works = can('cases:write') && open;
  const other = claim && claim.user !== me.user.id ? claim.name || claim.user : null;
  const escalation = one.escalation;
  const mayEnd = works && escalation && (can('cases:approve') || escalation.by.id === me.user.id);
  if (!open || (!works && !other && !one.snooze && !escalation)) return null;
  return (
    <div className="flex flex-col gap-1.5 px-3 pt-3 no-print">
      <div role="status" className="contents">
        {other && (
          <Line tone="warning" icon={<PenLine className="size-4" />} text={d('deciding', { name: other })}>
            {can('cases:decide') && (
              <Button size="sm" onClick={() => onTaking(true)}>
                {d('take_over')}
              </Button>
            )}
          </Line>
        )}
        {escalation && (
          <Line
            tone="warning"
            icon={<Flag className="size-4" />}
            text={d('escalated_by', { name: nameOf(escalation.by) })}
            detail={escalation.reason}
          >
            {mayEnd && (
              <Button size="sm" loading={endEscalation.isPending} onClick={() => endEscalation.mutate()}>
                {d('escalate_end')}
              </Button>
            )}
          </Line>
        )}
        {one.snooze && (
          <Line
            tone="info"
            icon={<AlarmClock className="size-4" />}
            text={d('snoozed', { time: moment(new Date(one.snooze.until)), name: nameOf(one.snooze.by) })}
          >
            {works && (
              <Button size="sm" loading={wake.isPending} onClick={() => wake.mutate()}>
                {d('snooze_end')}
              </Button>
            )}
          </Line>
        )}
      </div>
      {works && (!one.snooze || !escalation) && (
        <div className="flex flex-wrap gap-1.5">
          {!one.snooze && (
            <Button size="sm" icon={<AlarmClock className="size-3.5" />} onClick={() => setDialog('snooze')}>
              {d('snooze')}
            </Button>
          )}
          {!escalation && (
            <Button size="sm" icon={<Flag className="size-3.5" />} onClick={() => setDialog('escalate')}>
              {d('escalate')}
            </Button>
          )}
        </div>
      )}
      {dialog === 'snooze' && <SnoozeDialog one={one} onChanged={onChanged} onClose={() => setDialog(null)} />}
      {dialog === 'escalate' && <EscalationDialog one={one} onChanged={onChanged} onClose={() => setDialog(null)} />}
      <AlertDialog
        open={taking}
        onOpenChange={onTaking}
        title={d('take_over_title', { name: other ?? '' })}
        description={d('take_over_detail', { name: other ?? '' })}
        confirm={d('take_over')}
        cancel={d('cancel')}
        onConfirm={() => {
          onTaking(false);
          takeOver.mutate();
        }}
      />
    </div>
  );
}

function Line({
  tone,
  icon,
  text,
  detail,
  children,
}: {
  tone: 'warning' | 'info';
  icon: ReactNode;
  text: string;
  detail?: string;
  children?: ReactNode;
}) {
  return (
    <div
      className={`flex flex-wrap items-center gap-x-2 gap-y-1 rounded-lg px-3 py-1.5 text-sm ${tone === 'warning' ? 'bg-warning-soft text-warning' : 'bg-info-soft text-info'}`}
    >
      <span aria-hidden="true">{icon}</span>
      <span className="min-w-0 flex-1 wrap-break-word">
        <span className="font-medium">{text}</span>
        {detail && (
          <>
            {': '}
            <bdi>{detail}</bdi>
          </>
        )}
      </span>
      {children}
    </div>
  );
}
