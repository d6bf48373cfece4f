export { explanationIn, type Refusal, useExplanation } from './explanation';
export { useFormats } from './formats';
export { add, type Key, LocaleProvider, useLocale, useT } from './locale';
export { reasonOf } from './reason';
export { Time } from './Time';
