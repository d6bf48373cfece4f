import { useMutation, useQueryClient } from '@tanstack/react-query';
import { UserRoundPlus, X } from 'lucide-react';
import { useState } from 'react';
import { ApiProblem, type Assigned, answer, type Case, client, keys, type User } from '@/api';
import { reasonOf, useT } from '@/i18n';
import { useSession } from '@/session';
import { Button, Dialog, IconButton, Menu, toast } from '@/ui';

/** Who can be assigned cases, the caller first. */
export function assignable(people: User[], me: string): User[] {
  const workers = people.filter((person) =>
    person.roles.some((role) => ['admin', 'manager', 'reviewer'].includes(role)),
  );
  return [...workers.filter((person) => person.id === me), ...workers.filter((person) => person.id !== me)];
}

/** What can be done with many cases at once. */
export function BulkBar({
  selected,
  people,
  onDone,
  onClear,
}: {
  selected: Case[];
  people: User[];
  onDone: () => void;
  onClear: () => void;
}) {
  const t = useT();
  const { me } = useSession();
  const queries = useQueryClient();
  const [results, setResults] = useState<Assigned[] | null>(null);
  const nameOf = (user: string | null) => {
    const person = people.find((one) => one.id === user);
    return person?.name || person?.email || user || '';
  };
  const assign = useMutation({
    mutationFn: async (user: string | null) => {
      const all: Assigned[] = [];
      for (let from = 0; from < selected.length; from += 100) {
        const part = selected.slice(from, from + 100).map((one) => ({ id: one.id }));
        all.push(...(await answer(client.POST('/v1/cases/assignments', { body: { user, cases: part } }))).data);
      }
      return all;
    },
    onSuccess: (all, user) => {
      const failed = all.filter((one) => one.status === 'failed');
      const done = all.length - failed.length;
      const title = user
        ? t('queue.bulk_done', { count: done, name: nameOf(user) })
        : t('queue.bulk_released', { count: done });
      if (done > 0) toast({ title, tone: 'success' });
      void queries.invalidateQueries({ queryKey: keys.queue });
      if (failed.length > 0) setResults(failed);
      else onDone();
    },
    onError: (error) =>
      toast({
        title: t('common.failed'),
        description: reasonOf(t, error),
        tone: 'danger',
      }),
  });
  const names = new Map(selected.map((one) => [one.id, one.subject.name || one.external_id || one.id]));
  return (
    <section aria-label={t('queue.bulk')} className="flex flex-wrap items-center gap-2 border-t bg-surface px-3 py-2">
      <span className="text-sm font-medium">{t('queue.selected', { count: selected.length })}</span>
      <Menu
        align="start"
        label={t('queue.assign_to')}
        trigger={
          <Button icon={<UserRoundPlus className="size-4" />} loading={assign.isPending}>
            {t('queue.assign_to')}
          </Button>
        }
        groups={[
          assignable(people, me.user.id).map((person) => ({
            key: person.id,
            label: person.id === me.user.id ? t('queue.me', { name: person.name }) : person.name || person.email,
            onSelect: () => assign.mutate(person.id),
          })),
          [{ key: 'nobody', label: t('common.nobody'), onSelect: () => assign.mutate(null) }],
        ]}
      />
      <span className="flex-1" />
      <IconButton label={t('queue.clear_selection')} icon={<X className="size-4" />} onClick={onClear} />
      <Dialog
        open={results !== null}
        onOpenChange={(open) => {
          if (!open) {
            setResults(null);
            onDone();
          }
        }}
        title={
          assign.variables
            ? t('queue.bulk_failed', { count: results?.length ?? 0, name: nameOf(assign.variables) })
            : t('queue.bulk_release_failed', { count: results?.length ?? 0 })
        }
        description={t('queue.bulk_failed_detail', { count: selected.length - (results?.length ?? 0) })}
        closeLabel={t('common.close')}
        size="sm"
      >
        <ul className="flex flex-col gap-2 text-sm">
          {results?.map((one) => (
            <li key={one.case}>
              <bdi className="font-medium">{names.get(one.case) ?? one.case}</bdi>
              <p className="text-muted">
                {one.problem ? new ApiProblem(0, one.problem).detail : t('common.unreachable')}
              </p>
            </li>
          ))}
        </ul>
      </Dialog>
    </section>
  );
}
