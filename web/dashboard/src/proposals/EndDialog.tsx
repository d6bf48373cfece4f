import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { asProblem, keys, type Proposal } from '@/api';
import { reasonOf } from '@/i18n';
import { Button, Dialog, Field, Textarea, toast } from '@/ui';
import { type Ending, end } from './queries';
import { useT } from './texts';
import { useSubject } from './words';

const done = { approve: 'proposals.approved', reject: 'proposals.rejected', withdraw: 'proposals.withdrawn' } as const;

/** Ends a proposal: with a comment, with a reason, or without words. */
export function EndDialog({ one, how, onClose }: { one: Proposal; how: Ending; onClose: () => void }) {
  const t = useT();
  const queries = useQueryClient();
  const subjectOf = useSubject();
  const [words, setWords] = useState('');
  const [tried, setTried] = useState(false);
  const missing = how === 'reject' && words.trim() === '';
  const ending = useMutation({
    mutationFn: () => end(one.id, how, words.trim()),
    onSuccess: () => toast({ title: t(done[how]), tone: 'success' }),
    onError: (error) => {
      const problem = asProblem(error);
      if (!problem.signedOut) toast({ title: t('common.failed'), description: reasonOf(t, problem), tone: 'danger' });
    },
    // Whatever the result, the page shows the current state: somebody else may have been faster.
    onSettled: async (_, error) => {
      await Promise.all([
        queries.invalidateQueries({ queryKey: keys.proposal(one.id) }),
        queries.invalidateQueries({ queryKey: keys.allProposals }),
      ]);
      if (!error || !asProblem(error).unreachable) onClose();
    },
  });
  const submit = () => {
    setTried(true);
    if (!missing && !ending.isPending) ending.mutate();
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t(`proposals.${how}_title`)}
      description={t(`proposals.${how}_detail`)}
      closeLabel={t('common.close')}
      size="sm"
      footer={
        <>
          <Button variant="ghost" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button variant={how === 'reject' ? 'danger' : 'primary'} loading={ending.isPending} onClick={submit}>
            {t(`proposals.${how}`)}
          </Button>
        </>
      }
    >
      <p className="font-medium wrap-anywhere">{subjectOf(one)}</p>
      {how !== 'withdraw' && (
        <Field
          label={t(how === 'reject' ? 'proposals.reason' : 'proposals.comment')}
          required={how === 'reject'}
          error={tried && missing ? t('cases.reason_missing') : undefined}
        >
          {(control) => (
            <Textarea
              {...control}
              rows={3}
              maxLength={2000}
              value={words}
              onChange={(event) => setWords(event.target.value)}
            />
          )}
        </Field>
      )}
    </Dialog>
  );
}
