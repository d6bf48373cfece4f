import { useQuery } from '@tanstack/react-query';
import { type Case, relatedQuery } from '@/api';
import { useT } from '@/i18n';
import type { Translate } from '@/i18n/locale';
import { useSession } from '@/session';
import { Chip, Section, SkeletonLines } from '@/ui';
import { CaseRow } from './CaseRow';
import { PanelError } from './PanelError';

type Relations = NonNullable<Awaited<ReturnType<NonNullable<ReturnType<typeof relatedQuery>['queryFn']>>>>;
type Why = Relations['data'][number]['why'][number];

/** What two cases have in common, in words. */
const reason = (t: Translate, why: Why) => {
  const common = t(`related.${why.kind}`);
  return why.value ? t('related.value', { common, value: why.value }) : common;
};

/** Other cases that may be about the same person, each with what it has in common with this one. */
export function RelatedPanel({ one }: { one: Case }) {
  const t = useT();
  const { can } = useSession();
  const related = useQuery(relatedQuery(one));
  return (
    <Section title={t('cases.tab_related')} flush>
      {related.isPending ? (
        <SkeletonLines label={t('common.loading')} />
      ) : related.isError ? (
        <PanelError error={related.error} onRetry={() => void related.refetch()} />
      ) : related.data.data.length === 0 ? (
        <p className="p-3 text-muted">{t(can('cases:personal') ? 'cases.no_related' : 'cases.no_related_subject')}</p>
      ) : (
        <>
          <ul>
            {related.data.data.map((other) => (
              <CaseRow key={other.case.id} other={other.case}>
                <span className="flex basis-full flex-wrap gap-2">
                  {other.why.map((why) => (
                    <Chip key={why.kind + (why.value ?? '')} tone={why.kind === 'subject' ? 'neutral' : 'info'}>
                      <bdi>{reason(t, why)}</bdi>
                    </Chip>
                  ))}
                </span>
              </CaseRow>
            ))}
          </ul>
          {related.data.more && <p className="p-3 text-sm text-muted">{t('related.more')}</p>}
        </>
      )}
    </Section>
  );
}
