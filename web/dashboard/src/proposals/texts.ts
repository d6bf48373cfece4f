import { add } from '@/i18n';
import { proposals } from '@/i18n/en/proposals';

add(proposals);

export { useT } from '@/i18n';
