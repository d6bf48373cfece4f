import { useQuery } from '@tanstack/react-query';
import { type Proposal, type ProposedDocument, usersQuery } from '@/api';
import { useT } from '@/i18n';
import { useSession } from '@/session';
import type { Tone } from '@/ui';

export const tones: Record<Proposal['status'], Tone> = {
  open: 'info',
  approved: 'success',
  rejected: 'danger',
  withdrawn: 'neutral',
  outdated: 'warning',
};

/** The name of a person or a key, by id. */
export function useNameOf(): (id: string) => string {
  const t = useT();
  const { me } = useSession();
  const users = useQuery(usersQuery).data;
  return (id) => {
    if (id === me.user.id) return t('actor.you');
    const user = users?.find((one) => one.id === id);
    return user?.name || user?.email || (id.startsWith('key_') ? t('proposals.key', { id }) : id);
  };
}

/** What a document of a proposal is: "Policy kyc-risk". */
export function useDocumentName(): (one: ProposedDocument) => string {
  const t = useT();
  return (one) => t(`proposals.${one.kind}`, { id: one.id });
}

/** What a proposal wants: its documents, or the settings that it changes. */
export function useSubject(): (proposal: Proposal) => string {
  const t = useT();
  const nameOf = useDocumentName();
  return (proposal) =>
    [
      ...proposal.documents.map(nameOf),
      ...(proposal.settings
        ? [t(proposal.settings.four_eyes ? 'proposals.four_eyes_on' : 'proposals.four_eyes_off')]
        : []),
    ].join(', ');
}
