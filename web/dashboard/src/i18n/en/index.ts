import { cases } from './cases';
import { common } from './common';
import { documents } from './documents';
import { home } from './home';
import { queue } from './queue';
import { settings } from './settings';
import { workflows } from './workflows';

export const en = { ...common, ...queue, ...cases, ...documents, ...workflows, ...home, ...settings };
