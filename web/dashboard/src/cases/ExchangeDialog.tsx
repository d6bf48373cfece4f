import { useQuery } from '@tanstack/react-query';
import { answer, client, keys, type TaskRun } from '@/api';
import { Time, useFormats } from '@/i18n';
import { Button, Dialog, Section, SkeletonLines } from '@/ui';
import { useT } from './exchangeTexts';
import { PanelError } from './PanelError';

interface Message {
  headers?: { name: string; value: string }[] | null;
  body?: { text?: string; base64?: string; bytes: number; cut?: boolean };
}

/** What was sent to a vendor and what it answered at one attempt. Opening it is recorded in the case's history. */
export function ExchangeDialog({ caseId, run, onClose }: { caseId: string; run: TaskRun; onClose: () => void }) {
  const t = useT();
  const { duration } = useFormats();
  const found = useQuery({
    queryKey: keys.exchange(caseId, run.id),
    queryFn: () =>
      answer(client.GET('/v1/cases/{id}/tasks/{task}/exchange', { params: { path: { id: caseId, task: run.id } } })),
    staleTime: Number.POSITIVE_INFINITY, // each request is recorded
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
    retry: false,
  });
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      size="lg"
      reading
      title={t('exchange.title', { plugin: run.name })}
      description={t('exchange.detail')}
      closeLabel={t('common.close')}
      footer={<Button onClick={onClose}>{t('common.close')}</Button>}
    >
      {found.isPending ? (
        <SkeletonLines lines={6} label={t('common.loading')} />
      ) : found.isError ? (
        <PanelError error={found.error} onRetry={() => void found.refetch()} />
      ) : (
        <div className="flex flex-col gap-3">
          {(found.data.calls ?? []).map((call, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: they have no other name, and never change
            <div key={index} className="flex flex-col gap-2">
              {call.request && (
                <Section title={t('exchange.request')}>
                  <p className="break-all font-mono text-xs">
                    {call.request.method} {call.request.url}
                  </p>
                  <p className="text-xs text-muted">
                    <Time value={call.at} form="moment" /> · {duration(call.duration / 1e9)}
                    {call.step && ` · ${call.step}`}
                  </p>
                  <Content message={call.request} />
                </Section>
              )}
              <Section title={call.request ? t('exchange.answer') : t('exchange.callback')}>
                {call.answer ? (
                  <>
                    {call.answer.status !== undefined && <p className="font-mono text-xs">HTTP {call.answer.status}</p>}
                    <Content message={call.answer} />
                  </>
                ) : (
                  <p className="text-muted">{t('exchange.none')}</p>
                )}
              </Section>
            </div>
          ))}
        </div>
      )}
    </Dialog>
  );
}

function Content({ message: { headers, body } }: { message: Message }) {
  const t = useT();
  const { bytes } = useFormats();
  return (
    <>
      {headers && headers.length > 0 && (
        <details className="mt-1 text-xs">
          <summary className="text-muted">{t('exchange.headers', { count: headers.length })}</summary>
          <ul className="mt-1 break-all font-mono">
            {headers.map((header) => (
              <li key={header.name}>
                {header.name}: {header.value}
              </li>
            ))}
          </ul>
        </details>
      )}
      {body && leftOut(body) && (
        <p className="mt-1 text-xs text-muted">
          {t('exchange.left_out', { bytes: bytes(body.bytes), digest: leftOut(body) ?? '' })}
        </p>
      )}
      {body && !leftOut(body) && (
        <pre className="mt-1 whitespace-pre-wrap break-all rounded border bg-canvas p-2 text-xs">
          {pretty(body.text ?? body.base64 ?? '')}
        </pre>
      )}
      {body?.cut && <p className="text-xs text-muted">{t('exchange.cut')}</p>}
    </>
  );
}

/** The SHA-256 of a body of which nothing else is kept, because it is no text in which a secret could be found. */
export function leftOut(body: { text?: string }): string | undefined {
  return /^__bytes\.sha256\.([0-9a-f]{64})__$/.exec(body.text ?? '')?.[1];
}

/** JSON with line breaks; anything else as it is. */
export function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
