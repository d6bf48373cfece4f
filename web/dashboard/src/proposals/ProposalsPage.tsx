import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import type { Proposal, ProposalStatus } from '@/api';
import { Time } from '@/i18n';
import { useSession } from '@/session';
import { useTitle } from '@/shell/title';
import { Button, Chip, EmptyState, Field, Section, Select, SkeletonLines } from '@/ui';
import { Failed } from './Failed';
import { proposalsQuery } from './queries';
import { optionsFor } from './standing';
import { useT } from './texts';
import { Visible } from './Visible';
import { tones, useDocumentName, useNameOf, useSubject } from './words';

const statuses: ProposalStatus[] = ['open', 'approved', 'rejected', 'withdrawn', 'outdated'];

/** What people want to publish where publishing requires two people. */
export function ProposalsPage() {
  const t = useT();
  const { can } = useSession();
  const navigate = useNavigate({ from: '/proposals' });
  const search = useSearch({ from: '/signed-in/proposals' });
  useTitle(t('shell.proposals'));
  if (!can('definitions:read')) return <EmptyState page title={t('common.not_allowed')} />;
  const status = search.status === 'all' ? undefined : (statuses.find((one) => one === search.status) ?? 'open');
  return (
    <div className="mx-auto flex max-w-5xl flex-col gap-4 p-4 md:p-6">
      <div>
        <h1 className="text-xl font-semibold">{t('shell.proposals')}</h1>
        <p className="text-sm text-muted">{t('proposals.detail')}</p>
      </div>
      <Field label={t('proposals.status')} className="max-w-48">
        {(control) => (
          <Select
            {...control}
            value={status ?? 'all'}
            onValueChange={(value) => void navigate({ search: value === 'open' ? {} : { status: value } })}
            options={[...statuses, 'all' as const].map((value) => ({ value, label: t(`proposals.status_${value}`) }))}
          />
        )}
      </Field>
      <Proposals status={status} />
    </div>
  );
}

function Proposals({ status }: { status: ProposalStatus | undefined }) {
  const t = useT();
  const query = useInfiniteQuery(proposalsQuery(status));
  if (query.isError && !query.data) return <Failed error={query.error} onRetry={() => void query.refetch()} />;
  if (!query.data) return <SkeletonLines lines={5} label={t('common.loading')} />;
  const proposals = query.data.pages.flatMap((page) => page.data);
  if (proposals.length === 0 && !query.hasNextPage) {
    return (
      <div className="rounded-lg border bg-surface">
        <EmptyState title={t('proposals.empty')}>{t('proposals.empty_detail')}</EmptyState>
      </div>
    );
  }
  return (
    <Section title={t('shell.proposals')} flush>
      <ul aria-label={t('shell.proposals')}>
        {proposals.map((one) => (
          <Row key={one.id} one={one} />
        ))}
      </ul>
      {query.hasNextPage && (
        <div className="flex justify-center border-t p-2">
          <Button loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            {t('common.more')}
          </Button>
        </div>
      )}
    </Section>
  );
}

function Row({ one }: { one: Proposal }) {
  const t = useT();
  const { me, can } = useSession();
  const subjectOf = useSubject();
  const nameOf = useNameOf();
  const { mayReject } = optionsFor(one, me.user.id, can);
  return (
    <li className="border-t first:border-t-0">
      <Link
        to="/proposals/$proposalId"
        params={{ proposalId: one.id }}
        className="flex flex-col gap-0.5 px-3 py-2.5 hover:bg-hover focus-visible:-outline-offset-2"
      >
        <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <span className="min-w-0 flex-1 basis-56 font-medium wrap-anywhere">
            <bdi>{subjectOf(one)}</bdi>
          </span>
          {mayReject && <Chip tone="accent">{t('proposals.for_you')}</Chip>}
          {one.proposed_by === me.user.id && <Chip>{t('proposals.own')}</Chip>}
          <Chip tone={tones[one.status]}>{t(`proposals.status_${one.status}`)}</Chip>
        </span>
        <span className="flex flex-wrap gap-x-2 text-sm text-muted">
          <span>{t('proposals.by', { name: nameOf(one.proposed_by) })}</span>
          <Time value={one.proposed_at} />
          <Versions one={one} />
          {one.decided_at && one.decided_by && (
            <span>
              {t('proposals.decided_by', {
                status: t(`proposals.status_${one.status}`),
                name: nameOf(one.decided_by),
              })}
            </span>
          )}
        </span>
        {one.comment && (
          <span className="line-clamp-2 text-sm wrap-anywhere">
            <Visible text={one.comment} />
          </span>
        )}
      </Link>
    </li>
  );
}

/** The base version, for proposals of one document; the page of the proposal shows it for each. */
function Versions({ one }: { one: Proposal }) {
  const t = useT();
  const nameOf = useDocumentName();
  const [first, ...others] = one.documents;
  if (!first || others.length > 0) return null;
  return (
    <span title={nameOf(first)}>
      {first.version
        ? t('proposals.became', { version: first.version })
        : first.base === 0
          ? t('proposals.first_version')
          : t('proposals.based_on', { base: first.base })}
    </span>
  );
}
