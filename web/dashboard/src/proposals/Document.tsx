import type { ProposedDocument } from '@/api';
import { Chip, Section } from '@/ui';
import { Difference } from './Difference';
import { isStale } from './standing';
import { useT } from './texts';
import { Visible } from './Visible';
import { useDocumentName } from './words';

/** A document of a proposal: objections, effects on cases, changes. `comment` is on the page already. */
export function Document({
  one,
  open,
  comment,
}: {
  one: ProposedDocument;
  open: boolean;
  comment: string | undefined;
}) {
  const t = useT();
  const nameOf = useDocumentName();
  return (
    <Section
      title={
        <>
          {nameOf(one)}
          {one.title && one.title !== one.id && (
            <span className="font-normal text-muted">
              {' '}
              (<Visible text={one.title} />)
            </span>
          )}
        </>
      }
      actions={
        <span className="text-sm text-muted">
          {one.version
            ? t('proposals.became', { version: one.version })
            : one.base === 0
              ? t('proposals.first_version')
              : t('proposals.based_on', { base: one.base })}
        </span>
      }
    >
      <div className="flex flex-col gap-4">
        {one.comment && one.comment !== comment && (
          <p className="wrap-anywhere">
            <Visible text={one.comment} />
          </p>
        )}
        {open && isStale(one) && (
          <p className="text-sm text-warning">{t('proposals.stale_document', { newest: one.newest ?? 0 })}</p>
        )}
        <Found title={t('proposals.problems')} found={one.problems ?? []} tone="text-danger" />
        <TestCases one={one} />
        <Found title={t('proposals.warnings')} found={one.warnings ?? []} tone="text-warning" />
        {one.kind === 'workflow' && one.base > 0 && <Changes one={one} />}
        <Difference one={one} />
      </div>
    </Section>
  );
}

type Diagnostic = NonNullable<ProposedDocument['warnings']>[number];

/** What was found when the document was checked, each with its place. The words are the checks' own. */
function Found({ title, found, tone }: { title: string; found: Diagnostic[]; tone: string }) {
  const t = useT();
  if (found.length === 0) return null;
  return (
    <div>
      <h3 className={`text-sm font-semibold ${tone}`}>{title}</h3>
      <ul className="list-disc pl-5 text-sm">
        {found.map((one) => (
          <li key={`${one.path} ${one.line} ${one.column} ${one.code} ${one.message}`} className="wrap-anywhere">
            {one.line > 0 && <span className="text-muted">{t('proposals.line', { line: one.line })}: </span>}
            <span lang="en">
              <Visible text={one.hint ? `${one.message} (${one.hint})` : one.message} />
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** The results of the cases that are written in a policy. */
function TestCases({ one }: { one: ProposedDocument }) {
  const t = useT();
  const cases = one.cases ?? [];
  if (cases.length === 0) return null;
  const failed = cases.filter((each) => !each.passed);
  return (
    <div>
      <Chip tone={failed.length > 0 ? 'danger' : 'success'}>
        {t('proposals.tests', { passed: cases.length - failed.length, all: cases.length })}
      </Chip>
      {failed.length > 0 && (
        <ul className="mt-1 list-disc pl-5 text-sm">
          {failed.map((each) => (
            <li key={`${each.line} ${each.name}`} className="wrap-anywhere">
              {t('proposals.test_failed', { name: each.name })}
              {each.problems && each.problems.length > 0 && (
                <span lang="en">
                  : <Visible text={each.problems.join('; ')} />
                </span>
              )}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** What a workflow changes for cases that are moved to it. */
function Changes({ one }: { one: ProposedDocument }) {
  const t = useT();
  const changes = one.changes ?? [];
  return (
    <div>
      <h3 className="text-sm font-semibold">{t('proposals.running')}</h3>
      {changes.length === 0 ? (
        <p className="text-sm text-muted">{t('proposals.running_none')}</p>
      ) : (
        <ul className="list-disc pl-5 text-sm">
          {changes.map((change) => (
            <li key={`${change.kind} ${change.path} ${change.what}`} className="wrap-anywhere">
              {t.maybe(`change.${change.kind}`, change.kind)}
              {(change.path || change.what) && (
                <>
                  : <code>{[change.path, change.what].filter(Boolean).join(' · ')}</code>
                </>
              )}
              {(change.before || change.after) && (
                <>
                  {' '}
                  {change.before && (
                    <del className="text-danger">
                      <Visible text={change.before} />
                    </del>
                  )}
                  {change.before && change.after && ' → '}
                  {change.after && (
                    <ins className="text-success no-underline">
                      <Visible text={change.after} />
                    </ins>
                  )}
                </>
              )}
              <span lang="en" className="block text-muted">
                {change.running}
              </span>
              {change.blocks && <Chip tone="warning">{t('proposals.blocks')}</Chip>}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
