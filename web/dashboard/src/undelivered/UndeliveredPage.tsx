import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { RotateCw, Trash2 } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { asProblem, type DeadLetter, keys } from '@/api';
import { reasonOf, Time, useFormats } from '@/i18n';
import { useSession } from '@/session';
import { useTitle } from '@/shell/title';
import { Button, Dialog, EmptyState, ErrorState, Field, Section, SkeletonLines, Textarea, toast } from '@/ui';
import { useEffectText } from './effects';
import { deadLettersQuery, discard, replay } from './queries';
import { useT } from './texts';

/** What could not be delivered, for those who may settle it. */
export function UndeliveredPage() {
  const t = useT();
  const { can } = useSession();
  useTitle(t('shell.undelivered'));
  if (!can('cases:repair')) return <EmptyState page title={t('common.not_allowed')} />;
  return (
    <div className="mx-auto flex max-w-5xl flex-col gap-4 p-4 md:p-6">
      <div>
        <h1 className="text-xl font-semibold">{t('shell.undelivered')}</h1>
        <p className="text-sm text-muted">{t('undelivered.detail')}</p>
      </div>
      <DeadLetters />
    </div>
  );
}

function DeadLetters() {
  const t = useT();
  const queries = useQueryClient();
  const query = useInfiniteQuery(deadLettersQuery);
  const [chosen, setChosen] = useState<DeadLetter | null>(null);
  // Whatever the result, the list is loaded again; open cases lose their incident.
  const settled = () => {
    void queries.invalidateQueries({ queryKey: keys.deadLetters });
    void queries.invalidateQueries({ queryKey: ['case'] });
  };
  const again = useMutation({
    mutationFn: (one: DeadLetter | null) => replay(one ? { case: one.case, effect: one.effect } : {}),
    onSuccess: (count) => toast({ title: t('undelivered.replayed', { count }), tone: 'success' }),
    onError: failed(t),
    onSettled: settled,
  });
  const problem = query.isError && !query.data ? asProblem(query.error) : null;
  if (problem) {
    return (
      <ErrorState
        title={t('common.load_failed')}
        detail={reasonOf(t, problem)}
        requestId={problem.requestId}
        requestLabel={t('common.request')}
        retryLabel={t('common.retry')}
        onRetry={() => void query.refetch()}
      />
    );
  }
  if (!query.data) return <SkeletonLines lines={5} label={t('common.loading')} />;
  const letters = query.data.pages.flatMap((page) => page.data);
  const more = query.hasNextPage && (
    <div className="flex justify-center border-t p-2">
      <Button loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
        {t('common.more')}
      </Button>
    </div>
  );
  if (letters.length === 0) {
    return (
      <div className="rounded-lg border bg-surface">
        {more || <EmptyState title={t('undelivered.empty')}>{t('undelivered.empty_detail')}</EmptyState>}
      </div>
    );
  }
  return (
    <>
      <Section
        title={t('shell.undelivered')}
        flush
        actions={
          <Button
            size="sm"
            icon={<RotateCw className="size-3.5" />}
            loading={again.isPending && again.variables === null}
            onClick={() => again.mutate(null)}
          >
            {t('undelivered.replay_all')}
          </Button>
        }
      >
        <ul aria-label={t('shell.undelivered')}>
          {letters.map((one) => (
            <Letter
              key={one.id}
              one={one}
              busy={again.isPending && again.variables?.id === one.id}
              onReplay={() => again.mutate(one)}
              onDiscard={() => setChosen(one)}
            />
          ))}
        </ul>
        {more}
      </Section>
      {chosen && <Discard key={chosen.id} one={chosen} onClose={() => setChosen(null)} onSettled={settled} />}
    </>
  );
}

function failed(t: ReturnType<typeof useT>) {
  return (error: unknown) => {
    const problem = asProblem(error);
    if (!problem.signedOut) toast({ title: t('common.failed'), description: reasonOf(t, problem), tone: 'danger' });
  };
}

function Letter({
  one,
  busy,
  onReplay,
  onDiscard,
}: {
  one: DeadLetter;
  busy: boolean;
  onReplay: () => void;
  onDiscard: () => void;
}) {
  const t = useT();
  const { number } = useFormats();
  const textOf = useEffectText();
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 border-t px-3 py-2.5 first:border-t-0">
      <div className="min-w-0 flex-1 basis-72">
        <p className="font-medium wrap-anywhere">{textOf(one.kind, one.type)}</p>
        <dl className="flex flex-wrap gap-x-4 gap-y-0.5 text-sm text-muted">
          {one.case && (
            <Fact label={t('undelivered.case')}>
              <Link
                to="/cases/$caseId"
                params={{ caseId: one.case }}
                search={{ tab: 'checks' }}
                className="inline-flex min-h-6 items-center text-accent-ink underline wrap-anywhere"
              >
                {one.case}
              </Link>
            </Fact>
          )}
          <Fact label={t('undelivered.attempts')}>{number(one.attempts)}</Fact>
          <Fact label={t('undelivered.since')}>
            <Time value={one.dead_at} />
          </Fact>
          <Fact label={t('undelivered.error')}>
            <code className="wrap-anywhere">{one.error}</code>
          </Fact>
        </dl>
      </div>
      <div className="flex flex-wrap gap-1.5">
        <Button size="sm" icon={<RotateCw className="size-3.5" />} loading={busy} onClick={onReplay}>
          {t('undelivered.replay')}
        </Button>
        <Button size="sm" icon={<Trash2 className="size-3.5" />} onClick={onDiscard}>
          {t('undelivered.discard')}
        </Button>
      </div>
    </li>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="flex min-w-0 items-center gap-1">
      <dt>{label}:</dt>
      <dd className="min-w-0">{children}</dd>
    </div>
  );
}

/** Asks why something shall not happen. */
function Discard({ one, onClose, onSettled }: { one: DeadLetter; onClose: () => void; onSettled: () => void }) {
  const t = useT();
  const textOf = useEffectText();
  const [reason, setReason] = useState('');
  const [missing, setMissing] = useState(false);
  const away = useMutation({
    mutationFn: () => discard({ case: one.case, effect: one.effect }, reason.trim()),
    onSuccess: () => {
      toast({ title: t('undelivered.discarded'), tone: 'success' });
      onClose();
    },
    onError: failed(t),
    onSettled,
  });
  const submit = () => {
    setMissing(reason.trim() === '');
    if (reason.trim() !== '' && !away.isPending) away.mutate();
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t('undelivered.discard_title', { effect: textOf(one.kind, one.type) })}
      description={t('undelivered.discard_detail')}
      closeLabel={t('common.close')}
      size="sm"
      footer={
        <>
          <Button variant="ghost" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button variant="danger" loading={away.isPending} onClick={submit}>
            {t('undelivered.discard')}
          </Button>
        </>
      }
    >
      <Field
        label={t('undelivered.reason')}
        required
        error={missing && reason.trim() === '' ? t('cases.reason_missing') : undefined}
      >
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
