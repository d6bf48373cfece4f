import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { answer, type Case, client } from '@/api';
import { reasonOf, useFormats, useLocale, useT } from '@/i18n';
import { Button, Dialog, Field, Input, Textarea, toast } from '@/ui';
import { useDeskT } from './useDeskT';
import { momentOf, offersAt } from './when';

interface DialogProps {
  one: Case;
  onChanged: (fresh: Case) => void;
  onClose: () => void;
}

/** Asks until when a case is to be snoozed. */
export function SnoozeDialog({ one, onChanged, onClose }: DialogProps) {
  const t = useT();
  const d = useDeskT();
  const { moment } = useFormats();
  const { timeZone } = useLocale();
  const [other, setOther] = useState('');
  const [tried, setTried] = useState(false);
  const [now] = useState(() => new Date());
  const offers = offersAt(now, timeZone);
  const snooze = useMutation({
    mutationFn: (until: string) =>
      answer(client.PUT('/v1/cases/{id}/snooze', { params: { path: { id: one.id } }, body: { until } })),
    onSuccess: (fresh) => {
      onChanged(fresh);
      onClose();
    },
    onError: (error) => toast({ title: t('common.failed'), description: reasonOf(t, error), tone: 'danger' }),
  });
  const until = momentOf(other, timeZone, now);
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={d('snooze_title')}
      description={d('snooze_detail')}
      closeLabel={t('common.close')}
      size="sm"
      footer={
        <>
          <Button variant="ghost" onClick={onClose}>
            {d('cancel')}
          </Button>
          <Button
            variant="primary"
            loading={snooze.isPending}
            onClick={() => {
              setTried(true);
              if (until) snooze.mutate(until);
            }}
          >
            {d('snooze')}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-3">
        <ul className="flex flex-col gap-1.5">
          {(['hour', 'tomorrow', 'monday'] as const).map((offer) => (
            <li key={offer}>
              <Button
                className="w-full justify-between"
                disabled={snooze.isPending}
                onClick={() => snooze.mutate(offers[offer])}
              >
                <span>{d(`snooze_${offer}`)}</span>
                <span className="font-normal text-muted">{moment(new Date(offers[offer]))}</span>
              </Button>
            </li>
          ))}
        </ul>
        <Field label={d('snooze_other')} error={tried && !until ? d('snooze_wrong') : undefined}>
          {(control) => (
            <Input
              {...control}
              type="datetime-local"
              value={other}
              onChange={(event) => setOther(event.target.value)}
            />
          )}
        </Field>
      </div>
    </Dialog>
  );
}

/** Asks why a case is escalated. */
export function EscalationDialog({ one, onChanged, onClose }: DialogProps) {
  const t = useT();
  const d = useDeskT();
  const [reason, setReason] = useState('');
  const [tried, setTried] = useState(false);
  const missing = reason.trim() === '';
  const escalate = useMutation({
    mutationFn: () =>
      answer(
        client.PUT('/v1/cases/{id}/escalation', {
          params: { path: { id: one.id } },
          body: { reason: reason.trim() },
        }),
      ),
    onSuccess: (fresh) => {
      onChanged(fresh);
      onClose();
    },
    onError: (error) => toast({ title: t('common.failed'), description: reasonOf(t, error), tone: 'danger' }),
  });
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={d('escalate_title')}
      description={d('escalate_detail')}
      closeLabel={t('common.close')}
      size="sm"
      footer={
        <>
          <Button variant="ghost" onClick={onClose}>
            {d('cancel')}
          </Button>
          <Button
            variant="primary"
            loading={escalate.isPending}
            onClick={() => {
              setTried(true);
              if (!missing && !escalate.isPending) escalate.mutate();
            }}
          >
            {d('escalate')}
          </Button>
        </>
      }
    >
      <Field label={d('escalate_reason')} required error={tried && missing ? d('escalate_missing') : undefined}>
        {(control) => (
          <Textarea
            {...control}
            rows={3}
            maxLength={2000}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
        )}
      </Field>
    </Dialog>
  );
}
