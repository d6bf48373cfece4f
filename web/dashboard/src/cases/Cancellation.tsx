import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { type ApiProblem, answer, asProblem, type Case, client, etag } from '@/api';
import { reasonOf, useT } from '@/i18n';
import { Button, Dialog, Field, Textarea, toast } from '@/ui';

/** Asks why a case shall be cancelled. */
export function Cancellation({
  one,
  onCancelled,
  onStale,
  onClose,
}: {
  one: Case;
  onCancelled: (fresh: Case) => void;
  onStale: (problem: ApiProblem) => void;
  onClose: () => void;
}) {
  const t = useT();
  const [reason, setReason] = useState('');
  const [tried, setTried] = useState(false);
  const missing = reason.trim() === '';
  const cancel = useMutation({
    mutationFn: () =>
      answer(
        client.POST('/v1/cases/{id}/cancellation', {
          params: { path: { id: one.id }, header: { 'If-Match': etag(one.version) } },
          body: { reason: reason.trim() },
        }),
      ),
    onSuccess: (fresh) => {
      onCancelled(fresh);
      toast({ title: t('cases.cancelled'), tone: 'success' });
      onClose();
    },
    onError: (error) => {
      const problem = asProblem(error);
      if (problem.status === 412) {
        onClose();
        onStale(problem);
      } else if (!problem.signedOut)
        toast({ title: t('common.failed'), description: reasonOf(t, problem), tone: 'danger' });
    },
  });
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t('cases.cancel_title')}
      description={t('cases.cancel_detail')}
      closeLabel={t('common.close')}
      size="sm"
      footer={
        <>
          <Button variant="ghost" onClick={onClose}>
            {t('cases.cancel_not')}
          </Button>
          <Button
            variant="danger"
            loading={cancel.isPending}
            onClick={() => {
              setTried(true);
              if (!missing && !cancel.isPending) cancel.mutate();
            }}
          >
            {t('cases.cancel')}
          </Button>
        </>
      }
    >
      <Field label={t('cases.reason')} required error={tried && missing ? t('cases.reason_missing') : undefined}>
        {(control) => (
          <Textarea
            {...control}
            rows={3}
            maxLength={1000}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
        )}
      </Field>
    </Dialog>
  );
}
