import { Time, useFormats, useT } from '@/i18n';
import type { DataField } from './fields';

/** A value as it is read: dates and yes or no in the language of the reader. */
export function FieldValue({ field }: { field: Pick<DataField, 'value' | 'kind'> }) {
  const t = useT();
  const formats = useFormats();
  if (field.value === null) return <span className="text-faint">—</span>;
  if (field.kind === 'date') return formats.date(field.value);
  if (field.kind === 'time') return <Time value={field.value} form="moment" />;
  if (field.kind === 'empty') return <span className="text-faint">{t('cases.empty_value')}</span>;
  if (field.kind === 'country') return `${formats.country(field.value)} (${field.value})`;
  if (field.kind === 'number' && field.value !== '') return formats.decimal(Number(field.value));
  if (field.kind === 'boolean') return field.value === 'true' ? t('common.yes') : t('common.no');
  return <bdi className="whitespace-pre-wrap">{field.value}</bdi>;
}
