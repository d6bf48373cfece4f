import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Bookmark } from 'lucide-react';
import { useState } from 'react';
import { answer, asProblem, client, etag, idempotencyKey, keys, type View } from '@/api';
import { reasonOf, useT } from '@/i18n';
import { useSession } from '@/session';
import { AlertDialog, Button, Checkbox, Chip, Dialog, Field, Input, Menu, toast } from '@/ui';
import { kept, type QueueSearch } from './search';

/** What of an address a view keeps: its filters and order, as text. */
export function keptOf(search: QueueSearch): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of kept) {
    const value = search[name];
    if (value !== undefined) found[name] = String(value);
  }
  return found;
}

/** Whether the address differs from the view that it started with. */
export function differs(view: View, search: QueueSearch, columns: string[]): boolean {
  const now = keptOf(search);
  const names = new Set([...Object.keys(now), ...Object.keys(view.query)]);
  return (
    [...names].some((name) => now[name] !== view.query[name]) ||
    (view.columns.length > 0 && view.columns.join() !== columns.join())
  );
}

/** Saved views: choose, save, rename, share, delete. */
export function ViewMenu({
  search,
  columns,
  views,
  current,
}: {
  search: QueueSearch;
  columns: string[];
  views: View[];
  current: View | undefined;
}) {
  const t = useT();
  const { me, can } = useSession();
  const navigate = useNavigate({ from: '/queue' });
  const queries = useQueryClient();
  const [editing, setEditing] = useState<'new' | 'change' | null>(null);
  const [deleting, setDeleting] = useState(false);
  const fail = (error: unknown) =>
    toast({
      title: t('common.failed'),
      description: reasonOf(t, error),
      tone: 'danger',
    });
  const again = () => queries.invalidateQueries({ queryKey: keys.views });
  const remove = useMutation({
    mutationFn: (id: string) => answer(client.DELETE('/v1/views/{id}', { params: { path: { id } } })),
    onSuccess: async () => {
      await again();
      void navigate({ search: {} });
    },
    onError: fail,
  });
  const update = useMutation({
    mutationFn: (view: View) =>
      answer(
        client.PUT('/v1/views/{id}', {
          params: { path: { id: view.id }, header: { 'If-Match': etag(view.version) } },
          body: { name: view.name, shared: view.shared, query: keptOf(search), columns },
        }),
      ),
    onSuccess: async () => {
      await again();
      toast({ title: t('queue.view_saved'), tone: 'success' });
    },
    onError: fail,
  });
  if (!can('views:write')) return null;
  const mayChange =
    current !== undefined &&
    (current.owner === me.user.id || me.user.roles.some((role) => role === 'admin' || role === 'manager'));
  const changed = current !== undefined && differs(current, search, columns);
  return (
    <>
      <Menu
        align="start"
        label={t('queue.views')}
        trigger={
          <Button size="sm" variant="ghost" icon={<Bookmark className="size-3.5" />}>
            {t('queue.views')}
            {changed && <Chip tone="warning">{t('queue.view_changed')}</Chip>}
          </Button>
        }
        groups={[
          views.map((view) => ({
            key: view.id,
            label: (
              <>
                <bdi>{view.name}</bdi>
                {view.shared && <span className="text-xs text-muted"> · {t('queue.view_shared')}</span>}
              </>
            ),
            checked: view.id === current?.id,
            onSelect: () => void navigate({ search: { view: view.id } }),
          })),
          [
            { key: 'save', label: t('queue.view_save_as'), onSelect: () => setEditing('new') },
            ...(mayChange && current
              ? [
                  {
                    key: 'update',
                    label: t('queue.view_update'),
                    disabled: !changed,
                    onSelect: () => update.mutate(current),
                  },
                  { key: 'rename', label: t('queue.view_rename'), onSelect: () => setEditing('change') },
                  { key: 'delete', label: t('queue.view_delete'), danger: true, onSelect: () => setDeleting(true) },
                ]
              : []),
          ],
        ]}
      />
      {editing && (
        <ViewDialog
          view={editing === 'change' ? current : undefined}
          search={search}
          columns={columns}
          onClose={() => setEditing(null)}
          onSaved={async (view) => {
            await again();
            setEditing(null);
            toast({ title: t('queue.view_saved'), tone: 'success' });
            void navigate({ search: (old) => ({ ...old, view: view.id }) });
          }}
        />
      )}
      <AlertDialog
        open={deleting}
        onOpenChange={setDeleting}
        title={t('queue.view_delete_title', { name: current?.name ?? '' })}
        description={t('queue.view_delete_detail')}
        confirm={t('common.delete')}
        cancel={t('common.cancel')}
        danger
        onConfirm={() => current && remove.mutate(current.id)}
      />
    </>
  );
}

function ViewDialog({
  view,
  search,
  columns,
  onClose,
  onSaved,
}: {
  view: View | undefined;
  search: QueueSearch;
  columns: string[];
  onClose: () => void;
  onSaved: (view: View) => void;
}) {
  const t = useT();
  const [name, setName] = useState(view?.name ?? '');
  const [shared, setShared] = useState(view?.shared ?? false);
  const [key] = useState(idempotencyKey);
  const save = useMutation({
    mutationFn: () => {
      const body = {
        name: name.trim(),
        shared,
        query: view ? view.query : keptOf(search),
        columns: view ? view.columns : columns,
      };
      return view
        ? answer(
            client.PUT('/v1/views/{id}', {
              params: { path: { id: view.id }, header: { 'If-Match': etag(view.version) } },
              body,
            }),
          )
        : answer(client.POST('/v1/views', { params: { header: { 'Idempotency-Key': key } }, body }));
    },
    onSuccess: onSaved,
  });
  const problem = save.error ? asProblem(save.error) : null;
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      size="sm"
      title={view ? t('queue.view_rename') : t('queue.view_save_as')}
      closeLabel={t('common.close')}
      footer={
        <>
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button
            variant="primary"
            type="submit"
            form="view-form"
            loading={save.isPending}
            disabled={name.trim() === ''}
          >
            {t('common.save')}
          </Button>
        </>
      }
    >
      <form
        noValidate
        id="view-form"
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Field
          label={t('queue.view_name')}
          required
          error={problem ? (problem.at('name') ?? reasonOf(t, problem)) : undefined}
        >
          {(control) => (
            <Input {...control} value={name} maxLength={80} onChange={(event) => setName(event.target.value)} />
          )}
        </Field>
        <Checkbox checked={shared} onCheckedChange={setShared}>
          {t('queue.view_share')}
        </Checkbox>
      </form>
    </Dialog>
  );
}
