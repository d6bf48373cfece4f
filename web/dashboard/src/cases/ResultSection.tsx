import { Fragment } from 'react';
import { useLocale, useT } from '@/i18n';
import { Chip, Section } from '@/ui';
import { inputText, partsOf, type Result, type RuleText, titleAt } from './checks';
import { FieldValue } from './FieldValue';
import { Foreign } from './Foreign';
import { type DataField, kindOf } from './fields';
import { resultName } from './resultNames';
import { resultWord } from './resultWords';
import { wordsOf } from './words';

/** What a result and its fields are called: those of the built-in screening by the dashboard, those of plugins by their definition. */
function useNames({ source, titles, work }: Result) {
  const { language } = useLocale();
  return {
    title: titles['']?.[language] ?? resultName(source, '', language) ?? wordsOf(work),
    at: (path: string, name: string): RuleText => {
      if (source === 'screening' && path.startsWith('lists.')) return { text: name, language }; // a list's own name
      const text = resultName(source, path, language);
      return text ? { text, language } : titleAt(titles, path, name, language);
    },
  };
}

/** A value, in words where it is one of the few that results have. */
function Value({ field }: { field: Pick<DataField, 'value' | 'kind'> }) {
  const { language } = useLocale();
  return resultWord(field.value ?? '', language) ?? <FieldValue field={field} />;
}

/** What a vendor has answered: its values, and lists of things as tables. */
export function ResultSection({ result }: { result: Result }) {
  const t = useT();
  const names = useNames(result);
  return (
    <Section title={result.failed !== null ? names.title : t('cases.result', { work: names.title })} flush>
      {result.failed !== null && (
        <p className="flex flex-wrap items-center gap-2 p-3 text-sm">
          <Chip tone="danger">{t('cases.result_failed')}</Chip>
          {t.maybe(`error.${result.failed}`, wordsOf(result.failed))}
        </p>
      )}
      {result.fields.length > 0 && (
        <dl className="grid gap-x-4 gap-y-1.5 p-3 text-sm sm:grid-cols-[minmax(10rem,16rem)_1fr]">
          {result.fields.map((field) => (
            <div key={field.path} className="contents">
              <dt className="text-muted">
                {partsOf(field.path.slice(result.work.length + 1)).map(({ path, name }, n) => (
                  <Fragment key={path}>
                    {n > 0 && ' › '}
                    <Foreign {...names.at(path, name)} />
                  </Fragment>
                ))}
              </dt>
              <dd className="min-w-0">
                <Value field={field} />
              </dd>
            </div>
          ))}
        </dl>
      )}
      {result.tables
        .map((table) => ({ ...table, label: names.at(table.name, table.name) }))
        .map((table) => (
          <div
            key={table.name}
            className="overflow-x-auto border-t first:border-t-0"
            tabIndex={0}
            role="group"
            aria-label={table.label.text}
          >
            {table.rows.length === 0 ? (
              <p className="p-3 text-sm text-muted">{t('cases.result_empty', { name: table.label.text })}</p>
            ) : (
              <table className="w-full text-sm">
                <caption className="px-3 pt-2 text-left text-xs font-medium text-muted">
                  {t('cases.result_count', { name: table.label.text, count: table.rows.length })}
                </caption>
                <thead className="text-left text-xs text-muted">
                  <tr className="border-b">
                    {table.columns.map((column) => (
                      <th key={column} scope="col" className="px-3 py-1.5 font-medium">
                        <Foreign {...names.at(`${table.name}[].${column}`, column)} />
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {table.rows.map((row, n) => (
                    // biome-ignore lint/suspicious/noArrayIndexKey: an answer of a vendor never changes its order
                    <tr key={n} className="border-b last:border-0">
                      {table.columns.map((column) => (
                        <td key={column} className="px-3 py-1.5">
                          <Value field={{ value: inputText(row[column]), kind: kindOf(row[column]) }} />
                        </td>
                      ))}
                    </tr>
                  ))}
                </tbody>
              </table>
            )}
          </div>
        ))}
    </Section>
  );
}
