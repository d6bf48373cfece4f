import { queryOptions, useQuery } from '@tanstack/react-query';
import { answer, type Case, type CaseFilters, client } from '@/api';
import { useT } from '@/i18n';
import { Section, SkeletonLines } from '@/ui';
import { CaseRow } from './CaseRow';
import { PanelError } from './PanelError';

/** The other cases about a subject. */
export const relatedQuery = (one: Pick<Case, 'id' | 'subject'>) => {
  const filters: CaseFilters = { subject: one.subject.id };
  return queryOptions({
    queryKey: ['cases', 'related', one.subject.id, one.id],
    queryFn: async () =>
      (
        await answer(client.GET('/v1/cases', { params: { query: { ...filters, view: 'summary', limit: 50 } } }))
      ).data.filter((other) => other.id !== one.id),
  });
};

/** Other cases about the same subject. */
export function RelatedPanel({ one }: { one: Case }) {
  const t = useT();
  const related = useQuery(relatedQuery(one));
  return (
    <Section title={t('cases.tab_related')} flush>
      {related.isPending ? (
        <SkeletonLines label={t('common.loading')} />
      ) : related.isError ? (
        <PanelError error={related.error} onRetry={() => void related.refetch()} />
      ) : related.data.length === 0 ? (
        <p className="p-3 text-muted">{t('cases.no_related')}</p>
      ) : (
        <ul>
          {related.data.map((other) => (
            <CaseRow key={other.id} other={other} />
          ))}
        </ul>
      )}
    </Section>
  );
}
