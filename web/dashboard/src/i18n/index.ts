export { useFormats } from './formats';
export { type Key, LocaleProvider, useLocale, useT } from './locale';
export { Time } from './Time';
