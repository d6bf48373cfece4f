import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Copy, PencilLine, Send, Upload } from 'lucide-react';
import { useRef, useState } from 'react';
import { ApiProblem, answer, asProblem, type Case, client, idempotencyKey, keys, type WorkflowDetail } from '@/api';
import { reasonOf, useExplanation, useFormats, useLocale, useT } from '@/i18n';
import { useTitle } from '@/i18n/titles';
import { Fields } from '@/queue/CreateCase';
import { asRequired, changed, fieldsOf, readForm, valuesOf } from '@/queue/schema';
import { useSession } from '@/session';
import { Button, Chip, Dialog, Section, toast } from '@/ui';
import { collecting, uploadedOf, type Wanted, wantedBy } from './facts';
import { sendDocument } from './upload';

type Kind = Wanted['kind'];

/** What a document is called for people. */
export function useWantedTitle(): (wanted: Wanted) => string {
  const t = useT();
  const title = useTitle();
  return ({ kind, side }) =>
    [t.maybe(`kind.${kind.kind}`, title(kind, kind.kind)), side && t.maybe(`side.${side}`, side)]
      .filter(Boolean)
      .join(', ');
}

/** What a case collects, for those who act for the applicant: documents, data, the applicant's events, and their link. */
export function CollectPanel({
  one,
  workflow,
  onChanged,
}: {
  one: Case;
  workflow: WorkflowDetail | undefined;
  onChanged: (fresh: Case) => void;
}) {
  const t = useT();
  const explain = useExplanation();
  const { can } = useSession();
  const [editing, setEditing] = useState(false);
  const events = one.next.filter((next) => next.by.includes('applicant'));
  const send = useMutation({
    mutationFn: (type: string) =>
      answer(
        client.POST('/v1/cases/{id}/events', {
          params: { path: { id: one.id }, header: { 'Idempotency-Key': idempotencyKey() } },
          body: { type },
        }),
      ),
    onSuccess: (fresh) => {
      onChanged(fresh);
      toast({ title: t('collect.sent'), tone: 'success' });
    },
    onError: failed(t),
  });
  if (!workflow || !can('cases:collect') || !collecting(one)) return null;
  const nameOf = (event: string) => t.maybe(`collect.event_${event}`, t.maybe(`decision.${event}`, event));
  return (
    <Section title={t('collect.title')} className="mx-3 mt-3 no-print">
      <p className="text-sm text-muted">{t('collect.detail')}</p>
      {workflow.documents.length > 0 && (
        <ul aria-label={t('cases.tab_documents')} className="mt-2 divide-y border-y">
          {wantedBy(workflow).map(({ kind, side }) => (
            <WantedDocument key={`${kind.kind}/${side}`} one={one} kind={kind} side={side} onChanged={onChanged} />
          ))}
        </ul>
      )}
      <div className="mt-3 flex flex-wrap items-center gap-2">
        {events.map((next) => (
          <Button
            key={next.event}
            variant="primary"
            icon={<Send className="size-4" />}
            disabled={!next.allowed}
            loading={send.isPending && send.variables === next.event}
            onClick={() => send.mutate(next.event)}
          >
            {nameOf(next.event)}
          </Button>
        ))}
        <Button icon={<PencilLine className="size-4" />} onClick={() => setEditing(true)}>
          {t('collect.edit')}
        </Button>
        {can('flow_tokens:create') && <ApplicantLink id={one.id} />}
      </div>
      {events
        .filter((next) => !next.allowed)
        .map((next) => (
          <p key={next.event} className="mt-2 text-xs text-muted">
            {t('collect.not_possible', { event: nameOf(next.event), reason: explain(next) })}
          </p>
        ))}
      {editing && <EditData one={one} workflow={workflow} onChanged={onChanged} onClose={() => setEditing(false)} />}
    </Section>
  );
}

/** Shows why a call failed. */
function failed(t: ReturnType<typeof useT>): (error: Error) => void {
  return (error) => {
    const problem = asProblem(error);
    if (!problem.signedOut)
      toast({
        title: t('common.failed'),
        description: [reasonOf(t, problem), ...problem.errors.map((field) => field.message)].join(' '),
        tone: 'danger',
      });
  };
}

/** A document that the workflow collects: whether it is there, and a way to upload it. */
function WantedDocument({
  one,
  kind,
  side,
  onChanged,
}: {
  one: Case;
  kind: Kind;
  side: string;
  onChanged: (fresh: Case) => void;
}) {
  const t = useT();
  const input = useRef<HTMLInputElement>(null);
  const title = useWantedTitle()({ kind, side });
  const newest = uploadedOf(one, { kind, side });
  const upload = useMutation({
    mutationFn: async (file: File) => {
      if (kind.content_types.length > 0 && !kind.content_types.includes(file.type))
        throw new ApiProblem(422, {
          code: 'invalid',
          detail: t('collect.wrong_type', { types: kind.content_types.join(', ') }),
        });
      await sendDocument(one.id, kind.kind, side, file, t('collect.upload_failed'));
      return answer(client.GET('/v1/cases/{id}', { params: { path: { id: one.id } } }));
    },
    onSuccess: (fresh) => {
      onChanged(fresh);
      toast({ title: t('collect.uploaded', { title }), tone: 'success' });
    },
    onError: failed(t),
  });
  const bad = newest?.status === 'refused' || newest?.status === 'rejected';
  const wanting = newest ? newest.status === 'revision' : kind.required;
  const tone = bad ? 'danger' : wanting ? 'warning' : newest ? 'success' : 'neutral';
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 py-1.5">
      <span className="min-w-0 flex-1 basis-48">
        {title}
        {kind.required && <span className="text-xs text-muted"> · {t('collect.required')}</span>}
      </span>
      <Chip tone={tone}>{newest ? t.maybe(`document.${newest.status}`, newest.status) : t('collect.missing')}</Chip>
      <input
        ref={input}
        type="file"
        aria-label={t('collect.upload_of', { title })}
        accept={kind.content_types.join(',')}
        className="sr-text"
        tabIndex={-1}
        onChange={(event) => {
          const file = event.target.files?.[0];
          event.target.value = '';
          if (file) upload.mutate(file);
        }}
      />
      <Button
        size="sm"
        icon={<Upload className="size-3.5" />}
        loading={upload.isPending}
        onClick={() => input.current?.click()}
      >
        {newest ? t('collect.replace') : t('collect.upload')}
        <span className="sr-text">: {title}</span>
      </Button>
    </li>
  );
}

/** Copies the address of the applicant's pages; where the workflow names none, their token. */
function ApplicantLink({ id }: { id: string }) {
  const t = useT();
  const { exact } = useFormats();
  const queries = useQueryClient();
  const create = useMutation({
    mutationFn: () =>
      answer(
        client.POST('/v1/cases/{id}/flow-tokens', {
          params: { path: { id }, header: { 'Idempotency-Key': idempotencyKey() } },
          body: {},
        }),
      ),
    onSuccess: async (made) => {
      void queries.invalidateQueries({ queryKey: keys.case(id), exact: true }); // its history has changed
      try {
        await navigator.clipboard.writeText(made.url ?? made.token);
        toast({ title: t(made.url ? 'collect.link_copied' : 'collect.token_copied'), tone: 'success' });
      } catch {
        // the browser does not let it: it is shown, to be copied by hand
      }
    },
    onError: failed(t),
  });
  const made = create.data;
  return (
    <>
      <Button icon={<Copy className="size-4" />} loading={create.isPending} onClick={() => create.mutate()}>
        {t('collect.link')}
      </Button>
      {made && (
        <div className="basis-full text-sm">
          <label className="flex flex-wrap items-center gap-2">
            <span className="text-muted">{t(made.url ? 'collect.link_label' : 'collect.token_label')}</span>
            <input
              readOnly
              value={made.url ?? made.token}
              onFocus={(event) => event.target.select()}
              className="h-8 min-w-0 flex-1 basis-64 rounded-md border bg-surface px-2 font-mono text-xs"
            />
          </label>
          <p className="mt-1 text-xs text-muted">
            {t('collect.link_until', { time: exact(new Date(made.expires_at)) })} {!made.url && t('collect.token_hint')}
          </p>
        </div>
      )}
    </>
  );
}

/** The applicant's data in the form of the workflow's schema; only what has changed is sent. */
function EditData({
  one,
  workflow,
  onChanged,
  onClose,
}: {
  one: Case;
  workflow: WorkflowDetail;
  onChanged: (fresh: Case) => void;
  onClose: () => void;
}) {
  const t = useT();
  const { language } = useLocale();
  const fields = fieldsOf(workflow.context_schema, language);
  const [values, setValues] = useState(() => valuesOf(fields, one.context));
  const [before] = useState(() => readForm(fields, values).context);
  const [wrong, setWrong] = useState<Record<string, string>>({});
  const save = useMutation({
    mutationFn: (patch: Record<string, unknown>) =>
      answer(client.PATCH('/v1/cases/{id}/context', { params: { path: { id: one.id } }, body: patch })),
    onSuccess: (fresh) => {
      onChanged(fresh);
      toast({ title: t('collect.saved'), tone: 'success' });
      onClose();
    },
  });
  const problem = save.error ? asProblem(save.error) : null;
  const submit = () => {
    const { context, problems } = readForm(fields, values);
    setWrong(Object.fromEntries(Object.entries(problems).map(([path, kind]) => [path, t(`queue.create_${kind}`)])));
    if (Object.keys(problems).length > 0) return;
    const patch = changed(before, context);
    if (Object.keys(patch).length > 0) save.mutate(patch);
    else {
      toast({ title: t('collect.unchanged') });
      onClose();
    }
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t('collect.edit_title')}
      closeLabel={t('common.close')}
      footer={
        <>
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button variant="primary" type="submit" form="edit-data" loading={save.isPending}>
            {t('collect.save')}
          </Button>
        </>
      }
    >
      <form
        id="edit-data"
        noValidate
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        {problem && (
          <div role="alert" className="rounded-md bg-danger-soft px-3 py-2 text-sm text-danger">
            <p className="font-medium">{reasonOf(t, problem)}</p>
            {problem.errors.map((field) => (
              <p key={field.location}>
                {field.location.replace(/^(body|context)\./, '')}: {field.message}
              </p>
            ))}
          </div>
        )}
        <Fields
          fields={asRequired(fields, values)}
          values={values}
          onChange={(path, value) => setValues((old) => ({ ...old, [path]: value }))}
          wrong={wrong}
          problem={problem}
        />
      </form>
    </Dialog>
  );
}
