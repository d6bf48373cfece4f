import { useQuery } from '@tanstack/react-query';
import { usersQuery } from '@/api';
import { useT } from '@/i18n';
import { useSession } from '@/session';

/** Who did it, as people say it. */
export function useActorName(): (actor: { kind: string; id: string }) => string {
  const t = useT();
  const { me } = useSession();
  const users = useQuery(usersQuery).data;
  return (actor) => {
    if (actor.kind === 'user') {
      if (actor.id === me.user.id) return t('actor.you');
      return users?.find((user) => user.id === actor.id)?.name || actor.id;
    }
    return t.maybe(`actor.${actor.kind}`, actor.kind);
  };
}
