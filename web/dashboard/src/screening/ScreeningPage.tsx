import { useMutation } from '@tanstack/react-query';
import { Search } from 'lucide-react';
import { useState } from 'react';
import { asProblem, type Case, type ScreeningRequest, type ScreeningResult } from '@/api';
import { HitTable } from '@/cases/HitTable';
import { reasonOf } from '@/i18n';
import { useSession } from '@/session';
import { useTitle } from '@/shell/title';
import { Button, EmptyState, ErrorState, Field, Input, Section } from '@/ui';
import { screen } from './queries';
import { useT } from './texts';
import { Watchlists } from './Watchlists';

/** Looks for a name on watch lists, and shows which lists there are. */
export function ScreeningPage() {
  const t = useT();
  const { can } = useSession();
  useTitle(t('shell.screening'));
  return (
    <div className="mx-auto flex max-w-5xl flex-col gap-4 p-4 md:p-6">
      <div>
        <h1 className="text-xl font-semibold">{t('shell.screening')}</h1>
        <p className="text-sm text-muted">{t('screening.detail')}</p>
      </div>
      {can('screenings:create') && <NameSearch />}
      <Watchlists />
    </div>
  );
}

const asks = ['name', 'birth_date', 'country'] as const;
type Asked = (typeof asks)[number];
const nobody: Record<Asked, string> = { name: '', birth_date: '', country: '' };

function NameSearch() {
  const t = useT();
  const [asked, setAsked] = useState(nobody);
  const search = useMutation({ mutationFn: screen });
  const set = (change: Partial<typeof nobody>) => setAsked({ ...asked, ...change });
  const problem = search.isError ? asProblem(search.error) : null;
  const wrong = (field: Asked) =>
    problem?.errors.some((one) => one.location === `body.${field}`) ? t(`screening.wrong_${field}`) : undefined;
  const located = asks.some((field) => wrong(field) !== undefined);
  return (
    <>
      <form
        className="flex flex-wrap items-start gap-3 rounded-lg border bg-surface p-3"
        onSubmit={(event) => {
          event.preventDefault();
          if (asked.name.trim() !== '' && !search.isPending) search.mutate(requestOf(asked));
        }}
      >
        <Field label={t('screening.name')} required error={wrong('name')} className="min-w-0 flex-1 basis-64">
          {(control) => (
            <Input
              {...control}
              maxLength={1024}
              value={asked.name}
              onChange={(event) => set({ name: event.target.value })}
            />
          )}
        </Field>
        <Field
          label={t('cases.hit_birth')}
          hint={t('screening.birth_hint')}
          error={wrong('birth_date')}
          className="w-44"
        >
          {(control) => (
            <Input
              {...control}
              maxLength={10}
              value={asked.birth_date}
              onChange={(event) => set({ birth_date: event.target.value })}
            />
          )}
        </Field>
        <Field
          label={t('cases.hit_country')}
          hint={t('screening.country_hint')}
          error={wrong('country')}
          className="w-32"
        >
          {(control) => (
            <Input
              {...control}
              maxLength={2}
              value={asked.country}
              onChange={(event) => set({ country: event.target.value.toUpperCase() })}
            />
          )}
        </Field>
        <Button
          type="submit"
          variant="primary"
          className="sm:mt-6"
          icon={<Search className="size-4" />}
          loading={search.isPending}
        >
          {t('shell.search')}
        </Button>
      </form>
      {problem && !located && (
        <ErrorState
          title={t('common.failed')}
          detail={reasonOf(t, problem)}
          requestId={problem.requestId}
          requestLabel={t('common.request')}
        />
      )}
      {search.data && search.variables && <Found of={search.variables} result={search.data} />}
    </>
  );
}

function requestOf(asked: typeof nobody): ScreeningRequest {
  const request: ScreeningRequest = { name: asked.name.trim() };
  if (asked.birth_date.trim() !== '') request.birth_date = asked.birth_date.trim();
  if (asked.country.trim() !== '') request.country = asked.country.trim();
  return request;
}

function Found({ of, result }: { of: ScreeningRequest; result: ScreeningResult }) {
  const t = useT();
  const editions = Object.entries(result.list_editions)
    .map(([list, edition]) => `${list} ${edition}`)
    .join(' · ');
  return (
    <Section title={t('screening.hits', { count: result.hits.length })} flush>
      {result.hits.length === 0 ? (
        <EmptyState title={t('screening.none')}>{editions}</EmptyState>
      ) : (
        <>
          <HitTable one={caseOf(of, result)} label={t('screening.asked')} />
          <p className="border-t px-3 py-1.5 text-xs text-muted">
            {result.more && <strong className="font-medium">{t('screening.more')} </strong>}
            {editions}
          </p>
        </>
      )}
    </Section>
  );
}

/** What the table of a case's hits compares. */
function caseOf(of: ScreeningRequest, result: ScreeningResult): Pick<Case, 'context' | 'needs' | 'subject'> {
  return {
    context: {
      applicant: { name: of.name, date_of_birth: of.birth_date, country: of.country },
      screening: { hits: result.hits },
    },
    subject: { id: '', type: 'individual', name: of.name },
  };
}
