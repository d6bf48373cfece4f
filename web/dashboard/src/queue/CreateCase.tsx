import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { type ApiProblem, answer, asProblem, client, idempotencyKey, workflowQuery, workflowsQuery } from '@/api';
import { reasonOf, useLocale, useT } from '@/i18n';
import { useTitle } from '@/i18n/titles';
import { Button, Checkbox, Dialog, Field, Input, Select, SkeletonLines, Textarea } from '@/ui';
import { asRequired, type FormField, fieldsOf, readForm, type Values } from './schema';

/** Starts a case by hand: the form is the workflow's own schema. The workflow that a queue is filtered by comes first. */
export function CreateCase({ workflow: wanted, onClose }: { workflow?: string; onClose: () => void }) {
  const t = useT();
  const { language } = useLocale();
  const title = useTitle();
  const navigate = useNavigate();
  const workflows = useQuery(workflowsQuery);
  const [chosen, setChosen] = useState('');
  const first = workflows.data?.find((one) => one.id === wanted) ?? workflows.data?.[0];
  const id = chosen || first?.id || '';
  const workflow = useQuery({ ...workflowQuery(id), enabled: id !== '' });
  const [values, setValues] = useState<Values>({});
  const [externalId, setExternalId] = useState('');
  const [key, setKey] = useState(idempotencyKey);
  const [wrong, setWrong] = useState<Record<string, string>>({});
  const form = useRef<HTMLFormElement>(null);
  const fields = fieldsOf(workflow.data?.context_schema ?? {}, language);

  const create = useMutation({
    mutationFn: (context: Record<string, unknown>) =>
      answer(
        client.POST('/v1/cases', {
          params: { header: { 'Idempotency-Key': key } },
          body: {
            workflow: id,
            external_id: externalId.trim() || undefined,
            subject: { type: workflow.data?.subject ?? 'individual', ...subjectOf(context, externalId.trim()) },
            context,
          },
        }),
      ),
    onSuccess: (made) => void navigate({ to: '/cases/$caseId', params: { caseId: made.id }, search: {} }),
    onError: (error) => {
      if (!asProblem(error).unreachable) setKey(idempotencyKey()); // another body next time: another call
    },
  });
  const problem = create.error ? asProblem(create.error) : null;
  useEffect(() => {
    if (problem || Object.keys(wrong).length > 0)
      form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [problem, wrong]);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const { context, problems } = readForm(fields, values);
    const found = Object.fromEntries(Object.entries(problems).map(([path, kind]) => [path, t(`queue.create_${kind}`)]));
    setWrong(found);
    if (Object.keys(found).length === 0) create.mutate(context);
  };
  const elsewhere = problem?.errors.filter((one) => !placed(one.location, fields)) ?? [];
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t('queue.new_case')}
      description={workflow.data && title(workflow.data, workflow.data.id)}
      closeLabel={t('common.close')}
      footer={
        <>
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button
            variant="primary"
            type="submit"
            form="create-case"
            loading={create.isPending}
            disabled={!workflow.data}
          >
            {t('queue.create')}
          </Button>
        </>
      }
    >
      <form ref={form} id="create-case" noValidate className="flex flex-col gap-4" onSubmit={submit}>
        {problem && (
          <div role="alert" className="rounded-md bg-danger-soft px-3 py-2 text-sm text-danger">
            <p className="font-medium">{reasonOf(t, problem)}</p>
            {elsewhere.map((one) => (
              <p key={one.location}>
                {one.location}: {one.message}
              </p>
            ))}
          </div>
        )}
        <div className="grid gap-3 sm:grid-cols-2">
          <Field label={t('queue.column_workflow')} required>
            {(control) => (
              <Select
                {...control}
                value={id}
                onValueChange={(next) => {
                  setChosen(next);
                  setValues({});
                  setWrong({});
                  create.reset();
                }}
                options={(workflows.data ?? []).map((one) => ({ value: one.id, label: title(one, one.id) }))}
              />
            )}
          </Field>
          <Field
            label={t('queue.column_external')}
            hint={t('queue.create_external_hint')}
            error={problem?.at('external_id')}
          >
            {(control) => (
              <Input
                {...control}
                value={externalId}
                maxLength={200}
                onChange={(event) => setExternalId(event.target.value)}
              />
            )}
          </Field>
        </div>
        {workflow.isPending ? (
          <SkeletonLines lines={5} label={t('common.loading')} />
        ) : (
          <Fields
            fields={asRequired(fields, values)}
            values={values}
            onChange={(path, value) => setValues((old) => ({ ...old, [path]: value }))}
            wrong={wrong}
            problem={problem}
          />
        )}
      </form>
    </Dialog>
  );
}

/** What a context contains about the subject itself: a name and an address for lists. */
function subjectOf(context: Record<string, unknown>, externalId: string): Record<string, unknown> {
  const inner = Object.values(context).find(
    (value): value is Record<string, unknown> => value !== null && typeof value === 'object' && 'name' in value,
  );
  return {
    ...(inner?.['name'] ? { name: inner['name'] } : {}),
    ...(typeof inner?.['email'] === 'string' ? { email: inner['email'] } : {}),
    ...(externalId ? { external_id: externalId } : {}),
  };
}

function placed(location: string, fields: FormField[]): boolean {
  return (
    location === 'body.external_id' ||
    fields.some((one) => location === `body.context.${one.path}` || (one.fields && placed(location, one.fields)))
  );
}

interface FieldsProps {
  fields: FormField[];
  values: Values;
  onChange: (path: string, value: string | boolean) => void;
  wrong: Record<string, string>;
  problem: ApiProblem | null;
}

/** The fields of a form, groups as they are. */
export function Fields({ fields, values, onChange, wrong, problem }: FieldsProps) {
  return (
    <div className="grid gap-3 sm:grid-cols-2">
      {fields.map((field) =>
        field.kind === 'group' ? (
          <fieldset key={field.path} className="rounded-md border p-3 sm:col-span-2">
            <legend className="px-1 text-sm font-semibold">{field.label}</legend>
            <Fields fields={field.fields ?? []} values={values} onChange={onChange} wrong={wrong} problem={problem} />
          </fieldset>
        ) : (
          <OneField
            key={field.path}
            field={field}
            value={values[field.path]}
            onChange={(value) => onChange(field.path, value)}
            error={wrong[field.path] ?? problem?.at(`context.${field.path}`)}
          />
        ),
      )}
    </div>
  );
}

function OneField({
  field,
  value,
  onChange,
  error,
}: {
  field: FormField;
  value: string | boolean | undefined;
  onChange: (value: string | boolean) => void;
  error: string | undefined;
}) {
  const t = useT();
  const text = typeof value === 'string' ? value : '';
  if (field.kind === 'boolean') {
    return (
      <div className="self-end">
        <Checkbox checked={value === true} onCheckedChange={onChange}>
          {field.label}
        </Checkbox>
        {error && <p className="text-xs text-danger">{error}</p>}
      </div>
    );
  }
  const hint =
    field.hint ?? (field.kind === 'list' ? t('queue.create_list_hint') : field.kind === 'json' ? 'JSON' : undefined);
  return (
    <Field
      label={field.label}
      hint={hint}
      required={field.required}
      error={error}
      className={field.kind === 'json' || field.kind === 'list' ? 'sm:col-span-2' : undefined}
    >
      {(control) => {
        switch (field.kind) {
          case 'choice':
            return (
              <Select
                {...control}
                value={text}
                onValueChange={onChange}
                placeholder="—"
                options={(field.options ?? []).map((one) => ({ value: one, label: one }))}
              />
            );
          case 'json':
          case 'list':
            return (
              <Textarea
                {...control}
                spellCheck={field.kind === 'list'}
                value={text}
                onChange={(event) => onChange(event.target.value)}
              />
            );
          default:
            return (
              <Input
                {...control}
                type={field.kind === 'date' ? 'date' : field.kind === 'email' ? 'email' : 'text'}
                inputMode={field.kind === 'number' ? 'decimal' : field.kind === 'integer' ? 'numeric' : undefined}
                maxLength={field.maxLength}
                value={text}
                onChange={(event) => onChange(event.target.value)}
              />
            );
        }
      }}
    </Field>
  );
}
