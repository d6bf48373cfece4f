import type { en } from '../en';
import { cases } from './cases';
import { common } from './common';
import { documents } from './documents';
import { home } from './home';
import { queue } from './queue';
import { settings } from './settings';
import { workflows } from './workflows';

export const de: Record<keyof typeof en, string> = {
  ...common,
  ...queue,
  ...cases,
  ...documents,
  ...workflows,
  ...home,
  ...settings,
};
