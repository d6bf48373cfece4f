import { useQuery } from '@tanstack/react-query';
import { usersQuery } from '@/api';
import { useT } from '@/i18n';
import { useSession } from '@/session';

/** Who made a change, for people to read: on paper there is no "you", and everybody has a name. */
export function useActorName(paper = false): (actor: { kind: string; id: string; as?: string }) => string {
  const t = useT();
  const { me } = useSession();
  const users = useQuery(usersQuery).data;
  return (actor) => {
    if (actor.kind === 'user') {
      const mine = actor.id === me.user.id;
      const known = users?.find((user) => user.id === actor.id)?.name || (mine && me.user.name) || actor.id;
      const name = mine && !paper ? t('actor.you') : known;
      return actor.as ? t('actor.for_applicant', { name }) : name;
    }
    return t.maybe(`actor.${actor.kind}`, actor.kind);
  };
}
