import { useQuery } from '@tanstack/react-query';
import { answer, type Case, client, keys } from '@/api';
import { Time, useT } from '@/i18n';
import { stateName } from '@/queue/chips';
import { useStateNames } from '@/queue/stateNames';
import { SkeletonLines } from '@/ui';
import { useActorName } from './actors';
import { endingOf } from './facts';
import { PanelError } from './PanelError';
import { useReasonText } from './reasons';

/** How a closed case has ended: who decided, when, with which reason and comment; or that no decision was needed. */
export function Outcome({ one }: { one: Case }) {
  const t = useT();
  const nameOf = useActorName();
  const reasonText = useReasonText();
  const states = useStateNames([one.workflow.id]);
  const causes = ['decision', 'undone', 'cancelled'] as const;
  const found = useQuery({
    queryKey: [...keys.history(one.id, causes), 'newest'],
    queryFn: async ({ signal }) =>
      (
        await answer(
          client.GET('/v1/cases/{id}/history', {
            params: { path: { id: one.id }, query: { cause: [...causes], sort: '-version', limit: 1 } },
            signal,
          }),
        )
      ).data,
  });
  if (found.isError) return <PanelError error={found.error} onRetry={() => void found.refetch()} />;
  if (!found.data) return <SkeletonLines lines={2} label={t('common.loading')} />;
  const ending = endingOf(one, found.data);
  const outcome = one.outcome
    ? t.maybe(`decided.${one.outcome}`, states(one.outcome, one.workflow.id))
    : t.maybe(`status.${one.status}`, stateName(one.status));
  return (
    <>
      <p className="font-semibold">{outcome}</p>
      {ending ? (
        <>
          <p>
            {nameOf(ending.actor)} · <Time value={ending.at} />
          </p>
          {ending.reason && <p className="text-muted">{reasonText(ending.reason)}</p>}
          {ending.comment && (
            <p className="whitespace-pre-wrap text-muted">
              <bdi>{ending.comment}</bdi>
            </p>
          )}
        </>
      ) : (
        <p className="text-muted">{t('cases.ended_alone')}</p>
      )}
    </>
  );
}
