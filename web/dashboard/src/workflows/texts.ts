import { add } from '@/i18n';
import { workflows } from '@/i18n/en/workflows';

add(workflows);

export { useT } from '@/i18n';
