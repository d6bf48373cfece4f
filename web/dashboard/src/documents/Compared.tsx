import { CircleAlert, CircleCheck, CircleHelp } from 'lucide-react';
import type { CaseDocument } from '@/api';
import { useFormats } from '@/i18n';
import { cx, Section } from '@/ui';
import { type Comparison, findingsOf } from './compare';
import { useT } from './texts';

const marks = {
  match: <CircleCheck aria-hidden="true" className="size-4 text-success" />,
  differs: <CircleAlert aria-hidden="true" className="size-4 text-danger" />,
  expired: <CircleAlert aria-hidden="true" className="size-4 text-danger" />,
  unknown: <CircleHelp aria-hidden="true" className="size-4 text-faint" />,
};

/** What was declared beside what the document has. */
export function Compared({ rows, source }: { rows: Comparison[]; source: 'read' | 'declared' | null }) {
  const t = useT();
  const formats = useFormats();
  if (rows.length === 0) return null;
  const shown = (row: Comparison, value: string | null) =>
    value === null ? '—' : row.field === 'date_of_birth' || row.field === 'expires' ? formats.date(value) : value;
  const resultOf = (row: Comparison) => t(row.match === 'expired' ? 'finding.expired' : `documents.${row.match}`);
  return (
    <Section title={t('documents.compared')} flush>
      <table className="w-full text-sm">
        <thead className="text-left text-xs text-muted">
          <tr className="border-b">
            <th scope="col" className="px-3 py-1.5 font-medium">
              {t('documents.field')}
            </th>
            <th scope="col" className="px-2 py-1.5 font-medium">
              {t('documents.declared')}
            </th>
            <th scope="col" className="px-2 py-1.5 font-medium">
              {t(source === 'read' ? 'documents.zone_read' : 'documents.zone_typed')}
            </th>
            <th scope="col" className="w-8 px-2 py-1.5">
              <span className="sr-text">{t('documents.result')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr
              key={row.field}
              className={cx(
                'border-b last:border-0',
                (row.match === 'differs' || row.match === 'expired') && 'bg-danger-soft',
              )}
            >
              <th scope="row" className="px-3 py-1.5 text-left font-normal whitespace-nowrap text-muted">
                {t(`documents.field_${row.field}`)}
              </th>
              <td className="px-2 py-1.5">
                <bdi>{shown(row, row.declared)}</bdi>
              </td>
              <td className="px-2 py-1.5">
                <bdi>{shown(row, row.read)}</bdi>
              </td>
              <td className="px-2 py-1.5" title={resultOf(row)}>
                {marks[row.match]}
                <span className="sr-text">{resultOf(row)}</span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

/** What the check of the document has found. */
export function Findings({ document }: { document: CaseDocument }) {
  const t = useT();
  const findings = findingsOf(document);
  if (document.status === 'awaiting_upload') return null;
  return (
    <Section title={t('documents.checks')}>
      {findings.length === 0 ? (
        <p className="flex items-center gap-2 text-sm text-muted">
          {document.checks ? marks.match : marks.unknown}
          {document.checks ? t('documents.no_findings') : t('documents.not_checked')}
        </p>
      ) : (
        <ul className="flex flex-col gap-1.5 text-sm">
          {findings.map((finding) => (
            <li key={finding.code + finding.message} className="flex items-start gap-2">
              <CircleAlert
                aria-hidden="true"
                className={cx(
                  'mt-0.5 size-4 shrink-0',
                  finding.severity === 'high'
                    ? 'text-danger'
                    : finding.severity === 'medium'
                      ? 'text-warning'
                      : 'text-faint',
                )}
              />
              <span>
                <span className="sr-text">{t(`documents.severity_${finding.severity}`)}: </span>
                {t.maybe(`finding.${finding.code}`, t.maybe(`finding.mrz_${finding.code}`, finding.message))}
                {finding.source && <span className="text-muted"> · {t(`documents.source_${finding.source}`)}</span>}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
