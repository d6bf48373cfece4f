import { useMutation, useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import {
  type ApiProblem,
  answer,
  asProblem,
  type Case,
  client,
  etag,
  type OpenIncident,
  tasksQuery,
  type WorkflowDetail,
} from '@/api';
import { reasonOf, useLocale, useT } from '@/i18n';
import { type FormField, fieldsOf } from '@/queue/schema';
import { Button, Dialog, Field, Input, Select, Textarea } from '@/ui';
import { policyAnswers } from './checks';
import { dataFields } from './fields';
import { patchOf, valueAt, written } from './patch';

interface RepairProps {
  one: Case;
  workflow: WorkflowDetail | undefined;
  incident: OpenIncident;
  onChanged: (fresh: Case) => void;
  onClose: () => void;
}

const asJson = 'json';

/** A JSON text's value; undefined: it is none. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** What the workflow's schema knows and the case has not, each with a value of its kind. */
function absentFields(
  fields: FormField[],
  context: Record<string, unknown>,
): { path: string; label: string; like: unknown }[] {
  return fields.flatMap((field) => {
    if (field.kind === 'group') return absentFields(field.fields ?? [], context);
    if (field.kind === 'list' || field.kind === 'json' || valueAt(context, field.path) !== undefined) return [];
    const like = field.kind === 'number' || field.kind === 'integer' ? 0 : field.kind === 'boolean' ? false : '';
    return [{ path: field.path, label: field.label, like }];
  });
}

/** Puts one field of the data right, or several as JSON, and tries the work again with it. */
export function CorrectAndRetry({ one, workflow, incident, onChanged, onClose }: RepairProps) {
  const t = useT();
  const { language } = useLocale();
  const context = one.context ?? {};
  // What the workflow's own work writes is set by skipping the work.
  const tasks = useQuery(tasksQuery(one.id)).data ?? [];
  const results = new Set([...policyAnswers(context), ...tasks].map((each) => each.work));
  const fields = dataFields(context, workflow?.context_schema ?? {}, results);
  const absent = [
    ...incident.missing.map((place) => ({ path: place, label: place, like: '' as unknown })),
    ...absentFields(fieldsOf(workflow?.context_schema ?? {}, language), context),
  ].filter(
    (one, n, all) =>
      all.findIndex((other) => other.path === one.path) === n && !fields.some((field) => field.path === one.path),
  );
  const [path, setPath] = useState(absent[0]?.path ?? fields[0]?.path ?? asJson);
  const textAt = (place: string) => {
    const value = place === asJson ? {} : valueAt(context, place);
    return value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value);
  };
  const [text, setText] = useState(() => textAt(path));
  const [tried, setTried] = useState(false);
  const value =
    path === asJson
      ? parsed(text)
      : written(text, valueAt(context, path) ?? absent.find((one) => one.path === path)?.like);
  const good = path === asJson ? isRecord(value) && Object.keys(value).length > 0 : value !== undefined;
  const repair = useMutation({
    mutationFn: () =>
      answer(
        client.POST('/v1/cases/{id}/incidents/{incident}/retry', {
          params: { path: { id: one.id, incident: incident.id }, header: { 'If-Match': etag(one.version) } },
          body: { context: path === asJson && isRecord(value) ? value : patchOf(context, path, value) },
        }),
      ),
    onSuccess: (fresh) => {
      onChanged(fresh);
      onClose();
    },
  });
  return (
    <Frame
      title={t('incidents.correct')}
      description={t('incidents.correct_detail')}
      action={t('incidents.correct')}
      busy={repair.isPending}
      error={repair.isError ? asProblem(repair.error) : null}
      onClose={onClose}
      onSubmit={() => {
        setTried(true);
        if (good && !repair.isPending) repair.mutate();
      }}
    >
      <Field label={t('incidents.field')}>
        {(control) => (
          <Select
            {...control}
            value={path}
            onValueChange={(next) => {
              setPath(next);
              setText(textAt(next));
              setTried(false);
            }}
            options={[
              ...absent.map((one) => ({ value: one.path, label: t('incidents.missing_field', { field: one.label }) })),
              ...fields.map((field) => ({ value: field.path, label: [...field.group, field.label].join(' › ') })),
              { value: asJson, label: t('incidents.json') },
            ]}
          />
        )}
      </Field>
      <Field
        label={t(path === asJson ? 'incidents.json' : 'incidents.value')}
        hint={path === asJson ? t('incidents.json_hint') : undefined}
        error={tried && !good ? t(path === asJson ? 'incidents.json_wrong' : 'incidents.value_wrong') : undefined}
        required
      >
        {(control) =>
          path === asJson ? (
            <Textarea {...control} rows={6} value={text} onChange={(event) => setText(event.target.value)} />
          ) : (
            <Input {...control} value={text} onChange={(event) => setText(event.target.value)} />
          )
        }
      </Field>
    </Frame>
  );
}

/** Sets the result of failed work by hand. */
export function Skip({ one, incident, onChanged, onClose }: RepairProps) {
  const t = useT();
  const [result, setResult] = useState('{}');
  const [comment, setComment] = useState('');
  const [tried, setTried] = useState(false);
  const value = parsed(result);
  const skip = useMutation({
    mutationFn: () =>
      answer(
        client.POST('/v1/cases/{id}/incidents/{incident}/skip', {
          params: { path: { id: one.id, incident: incident.id }, header: { 'If-Match': etag(one.version) } },
          body: { result: value, comment: comment.trim() },
        }),
      ),
    onSuccess: (fresh) => {
      onChanged(fresh);
      onClose();
    },
  });
  return (
    <Frame
      title={t('incidents.skip')}
      description={t('incidents.skip_detail')}
      action={t('incidents.skip')}
      busy={skip.isPending}
      error={skip.isError ? asProblem(skip.error) : null}
      onClose={onClose}
      onSubmit={() => {
        setTried(true);
        if (value !== undefined && comment.trim() !== '' && !skip.isPending) skip.mutate();
      }}
    >
      <Field
        label={t('incidents.result')}
        hint={t('incidents.result_hint')}
        error={tried && value === undefined ? t('incidents.json_wrong') : undefined}
        required
      >
        {(control) => (
          <Textarea {...control} rows={6} value={result} onChange={(event) => setResult(event.target.value)} />
        )}
      </Field>
      <Field
        label={t('cases.comment')}
        error={tried && comment.trim() === '' ? t('incidents.comment_missing') : undefined}
        required
      >
        {(control) => (
          <Textarea
            {...control}
            rows={2}
            maxLength={2000}
            value={comment}
            onChange={(event) => setComment(event.target.value)}
          />
        )}
      </Field>
    </Frame>
  );
}

function Frame({
  title,
  description,
  action,
  busy,
  error,
  onClose,
  onSubmit,
  children,
}: {
  title: string;
  description: string;
  action: string;
  busy: boolean;
  error: ApiProblem | null;
  onClose: () => void;
  onSubmit: () => void;
  children: ReactNode;
}) {
  const t = useT();
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={title}
      description={description}
      closeLabel={t('common.close')}
      footer={
        <>
          <Button variant="ghost" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button variant="primary" loading={busy} onClick={onSubmit}>
            {action}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-3">
        {children}
        {error && !error.signedOut && (
          <div role="alert" className="text-sm text-danger">
            <p>{reasonOf(t, error)}</p>
            <ul className="list-disc pl-5">
              {error.errors.map((one) => (
                <li key={`${one.location} ${one.code}`} className="wrap-anywhere">
                  {one.location.replace(/^body\.(context\.)?/, '')}: {one.message}
                </li>
              ))}
            </ul>
          </div>
        )}
      </div>
    </Dialog>
  );
}
