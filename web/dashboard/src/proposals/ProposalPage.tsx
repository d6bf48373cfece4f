import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { Check, ChevronLeft, Undo2, X } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import type { Proposal } from '@/api';
import { DecisionBar } from '@/cases/DecisionBar';
import { Time } from '@/i18n';
import { useSession } from '@/session';
import { useTitle } from '@/shell/title';
import { Button, Chip, EmptyState, Section, SkeletonLines } from '@/ui';
import { Document } from './Document';
import { EndDialog } from './EndDialog';
import { Failed } from './Failed';
import { type Ending, proposalQuery } from './queries';
import { type Options, optionsFor } from './standing';
import { useT } from './texts';
import { Visible } from './Visible';
import { tones, useNameOf, useSubject } from './words';

/** A proposal: what it changes, what speaks against it, and its decision. */
export function ProposalPage() {
  const t = useT();
  const { can } = useSession();
  if (!can('definitions:read')) return <EmptyState page title={t('common.not_allowed')} />;
  return <Known />;
}

function Known() {
  const t = useT();
  const { proposalId } = useParams({ from: '/signed-in/proposals/$proposalId' });
  const query = useQuery(proposalQuery(proposalId));
  useTitle(t('shell.proposals'));
  if (query.data) return <Body key={proposalId} one={query.data} />;
  if (query.isError) return <Failed page error={query.error} onRetry={() => void query.refetch()} />;
  return <SkeletonLines lines={10} label={t('common.loading')} />;
}

function Body({ one }: { one: Proposal }) {
  const t = useT();
  const { me, can } = useSession();
  const subjectOf = useSubject();
  const options = optionsFor(one, me.user.id, can);
  const [ending, setEnding] = useState<Ending | null>(null);
  return (
    <div className="flex min-h-full flex-col">
      <div className="mx-auto flex w-full max-w-5xl flex-1 flex-col gap-4 p-4 md:p-6">
        <div className="flex flex-col gap-1">
          <Link
            to="/proposals"
            className="-ml-1 inline-flex min-h-6 items-center gap-1 self-start text-sm text-muted hover:text-ink no-print"
          >
            <ChevronLeft aria-hidden="true" className="size-4" />
            {t('proposals.back')}
          </Link>
          <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <h1 className="min-w-0 text-xl font-semibold wrap-anywhere">{subjectOf(one)}</h1>
            <Chip tone={tones[one.status]}>{t(`proposals.status_${one.status}`)}</Chip>
          </div>
          <About one={one} />
        </div>
        <Obstacle one={one} options={options} />
        {one.settings && (
          <Section title={subjectOf({ ...one, documents: [] })}>
            <p className="text-sm">{!one.settings.four_eyes && t('proposals.four_eyes_off_detail')}</p>
          </Section>
        )}
        {one.documents.map((document) => (
          <Document
            key={`${document.kind} ${document.id}`}
            one={document}
            open={one.status === 'open'}
            comment={one.comment}
          />
        ))}
      </div>
      <Actions options={options} onEnd={setEnding} />
      {ending && <EndDialog one={one} how={ending} onClose={() => setEnding(null)} />}
    </div>
  );
}

/** Who wants it, since when, and how it has ended. */
function About({ one }: { one: Proposal }) {
  const t = useT();
  const nameOf = useNameOf();
  return (
    <div className="flex flex-col gap-1 text-sm">
      <Words comment={one.comment}>
        {t('proposals.by', { name: nameOf(one.proposed_by) })} · <Time value={one.proposed_at} />
      </Words>
      {one.behind && one.behind.length > 0 && (
        <p className="text-muted">{t('proposals.behind', { names: one.behind.map(nameOf).join(', ') })}</p>
      )}
      {one.decided_at && (
        <Words comment={one.reason}>
          {t('proposals.decided_by', {
            status: t(`proposals.status_${one.status}`),
            name: nameOf(one.decided_by ?? ''),
          })}{' '}
          · <Time value={one.decided_at} />
        </Words>
      )}
    </div>
  );
}

function Words({ children, comment }: { children: ReactNode; comment: string | undefined }) {
  return (
    <div>
      <p className="text-muted">{children}</p>
      {comment && (
        <blockquote className="border-l-2 pl-2 whitespace-pre-line wrap-anywhere">
          <Visible text={comment} />
        </blockquote>
      )}
    </div>
  );
}

/** Why the reader cannot approve it. */
function Obstacle({ one, options }: { one: Proposal; options: Options }) {
  const t = useT();
  const { obstacle } = options;
  if (!obstacle) return null;
  const against = obstacle === 'stale' || obstacle === 'problems';
  return (
    <p
      role="status"
      className={`rounded-md px-3 py-2 text-sm ${against ? 'bg-warning-soft text-warning' : 'bg-info-soft text-info'}`}
    >
      {obstacle === 'decided' && one.status !== 'open'
        ? t(`proposals.obstacle_decided_${one.status}`)
        : obstacle !== 'decided' && t(`proposals.obstacle_${obstacle}`)}
    </p>
  );
}

function Actions({ options, onEnd }: { options: Options; onEnd: (how: Ending) => void }) {
  const t = useT();
  const { obstacle, mayReject, mayWithdraw } = options;
  if (!mayReject && !mayWithdraw) return null;
  return (
    <DecisionBar>
      <div className="mx-auto flex max-w-5xl flex-wrap justify-end gap-2">
        {mayWithdraw && (
          <Button icon={<Undo2 className="size-4" />} onClick={() => onEnd('withdraw')}>
            {t('proposals.withdraw')}
          </Button>
        )}
        {mayReject && (
          <Button icon={<X className="size-4" />} onClick={() => onEnd('reject')}>
            {t('proposals.reject')}
          </Button>
        )}
        {obstacle === null && (
          <Button variant="primary" icon={<Check className="size-4" />} onClick={() => onEnd('approve')}>
            {t('proposals.approve')}
          </Button>
        )}
      </div>
    </DecisionBar>
  );
}
