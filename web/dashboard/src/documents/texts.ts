import { add } from '@/i18n';
import { documents } from '@/i18n/en/documents';

add(documents);

export { useT } from '@/i18n';
