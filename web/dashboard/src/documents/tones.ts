import type { Tone } from '@/ui';

/** How a document's status looks. */
export const tones: Record<string, Tone> = {
  awaiting_upload: 'neutral',
  received: 'info',
  checked: 'accent',
  refused: 'danger',
  approved: 'success',
  rejected: 'danger',
  revision: 'warning',
};
